"""Operations done to a brand and to the model of it, and what is compared: every fact kept of every member, who is in
which segment, when the clock moved whom, and whom an expression selects."""
import re
import subprocess

import expressions
import fold
import people
import script

STAGES = ("potential", "new", "effective", "active", "core", "dormant", "churned", None)
CODES = [f"s{i}" for i in range(6)]  # of segments
CHURN = (None, "left", "refunded", "silent")
FLAGS = ("returned", "outside", "reads", "silent_buyer")


class Difference(Exception):
    """What the product says is not what the model says, of the sequence 'index' (None: of no one)."""

    def __init__(self, text, index=None):
        super().__init__(text)
        self.index = index


class Driver:
    """The brand: see driver.c."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, encoding="utf-8")

    def tell(self, *words):
        self.process.stdin.write("\t".join(str(w) for w in words) + "\n")

    def ask(self, *words):
        """The lines it answers with, each as words."""
        self.tell(*words)
        self.process.stdin.flush()
        found = []
        for row in self.process.stdout:
            if row == ".\n":
                return found
            found.append(row.rstrip("\n").split("\t"))
        raise Difference(f"the driver ended at: {' '.join(map(str, words))}\n{self.process.stderr.read()[-2000:]}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def member_row(words):
    """A line of 'members'."""
    time = lambda w: None if w == "-" else int(w)
    (id_, stage, since, trust, flags, created, seen, events, orders, spent, _, due, _, _, peak, churn, _, joined, interaction,
     order, act, invited, qualified, contacts, owner, groups) = words + [""] * (26 - len(words))
    return int(id_), {
        "lifecycle": STAGES[int(stage)], "churn": CHURN[int(churn)], "trust": fold.TRUST[int(trust)], "peak": peak,
        **{name: bool(int(flags) >> i & 1) for i, name in enumerate(FLAGS)},
        "created": int(created), "joined": time(joined), "last_seen": int(seen), "last_interaction": time(interaction),
        "last_order": time(order), "last_act": time(act), "events": int(events), "orders": int(orders), "spent": int(spent),
        "invited": int(invited), "qualified": int(qualified), "contacts": int(contacts),
        "owner": None if owner == "-" else owner,
        "groups": sorted(groups.split(",")) if groups else [],
    }, int(since), time(due)


class Run:
    """One brand, and a world for each sequence in it."""

    def __init__(self, driver, zone, count):
        self.driver, self.zone, self.now = driver, fold.Zone(zone), None
        self.worlds = [people.World(self.zone) for _ in range(count)]
        self.texts, self.segments = {}, {}  # code -> expression as text, compiled; None of a static list
        self.waiting = []                   # facts: (world, fact)
        self.compiled = {}
        self.rule = ("first", 28)           # who owns a member
        self.checked = {"members": 0, "facts": 0, "memberships": 0, "moves": 0, "changes": 0, "selected": 0}
        driver.ask("open", zone)
        for tag in ("vip", "hot"):
            driver.ask("tag", tag)
        self.do(("now", 1_735_700_000_000))

    # ---- doing ----

    def do(self, op, index=None):
        """'index' is the sequence whose operation it is."""
        getattr(self, "do_" + op[0])(index, *op[1:])

    def do_now(self, index, now):
        if self.now and now <= self.now:
            return
        hop = 2 * fold.DAY if now % 3 else 60 * fold.DAY  # what passes at once in such number is dated by the first moment
        while self.now and now - self.now > hop:
            self.step(self.now + hop)
        self.step(now)

    def step(self, now):
        short = self.now is not None and now - self.now <= 2 * fold.DAY
        self.driver.ask("now", now)
        self.now = now
        self.moves(short)

    def do_fact(self, index, fact):
        if fact["at"] > self.now + fold.DAY:
            return
        self.waiting.append((index, fact))
        self.driver.tell("fact", *script.fact_words(fact))

    def do_send(self, index, how="send"):
        if any(fact.get("public") for _, fact in self.waiting):
            how = "send"  # loads are imports
        answers = self.driver.ask(how)
        stored = list(zip(self.waiting, answers))
        if how == "bulk":
            stored.sort(key=lambda x: x[0][1]["at"])  # as if they had come in order of time
        for (index, fact), words in stored:
            refused, duplicate, member, other, created, other_created = map(int, words[1:7])
            if refused:
                raise Difference(f"refused: {script.line(('fact', fact))}", index)
            answer = {"created": created, "member": member, "other_created": other_created, "other": other}
            try:
                found = self.worlds[index].fact(fact, answer)
            except AssertionError as e:
                raise Difference(f"{e}: {script.line(('fact', fact))}", index)
            wanted = (True, 0, 0) if found == "duplicate" else (False, found[0] or 0, found[1] or 0)
            if wanted != (bool(duplicate), member, other):
                raise Difference(f"stored as (duplicate, member, other) {(bool(duplicate), member, other)}, the model says {wanted}:"
                                 f" {script.line(('fact', fact))}", index)
        self.waiting = []

    def do_bulk(self, index):
        self.do_send(index, "bulk")

    def do_reopen(self, index):
        self.driver.ask("reopen")

    def do_compact(self, index):
        self.driver.ask("compact")

    def member_of(self, index, identity):
        world = self.worlds[index]
        return world, world.member(world.owner[identity]) if identity in world.owner else None

    def must(self, index, *words):
        answer = self.driver.ask(*words)
        if answer[0][0] != "ok":
            raise Difference(f"{' '.join(map(str, words))}: {answer[0][1:]}", index)

    def do_merge(self, index, one, other):
        (world, a), (_, b) = self.member_of(index, one), self.member_of(index, other)
        if a and b and a != b:
            self.must(index, "merge", a, b)
            world.merge(a, b)

    def do_unmerge(self, index, n):
        world = self.worlds[index]
        held = [(int(w[1]), (int(w[2]), int(w[3]))) for w in self.driver.ask("merges") if int(w[2]) in world.personas]
        same = sorted(map(sorted, (pair for _, pair in held)))
        if same != sorted(map(sorted, world.merges)):
            raise Difference(f"merges that hold are {same}, the model says {world.merges}", index)
        if held:
            number, pair = held[n % len(held)]
            self.must(index, "unmerge", number)
            world.unmerge(pair if pair in world.merges else pair[::-1])

    def do_erase(self, index, identity):
        world, member = self.member_of(index, identity)
        if member:
            self.must(index, "erase", member)
            world.erase(member)

    def do_owner(self, index, identity, staff):
        world, member = self.member_of(index, identity)
        if member:
            answer = self.driver.ask("owner", member, staff or "-")
            if answer[-1] == ["changed", "1"]:
                world.event(member, "member.assigned", self.now, staff=staff)

    def do_rule(self, index, rule, days):
        self.must(index, "rule", rule, days)
        self.rule = rule, days

    def do_tag(self, index, identity, tag, expires):
        world, member = self.member_of(index, identity)
        if member:
            expires = expires and max(expires, self.now + 1)
            self.must(index, "give", tag, member, *([expires] if expires else []))
            world.tag(member, tag, expires)

    def do_untag(self, index, identity, tag):
        world, member = self.member_of(index, identity)
        if member:
            self.must(index, "take", tag, member)
            world.untag(member, tag)

    def do_consent(self, index, identity, yes, channel, purpose, at):
        world, member = self.member_of(index, identity)
        if member:
            self.must(index, "consent", member, yes, channel, purpose, at)
            world.consent(member, self.now, min(at, self.now), channel, purpose, yes == "yes")

    def do_list(self, index, code, identity, how="enlist"):
        world, member = self.member_of(index, identity)
        if member and code in self.texts:
            self.must(index, how, code, member)
            (set.add if how == "enlist" else set.discard)(world.lists.setdefault(code, set()), member)

    def do_unlist(self, index, code, identity):
        self.do_list(index, code, identity, "delist")

    def compile(self, text):
        if text not in self.compiled:
            self.compiled[text] = expressions.compile(text)
        return self.compiled[text]

    def named(self, code):
        return any(text and f'in_segment("{code}")' in text for text in self.texts.values())

    def do_segment(self, index, code, text):
        if any(f'in_segment("{c}")' in text for c in CODES if c not in self.texts):
            return  # it names one that was removed
        self.must(index, "segment", code, *([text] if text else []))
        self.texts[code], self.segments[code] = text, self.compile(text) if text else None

    def do_unsegment(self, index, code):
        if code not in self.texts:
            return
        answer = self.driver.ask("unsegment", code)[0][0]
        if answer != ("no" if self.named(code) else "ok"):
            raise Difference(f"removing {code}: {answer}")
        if answer == "ok":
            del self.texts[code], self.segments[code]

    # ---- comparing ----

    def where(self, number):
        """The sequence of a member."""
        return next((i for i, w in enumerate(self.worlds) if number in w.personas), None)

    def moves(self, exact):
        """Whom the clock has moved, and when: nothing else has happened since it was looked at last."""
        for _, code, member, entered, reason, at in self.driver.ask("moves"):
            index = self.where(int(member))
            if not exact or reason != "clock" or index is None or not self.by_clock_alone(code):
                continue
            self.checked["moves"] += 1
            before, after = (self.segments[code](self.worlds[index].person(int(member), t, self.segments, self.rule)) for t in (int(at) - 1, int(at)))
            if (before, after) != (entered == "0", entered == "1"):
                raise Difference(f"m{member} {'entered' if entered == '1' else 'left'} {code} by the clock at {at}; the model says"
                                 f" {before} a millisecond before and {after} then: {self.texts[code]}", index)

    def by_clock_alone(self, code):
        """Does nothing but the clock move it between two operations? Tags that expire, and consent, are told as of now."""
        text = self.texts.get(code)
        return bool(text) and "tag(" not in text and "consented(" not in text and all(self.by_clock_alone(c) for c in re.findall(r'in_segment\("(s\d)"', text))

    def check(self):
        rows = dict((id_, rest) for id_, *rest in map(member_row, self.driver.ask("members")))
        held = {code: {int(m) for row in self.driver.ask("in", code) for m in row[1:]} for code in self.texts}
        self.driver.ask("moves")
        for index, world in enumerate(self.worlds):
            for root in world.members():
                if root not in rows:
                    raise Difference(f"m{root} has no row", index)
                self.compare(index, world, root, rows.pop(root))
                person = world.person(root, self.now, self.segments, self.rule)
                for code, answer in self.segments.items():
                    if answer is None:
                        wanted = person.call(person, "in_list", [code])
                    else:
                        wanted = answer(person)
                    self.checked["memberships"] += 1
                    if wanted != (root in held[code]):
                        raise Difference(f"m{root} is {'in' if root in held[code] else 'not in'} {code}, the model says otherwise:"
                                         f" {self.texts[code]}", index)
        if rows:
            raise Difference(f"rows of nobody: {sorted(rows)}")

    def compare(self, index, world, root, row):
        said, since, due = row
        history = world.history(root)
        at = max(self.now, history.times[-1])  # a row is as of the latest event if a sender's clock runs ahead
        wanted = history.facts(at, self.rule)
        self.checked["members"] += 1
        for name, value in wanted.items():
            self.checked["facts"] += 1
            if said[name] != value:
                raise Difference(f"m{root}: {name} is {said[name]!r}, the model says {value!r}", index)
        stage = wanted["lifecycle"]
        if since and (history.at(since).stage() != stage or history.at(since - 1).stage() == stage and history.times[0] < since):
            raise Difference(f"m{root}: {stage} since {since}, the model says {history.at(since - 1).stage()} a millisecond before and"
                             f" {history.at(since).stage()} then", index)
        if at == self.now:
            self.compare_due(index, root, history, due)

    def compare_due(self, index, root, history, due):
        """Until a timer is due nothing but an event changes the stages and flags."""
        def clock(t):
            m = history.at(t)
            return m.stage(), m.trust()
        end = due - 1 if due else self.now + 400 * fold.DAY
        middle = self.now + (end - self.now) * (root % 7) // 7
        for t in (middle, end) if end > self.now else ():
            if clock(t) != clock(self.now):
                raise Difference(f"m{root}: the timer is due at {due}, the model says {clock(t)} at {t} already", index)

    def do_changes(self, index, every=1):
        """The moments at which stages changed, as the history tells them, of one in 'every' members."""
        for i, world in enumerate(self.worlds):
            for root in world.members():
                if root % every or index not in (None, i):
                    continue
                told = [(int(w[1]), w[2].split(".")[0], dict(p.split("=") for p in w[3:])) for w in self.driver.ask("history", root)
                        if w[2] in ("lifecycle.changed", "trust.changed")]
                told = sorted((at, what, p.get("from"), p.get("to")) for at, what, p in told)
                wanted = sorted((x for x in world.history(root).changes(self.now)), key=lambda x: x[:2])
                self.checked["changes"] += len(wanted)
                if told != wanted:
                    raise Difference(f"m{root}: changes told are {told}, the model says {wanted}", i)

    def told(self, index, name):
        """What the product says of the people of a sequence, without their numbers and the name they differ by. How a member
        came to be known is told once, when it is learnt: the number of events and since when one is potential go by that."""
        world, found = self.worlds[index], []
        rows = dict((id_, rest) for id_, *rest in map(member_row, self.driver.ask("members")))
        for root in world.members():
            facts, since, _ = rows[root]
            own = sorted(i.replace(name, "") for i in world.identities(world.members()[root]))
            held = [code for code in self.texts if str(root) in self.driver.ask("in", code)[0]]
            found.append((own, {k: v for k, v in facts.items() if k != "events"},
                          facts["lifecycle"] != "potential" and since, held))
        return sorted(found, key=str)

    def do_select(self, index, text):
        if any(f'in_segment("{c}")' in text for c in CODES if c not in self.texts):
            return  # it names one that was removed
        words = self.driver.ask("select", text)[0]
        if words[0] == "no":
            raise Difference(f"refused: {text}: {words[1:]}")
        found, answer = {int(m) for m in words[1:]}, self.compile(text)
        for i, world in enumerate(self.worlds):
            for root in world.members():
                self.checked["selected"] += 1
                if answer(world.person(root, self.now, self.segments, self.rule)) != (root in found):
                    raise Difference(f"m{root} is {'selected' if root in found else 'not selected'}, the model says otherwise: {text}", i)

    def do_check(self, index):
        self.check()

    def do_verify(self, index):
        for finding in self.driver.ask("verify"):
            named = re.search(r"\bm(\d+)\b", finding[1])
            raise Difference(f"verify: {finding[1]}", self.where(int(named[1])) if named else None)
