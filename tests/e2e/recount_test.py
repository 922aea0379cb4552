#!/usr/bin/env python3
"""Queries beside a recount in Python, in zones whose clocks change: buckets, breakdowns, filters, members."""
import collections
import datetime
import json
import pathlib
import random
import sys
import zoneinfo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, run  # noqa: E402

ZONES = ("America/New_York", "Asia/Shanghai", "Europe/London")
KINDS = ("order.paid", "message.sent", "own.thing", "page.viewed")
DAY = 86400000
FROM, TO = "2025-03-01", "2025-11-20"

Event = collections.namedtuple("Event", "at member kind amount p")


class World:
    """Events of 60 members over 330 days, a fifth of them at midnight or the millisecond before."""

    def __init__(self, zone):
        self.zone = zoneinfo.ZoneInfo(zone)
        self.events = []
        r = random.Random(zone)
        start = self.instant("2025-01-01")
        for member in range(60):
            for _ in range(r.randint(1, 30)):
                at = start + int(r.random() * 330 * DAY)
                if r.random() < 0.2:
                    at = self.start_of(self.local(at).date()) - r.choice([0, 1])
                kind = r.choice(KINDS)
                amount = r.choice([None, 100, 250, 999]) if kind != "message.sent" else None
                self.events.append(Event(at, member, kind, amount, r.choice(["a", "b", "c", None])))
        self.events.sort(key=lambda e: e.at)
        self.of = collections.defaultdict(list)
        for e in self.events:
            self.of[e.member].append(e)

    def local(self, at):
        return datetime.datetime.fromtimestamp(at / 1000, self.zone)

    def start_of(self, day):
        return int(datetime.datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp() * 1000)

    def instant(self, text):
        return self.start_of(datetime.date.fromisoformat(text))

    def bucket(self, at, by):
        if by == "hour":
            return at // 3600000 * 3600000
        day = self.local(at).date()
        if by == "week":
            day -= datetime.timedelta(days=day.weekday())
        if by == "month":
            day = day.replace(day=1)
        return self.start_of(day)

    def within(self, kinds, since=FROM, until=TO):
        a, b = self.instant(since), self.instant(until)
        return [e for e in self.events if e.kind in kinds and a <= e.at < b]

    def lines(self):
        for e in self.events:
            row = {"at": e.at, "kind": e.kind, "identities": {"user": f"u{e.member}"}}
            if e.amount is not None:
                row["amount"] = e.amount
            if e.p:
                row["props"] = {"p": e.p}
            yield json.dumps(row)


def instant_of(text):
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def points(store, query):
    """(bucket, key) or bucket -> value, without zeros."""
    found = {}
    for p in store.query({"trend": query})["points"]:
        if p["value"]:
            at = instant_of(p["at"])
            found[(at, p["key"]) if "key" in p else at] = p["value"]
    return found


def check_trends(w, s):
    common = {"from": FROM, "to": TO}
    kinds = ("order.paid", "own.thing")
    for by in ("hour", "day", "week", "month"):
        buckets = collections.defaultdict(list)
        for e in w.within(kinds):
            buckets[w.bucket(e.at, by)].append(e)
        amounts = {b: [e.amount for e in es if e.amount is not None] for b, es in buckets.items()}
        want = {
            "events": {b: len(es) for b, es in buckets.items()},
            "members": {b: len({e.member for e in es}) for b, es in buckets.items()},
            "amount": {b: sum(a) for b, a in amounts.items() if sum(a)},
            "average": {b: sum(a) / len(a) for b, a in amounts.items() if a},
        }
        for measure, figures in want.items():
            got = points(s, {"kind": list(kinds), "by": by, "measure": measure, **common})
            assert got == figures, (w.zone, by, measure)
    month = {"kind": "own.thing", "by": "month", **common}
    fields = {"props.p": lambda e: e.p, "weekday": lambda e: w.local(e.at).isoweekday()}
    for field, key in fields.items():
        want = collections.Counter((w.bucket(e.at, "month"), key(e)) for e in w.within(("own.thing",)))
        assert points(s, {**month, "breakdown": field}) == want, (w.zone, field)
    buyers = {m for m, es in w.of.items() if sum(e.kind == "order.paid" for e in es) >= 2}
    want = collections.Counter(w.bucket(e.at, "month") for e in w.within(("own.thing",)) if e.member in buyers)
    assert points(s, {**month, "who": "orders >= 2"}) == want, w.zone


def check_segments(w, s):
    def kind(es, name):
        return [e for e in es if e.kind == name]

    def orders(es):
        return kind(es, "order.paid")

    cases = {
        'did("order.paid", count >= 3)': lambda es: len(orders(es)) >= 3,
        'did("order.paid", days >= 3)': lambda es: len({w.local(e.at).date() for e in orders(es)}) >= 3,
        'did("order.paid", sum(amount) > 1000)': lambda es: sum(e.amount or 0 for e in orders(es)) > 1000,
        'did("own.thing", distinct(props.p) >= 2)': lambda es: len({e.p for e in kind(es, "own.thing")} - {None}) >= 2,
        'did("order.paid", from 2025-03-09, to 2025-03-31)':
            lambda es: any(w.instant("2025-03-09") <= e.at < w.instant("2025-03-31") for e in orders(es)),
        'did("order.paid", where amount between 200 and 300 or props.p = "a")':
            lambda es: any((e.amount or 0) in range(200, 301) or e.p == "a" for e in orders(es)),
        'did("order.paid", where props.p != "a")': lambda es: any(e.p not in ("a", None) for e in orders(es)),
        'did("order.paid", where not props.p = "a")': lambda es: any(e.p != "a" for e in orders(es)),
        'did("order.paid", where props.p is null)': lambda es: any(e.p is None for e in orders(es)),
        'did("order.paid", where hour in (0, 23) and weekday >= 6)':
            lambda es: any(w.local(e.at).hour in (0, 23) and w.local(e.at).isoweekday() >= 6 for e in orders(es)),
        'did("message.sent", then "order.paid" within 2d)':
            lambda es: any(a.at < b.at <= a.at + 2 * DAY for a in kind(es, "message.sent") for b in orders(es)),
        'not did("message.sent") and did("order.paid")': lambda es: not kind(es, "message.sent") and bool(orders(es)),
        "orders >= 2": lambda es: len(orders(es)) >= 2,
        "spent > 1000": lambda es: sum(e.amount or 0 for e in orders(es)) > 1000,
        "last_order < 2025-09-01": lambda es: bool(orders(es)) and orders(es)[-1].at < w.instant("2025-09-01"),
        "last_order is null": lambda es: not orders(es),
        'did("own.thing", where props.p ^= "A" and not props.p ~ "B")': lambda es: any(e.p == "a" for e in kind(es, "own.thing")),
        'id in ("m1", "m2", "m60", "m61") or id > "m58"': None,
    }
    for expr, holds in cases.items():
        got = s.query({"segment": {"expr": expr}})["members"]
        want = sum(holds(es) for es in w.of.values()) if holds else 4
        assert got == want, (w.zone, expr, got, want)


def depth(events, steps, window):
    """The furthest attempt of an ordered funnel."""
    best = 0
    for i, first in enumerate(events):
        if first.kind != steps[0]:
            continue
        done = 1
        for e in events[i + 1:]:
            if done < len(steps) and e.kind == steps[done] and e.at <= first.at + window:
                done += 1
        best = max(best, done)
    return best


def check_journeys(w, s):
    steps = ["page.viewed", "message.sent", "order.paid"]
    reply = s.query({"funnel": {"steps": [{"kind": k} for k in steps], "window": "14d"}})
    depths = [depth(es, steps, 14 * DAY) for es in w.of.values()]
    assert [x["members"] for x in reply["steps"]] == [sum(d > i for d in depths) for i in range(3)], w.zone

    def month(at):
        return w.local(at).year * 12 + w.local(at).month

    cohorts = collections.defaultdict(list)
    for es in w.of.values():
        times = [e.at for e in es if e.kind == "order.paid"]
        if times:
            cohorts[w.bucket(times[0], "month")].append(times)
    want = [(at, len(members), [sum(any(month(t) - month(times[0]) == k for t in times[1:]) for times in members) for k in range(6)])
            for at, members in sorted(cohorts.items())]
    paid = {"kind": "order.paid"}
    reply = s.query({"retention": {"birth": paid, "return": paid, "by": "month", "periods": 6}})
    assert [(instant_of(c["at"]), c["size"], c["returned"]) for c in reply["cohorts"]] == want, w.zone
    last = datetime.date(2025, 11, 9)
    days = {last - datetime.timedelta(days=i) for i in range(28)}
    active = collections.Counter(len({w.local(e.at).date() for e in es if e.kind == "own.thing"} & days) for es in w.of.values())
    reply = s.query({"stickiness": {"kind": "own.thing", "days": 28, "to": "2025-11-10"}})
    assert reply["histogram"] == [active[i + 1] for i in range(28)], w.zone


def test_figures_equal_a_recount_in_every_zone():
    for zone in ZONES:
        w = World(zone)
        with Store("shop", None, "--tz", zone, "--currency", "USD") as s:
            counts = s.load("--format", "jsonl", "-", stdin="\n".join(w.lines()) + "\n")
            assert counts["stored"] == len(w.events), counts
            check_trends(w, s)
            check_segments(w, s)
            check_journeys(w, s)


if __name__ == "__main__":
    run(globals())
