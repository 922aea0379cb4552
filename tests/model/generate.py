"""Random sequences: what happens to a few people, tick by tick, and expressions about them.

Many sequences share a brand, its clock and its segments; their people, orders and ids are their own. An operation is a
tuple of its name and what it takes, and is written as a line (see script.py). The same seed gives the same sequences."""
import fold

START = 1_735_700_000_000  # 2025-01-01T02:53:20Z
ZONES = ("Asia/Shanghai", "America/New_York")
FUTURE = 0.08
LISTS, TAGS, CHANNELS = ("listed",), ("vip", "hot"), ("sms", "email")
LENGTHS = (1, fold.SECOND, fold.HOUR, fold.DAY, 2 * fold.DAY, 7 * fold.DAY, fold.DORMANT, fold.WINDOW, 30 * fold.DAY, fold.BEFORE,
           fold.SILENT, fold.WINDOW + fold.BEFORE, fold.STANDS)

# How often staff is named: what staff wrote is in nobody's history.
STAFFED = {"dm.sent": 0.25, "dm.received": 0.7, "message.answered": 0.6}

# What a web page may send.
PUBLIC = {"page.viewed", "content.viewed", "own.thing", "touchpoint.scanned", "touchpoint.seen", "checkin.done", "member.identified"}

# kind: weight, by the habit of a sequence
HABITS = {
    "any": {"message.sent": 10, "order.paid": 8, "order.refunded": 5, "group.joined": 5, "group.left": 4, "contact.added": 4,
            "contact.deleted": 3, "content.viewed": 5, "page.viewed": 4, "dm.received": 4, "dm.sent": 4, "touchpoint.scanned": 2,
            "touchpoint.seen": 1, "message.answered": 1, "checkin.done": 2, "invite.paid": 1, "invite.qualified": 1,
            "invite.accepted": 2, "testimonial.approved": 1, "share.clicked": 1, "sample.given": 1, "voucher.redeemed": 1,
            "member.identified": 3, "own.thing": 2, "message.reacted": 1, "touch.opened": 1, "live.attended": 1},
    "trade": {"order.paid": 20, "order.refunded": 12, "page.viewed": 2, "group.joined": 2, "group.left": 2, "invite.paid": 2,
              "checkin.done": 2, "message.sent": 2},
    "talk": {"message.sent": 12, "dm.received": 8, "dm.sent": 12, "message.answered": 2, "group.joined": 2, "contact.added": 2,
             "contact.deleted": 1, "group.left": 1},
    "quiet": {"page.viewed": 10, "touchpoint.scanned": 3, "content.viewed": 6, "group.joined": 1, "checkin.done": 1,
              "own.thing": 3, "member.identified": 2},
}


def pick(r, weights):
    return r.choices(list(weights), weights.values())[0]


class People:
    """The people of one sequence, and what they do at a tick."""

    def __init__(self, r, index):
        self.r, self.index, self.name = r, index, f"p{index}"
        self.habit = r.choice(("any", "any", "trade", "talk", "talk", "quiet"))
        self.busy = r.random() < 0.12  # one of a long history, whose stages need many events
        self.count = 1 if self.busy else r.choice((1, 1, 2, 2, 3))
        self.times = [START]
        self.facts = 0

    def identity(self):
        person = self.r.randrange(self.count)
        kind = self.r.choice(("user", "user", "user", "anon", "anon", "phone", "device", "openid"))
        if kind == "phone":
            return f"phone:+86139{self.index * 10 + person:08d}"
        return f"{kind}:{self.name}{'abc'[person]}{self.r.choice('12') if kind in ('anon', 'device') else ''}"

    def who(self):
        return [self.identity() for _ in range(self.r.choice((1, 1, 1, 1, 1, 1, 2, 2, 3)))]

    def at(self, now):
        r = self.r
        if r.random() < (0.05 if self.busy else 0.2):
            at = r.choice(self.times)
        elif not self.busy and r.random() < 0.25:
            at = now - r.choice(LENGTHS) - r.choice((-1, 0, 1))
        elif r.random() < FUTURE:
            at = now + r.randrange(20 * fold.HOUR)
        elif self.busy:
            at = now - r.randrange(r.choice((8, 40, 120)) * fold.DAY)
        else:
            at = now - r.choice((0, 0, r.randrange(fold.HOUR), r.randrange(3 * fold.DAY)))
        at = min(at, now + 20 * fold.HOUR)
        self.times.append(at)
        return at

    def fact(self, now):
        r = self.r
        kind = pick(r, HABITS[self.habit])
        f = {"at": self.at(now), "kind": kind, "who": self.who()}
        self.facts += 1
        props = {}
        if r.random() < 0.1:
            f["id"] = f"{self.name}-{r.randrange(self.facts) if r.random() < 0.4 else self.facts}"
        if kind.startswith("group.") or kind == "message.sent" and r.random() < 0.7 or kind == "message.answered" and r.random() < 0.5:
            f["group"] = r.choice(("g1", "g2"))
        if kind.startswith("group.") and r.random() < 0.1:
            del f["group"]
        if r.random() < (0.9 if kind.startswith("contact.") else STAFFED.get(kind, 0)):
            f["staff"] = r.choice(("lily", "rose"))
        if kind == "message.sent" and r.random() < 0.08:
            f["staff"] = "lily"
        if kind in ("message.sent", "dm.sent") and r.random() < 0.35 or kind.startswith("invite."):
            f["other"] = [self.identity()]
        if kind in ("message.sent", "dm.received") and r.random() < 0.1:
            props["question"] = True
        if kind in ("dm.sent", "message.sent") and r.random() < 0.1:
            props["template"] = True
        if kind.startswith("order."):
            if r.random() < 0.85:
                props["order"] = f"{self.name}-o{r.randrange(3)}"
            if r.random() < 0.85:
                f["amount"] = r.choice((0, 100, 100, 250, 500, 5000)) * (-1 if kind == "order.refunded" and r.random() < 0.2 else 1)
        if kind == "content.viewed" and r.random() < 0.9:
            f["content"] = r.choice(("c1", "c2", "c3"))
        if kind.startswith("touchpoint.") or r.random() < 0.05:
            f["touchpoint"] = r.choice(("t1", "t2"))
        if kind in ("own.thing", "page.viewed") and r.random() < 0.5:
            props["plan"] = r.choice(("gold", "silver", "Gold"))
            if r.random() < 0.5:
                props["n"] = float(r.randrange(4))
        if kind == "member.identified" and r.random() < 0.8:
            f["traits"] = r.choice(({"city": r.choice(("Ulm", "Bonn"))}, {"score": float(r.randrange(30))}, {"language": "de"},
                                    {"birthday": r.choice(("2011-01-03", "2011-02-14", "2012-02-29", "1990-03-30"))}))
        if props:
            f["props"] = props
        if kind in PUBLIC and r.random() < 0.2:
            f["public"] = "1"
        return ("fact", f)

    def facts_of_tick(self, now):
        r = self.r
        if not self.busy:
            return [self.fact(now) for _ in range(r.choice((0, 0, 1, 1, 2, 3)))]
        found = [self.fact(now) for _ in range(r.choice((0, 2, 5, 12)))]
        return sorted(found, key=lambda op: op[1]["at"]) if r.random() < 0.5 else found

    def plain_facts(self, now, count):
        """Facts of which nothing is concluded, and of no two in one millisecond: whoever comes first says nothing."""
        found = {}
        for _ in range(count):
            name, f = self.fact(now)
            person = self.r.randrange(self.count)
            mine = [f"{kind}:{self.name}{'abc'[person]}" for kind in ("user", "anon", "device")]
            f["who"] = self.r.sample(mine, self.r.choice((1, 1, 1, 2)))
            if f["kind"] == "message.sent":
                f.pop("group", None)
            for field in ("id", "other"):
                f.pop(field, None)
            if f["kind"] in ("message.sent", "dm.sent"):
                f.pop("staff", None)
            if f["at"] <= now:
                found[f["at"]] = f
        return [(name, f) for f in found.values()]

    def hand(self, now):
        """Something that a person does with them."""
        r = self.r
        what = pick(r, {"merge": 6, "unmerge": 6, "erase": 1, "owner": 3, "tag": 3, "untag": 2, "consent": 2, "list": 3, "unlist": 1})
        if what == "merge":
            return (what, self.identity(), self.identity())
        if what == "unmerge":
            return (what, r.randrange(4))
        if what == "tag":
            return (what, self.identity(), r.choice(TAGS), r.choice((None, now + r.choice(LENGTHS))))
        if what == "owner":
            return (what, self.identity(), r.choice(("lily", "rose", None)))
        if what == "untag":
            return (what, self.identity(), r.choice(TAGS))
        if what == "consent":
            at = r.choice((now, now, now - r.choice(LENGTHS)))
            return (what, self.identity(), r.choice(("yes", "no")), r.choice(CHANNELS + ("*",)), r.choice(("marketing", "service")), at)
        if what in ("list", "unlist"):
            return (what, r.choice(LISTS), self.identity())
        return (what, self.identity())


# ---- expressions ----

MOMENTS = ("created", "joined", "last_seen", "last_interaction", "last_order")
NUMBERS = ("contacts", "orders", "orders", "spent", "invited", "qualified")
FLAGS = ("returned", "outside", "reads", "silent_buyer")


class Expressions:
    """Random expressions, whose texts the checker takes; 'codes' are the segments they may name."""

    def __init__(self, r, codes=(), derived=True, concluded=True):
        self.r, self.codes, self.derived = r, codes, derived
        self.kinds = [k for k in HABITS["any"] if concluded or k != "member.identified"]

    def duration(self):
        return self.r.choice(("1d", "2d", "7d", "14d", "28d", "30d", "90d", "180d", "12h", "1s", "45m"))

    def moment(self):
        r = self.r
        return r.choice((f"now - {self.duration()}", f"today - {r.randrange(1, 100)}d", "today", "now", "today + 9h",
                         f"2025-0{r.randrange(1, 9)}-1{r.randrange(10)}", f"2025-0{r.randrange(1, 9)}-03T12:30:00+08:00"))

    def order(self):
        return self.r.choice(("=", "!=", "<", "<=", ">", ">="))

    def tail(self, value, equal=False):
        """The part of a test behind its field."""
        r, shape = self.r, self.r.randrange(8)
        if shape == 0:
            return r.choice((" is null", " is not null"))
        if shape == 1:
            return r.choice((" in ", " not in ")) + f"({value()}, {value()})"
        if shape == 2 and not equal:
            return r.choice((" between ", " not between ")) + f"{value()} and {value()}"
        return f" {r.choice(('=', '!=')) if equal else self.order()} {value()}"

    def text(self, *texts):
        return lambda: '"' + self.r.choice(texts) + '"'

    def number(self):
        return str(self.r.choice((0, 1, 2, 3, 100, 250, 500)))

    def member(self, depth=2):
        r = self.r
        if depth and r.random() < 0.5:
            word = r.choice((" and ", " or "))
            text = word.join(self.part(depth - 1) for _ in range(r.choice((2, 2, 3))))
            return text
        return self.part(0)

    def part(self, depth):
        inner = self.test() if depth == 0 else f"({self.member(depth)})"
        return f"not {inner}" if self.r.random() < 0.15 else inner

    def test(self):
        r = self.r
        what = r.randrange(14)
        if what < 5:
            return self.did()
        if what == 5:
            return "lifecycle" + self.tail(self.text("potential", "new", "effective", "active", "core", "dormant", "churned"), True)
        if what == 6:
            return "trust" + self.tail(self.text(*fold.TRUST))
        if what == 7:
            return r.choice(MOMENTS) + self.tail(self.moment)
        if what == 8:
            return r.choice(NUMBERS) + self.tail(self.number)
        if what == 9:
            return f"{r.choice(FLAGS)} = {r.choice(('true', 'false'))}"
        if what == 10:
            return r.choice(("owner" + self.tail(self.text("lily", "rose"), True), "groups" + self.tail(self.text("g1", "g2"), True), 'in_group("g1")', 'staff("lily")', 'touchpoint("t1")',
                             "touchpoint" + self.tail(self.text("t1", "t2"), True)))
        if what == 11:
            return r.choice(("birthday" + self.tail(self.moment), "anniv(birthday)" + self.tail(self.moment),
                             "language" + self.tail(self.text("de", "zh"), True), "trait.city" + self.tail(self.text("Ulm", "Bonn"), True), "trait.score" + self.tail(self.number),
                             "anniv(joined)" + self.tail(self.moment), 'trait.city ~ "l"'))
        if what == 12:
            return r.choice((f'tag("{r.choice(TAGS)}")', f'consented("{r.choice(CHANNELS)}", "{r.choice(("marketing", "service"))}")',
                             f'in_list("{LISTS[0]}")'))
        return f'in_segment("{r.choice(self.codes)}")' if self.codes else self.did()

    def did(self):
        r, args = self.r, []
        if self.derived and r.random() < 0.06:
            kind, stages = r.choice((("lifecycle.changed", ("new", "dormant", "churned", "effective")), ("trust.changed", fold.TRUST)))
            return f'did("{kind}", where props.to = "{r.choice(stages)}"' + r.choice(("", f", within {self.duration()}")) + ")"
        for _ in range(r.choice((0, 0, 1, 1, 2))):
            measure = r.choice(("count", "count", "days", "sum(amount)", f"distinct({r.choice(('group', 'content', 'day', 'props.plan', 'amount'))})"))
            args.append(f"{measure} {self.order()} {r.choice((0, 1, 2, 3, 100)) if measure[0] == 's' else r.randrange(4)}")
        if r.random() < 0.6:
            args.append(f"within {self.duration()}")
        elif r.random() < 0.3:
            args.append(f"from {self.moment()}")
            if r.random() < 0.5:
                args.append(f"to {self.moment()}")
        if r.random() < 0.3:
            args.append(f"where {self.event()}")
        if r.random() < 0.15:
            args.append(f'then "{r.choice(self.kinds)}" within {self.duration()}')
        return f'did("{", ".join([r.choice(self.kinds) + chr(34)] + args)})'

    def event(self):
        r = self.r
        tests = (lambda: "group" + self.tail(self.text("g1", "g2"), True), lambda: "amount" + self.tail(self.number),
                 lambda: "staff" + self.tail(self.text("lily", "rose"), True), lambda: 'props.plan = "gold"', lambda: "props.n >= 2",
                 lambda: 'props.plan ~ "GOL"', lambda: "props.plan is null", lambda: "hour" + self.tail(self.number),
                 lambda: "weekday" + self.tail(self.number), lambda: "at" + self.tail(self.moment), lambda: "day" + self.tail(self.moment),
                 lambda: "other is not null", lambda: "content" + self.tail(self.text("c1", "c2"), True), lambda: "props.question = true")
        return r.choice((" and ", " or ")).join(r.choice(tests)() for _ in range(r.choice((1, 1, 2))))


# ---- a batch of sequences ----

def ticks(r, people, count):
    """What happens: (common operations, then for each of 'people' its own) 'count' times."""
    now, codes, pending = START, [f"s{i}" for i in range(6)], []
    for n in range(count):
        common = []
        if n == 0:
            common += [("segment", code, "") for code in LISTS]
            common += [("segment", code, Expressions(r, codes[:i], i == 5).member()) for i, code in enumerate(codes)]
        else:
            now = max(now + 1, next_moment(r, now, [t for p in people[:40] for t in p.times]))
            common.append(("now", now))
            if r.random() < 0.25:
                i = r.randrange(6)
                common.append(("segment", codes[i], Expressions(r, codes[:i], i == 5).member()))
            if r.random() < 0.2:
                common.append(("rule", r.choice(("first", "last", "active")), r.choice((1, 7, 28))))
            if r.random() < 0.1:
                common.append(("unsegment", r.choice(codes)))
            if r.random() < 0.15:
                common.append(("reopen",))
            if r.random() < 0.15:
                common.append(("compact",))
        facts = [p.facts_of_tick(now) for p in people]
        hands = [[p.hand(now)] if p.r.random() < 0.2 else [] for p in people]
        selects = [("select", Expressions(r, codes, r.random() < 0.2).member()) for _ in range(3)]
        yield common, facts, ("bulk",) if r.random() < 0.1 else ("send",), hands, selects


def next_moment(r, now, times):
    """Often just before, at or behind a moment at which something grows as old as a rule or a window says."""
    if r.random() < 0.7:
        due = [t + length + d for t in r.sample(times, min(len(times), 12)) for length in LENGTHS for d in (-1, 0, 1)]
        due = [t for t in due if now < t < now + 60 * fold.DAY]
        if due:
            return r.choice(due)
    return now + r.choice((1, fold.SECOND, r.randrange(fold.DAY), fold.DAY, r.randrange(20 * fold.DAY)))
