"""The questions of `wellfield bench` in the best form known for DuckDB, ClickHouse and SQLite: each gives the rows that
docs/bench.md defines, as whole numbers. A table has the columns of the bench's file: member, ts, kind, channel,
campaign, grp, amount. DuckDB has two forms of some; the faster one counts."""

BEGIN = 1735689600  # 2025-01-01, the first day of the data
DAY, WEEK = 86400, 7 * 86400
END = BEGIN + 365 * DAY
QUARTER = BEGIN + 275 * DAY  # the funnel and the paths: the last 90 days
MONDAY = BEGIN + 278 * DAY   # retention and lifecycle: 12 weeks from here
SUNDAY = MONDAY + 12 * WEEK
MONTH = BEGIN + 335 * DAY    # the segment: the last 30 days
TABLE = "member INTEGER, ts INTEGER, kind INTEGER, channel INTEGER, campaign INTEGER, grp INTEGER, amount INTEGER"

# ---- forms that engines share ----

TREND = f"SELECT ts/{DAY} AS d, kind, count(*) AS n FROM e GROUP BY 1, 2 ORDER BY 1, 2"
DAU = f"SELECT d, count(*) FROM (SELECT DISTINCT ts/{DAY} AS d, member FROM e) q GROUP BY d ORDER BY d"
SEGMENT = (f"SELECT count(*) FROM (SELECT member FROM e WHERE ts >= {MONTH} AND kind IN (5, 9) GROUP BY member "
           "HAVING sum(CASE WHEN kind = 5 THEN 1 ELSE 0 END) >= 3 AND sum(CASE WHEN kind = 9 THEN 1 ELSE 0 END) = 0) q")
# The depth of an attempt: the latest first step from which each step can be reached within the window.
FUNNEL = f"""
WITH f AS (SELECT member, ts, kind FROM e WHERE ts >= {QUARTER} AND kind IN (2, 3, 6, 7)),
 a AS (SELECT member, ts, kind, max(CASE WHEN kind = 2 THEN ts END) OVER w AS s1 FROM f
       WINDOW w AS (PARTITION BY member ORDER BY ts ROWS UNBOUNDED PRECEDING)),
 b AS (SELECT member, ts, kind, s1, max(CASE WHEN kind = 3 AND ts - s1 <= {WEEK} THEN s1 END) OVER w AS s2 FROM a
       WINDOW w AS (PARTITION BY member ORDER BY ts ROWS UNBOUNDED PRECEDING)),
 c AS (SELECT member, ts, kind, s1, s2, max(CASE WHEN kind = 6 AND ts - s2 <= {WEEK} THEN s2 END) OVER w AS s3 FROM b
       WINDOW w AS (PARTITION BY member ORDER BY ts ROWS UNBOUNDED PRECEDING)),
 l AS (SELECT member, max(CASE WHEN kind = 7 AND ts - s3 <= {WEEK} THEN 4 WHEN s3 IS NOT NULL THEN 3
       WHEN s2 IS NOT NULL THEN 2 WHEN s1 IS NOT NULL THEN 1 ELSE 0 END) AS level FROM c GROUP BY member)
SELECT level, count(*) FROM l WHERE level > 0 GROUP BY level ORDER BY level"""
RFM = """
SELECT CASE WHEN r < 7 THEN 5 WHEN r < 30 THEN 4 WHEN r < 90 THEN 3 WHEN r < 180 THEN 2 ELSE 1 END,
 CASE WHEN f >= 20 THEN 5 WHEN f >= 10 THEN 4 WHEN f >= 5 THEN 3 WHEN f >= 2 THEN 2 ELSE 1 END,
 CASE WHEN m >= 20000 THEN 5 WHEN m >= 10000 THEN 4 WHEN m >= 5000 THEN 3 WHEN m >= 1000 THEN 2 ELSE 1 END, count(*)
FROM (SELECT (%d - max(ts)) %s %d AS r, count(*) AS f, sum(amount) AS m FROM e WHERE kind = 7 GROUP BY member) q
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
PATHS = f"""
SELECT s, count(*) AS n FROM (SELECT kind, lead(KIND, 1) OVER w * 400 + lead(KIND, 2) OVER w * 20 + lead(KIND, 3) OVER w
 AS s FROM e WHERE ts >= {QUARTER} WINDOW w AS (PARTITION BY member ORDER BY ts)) q
WHERE kind = 6 AND s IS NOT NULL GROUP BY s ORDER BY n DESC, s LIMIT 20"""
# q: b has a bit for each active week, fw is the week of the first event ever (-1: before), n members; g: weeks w.
LIFECYCLE = """
SELECT w, sum(CASE WHEN fw = w THEN n ELSE 0 END), sum(CASE WHEN (b >> w) & 1 = 1 AND (b >> (w-1)) & 1 = 1 THEN n ELSE 0 END),
 sum(CASE WHEN (b >> w) & 1 = 1 AND (b >> (w-1)) & 1 = 0 AND fw < w THEN n ELSE 0 END),
 sum(CASE WHEN (b >> w) & 1 = 0 AND (b >> (w-1)) & 1 = 1 THEN n ELSE 0 END)
FROM (%s) q, (%s) g GROUP BY w ORDER BY w"""

DUCKDB = {
    "trend": [
        f"SELECT ts//{DAY} AS d, kind, count(*) AS n FROM e GROUP BY ALL ORDER BY ALL",
        f"SELECT k//20 + {BEGIN // DAY} AS d, k % 20 AS kind, n FROM (SELECT (((ts - {BEGIN})//{DAY})*20 + kind)::USMALLINT "
        "AS k, count(*) AS n FROM e GROUP BY k) ORDER BY 1, 2"],
    "dau": [
        f"SELECT ts//{DAY} AS d, count(DISTINCT member) AS n FROM e GROUP BY d ORDER BY d",
        f"SELECT d, count(*) AS n FROM (SELECT DISTINCT ts//{DAY} AS d, member FROM e) GROUP BY d ORDER BY d"],
    "funnel": [
        FUNNEL,
        f"""WITH f AS MATERIALIZED (SELECT member, ts, kind FROM e WHERE ts >= {QUARTER} AND kind IN (2, 3, 6, 7)),
 a AS (SELECT member, ts, ts AS s FROM f WHERE kind = 2),
 b AS MATERIALIZED (SELECT x.member, x.ts, a.s FROM f x ASOF JOIN a ON x.member = a.member AND x.ts > a.ts
                    WHERE x.kind = 3 AND x.ts - a.s <= {WEEK}),
 c AS MATERIALIZED (SELECT x.member, x.ts, b.s FROM f x ASOF JOIN b ON x.member = b.member AND x.ts > b.ts
                    WHERE x.kind = 6 AND x.ts - b.s <= {WEEK}),
 d AS (SELECT x.member FROM f x ASOF JOIN c ON x.member = c.member AND x.ts > c.ts WHERE x.kind = 7 AND x.ts - c.s <= {WEEK}),
 l AS (SELECT member, max(v) AS level FROM (SELECT member, 1 AS v FROM a UNION ALL SELECT member, 2 FROM b UNION ALL
       SELECT member, 3 FROM c UNION ALL SELECT member, 4 FROM d) GROUP BY member)
 SELECT level, count(*) FROM l GROUP BY level ORDER BY level"""],
    "retention": [
        f"""SELECT c, w - c AS k, sum(n) FROM (SELECT b, n, (log2(b & -b))::INT AS c, unnest(range(12)) AS w FROM (
 SELECT b, count(*) AS n FROM (SELECT bit_or(1::INT << ((ts - {MONDAY})//{WEEK})::INT) AS b FROM e
 WHERE ts >= {MONDAY} AND ts < {SUNDAY} GROUP BY member) GROUP BY b)) WHERE (b >> w::INT) & 1 = 1 GROUP BY ALL ORDER BY ALL"""],
    "segment": [SEGMENT],
    "rfm": [RFM % (END - 1, "//", DAY)],
    "paths": [
        PATHS.replace("KIND", "kind::INT"),
        f"""SELECT s, count(*) AS n FROM (SELECT unnest(list_transform(list_filter(range(1, len(a) - 2), lambda i: a[i] = 6),
 lambda i: a[i+1]*400 + a[i+2]*20 + a[i+3])) AS s FROM (SELECT list_transform(list_sort(list(ts::UBIGINT*32 + kind)),
 lambda x: (x % 32)::INT) AS a FROM e WHERE ts >= {QUARTER} GROUP BY member)) GROUP BY s ORDER BY n DESC, s LIMIT 20"""],
    "lifecycle": [
        LIFECYCLE % (f"""SELECT b, fw, count(*) AS n FROM (SELECT bit_or(CASE WHEN ts < {MONDAY} OR ts >= {SUNDAY} THEN 0
 ELSE 1::INT << ((ts - {MONDAY})//{WEEK})::INT END) AS b, CASE WHEN min(ts) < {MONDAY} THEN -1
 ELSE (min(ts) - {MONDAY})//{WEEK} END::INT AS fw FROM e GROUP BY member) GROUP BY b, fw""",
                     "SELECT unnest(range(1, 12))::INT AS w")],
}

CLICKHOUSE = {
    "trend": "SELECT toUInt16(toDate(ts)) AS d, kind, count() AS n FROM e GROUP BY d, kind ORDER BY d, kind",
    "dau": "SELECT toUInt16(toDate(ts)) AS d, uniqExact(member) AS n FROM e GROUP BY d ORDER BY d",
    "funnel": f"SELECT level, count() FROM (SELECT windowFunnel({WEEK})(ts, kind=2, kind=3, kind=6, kind=7) AS level FROM e "
              f"WHERE ts >= toDateTime({QUARTER}) AND kind IN (2,3,6,7) GROUP BY member) WHERE level > 0 GROUP BY level "
              "ORDER BY level",
    "retention": f"""SELECT c, w-c AS k, sum(n) FROM (SELECT b, n, arrayFirst(i->bitTest(b,i)=1, range(12)) AS c,
 arrayJoin(range(12)) AS w FROM (SELECT b, count() AS n FROM (SELECT groupBitOr(bitShiftLeft(toUInt16(1),
 toUInt8(intDiv(toUInt32(ts)-{MONDAY},{WEEK})))) AS b FROM e WHERE ts >= toDateTime({MONDAY}) AND ts < toDateTime({SUNDAY})
 GROUP BY member) GROUP BY b)) WHERE bitTest(b,w)=1 GROUP BY c,k ORDER BY c,k""",
    "segment": f"SELECT count() FROM (SELECT member FROM e WHERE ts >= toDateTime({MONTH}) AND kind IN (5,9) GROUP BY member "
               "HAVING sum(kind=5) >= 3 AND sum(kind=9) = 0)",
    "rfm": f"""SELECT r,f,m,count() FROM (SELECT multiIf(R<7,5,R<30,4,R<90,3,R<180,2,1) AS r,
 multiIf(F>=20,5,F>=10,4,F>=5,3,F>=2,2,1) AS f, multiIf(M>=20000,5,M>=10000,4,M>=5000,3,M>=1000,2,1) AS m FROM (
 SELECT intDiv({END - 1}-toUInt32(max(ts)),{DAY}) AS R, count() AS F, sum(amount) AS M FROM e WHERE kind=7 GROUP BY member))
 GROUP BY r,f,m ORDER BY r,f,m""",
    "paths": f"""SELECT s, count() AS n FROM (SELECT arrayJoin(arrayMap(i->a[i+1]*400+a[i+2]*20+a[i+3],
 arrayFilter((i,x)->x=6 AND i+3<=length(a), arrayEnumerate(a), a))) AS s FROM (SELECT arraySort((x,y)->y,
 groupArray(toUInt16(kind)), groupArray(ts)) AS a FROM e WHERE ts >= toDateTime({QUARTER}) GROUP BY member))
 GROUP BY s ORDER BY n DESC, s LIMIT 20""",
    "lifecycle": f"""SELECT w, sumIf(n,fw=w), sumIf(n,bitTest(b,w)=1 AND bitTest(b,w-1)=1),
 sumIf(n,bitTest(b,w)=1 AND bitTest(b,w-1)=0 AND fw<w), sumIf(n,bitTest(b,w)=0 AND bitTest(b,w-1)=1) FROM (
 SELECT b, fw, n, arrayJoin(arraySlice(range(12),2)) AS w FROM (SELECT b, fw, count() AS n FROM (
 SELECT groupBitOr(if(ts<toDateTime({MONDAY}) OR ts>=toDateTime({SUNDAY}),toUInt16(0),bitShiftLeft(toUInt16(1),
 toUInt8(intDiv(toUInt32(ts)-{MONDAY},{WEEK}))))) AS b, min(ts) AS mn, if(mn<toDateTime({MONDAY}),toInt16(-1),
 toInt16(intDiv(toInt64(mn)-{MONDAY},{WEEK}))) AS fw FROM e GROUP BY member) GROUP BY b,fw)) GROUP BY w ORDER BY w""",
}

SQLITE = {
    "trend": TREND,
    "dau": DAU,
    "funnel": FUNNEL,
    "retention": f"""WITH p AS (SELECT DISTINCT member, (ts - {MONDAY})/{WEEK} AS w FROM e WHERE ts >= {MONDAY} AND ts < {SUNDAY}),
 f AS (SELECT w, min(w) OVER (PARTITION BY member) AS c FROM p)
SELECT c, w - c AS k, count(*) FROM f GROUP BY 1, 2 ORDER BY 1, 2""",
    "segment": SEGMENT,
    "rfm": RFM % (END - 1, "/", DAY),
    "paths": PATHS.replace("KIND", "kind"),
    "lifecycle": "WITH RECURSIVE gg(w) AS (SELECT 1 UNION ALL SELECT w + 1 FROM gg WHERE w < 11) " + LIFECYCLE % (
        f"""SELECT b, fw, count(*) AS n FROM (SELECT sum(x) AS b, min(fw) AS fw FROM (SELECT member,
 CASE WHEN ts < {MONDAY} OR ts >= {SUNDAY} THEN 0 ELSE 1 << ((ts - {MONDAY})/{WEEK}) END AS x,
 CASE WHEN min(ts) < {MONDAY} THEN -1 ELSE (min(ts) - {MONDAY})/{WEEK} END AS fw FROM e GROUP BY member, x) q GROUP BY member) q
 GROUP BY b, fw""", "SELECT w FROM gg"),
}
NAMES = list(SQLITE)


def text_of(name, rows):
    """A peer's rows as `wellfield bench --rows` writes them."""
    rows = [[int(float(cell)) for cell in row] for row in rows]
    if name == "funnel":  # members that stopped ts each step -> that reached it
        stopped = {level: members for level, members in rows}
        rows = [[step, sum(m for level, m in stopped.items() if level >= step)] for step in (1, 2, 3, 4)]
    return "".join(",".join(map(str, row)) + "\n" for row in rows)
