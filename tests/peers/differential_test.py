#!/usr/bin/env python3
"""Funnel, retention, trend and segment beside ClickHouse and SQLite on random questions over random events.

WF_SEED replays; WF_LONG=1 takes 1 M events. Times are whole seconds, distinct within a member, so that windowFunnel
(DateTime or UInt32 only, ties undefined) means the same; midnights and window edges are drawn on purpose."""
import datetime
import os
import pathlib
import random
import sqlite3
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from clickhouse import ClickHouse  # noqa: E402
from wellfield import Store, run  # noqa: E402

SEED = int(os.environ.get("WF_SEED", "20260101"))
EVENTS = 1_000_000 if os.environ.get("WF_LONG") else 100_000
MEMBERS = EVENTS // 60
QUESTIONS = 250
DAY = 86400
ZONE = "Asia/Shanghai"
OFFSET = 8 * 3600
START = 1704067200 - OFFSET  # 2024-01-01 00:00 in Shanghai
DAYS = 60
KINDS = [f"k{i}" for i in range(8)]
GROUPS = ["", "g1", "g2", "g3"]


def instant(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_events(rng):
    rows, taken = [], set()
    while len(rows) < EVENTS:
        m = min(int(rng.expovariate(1 / (MEMBERS / 4))), MEMBERS - 1)
        t = START + rng.randrange(DAYS * DAY)
        edge = rng.random()
        if edge < 0.03:
            t -= (t + OFFSET) % DAY  # a midnight
        elif edge < 0.06:
            t -= (t + OFFSET) % DAY + 1  # the second before
        elif edge < 0.09 and rows:
            t = rows[-1][1] + rng.choice([3600, DAY, 7 * DAY]) * (rows[-1][0] == m)  # a window's very edge
        if not START <= t < START + DAYS * DAY or (m, t) in taken:
            continue
        taken.add((m, t))
        rows.append((m, t, rng.choice(KINDS), rng.randrange(1000), rng.choice(GROUPS)))
    return rows


class World:
    def __init__(self):
        self.rng = random.Random(SEED)
        print(f"seed {SEED}, {EVENTS} events")
        rows = make_events(self.rng)
        self.store = Store("peer", None, "--tz", ZONE)
        with tempfile.NamedTemporaryFile("w", suffix=".csv", dir=self.store.folder, delete=False) as f:
            f.write("m,t,k,a,g\n")
            f.writelines(f"u{m},{t},{k},{a},{g}\n" for m, t, k, a, g in rows)
        counts = self.store.load("--format", "csv", "--map",
                                 "member=user:m,at=date:t:epoch,kind=text:k,amount=integer:a,group=text:g", f.name)
        assert counts["stored"] == EVENTS, counts
        self.store.serve()
        self.lite = sqlite3.connect(":memory:")
        self.lite.execute("CREATE TABLE e (m INT, t INT, k TEXT, a INT, g TEXT)")
        self.lite.executemany("INSERT INTO e VALUES (?,?,?,?,?)", rows)
        self.lite.execute("CREATE INDEX e_m ON e (m, t)")
        self.click = ClickHouse()
        self.click.query("CREATE TABLE e (m UInt32, t UInt32, k String, a Int64, g String, d Date) ENGINE = MergeTree(d, (m, t), 8192)")
        data = "\n".join(f"{m}\t{t}\t{k}\t{a}\t{g}\t2024-01-01" for m, t, k, a, g in rows) + "\n"
        self.click.query("INSERT INTO e FORMAT TabSeparated", data.encode())

    def range(self):
        a, b = sorted(self.rng.randrange(DAYS * DAY + 1) for _ in range(2))
        if self.rng.random() < 0.5:
            a, b = a // DAY * DAY, -(-b // DAY) * DAY
        return START + a, START + max(b, a + 1)

    def close(self):
        self.click.close()
        self.store.close()


WORLD = None


def world():
    global WORLD
    if WORLD is None:
        WORLD = World()
    return WORLD


def quoted(kinds):
    return ",".join(f"'{k}'" for k in kinds)


def agree(question, ours, theirs, peer):
    assert ours == theirs, f"{peer} differs on {question}\n ours   {ours}\n theirs {theirs}"


def test_trend():
    w = world()
    unit = {"hour": 3600, "day": DAY}
    for _ in range(QUESTIONS):
        kinds = w.rng.sample(KINDS, w.rng.randrange(1, 4))
        by, measure = w.rng.choice(["hour", "day", "day"]), w.rng.choice(["events", "members", "amount"])
        a, b = w.range()
        q = {"trend": {"kind": kinds, "by": by, "measure": measure, "from": instant(a), "to": instant(b)}}
        got = {p["at"]: p["value"] for p in w.store.ask(q)["points"] if p["value"]}
        what = {"events": "count(*)", "members": "count(DISTINCT m)", "amount": "sum(a)"}[measure]
        where = f"k IN ({quoted(kinds)}) AND t >= {a} AND t < {b}"
        rows = w.lite.execute(f"SELECT (t+{OFFSET})/{unit[by]} AS u, {what} FROM e WHERE {where} GROUP BY u").fetchall()

        def local(u):
            return datetime.datetime.fromtimestamp(u * unit[by], datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+08:00")
        agree(q, got, {local(u): v for u, v in rows if v}, "SQLite")
        rows = w.click.query(f"SELECT intDiv(t+{OFFSET},{unit[by]}) AS u, {what.replace('count(*)', 'count()').replace('count(DISTINCT m)', 'uniqExact(m)')} FROM e WHERE {where} GROUP BY u")
        agree(q, got, {local(int(u)): int(v) for u, v in rows if int(v)}, "ClickHouse")


def test_funnel():
    w = world()
    for _ in range(QUESTIONS):
        n = w.rng.randrange(2, 6)
        steps = [w.rng.choice(KINDS) for _ in range(n)]
        window = w.rng.choice([3600, 6 * 3600, DAY, 3 * DAY, 7 * DAY])
        a, b = w.range()
        group = w.rng.choice([None, None, "g1"])
        where_step = [{"kind": k, **({"where": f'group = "{group}"'} if group and i == 0 else {})} for i, k in enumerate(steps)]
        q = {"funnel": {"steps": where_step, "window": f"{window // 3600}h", "mode": "ordered", "from": instant(a), "to": instant(b)}}
        got = [s["members"] for s in w.store.ask(q)["steps"]]
        conditions = [f"k = '{k}'" + (f" AND g = '{group}'" if group and i == 0 else "") for i, k in enumerate(steps)]
        rows = w.click.query(f"SELECT level, count() FROM (SELECT windowFunnel({window})(t, {', '.join(conditions)}) AS level "
                             f"FROM e WHERE t >= {a} AND t < {b} GROUP BY m) GROUP BY level")
        levels = {int(level): int(c) for level, c in rows}
        agree(q, got, [sum(c for level, c in levels.items() if level > i) for i in range(n)], "ClickHouse")
        if len(set(steps)) < n:
            continue  # an event may serve one step only: the window form below needs distinct kinds
        sql = f"WITH s0 AS (SELECT m, t, k, CASE WHEN {conditions[0]} THEN t END AS x FROM e WHERE t >= {a} AND t < {b}), "
        sql += "b0 AS (SELECT m, t, k, max(x) OVER (PARTITION BY m ORDER BY t) AS s FROM s0)"
        for i in range(1, n):
            sql += (f", b{i} AS (SELECT m, t, k, s{'' if i == 1 else i - 1}, max(CASE WHEN k = '{steps[i]}' AND t - s{'' if i == 1 else i - 1} <= {window} "
                    f"THEN s{'' if i == 1 else i - 1} END) OVER (PARTITION BY m ORDER BY t) AS s{i} FROM b{i - 1})")
        want = [w.lite.execute(sql + f" SELECT count(DISTINCT m) FROM b{i} WHERE s{i or ''} IS NOT NULL").fetchone()[0] for i in range(n)]
        agree(q, got, want, "SQLite")


def test_retention():
    w = world()
    for i in range(QUESTIONS):
        birth, back = w.rng.choice(KINDS), w.rng.choice(KINDS)
        first, periods = w.rng.choice(["ever", "in_range", "each"]), w.rng.randrange(2, 12)
        a, b = (START + x * DAY for x in sorted(w.rng.sample(range(DAYS + 1), 2)))
        q = {"retention": {"birth": {"kind": birth}, "return": {"kind": back}, "first": first, "align": "calendar",
                           "by": "day", "periods": periods, "from": instant(a), "to": instant(b)}}
        got = {c["at"][:10]: (c["size"], c["returned"][1:]) for c in w.store.ask(q)["cohorts"] if c["size"]}
        inside = f"t >= {a} AND t < {b}"
        births = {
            "ever": f"SELECT m, d FROM (SELECT m, (min(t)+{OFFSET})/{DAY} AS d, min(t) AS t FROM e WHERE k = '{birth}' GROUP BY m) WHERE {inside}",
            "in_range": f"SELECT m, (min(t)+{OFFSET})/{DAY} AS d FROM e WHERE k = '{birth}' AND {inside} GROUP BY m",
            "each": f"SELECT DISTINCT m, (t+{OFFSET})/{DAY} AS d FROM e WHERE k = '{birth}' AND {inside}",
        }[first]
        sizes = dict(w.lite.execute(f"SELECT d, count(*) FROM ({births}) GROUP BY d").fetchall())
        returned = {(d, k): c for d, k, c in w.lite.execute(
            f"SELECT b.d, r.d - b.d AS k, count(DISTINCT b.m) FROM ({births}) b JOIN "
            f"(SELECT DISTINCT m, (t+{OFFSET})/{DAY} AS d FROM e WHERE k = '{back}') r ON r.m = b.m WHERE r.d > b.d GROUP BY b.d, k")}

        def date(d):
            return datetime.datetime.fromtimestamp(d * DAY, datetime.timezone.utc).strftime("%Y-%m-%d")
        agree(q, got, {date(d): (n, [returned.get((d, k), 0) for k in range(1, periods)]) for d, n in sizes.items()}, "SQLite")
        if first == "each" and sizes:
            d = w.rng.choice(sorted(sizes))
            days = ", ".join(f"k = '{back}' AND intDiv(t+{OFFSET},{DAY}) = {d + k}" for k in range(1, periods))
            row = w.click.query(f"SELECT {', '.join(f'sum(r[{k}])' for k in range(1, periods + 1))} FROM (SELECT retention(k = '{birth}' AND "
                                f"intDiv(t+{OFFSET},{DAY}) = {d} AND {inside}, {days}) AS r FROM e GROUP BY m)")[0]
            agree(q, got[date(d)], (int(row[0]), [int(x) for x in row[1:]]), "ClickHouse")


def test_segment():
    w = world()
    for _ in range(QUESTIONS):
        x, y = w.rng.sample(KINDS, 2)
        n = w.rng.randrange(1, 4)
        a, b = (x_ * DAY + START for x_ in sorted(w.rng.sample(range(DAYS + 1), 2)))
        least = w.rng.choice([None, 200, 700])

        def date(t):
            return datetime.datetime.fromtimestamp(t + OFFSET, datetime.timezone.utc).strftime("%Y-%m-%d")
        amount = f", where amount >= {least}" if least else ""
        expr = f'did("{x}", count >= {n}, from {date(a)}, to {date(b)}{amount}) and not did("{y}", from {date(a)})'
        got = w.store.ask({"segment": {"expr": expr}})["members"]
        sum_x = f"sum(k = '{x}' AND t >= {a} AND t < {b}" + (f" AND a >= {least}" if least else "") + ")"
        sql = f"SELECT count(*) FROM (SELECT m FROM e GROUP BY m HAVING {sum_x} >= {n} AND sum(k = '{y}' AND t >= {a}) = 0) q"
        agree(expr, got, w.lite.execute(sql).fetchone()[0], "SQLite")
        agree(expr, got, int(w.click.query(sql.replace("count(*)", "count()"))[0][0]), "ClickHouse")


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if WORLD:
            WORLD.close()
