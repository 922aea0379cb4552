#!/usr/bin/env python3
"""The overview page and the HTML report as a browser shows them: both languages, a laptop and a phone, light and dark.

Chromium looks once at every view (page_look.mjs); the tests judge what it saw. PAGE_SHOTS=DIR keeps the pictures."""
import functools
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
from wellfield import Store, http, need_browser, run  # noqa: E402

STAGES = ["potential", "new", "effective", "active", "core", "dormant", "churned"]
HEADINGS = {
    "en": ["Members per lifecycle stage", "Events per day", "Top kinds", "Weekly retention", "Groups"],
    "zh": ["各阶段用户", "每日事件", "事件类型", "周留存", "社群"],
}
HOSTILE = '<b>Second</b> & "co" <script>alert(1)</script>'
LONG = "一个名称很长的社群，用来检查手机上的排版，再长一些也不应当溢出 abcdefghijklmnopqrstuvwxyz0123456789 <i>x</i>"


@functools.cache
def store():
    """Two thousand members over 180 days, one group with a long name, and a second brand without events."""
    s = Store("shop", None, "--name", "山泉 Shop")
    s.run("simulate", "--members", "2000", "--days", "180", "--seed", "7")
    fact = {"id": "long-1", "at": "2026-01-05T08:00:00+08:00", "kind": "message.sent", "identities": {"user": "long"}, "group": LONG}
    s.load("--format", "jsonl", "-", stdin=json.dumps(fact) + "\n")
    s.cli("init", "--data", s.dir, "--brand", "second", "--name", HOSTILE)
    return s.serve()


def report():
    return json.loads(store().run("report", "--format", "json").stdout)


@functools.cache
def looked():
    """What the browser saw, by name of the view; and the report of the moment before and of the moment after."""
    browser = need_browser(HERE)
    s = store()
    shots = os.environ.get("PAGE_SHOTS")
    saved = os.path.join(s.folder, "report.html")
    with open(saved, "w") as f:
        f.write(s.run("report", "--format", "html").stdout)
    views = [{"url": f"{s.url}/overview?brand={brand}&lang={lang}", "name": f"{brand}-{lang}-{width}-{scheme}", "width": width, "scheme": scheme}
             for brand in ("shop", "second") for lang in ("en", "zh") for width in (1280, 360) for scheme in ("light", "dark")]
    views += [{"url": "file://" + saved, "name": f"report-{width}", "width": width, "scheme": "dark"} for width in (1280, 800, 360)]
    for v in views:
        v["shot"] = os.path.join(shots, v["name"] + ".png") if shots else None
    listed = os.path.join(s.folder, "views.json")
    with open(listed, "w") as f:
        json.dump(views, f)
    before = report()
    p = subprocess.run(["node", str(HERE / "page_look.mjs"), browser, listed], capture_output=True, text=True, timeout=300)
    assert p.returncode == 0, p.stderr
    seen = {v["view"]["name"]: v for v in map(json.loads, p.stdout.splitlines())}
    assert len(seen) == len(views), p.stderr
    return seen, before, report()


def pages(brand):
    return [v for name, v in looked()[0].items() if name.startswith(brand + "-")]


def number(text):
    return int(text.replace(",", ""))


def test_the_console_stays_silent_and_the_policy_holds():
    for name, v in looked()[0].items():
        assert not v["troubles"], (name, v["troubles"])
        assert not v["violations"], (name, v["violations"])


def test_nothing_is_asked_of_anyone_else():
    for name, v in looked()[0].items():
        assert v["requests"] == [v["view"]["url"]], (name, v["requests"])


def test_nothing_is_wider_than_the_screen():
    for name, v in looked()[0].items():
        assert v["overflow"] <= 0, (name, v["overflow"])
        assert not v["wide"], (name, v["wide"])


def test_letters_of_charts_can_be_read():
    for name, v in looked()[0].items():
        assert v["smallest"] >= 9, (name, v["smallest"])


def test_axe_finds_no_serious_fault():
    for name, v in looked()[0].items():
        bad = [f for f in v["faults"] if f["impact"] in ("serious", "critical")]
        assert not bad, (name, bad)


def test_headings_are_there_in_both_languages():
    for lang, headings in HEADINGS.items():
        for v in [v for v in pages("shop") if f"-{lang}-" in v["view"]["name"]]:
            assert v["status"] == 200 and v["lang"] == {"en": "en", "zh": "zh-CN"}[lang]
            assert v["h1"] == ["山泉 Shop"] and v["h2"] == headings, (v["h1"], v["h2"])
    assert pages("report")[0]["h2"][:5] in HEADINGS.values() and len(pages("report")[0]["h2"]) == 8


def test_figures_are_those_of_the_report():
    _, before, after = looked()
    for v in pages("shop"):
        stages = [number(t) for t in v["legend"]]
        # a member may change stage between the two moments
        r = next((r for r in (before, after) if [r["stages"][-1][s] for s in STAGES] == stages), None)
        assert r, (stages, before["stages"][-1], after["stages"][-1])
        members, active, today, groups = map(number, v["figures"])
        assert members == sum(stages) and groups == len(r["groups"]) and today == r["events_per_day"][-1]["value"]
        assert 0 < active <= members + r["stages"][-1]["visitors"]
        assert v["bars"] == [f"{p['at'][:10]}: {p['value']}" for p in r["events_per_day"][-90:]]
        kinds, listed = v["lists"]
        assert [(row[0], number(row[2])) for row in kinds] == [(k["kind"], k["events"]) for k in r["top_kinds"][:12]]
        # nothing comes in, so the messages of the last 28 days can only grow fewer as these days move on
        fewest, most = ({g["group"]: g["messages_28d"] for g in x["groups"]} for x in (after, before))
        assert {row[0]: number(row[1]) for row in listed} == {g["group"]: g["members"] for g in r["groups"]}
        recent = [number(row[3]) for row in listed]
        assert recent == sorted(recent, reverse=True), recent
        assert all(fewest[row[0]] <= n <= most[row[0]] for row, n in zip(listed, recent)), (listed, before["groups"], after["groups"])
        assert LONG in [row[0] for row in listed]
        rows = [[c["at"][:10], str(c["size"])] + [f"{100 * n / c['size'] if c['size'] else 0:.0f}%" for n in c["returned"][1:] if n is not None]
                for c in r["retention"][-12:]]
        assert v["heat"] == rows, (v["heat"], rows)


def test_figures_are_those_of_queries():
    s = store()
    _, before, _ = looked()
    stock = s.ask({"lifecycle": {"by": "week"}})["stock"]
    stages = [number(t) for t in pages("shop")[0]["legend"]]
    now = [stock[-1][n] for n in STAGES]
    assert sum(abs(a - b) for a, b in zip(now, stages)) <= 4, (now, stages)  # some change stage within the test
    active = sum(s.ask({"stickiness": {"kind": "*", "days": 28}})["histogram"])
    assert abs(active - number(pages("shop")[0]["figures"][1])) <= 2
    points = s.ask({"trend": {"kind": "*", "by": "day"}})["points"]
    assert [p["value"] for p in points] == [p["value"] for p in before["events_per_day"]]
    total = s.ask({"trend": {"kind": "order.paid", "by": "month"}})["points"]
    assert sum(p["value"] for p in total) == next(k["events"] for k in before["top_kinds"] if k["kind"] == "order.paid")


def test_a_brand_without_events_teaches():
    for v in pages("second"):
        assert v["h1"] == [HOSTILE] and v["title"].startswith(HOSTILE), v["h1"]
        assert len(v["h2"]) == 1 and not v["figures"] and not v["bars"]
        words = " ".join(v["empty"])
        assert "wellfield import --data" in words and "wellfield simulate" in words and "/v1/track" in words
        assert "--brand second" in words


def test_two_brands_show_a_chooser():
    for v in pages("shop") + pages("second"):
        shown = v["view"]["name"].split("-")[0]
        brands = [c for c in v["choices"] if c[0] not in ("English", "中文")]
        assert [(c[0], c[2] is not None) for c in brands] == [("山泉 Shop", shown == "shop"), (HOSTILE, shown == "second")], v["choices"]
    for v in pages("report"):
        assert len(v["choices"]) <= 1
    with Store("alone") as s:
        page = http("GET", s.serve().url + "/overview?lang=en")[1].decode()
        assert 'href="?brand=alone&amp;lang=zh"' in page and page.count("<a ") == 1


def test_a_choice_keeps_the_language():
    for v in pages("shop"):
        lang = v["view"]["name"].split("-")[1]
        for text, href, _ in v["choices"]:
            other = text in ("English", "中文")
            assert href.endswith("lang=" + ({"en": "zh", "zh": "en"}[lang] if other else lang)), v["choices"]


def test_foreign_names_of_this_machine_are_refused():
    s = store()
    for host in ("evil.example", f"evil.example:{s.port}", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", "[::2]", "127.0.0.1:80:80"):
        status, body, headers = http("GET", s.url + "/overview", headers={"Host": host})
        assert status == 403, (host, status)
        assert headers["Content-Type"] == "application/problem+json" and b"Shop" not in body
    for host in ("127.0.0.1", f"127.0.0.1:{s.port}", "localhost", "LOCALHOST:1", f"[::1]:{s.port}"):
        assert http("GET", s.url + "/overview", headers={"Host": host})[0] == 200, host


def test_a_page_is_guarded_by_its_headers():
    s = store()
    status, body, headers = http("GET", s.url + "/overview")
    policy = headers["Content-Security-Policy"]
    assert status == 200 and "default-src 'none'" in policy and "unsafe" not in policy, policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Type"] == "text/html; charset=utf-8" and b"<script" not in body and b"style=" not in body


def test_language_and_brand_are_chosen_by_the_address():
    s = store()
    page = lambda query, **headers: http("GET", s.url + "/overview" + query, headers=headers)  # noqa: E731
    assert b'lang="en"' in page("", **{"Accept-Language": "en"})[1] and b'lang="zh-CN"' in page("", **{"Accept-Language": "zh-CN"})[1]
    assert page("?brand=absent")[0] == 404 and page("?brand=" + "a" * 500)[0] == 404 and page("?brand=..%2F..%2Fetc")[0] == 404
    assert page("?brand=shop%00")[0] in (400, 404) and page("?lang=xx")[0] == 200 and page("?brand=shop&brand=second")[0] == 400


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
