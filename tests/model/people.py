"""Who is who: facts, merges and erasures become the log of each member, as definitions.md ("Members and identities",
"Event kinds") and architecture.md ("Persona and member") say.

A World is told what is done in order of arrival, and keeps nothing but records: which persona has an identity, which
merges hold, the events. Everything else is worked out when it is asked. Numbers of new personas are the product's own
choice, and are told by its answers."""
from datetime import datetime

import fold
from expressions import Date, Person

RANK = ("user", "unionid", "wecom", "openid", "phone", "email", "telegram", "device", "name", "anon")
CAP = {"user": 1}  # of others 5
ANONYMOUS = {"anon", "device"}
TALK = {"message.sent", "message.edited", "message.recalled", "message.reacted", "dm.received", "dm.sent"}


def kind(identity):
    return identity.split(":")[0]


class World:
    def __init__(self, zone):
        self.zone = zone
        self.owner = {}        # identity -> persona
        self.personas = set()
        self.merges = []       # those that hold: pairs of personas
        self.log = []
        self.ids = set()       # of senders
        self.traits = []       # (persona, name, at, value) in order of arrival
        self.tags = {}         # (persona, tag) -> until when; None is for good
        self.consents = []     # (persona, at, place, channel, purpose, yes)
        self.lists = {}        # static list -> members as named
        self.histories = {}

    # ---- members ----

    def members(self):
        """Each a set of personas, by its lowest."""
        root = {p: p for p in self.personas}
        for _ in self.merges:
            for a, b in self.merges:
                low = min(root[a], root[b])
                root = {p: low if r in (root[a], root[b]) else r for p, r in root.items()}
        found = {}
        for p, r in sorted(root.items()):
            found.setdefault(r, set()).add(p)
        return found

    def member(self, persona):
        return next((r for r, all_ in self.members().items() if persona in all_), None)

    def identities(self, personas):
        return [i for i, p in self.owner.items() if p in personas]

    def history(self, root):
        personas = frozenset(self.members()[root])
        key = personas, len(self.log)
        if key not in self.histories:
            self.histories[key] = fold.History([e for e in self.log if e.persona in personas], self.zone)
        return self.histories[key]

    # ---- facts ----

    def resolve(self, who, at, number, public=False):
        """(the persona of these identities or None, whether they make it known); 'number' if it is a new one."""
        who = sorted(dict.fromkeys(who), key=lambda i: RANK.index(kind(i)))
        if not who:
            return None, False
        kept, joined = [], []
        for i in who:
            theirs = self.circle(i)
            if i in joined or fits(joined, [x for x in theirs if x not in joined]):
                kept.append(i)
                joined += [x for x in theirs if x not in joined]
        known = [i for i in kept if i in self.owner]
        if not known:
            assert number is not None, "nobody is known, and nobody was made"
            self.personas.add(number)
            self.event(number, "member.created", at, known=is_known(kept))
            self.attach(kept, number)
            return number, False
        anchor = self.owner[known[0]]
        if public:
            kept = self.allowed(kept, known[0])
            known = [i for i in kept if i in self.owner]
        for i in known:
            if self.member(self.owner[i]) != self.member(anchor):
                self.merges.append((anchor, self.owner[i]))
        new = [i for i in kept if i not in self.owner]
        becomes_known = is_known(new) and not is_known(self.identities({anchor}))
        self.attach(new, anchor)
        return self.owner[kept[0]], becomes_known

    def allowed(self, kept, anchor):
        """A public key attaches to new and anonymous members, and never merges two known ones."""
        found, joined = [], self.circle(anchor)
        for i in kept:
            theirs = self.circle(i)
            if i in joined or not is_known(joined) or not is_known(theirs):
                found.append(i)
                joined = joined + [x for x in theirs if x not in joined]
        return found

    def circle(self, identity):
        """All identities of its member; itself alone when it is nobody's."""
        if identity not in self.owner:
            return [identity]
        return self.identities(self.members()[self.member(self.owner[identity])])

    def attach(self, identities, persona):
        for i in identities:
            self.owner[i] = persona

    def event(self, persona, kind_, at, **fields):
        e = fold.Event(at=at, seq=len(self.log), persona=persona, kind=kind_, **fields)
        self.log.append(e)
        return e

    def fact(self, f, answer):
        """One fact is stored; 'answer' is what the product said of it: the numbers of new members are taken from it."""
        if f.get("id") is not None:
            if f["id"] in self.ids:
                return "duplicate"
            self.ids.add(f["id"])
        who, other = f.get("who", []), f.get("other", [])
        if f.get("staff") and f["kind"] in TALK and f["kind"] != "dm.received":
            who, other = [], other or who  # written by staff: nobody's but theirs
        at = f["at"]
        persona, known = self.resolve(who, at, answer["member"] if answer["created"] else None, f.get("public"))
        asked, other_known = self.resolve(other, at, answer["other"] if answer["other_created"] else None, f.get("public"))
        if known and f["kind"] != "member.identified":
            self.event(persona, "member.identified", at, known=True)
        if other_known and not (known and asked == persona):
            self.event(asked, "member.identified", at, known=True)
        columns = {name: f.get(name) for name in ("group", "staff", "content", "touchpoint", "campaign")}
        if persona and f["kind"] == "message.sent" and f.get("group") and f["group"] not in self.known_of(persona).places()[0]:
            self.event(persona, "group.joined", at, group=f["group"], props={"inferred": True})
        if asked and self.answers(f, persona, asked):
            self.event(asked, "message.answered", at, group=f.get("group"), staff=f.get("staff"),
                       other=persona and self.member(persona))
        self.event(persona, f["kind"], at, amount=f.get("amount"), other=asked and self.member(asked),
                   props=dict(f.get("props", {})),
                   known=known, **columns)
        if persona:
            self.traits += [(persona, name, at, value) for name, value in f.get("traits", {}).items()]
        return persona and self.member(persona), asked and self.member(asked)

    def known_of(self, persona):
        """What is concluded on arrival is concluded from all that is known then, of later moments too."""
        return self.history(self.member(persona)).at(float("inf"))

    def answers(self, f, persona, asked):
        """Does it answer the latest message of the other's that waits?"""
        direct = f["kind"] == "dm.sent" and f.get("staff")
        if not direct and not (f["kind"] == "message.sent" and f.get("group")) or "template" in f.get("props", {}):
            return False
        if persona and self.member(persona) == self.member(asked):
            return False
        m = self.known_of(asked)
        if direct:
            waiting = m.waiting()
        else:
            talk = [e for e in m.events if e.group == f["group"] and e.kind in ("message.sent", "message.answered")]
            waiting = talk[-1] if talk and talk[-1].kind == "message.sent" else None
        return waiting is not None and 0 < f["at"] - waiting.at < fold.DAY

    # ---- by hand ----

    def merge(self, a, b):
        self.merges.append((a, b))

    def unmerge(self, pair):
        self.merges.remove(pair)

    def erase(self, root):
        gone = self.members()[root]
        self.personas -= gone
        self.merges = [m for m in self.merges if not gone & set(m)]
        self.owner = {i: p for i, p in self.owner.items() if p not in gone}
        self.log = [e for e in self.log if e.persona not in gone]
        self.histories = {}
        self.traits = [t for t in self.traits if t[0] not in gone]
        self.tags = {key: v for key, v in self.tags.items() if key[0] not in gone}
        self.consents = [c for c in self.consents if c[0] not in gone]

    def tag(self, root, tag, expires):
        """The last word on it, whichever personas had it before."""
        self.untag(root, tag)
        self.tags[root, tag] = expires

    def untag(self, root, tag):
        for p in self.members()[root]:
            self.tags.pop((p, tag), None)

    def consent(self, root, now, at, channel, purpose, yes):
        self.event(root, "member.consented" if yes else "member.revoked", now)
        self.consents.append((root, at, len(self.consents), channel, purpose, yes))

    # ---- asking ----

    def person(self, root, now, segments, rule=("first", 28)):
        """'segments' are compiled expressions by code; None for a static list."""
        personas = self.members()[root]

        def trait(name):
            said = [(at, place, value) for place, (persona, n, at, value) in enumerate(self.traits)
                    if persona in personas and n == name]
            return max(said)[2] if said else None

        def field(p, word):
            if word == "birthday":
                return trait(word) and Date(datetime.fromisoformat(trait(word)).toordinal() - 719163)
            return trait(word.removeprefix("trait."))

        def is_child(t):
            """Before the day of turning fourteen."""
            born = trait("birthday")
            if not born:
                return False
            day = datetime.fromisoformat(born)
            leap = (day.month, day.day) == (2, 29) and (day.year + 14) % 4
            turns = datetime(day.year + 14, 3, 1) if leap else day.replace(year=day.year + 14)
            return self.zone.day(t) < turns.toordinal() - 719163

        def call(p, word, names):
            if word == "tag":
                return any(tag == names[0] and persona in personas and (expires is None or expires > now)
                           for (persona, tag), expires in self.tags.items())
            if word == "in_segment" and segments[names[0]] is not None:
                return segments[names[0]](p)
            if word in ("in_list", "in_segment"):
                return bool(personas & self.lists.get(names[0], set()))
            channel, purpose = names
            if is_child(now):
                return False  # nobody here is a guardian
            said = [c for c in self.consents if c[0] in personas and c[4] == purpose and c[3] in ("*", channel)]
            return max(said, key=lambda c: c[1:3])[5] if said else purpose == "service"
        return Person(root, self.history(root), now, field, call, rule)


def is_known(identities):
    """By more than an anonymous or device id?"""
    return any(kind(i) not in ANONYMOUS for i in identities)


def fits(joined, more):
    """May one who has 'joined' have 'more', too?"""
    for k in {kind(i) for i in more}:
        have, come = sum(kind(i) == k for i in joined), sum(kind(i) == k for i in more)
        if have and have + come > CAP.get(k, 5):
            return False
    return True
