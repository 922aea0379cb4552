"""What docs/expressions.md says of one member at one moment: a text becomes a function of a Person.

Expressions are taken to be sound: what the checker refuses is not told apart here. Nothing is shared with the
product's parser or evaluators."""
import re
from datetime import datetime

import fold

TOKEN = re.compile(r'''\s*(?:(?P<text>"(?:\\.|[^"\\])*")|(?P<time>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)|(?P<duration>\d+[dhmsw])|(?P<number>\d+(?:\.\d+)?)|(?P<word>[a-z_][a-z0-9_]*)
    |(?P<mark>!=|<=|>=|\^=|[-+=<>~(),.]))''', re.X)
LENGTH = {"s": fold.SECOND, "m": 60 * fold.SECOND, "h": fold.HOUR, "d": fold.DAY, "w": 7 * fold.DAY}
LIFECYCLE = {"潜在": "potential", "新生": "new", "有效": "effective", "活跃": "active", "核心": "core", "休眠": "dormant",
             "流失": "churned"}
TRUST = dict(zip(("不知道你", "想知道你", "认识你", "了解你", "熟悉你", "买了你", "分享你"), fold.TRUST))
EVENT_FIELDS = ("kind", "at", "hour", "weekday", "day", "group", "touchpoint", "campaign", "content", "staff", "member",
                "other", "amount")
ORDER = {"=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
         ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


class Time(int):
    """An instant."""


class Date(int):
    """A calendar day."""


class Person:
    """Who is asked about: the history, and what is kept beside it. 'field' and 'call' answer for the records."""

    def __init__(self, number, history, now, field, call, rule=("first", 28)):
        self.number, self.history, self.now, self.field, self.call, self.rule = number, history, now, field, call, rule
        self.zone, self.kept, self.derived = history.zone, None, None

    def facts(self):
        if self.kept is None:
            self.kept = self.history.facts(self.now, self.rule)
        return self.kept

    def events(self, kind):
        """Those of a kind, up to now, in order."""
        if kind in ("lifecycle.changed", "trust.changed"):
            if self.derived is None:
                self.derived = self.history.changes(self.now)
            return [fold.Event(at=Time(at), kind=kind, props={k: v for k, v in (("from", was), ("to", to)) if v})
                    for at, what, was, to in self.derived if kind == what + ".changed"]
        return [e for e in self.history.all if e.kind == kind and e.at <= self.now]


def compile(text):
    """The expression about members, as a function of a Person."""
    p = Parser(text)
    found = p.any_of(Parser.member_atom)
    assert p.at == len(p.tokens), (text, p.tokens[p.at:])
    return found


def fold_case(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def holds(zone, op, value, wanted):
    """One comparison; neither is null."""
    if isinstance(value, frozenset):  # groups
        return (wanted in value) == (op == "=")
    if op in ("~", "^="):
        value, wanted = fold_case(value), fold_case(wanted)
        return wanted in value if op == "~" else value.startswith(wanted)
    if isinstance(wanted, Date) and isinstance(value, Time):
        value = zone.day(value)
    if isinstance(wanted, Time) and isinstance(value, Date):
        wanted = zone.day(wanted)
    return ORDER[op](value, wanted)


class Parser:
    def __init__(self, text):
        self.tokens, self.at, place = [], 0, 0
        while place < len(text.rstrip()):
            m = TOKEN.match(text, place)
            assert m, (text, place)
            self.tokens.append((m.lastgroup, m.group(m.lastgroup)))
            place = m.end()

    def peek(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, wanted=None):
        kind, text = self.tokens[self.at]
        assert wanted is None or text == wanted, (wanted, self.tokens[self.at:])
        self.at += 1
        return kind, text

    def took(self, wanted):
        if self.peek() != wanted:
            return False
        self.at += 1
        return True

    def text(self):
        return re.sub(r"\\(.)", r"\1", self.take()[1][1:-1])

    def duration(self):
        text = self.take()[1]
        return int(text[:-1]) * LENGTH[text[-1]]

    # ---- and, or, not ----

    def any_of(self, atom):
        parts = [self.all_of(atom)]
        while self.took("or"):
            parts.append(self.all_of(atom))
        return parts[0] if len(parts) == 1 else lambda *x: any(part(*x) for part in parts)

    def all_of(self, atom):
        parts = [self.negation(atom)]
        while self.took("and"):
            parts.append(self.negation(atom))
        return parts[0] if len(parts) == 1 else lambda *x: all(part(*x) for part in parts)

    def negation(self, atom):
        if self.took("not"):
            inner = self.one(atom)
            return lambda *x: not inner(*x)
        return self.one(atom)

    def one(self, atom):
        if self.took("("):
            inner = self.any_of(atom)
            self.take(")")
            return inner
        if self.peek() in ("true", "false"):
            answer = self.take()[1] == "true"
            return lambda *x: answer
        return atom(self)

    # ---- tests ----

    def literal(self):
        """A function of the Person: now and today belong to the evaluation."""
        kind, text = self.take()
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", text[1:-1])
        elif kind == "number":
            value = float(text)
        elif text == "-":
            value = -float(self.take()[1])
        elif text in ("true", "false"):
            value = text == "true"
        elif kind == "time":
            value = Time(round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000))
        elif kind == "date":
            value = Date(datetime.fromisoformat(text).toordinal() - 719163)
        else:
            return self.moving(text)
        return lambda p: value

    def moving(self, word):
        sign = self.take()[1] if self.peek() in ("+", "-") else None
        whole = sign and self.peek()[-1] in "dw"
        length = (self.duration() if sign else 0) * (-1 if sign == "-" else 1)
        if word == "now":
            return lambda p: Time(p.now + length)
        if not sign or whole or length % fold.DAY == 0:
            return lambda p: Date(p.zone.day(p.now) + length // fold.DAY)
        return lambda p: Time(p.zone.start(p.zone.day(p.now)) + length)

    def test(self, value, name=str):
        """The part behind a field: 'value' is a function of what is asked about, Person last."""
        if self.took("is"):
            null = not self.took("not")
            self.take("null")
            return lambda *x: (value(*x) in (None, frozenset())) == null
        negated = self.took("not")
        op = self.take()[1]
        if op == "in":
            self.take("(")
            wanted = [self.literal()]
            while self.took(","):
                wanted.append(self.literal())
            self.take(")")
            answer = lambda p, v: any(holds(p.zone, "=", v, name(w(p))) for w in wanted)
        elif op == "between":
            low = self.literal()
            self.take("and")
            high = self.literal()
            answer = lambda p, v: holds(p.zone, ">=", v, name(low(p))) and holds(p.zone, "<=", v, name(high(p)))
        else:
            wanted = self.literal()
            answer = lambda p, v: holds(p.zone, op, v, name(wanted(p)))

        def passes(*x):
            v = value(*x)
            return v is not None and v != frozenset() and answer(x[-1], v) != negated
        return passes

    # ---- members ----

    def member_atom(self):
        word = self.take()[1]
        if self.took("("):
            return self.call(word)
        if word == "trait":
            self.take(".")
            word = "trait." + (self.text() if self.peek()[0] == '"' else self.take()[1])
        if word == "lifecycle":
            return self.test(lambda p: p.facts()[word], lambda v: LIFECYCLE.get(v, v))
        if word == "trust":
            rank = fold.TRUST.index
            return self.test(lambda p: rank(p.facts()[word]), lambda v: rank(TRUST.get(v, v)))
        return self.test(lambda p: member_field(p, word), member_literal(word))

    def call(self, word):
        if word == "did":
            return self.did()
        if word == "anniv":
            field = self.take()[1]
            self.take(")")
            return self.test(lambda p: anniversary(p, member_field(p, field)), lambda v: v)
        names = [self.text()]
        while self.took(","):
            names.append(self.text())
        self.take(")")
        if word == "in_group":
            return lambda p: names[0] in p.facts()["groups"]
        if word == "touchpoint":
            return lambda p: any(e.touchpoint == names[0] for e in p.history.all if e.at <= p.now)
        if word == "staff":
            return lambda p: names[0] in p.history.at(p.now).places()[1]
        return lambda p: p.call(p, word, names)

    # ---- events ----

    def event_field(self):
        word = self.take()[1]
        if word == "props":
            self.take(".")
            word = "props." + (self.text() if self.peek()[0] == '"' else self.take()[1])
        return word

    def event_atom(self):
        word = self.event_field()
        prop = word.startswith("props.")
        if prop and self.peek() != "is":  # read as the type of the value beside it
            beside = next(t for t in self.tokens[self.at:] if t[0] in ("text", "number") or t[1] in ("true", "false"))
            type_ = str if beside[0] == "text" else bool if beside[1] in ("true", "false") else float
            return self.test(lambda e, p: typed(e.props.get(word[6:]), type_), lambda v: v)
        return self.test(lambda e, p: event_field(e, word, p), member_literal("id" if word in ("member", "other") else word))

    def did(self):
        kind, conditions, windows, wheres, then = self.text(), [], [], [], None
        while self.took(","):
            word = self.take()[1]
            if word == "within":
                length = self.duration()
                windows.append(lambda p, at, d=length: p.now - d < at <= p.now)
            elif word in ("from", "to"):
                edge = self.literal()
                windows.append(lambda p, at, edge=edge, word=word: (at >= start(p, edge(p))) == (word == "from"))
            elif word == "where":
                wheres.append(self.any_of(Parser.event_atom))
            elif word == "then":
                second = self.text()
                self.take("within")
                then = (second, self.duration())
            else:
                conditions.append(self.condition(word))
        self.take(")")

        def follows(p, e):
            return any((f.at, f.persona, f.seq) > (e.at, e.persona, e.seq) and f.at - e.at <= then[1] for f in p.events(then[0]))

        def answer(p):
            found = [e for e in p.events(kind) if all(w(p, e.at) for w in windows) and all(w(e, p) for w in wheres)
                     and (then is None or follows(p, e))]
            return all(c(p, found) for c in conditions) if conditions else bool(found)
        return answer

    def condition(self, word):
        measure = {"count": lambda p, found: len(found),
                   "days": lambda p, found: len({p.zone.day(e.at) for e in found})}.get(word)
        if word == "sum":
            self.take("("), self.take("amount"), self.take(")")
            measure = lambda p, found: sum(e.amount or 0 for e in found)
        elif word == "distinct":
            self.take("(")
            field = self.event_field()
            self.take(")")
            measure = lambda p, found: len({(type(v), v) for v in (event_field(e, field, p) for e in found)} - {(type(None), None)})
        op, wanted = self.take()[1], self.literal()
        return lambda p, found: ORDER[op](measure(p, found), wanted(p))


def typed(value, type_):
    return value if type(value) is type_ else None


def start(p, moment):
    return p.zone.start(moment) if isinstance(moment, Date) else moment


def member_literal(word):
    return (lambda v: int(v[1:])) if word == "id" else (lambda v: v)


def event_field(e, word, p):
    if word.startswith("props."):
        return e.props.get(word[6:])
    if word == "at":
        return Time(e.at)
    if word == "day":
        return Date(p.zone.day(e.at))
    if word == "hour":
        return p.zone.local(e.at).hour
    if word == "weekday":
        return p.zone.local(e.at).isoweekday()
    if word == "member":
        return p.number
    return getattr(e, word)


def member_field(p, word):
    if word == "id":
        return p.number
    if word in ("created", "joined", "last_seen", "last_interaction", "last_order"):
        at = p.facts()[word]
        return None if at is None else Time(at)
    if word == "groups":
        return frozenset(p.facts()["groups"])
    if word == "touchpoint":
        return next((e.touchpoint for e in p.history.all if e.touchpoint and e.at <= p.now), None)
    if word in p.facts():
        return p.facts()[word]
    return p.field(p, word)


def anniversary(p, value):
    """The first one that is not earlier than 182 days ago; 29 February is kept on 28 February in common years."""
    if value is None:
        return None
    born = datetime.fromordinal((p.zone.day(value) if isinstance(value, Time) else value) + 719163)
    earliest = p.zone.day(p.now) - 182
    year = datetime.fromordinal(earliest + 719163).year
    for y in (year, year + 1):
        leap = y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)
        day = datetime(y, born.month, 28 if (born.month, born.day) == (2, 29) and not leap else born.day).toordinal() - 719163
        if day >= earliest:
            return Date(day)
