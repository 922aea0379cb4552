#!/usr/bin/env python3
"""The numbers of lifecycle and trust over HTTP: previewed, changed, undone, right after a kill; and the scores of buyers, on real orders."""
import csv
import functools
import io
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import segments_test  # noqa: E402
from segments_test import add, call, ready  # noqa: E402
from wellfield import DATA, Skip, Store, http, run  # noqa: E402

STAGES = ["potential", "new", "effective", "active", "core", "dormant", "churned"]
CDNOW = DATA / "cdnow_sample.txt.gz"
MAP = "member=name:$1,at=date:$3:%Y%m%d,amount=decimal:$5,kind=const:order.paid,props.cds=number:$4"


def grant(s):
    """A token that may change settings and segments."""
    scopes = "overview.read members.read members.write insight.read boards.write settings.read settings.write members.export"
    return segments_test.grant(s, scopes)


@functools.cache
def store():
    s = Store("shop")
    s.run("simulate", "--members", "600", "--days", "120", "--seed", "9")
    return grant(s)


@functools.cache
def cdnow():
    if not CDNOW.exists():
        raise Skip("shared data is absent")
    s = Store("shop", None, "--tz", "UTC", "--currency", "USD")
    s.load("--format", "columns", "--map", MAP, str(CDNOW))
    return grant(s)


def settled(s):
    """The numbers once all rows follow them: the rebuild tells."""
    deadline = time.monotonic() + 60
    while (n := call(s, "GET", "/numbers"))["rebuild"]["running"]:
        assert time.monotonic() < deadline, n["rebuild"]
    return n


def scored(s, **body):
    before = call(s, "GET", "/scores")["run"]
    call(s, "POST", "/scores/refresh", body, status=202)
    deadline = time.monotonic() + 60
    while (r := call(s, "GET", "/scores"))["running"]:
        assert time.monotonic() < deadline, r
    assert r["run"] == before + 1 and not r["failed"], r
    return r


def stock(s):
    """Members by stage, as the list counts them by their rows."""
    return {stage: call(s, "GET", "/members", stage=stage, limit=1)["total"] for stage in STAGES}


def test_the_table_says_of_each_number_its_bounds_words_and_default():
    n = call(store(), "GET", "/numbers")
    assert n["version"] == 0 and n["preset"] == "knowledge", n
    assert {t["name"] for t in n["table"]} == set(n["numbers"])
    for t in n["table"]:
        assert t["least"] <= t["usual"] <= t["most"] and t["label"]["zh"] and t["help"]["en"], t
    assert {p["preset"]: (p["numbers"]["dormant_days"], p["numbers"]["churned_days"]) for p in n["presets"]} == {
        "training": (5, 30), "fresh": (7, 45), "knowledge": (14, 90), "retail": (30, 120), "beauty": (30, 180)}


def test_what_is_no_number_or_out_of_bounds_is_refused_by_name():
    s = store()
    for numbers, field in [({"dormant_days": 0}, "numbers.dormant_days"), ({"dormant_days": 3651}, "numbers.dormant_days"),
                           ({"dormant_days": 1.5}, "numbers.dormant_days"), ({"nap_days": 4}, "numbers.nap_days"),
                           ({"window_days": 7, "active_days": 8}, "numbers.active_days"), ({"rfm_r_1": 90}, "numbers.rfm_r_2")]:
        for method, path in [("PUT", "/numbers"), ("POST", "/numbers/preview")]:
            said = call(s, method, path, {"numbers": numbers}, status=400)
            assert said["errors"][0]["field"] == field, (numbers, said)
    assert call(s, "GET", "/numbers")["version"] == 0


def test_a_preview_is_what_applying_brings_and_changes_nothing_itself():
    s = store()
    before = stock(s)
    p = call(s, "POST", "/numbers/preview", {"numbers": {"dormant_days": 3, "churned_days": 25}})
    assert {k: p["before"][k] for k in STAGES} == before == stock(s), (p["before"], before)
    assert sum(map(sum, p["moved"])) == sum(before.values())
    assert p["movers"] == sum(n for i, row in enumerate(p["moved"]) for j, n in enumerate(row) if i != j) > 0
    assert len(p["sample"]) == min(10, p["movers"]) and all(m["from"] != m["to"] for m in p["sample"]), p["sample"]
    n = call(s, "PUT", "/numbers", {"numbers": {"dormant_days": 3, "churned_days": 25}})
    assert n["version"] == 1 and n["numbers"]["dormant_days"] == 3, n
    settled(s)
    after = stock(s)
    assert {k: p["after"][k] for k in STAGES} == after != before, (p["after"], after)
    for m in p["sample"]:
        assert call(s, "GET", f"/members/{m['member']}")["stage"] == m["to"]
    flow = call(s, "POST", "/query", {"lifecycle": {"by": "week"}})["stock"][-1]
    assert {k: flow[k] for k in STAGES} == after, flow


def test_segments_follow_and_former_numbers_bring_all_back():
    s = store()
    now = settled(s)
    was = now["numbers"]
    add(s, "sleepers", 'lifecycle = "dormant"')
    add(s, "left", 'did("lifecycle.changed", where props.to = "churned", within 60d)')
    first = {code: ready(s, code)["members"] for code in ("sleepers", "left")}
    assert first["sleepers"] == stock(s)["dormant"] > 0
    call(s, "PUT", "/numbers", {"numbers": {"dormant_days": 9, "churned_days": 60}})
    settled(s)
    second = {code: ready(s, code)["members"] for code in first}
    assert second["sleepers"] == stock(s)["dormant"] != first["sleepers"], (first, second)
    former = next(h for h in call(s, "GET", "/numbers/history")["items"] if h["version"] == now["version"])
    assert former["numbers"] == was
    call(s, "PUT", "/numbers", {"numbers": former["numbers"]})
    settled(s)
    assert {code: ready(s, code)["members"] for code in first} == first


def test_another_version_is_not_overwritten():
    s = store()
    version = call(s, "GET", "/numbers")["version"]
    call(s, "PUT", "/numbers", {"numbers": {"dormant_days": 11}}, status=412, headers={"If-Match": f'"{version + 1}"'})
    call(s, "PUT", "/numbers", {"numbers": {"dormant_days": 11}}, headers={"If-Match": f'"{version}"'})
    assert settled(s)["version"] == version + 1


def test_a_kill_in_the_middle_is_gone_on_from():
    s = store()
    want = call(s, "POST", "/numbers/preview", {"numbers": {"dormant_days": 2, "before_days": 60}})["after"]
    call(s, "PUT", "/numbers", {"numbers": {"dormant_days": 2, "before_days": 60}})
    s.note_routes()
    s.kill()
    s.serve()
    n = settled(s)
    assert n["numbers"]["dormant_days"] == 2
    assert stock(s) == {k: want[k] for k in STAGES}
    s.note_routes()
    s.stop()
    s.verify()
    s.serve()


def test_scores_of_cdnow_are_those_of_the_published_model():
    s = cdnow()
    assert call(s, "GET", "/scores")["run"] == 0
    r = scored(s, as_of="1997-10-01")
    for name, published in {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}.items():
        assert abs(r["bgnbd"][name] - published) <= published * 0.01, (name, r["bgnbd"])
    assert r["as_of"].startswith("1997-10-01") and r["buyers"] == 2357, r


def by_member(s):
    reply = call(s, "POST", "/query", {"repeat": {"kind": "order.paid", "as_of": "1997-10-01", "by": "member"}})
    return {row["member"]: row for row in reply["by_member"]}


def test_segments_lists_and_queries_by_chance_are_those_of_the_query_repeat():
    s = cdnow()
    scored(s, as_of="1997-10-01")
    rows = by_member(s)
    gone = {m for m, row in rows.items() if row["alive"] < 0.2}
    assert 0 < len(gone) < len(rows)
    add(s, "gone", "p_alive < 0.2")
    assert ready(s, "gone")["members"] == len(gone)
    assert call(s, "POST", "/query", {"segment": {"expr": "p_alive < 0.2"}})["members"] == len(gone)
    assert call(s, "GET", "/members", filter="p_alive < 0.2", limit=1)["total"] == len(gone)
    dear = {m for m, row in rows.items() if (row["expected_revenue"] or 0) >= 10000}
    assert call(s, "POST", "/query", {"segment": {"expr": "expected_value >= 10000"}})["members"] == len(dear)
    often = {m for m, row in rows.items() if row["expected_orders"] > 1}
    assert call(s, "POST", "/query", {"segment": {"expr": "expected_orders > 1"}})["members"] == len(often)


def fall(model, row):
    """By how much P(alive) is lower than 28 days before, or than at the last order if that is later (Fader, Hardie, Lee 2005)."""
    def alive(age):
        x, r, alpha, a, b = row["frequency"], model["r"], model["alpha"], model["a"], model["b"]
        if x == 0:
            return 1
        return 1 / (1 + a / (b + x - 1) * ((alpha + age / 7) / (alpha + row["recency_days"] / 7)) ** (r + x))
    return alive(max(row["age_days"] - 28, row["recency_days"])) - alive(row["age_days"])


def test_who_is_lost_lately_is_found_by_the_fall_of_the_chance():
    s = cdnow()
    model = scored(s, as_of="1997-10-01")["bgnbd"]
    falls = {m: fall(model, row) for m, row in by_member(s).items()}
    for drop in (0.05, 0.1):
        want = {m for m, f in falls.items() if f > drop}
        assert 0 < len(want) < 1000, len(want)
        reply = call(s, "GET", "/members", filter=f"p_alive_drop > {drop}", limit=200)
        assert reply["total"] == len(want) and {row["id"] for row in reply["items"]} <= want, (drop, reply["total"], len(want))
    assert call(s, "GET", "/members", filter="p_alive_drop is null", limit=1)["total"] == 0
    rule = next(r for r in call(s, "GET", "/today/rules")["items"] if r["code"] == "fading")
    assert 0 < call(s, "GET", "/members", filter=rule["expression"], limit=1)["total"] < 200, rule


def test_a_profile_and_an_export_show_the_scores_as_of_their_day():
    s = cdnow()
    scored(s, as_of="1997-10-01")
    row = next(iter(by_member(s).values()))
    scores = call(s, "GET", "/members/" + row["member"])["scores"]
    assert scores["as_of"].startswith("1997-10-01"), scores
    assert scores["p_alive_drop"] >= 0 and abs(scores["p_alive"] - row["alive"]) < 1e-6 and abs(scores["expected_orders"] - row["expected_orders"]) < 1e-6, (scores, row)
    assert abs(scores["expected_value"] - row["expected_revenue"]) <= 0.5 and 1 <= scores["rfm_f"] <= 5, (scores, row)
    url = f"{s.url}/api/v1/shop/members/export?columns=id,p_alive,rfm_r&format=csv"
    code, text, _ = http("GET", url, None, {"Authorization": "Bearer " + segments_test.OWNER})
    lines = {line["id"].lstrip("'"): line for line in csv.DictReader(io.StringIO(text.decode("utf-8-sig")))}
    assert code == 200 and len(lines) == 2357, (code, len(lines))
    assert abs(float(lines[row["member"]]["p_alive"]) - row["alive"]) < 1e-6 and lines[row["member"]]["rfm_r"] == str(scores["rfm_r"]), lines[row["member"]]


def test_a_new_run_moves_who_is_in_a_segment():
    s = cdnow()
    first = ready(s, "gone")["members"]
    scored(s)  # as of today, so many years later
    assert ready(s, "gone")["members"] != first
    assert ready(s, "gone")["members"] == call(s, "POST", "/query", {"segment": {"expr": "p_alive < 0.2"}})["members"]


def test_rfm_by_rank_and_by_cuts_are_those_of_the_query_rfm():
    s = cdnow()
    def cells(**extra):
        reply = call(s, "POST", "/query", {"rfm": {"as_of": "1998-07-01", **extra}})
        return {(c["r"], c["f"], c["m"]): c["members"] for c in reply["cells"]}
    def fields(cell):
        expr = "rfm_r = %d and rfm_f = %d and rfm_m = %d" % cell
        return call(s, "POST", "/query", {"segment": {"expr": expr}})["members"]
    scored(s, as_of="1998-07-01")
    ranks = cells()
    for cell in list(ranks)[::7]:
        assert fields(cell) == ranks[cell], cell
    cuts = {"r": [30, 90, 180, 365], "f": [2, 3, 5, 8], "m": [2000, 5000, 10000, 20000]}
    call(s, "PUT", "/numbers", {"numbers": {f"rfm_{k}_{i + 1}": v for k, list_ in cuts.items() for i, v in enumerate(list_)}})
    scored(s, as_of="1998-07-01")
    by_cuts = cells(cuts=cuts)
    for cell in list(by_cuts)[::7]:
        assert fields(cell) == by_cuts[cell], cell


def test_scores_are_there_after_a_kill_and_refused_of_the_future():
    s = cdnow()
    before = scored(s, as_of="1997-10-01")
    gone = ready(s, "gone")["members"]
    assert call(s, "POST", "/scores/refresh", {"as_of": "2999-01-01"}, status=400)["errors"][0]["field"] == "as_of"
    s.note_routes()
    s.kill()
    s.serve()
    after = call(s, "GET", "/scores")
    assert after["run"] == before["run"] and after["bgnbd"] == before["bgnbd"], (before, after)
    assert ready(s, "gone")["members"] == gone
    s.note_routes()
    s.stop()
    s.verify()
    s.serve()


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        for place in (store, cdnow):
            if place.cache_info().currsize:
                place().close()
