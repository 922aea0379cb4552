#!/usr/bin/env python3
"""Members over HTTP: pages, search, filters, profiles and histories say what questions and events say."""
import csv
import datetime
import functools
import hashlib
import io
import json
import pathlib
import re
import sqlite3
import sys
import urllib.parse
import xml.etree.ElementTree
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from drill import moved  # noqa: E402
from wellfield import Skip, Store, http, run  # noqa: E402

STAGES = ["potential", "new", "effective", "active", "core", "dormant", "churned", "visitor"]
MINE = [
    {"type": "identify", "userId": "w1", "messageId": "1", "timestamp": "2026-01-01T00:00:00Z",
     "traits": {"name": "欧阳小井", "email": "ouyang@example.com", "phone": "13812345678", "city": "杭州"}},
    {"type": "track", "userId": "w1", "messageId": "2", "timestamp": "2026-01-02T00:00:00Z", "event": "order.paid",
     "properties": {"order": "W1", "amount": 19.9, "qty": 2}},
    {"type": "track", "userId": "w1", "messageId": "3", "timestamp": "2026-01-03T00:00:00Z", "event": "page.viewed", "properties": {}},
]


@functools.cache
def store():
    """Half a year of two thousand members, one of our own, and a brand of a neighbour."""
    s = Store("shop")
    s.run("simulate", "--members", "2000", "--days", "180", "--seed", "7")
    s.load("--format", "segment", "-", stdin="".join(json.dumps(e) + "\n" for e in MINE))
    out = s.cli("init", "--data", s.dir, "--brand", "other").stdout
    s.other = dict(re.findall(r"^(api token|public write key|secret write key)\s+(\S+)$", out, re.M))
    if s.store:
        raise Skip("the rights of the tests' token are written into SQLite")
    s.owner = "wf_live_" + "0123456789abcdef" * 3
    scopes = "overview.read members.read members.reveal members.export insight.read boards.write settings.read settings.write audit.read"
    db = sqlite3.connect(s.dir + "/server.db")
    db.execute("INSERT INTO credential (number, hash, kind, brand, created_at, scopes) VALUES (99, ?, 0, 'shop', 0, ?)",
               (hashlib.sha256(s.owner.encode()).digest(), scopes))
    db.commit()
    db.close()
    return s.serve()


def call(method, path, body=None, status=200, token=None, brand="shop", **query):
    s = store()
    url = f"{s.url}/api/v1/{brand}{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, headers = http(method, url, data, {"Authorization": "Bearer " + (token or s.token), "Content-Type": "application/json"})
    assert code == status, (url, code, text)
    return json.loads(text) if "json" in headers.get("Content-Type", "") else text


def get(path, **query):
    return call("GET", path, **query)


def pages(path, **query):
    """All items of a list."""
    items, cursor = [], None
    while True:
        page = get(path, **query, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next"]
        if not cursor:
            return items, page


def ids(items):
    return [int(i["id"][1:]) for i in items]


def segment(expr):
    reply = store().ask({"segment": {"expr": expr, "sample": 10000}})
    return sorted(int(m[1:]) for m in reply["sample"])


def test_pages_hold_all_members_in_each_order():
    everyone = sorted(ids(pages("/members", limit=200)[0]))
    assert len(everyone) > 2000 and len(set(everyone)) == len(everyone)
    for sort, key in (("id", lambda m: 0), ("last_seen", lambda m: m["last_seen"]), ("stage", lambda m: STAGES.index(m["stage"]))):
        for order in ("asc", "desc"):
            items, last = pages("/members", sort=sort, order=order, limit=170)
            assert sorted(ids(items)) == everyone and last["total"] == len(everyone), (sort, order)
            keys = [(key(m), int(m["id"][1:])) for m in items]
            assert keys == sorted(keys, reverse=order == "desc"), (sort, order)
    for stage in STAGES:
        items, last = pages("/members", stage=stage, sort="last_seen", limit=200)
        assert {m["stage"] for m in items} <= {stage} and last["total"] == len(items), stage


def test_a_filter_pages_through_whom_a_segment_counts():
    for expr in ('did("order.paid", count >= 2)', 'lifecycle = "dormant"', 'trait.city = "杭州"', "orders >= 1 and groups is null"):
        expected = segment(expr)
        assert expected, expr
        assert call("POST", "/members/count", {"filter": expr})["members"] == len(expected), expr
        for sort in ("id", "last_seen", "stage"):
            items, last = pages("/members", filter=expr, sort=sort, limit=90)
            assert sorted(ids(items)) == expected and last["total"] == len(expected), (expr, sort)
        dormant = pages("/members", filter=expr, stage="dormant", limit=200)[0]
        assert all(m["stage"] == "dormant" and int(m["id"][1:]) in expected for m in dormant), expr


def test_a_wrong_filter_names_line_and_column():
    p = call("GET", "/members", status=400, filter="orders >>= 1")
    assert p["errors"][0]["field"] == "filter" and "line 1, column" in p["errors"][0]["message"], p
    p = call("POST", "/members/count", {"filter": "nope = 1"}, status=400)
    assert p["errors"][0]["field"] == "filter", p
    for cursor in ("zz", "00", "6964", "f" * 200):
        p = call("GET", "/members", status=400, cursor=cursor)
        assert p["errors"][0]["field"] == "cursor", p
    page = get("/members", limit=1)
    call("GET", "/members", status=400, cursor=page["next"], sort="stage")
    for query in ({"limit": 0}, {"limit": 201}, {"sort": "name"}, {"order": "up"}, {"stage": "gone"}, {"nope": 1}, {"q": ""}):
        call("GET", "/members", status=400, **query)


def mine():
    return get("/members", q="w1")["items"][0]


def test_search_finds_by_identity_name_and_last_four():
    me = mine()
    for q in ("w1", "user:w1", "13812345678", "phone:+86 138 1234 5678", "ouyang@example.com", me["id"], "5678", "欧阳", "小井", "阳小"):
        found = get("/members", q=q)["items"]
        assert me["id"] in [m["id"] for m in found], (q, found)
    assert get("/members", q="欧阳小井")["items"][0]["id"] == me["id"]
    assert get("/members", q="nobody-is-called-that")["items"] == []
    assert get("/members", q="w1", stage=me["stage"])["total"] == 1
    assert get("/members", q="w1", filter="orders = 0")["items"] == []


def test_phones_and_addresses_are_masked():
    me = mine()
    profile = get(f"/members/{me['id']}")
    text = json.dumps([me, profile, get("/members", q="5678"), get(f"/members/{me['id']}/timeline")], ensure_ascii=False)
    assert "13812345678" not in text and "ouyang@" not in text
    values = {i["kind"]: (i["value"], i["masked"]) for i in profile["identities"]}
    assert values["user"] == ("w1", False), values
    if "phone" in values:
        assert values["phone"] == ("138****5678", True), values
    traits = {t["name"]: t for t in profile["traits"]}
    assert traits["city"]["value"] == "杭州" and not traits["city"]["masked"]
    assert traits["name"]["value"] == "欧阳小井" and profile["name"] == "欧阳小井"
    assert traits["email"]["masked"] and traits["email"]["value"] == "o***@example.com", traits


def test_a_profile_agrees_with_questions_and_says_why():
    why = {}
    for stage in STAGES:
        for m in get("/members", stage=stage, limit=20)["items"]:
            p = get(f"/members/{m['id']}")
            assert (p["id"], p["stage"], p["trust"], p["orders"], p["spent"]) == (m["id"], stage, m["trust"], m["orders"], m["spent"])
            about = {w["about"]: w for w in p["why"]}
            assert set(about) == {"stage", "trust"}
            assert about["stage"]["rule"].split("_")[0] == stage, (stage, about)
            for w in p["why"]:
                assert w["text_en"] and w["text_zh"] and "{" not in w["text_en"] + w["text_zh"], w
                times = [e["at"] for e in w["events"]]
                assert times == sorted(times, reverse=True), w
            why[about["stage"]["rule"]] = about["stage"]
    assert len(why) >= 8, sorted(why)
    idle = why["dormant_idle"]
    since = idle["events"][0]["at"][:10]
    assert re.fullmatch(rf"no act since {since}, \d+ days; the limit is 14", idle["text_en"]), idle
    assert idle["text_zh"].startswith(f"自 {since} 起"), idle


def test_a_history_has_every_event_and_change_once_newest_first():
    me = mine()
    items, _ = pages(f"/members/{me['id']}/timeline", limit=2)
    assert items == pages(f"/members/{me['id']}/timeline", limit=200)[0]
    assert [i["at"] for i in items] == sorted((i["at"] for i in items), reverse=True)
    kinds = [i["kind"] for i in items]
    assert kinds.count("order.paid") == 1 and "lifecycle.changed" in kinds and "trust.changed" in kinds and "member.created" in kinds
    order = get(f"/members/{me['id']}/timeline", kind="order.paid")["items"]
    assert len(order) == 1 and order[0]["props"]["order"] == "W1" and order[0]["props"]["qty"] == 2, order
    assert order[0]["amount"] == 1990 and order[0]["origin"].startswith("import:"), order
    both = get(f"/members/{me['id']}/timeline", kind="order.paid,page.viewed")["items"]
    assert [i["kind"] for i in both] == ["page.viewed", "order.paid"]
    assert get(f"/members/{me['id']}/timeline", kind="never.seen")["items"] == []
    longest = max(get("/members", sort="stage", limit=200)["items"], key=lambda m: m["events"])
    rows = pages(f"/members/{longest['id']}/timeline", limit=37)[0]
    facts = [i for i in rows if i["kind"] not in ("lifecycle.changed", "trust.changed")]
    assert len(facts) == longest["events"], (len(facts), longest)


def test_an_event_just_taken_is_in_the_history():
    s = store()
    event = {"userId": "w1", "messageId": "fresh", "event": "Fresh Thing", "properties": {"a": 1}}
    code, body = http("POST", s.url + "/v1/track", json.dumps(event).encode(),
                      {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})[:2]
    assert code == 200, (code, body)
    newest = get(f"/members/{mine()['id']}/timeline", limit=5)["items"]
    assert any(i["label"] == "Fresh Thing" and i["props"] == {"a": 1} for i in newest), newest


def test_what_is_not_there_and_what_is_not_ours_are_the_same_404():
    other = store().other["api token"]
    answers = {json.dumps(call("GET", path, status=404)) for path in
               ("/members/m99999999", "/members/12", "/members/m0", "/members/mm", "/members/m99999999/timeline", "/members/m4294967296")}
    assert len(answers) == 1, answers
    call("GET", "/members", status=404, token=other)
    call("GET", f"/members/{mine()['id']}", status=404, token=other)
    assert call("GET", "/members", token=other, brand="other") == {"items": [], "next": None, "total": 0}


def test_the_overview_is_the_report_and_is_computed_once():
    o = get("/overview")
    stock = store().ask({"lifecycle": {"by": "week"}})["stock"][-1]
    assert o["members"] == sum(o["stages"][-1][s] for s in STAGES[:7])
    assert abs(o["members"] - sum(stock[s] for s in STAGES[:7])) <= 1, (o["members"], stock)
    assert len(o["flow"]) == 7 and all(len(row) == 7 for row in o["flow"]) and o["days"] and o["kinds"] and o["groups"]
    assert o["retention"]["cohorts"]
    asked = store().ask({"lifecycle": {"by": "week", "from": o["from"], "flow_from": o["flow_from"]}})
    assert o["stages"][:-1] == asked["stock"][:-1]  # folded before
    moved = [(sum(map(abs, (a - b for a, b in zip(x, y))))) for x, y in zip(o["flow"] + [o["arrived"]], asked["flow"] + [asked["arrived"]])]
    assert sum(moved) <= 2, (o["flow"], asked["flow"])  # the clock may have moved somebody meanwhile
    again = get("/overview")
    assert again["as_of"] == o["as_of"] and again["age_ms"] >= o["age_ms"], (o["age_ms"], again["age_ms"])
    assert get("/overview")["members"] == o["members"]
    empty = call("GET", "/overview", token=store().other["api token"], brand="other")
    assert empty["members"] == 0 and empty["stages"] == [] and empty["kinds"] == []


def test_members_behind_the_figures_of_the_overview_are_those_counted():
    """The console leads from a figure to an expression: days, kinds, today and the streams between stages."""
    o, kinds = get("/overview"), get("/catalog")["kinds"]
    found = lambda expression: call("POST", "/members/count", {"filter": expression})["members"]  # noqa: E731
    off = []
    for was, row in zip([*STAGES[:7], None], [*o["flow"], o["arrived"]]):
        off += [abs(found(moved(was, now, o["flow_from"][:10])) - figure) for now, figure in zip(STAGES, row)]
    assert o["flow_from"][11:19] == "00:00:00" and sum(off) <= 2, off  # the clock may have moved somebody meanwhile
    own = [k["kind"] for k in kinds if not k["derived"] and k["kind"] not in ("lifecycle.changed", "trust.changed")]
    asked = store().ask({"trend": {"kind": "*", "measure": "members", "by": "day", "from": o["from"]}})["points"]
    for point in asked[-1], asked[-2], asked[-40]:
        day = datetime.date.fromisoformat(point["at"][:10])
        expression = " or ".join(f'did("{k}", from {day}, to {day + datetime.timedelta(days=1)})' for k in own)
        assert found(expression) == point["value"], point
    assert asked[-2]["value"] and asked[-40]["value"]  # today may have only begun
    for kind in [k["kind"] for k in o["kinds"] if k["kind"] != "$rest"][:6]:
        steps = store().ask({"funnel": {"steps": [{"kind": kind}, {"kind": kind}], "from": o["from"], "window": "1d"}})["steps"]
        assert found(f'did("{kind}")') == steps[0]["members"] > 0, kind


def test_the_catalog_names_what_queries_can_use():
    c = get("/catalog")
    kinds = {k["kind"]: k for k in c["kinds"]}
    assert kinds["order.paid"]["family"] == "trade" and kinds["lifecycle.changed"]["derived"] and not kinds["order.paid"]["derived"]
    assert {"name": "order", "type": "text"} in c["props"] and {"name": "qty", "type": "number"} in c["props"]
    assert {"name": "city", "type": "text", "personal": False} in c["traits"]
    assert c["groups"] and c["touchpoints"] and [s["stage"] for s in c["stages"]] == STAGES[:7] and len(c["trust"]) == 7
    settings = get("/settings")
    assert settings["slug"] == "shop" and settings["zone"] == "Asia/Shanghai" and settings["rules"]["dormant_days"] == 14
    assert settings["rules"] == settings["rules_default"]


def owner():
    """A token that may do everything; those of 'init' may only read."""
    return store().owner


def audited(action):
    db = sqlite3.connect(f"file:{store().dir}/server.db?mode=ro", uri=True)
    rows = db.execute("SELECT who, subject, after FROM audit WHERE action = ? ORDER BY number", (action,)).fetchall()
    db.close()
    return [(who, subject, json.loads(after)) for who, subject, after in rows]


def export(token=None, status=200, **query):
    s = store()
    url = f"{s.url}/api/v1/shop/members/export" + ("?" + urllib.parse.urlencode(query) if query else "")
    code, text, headers = http("GET", url, None, {"Authorization": "Bearer " + (token or owner())})
    assert code == status, (code, text)
    if status == 200:
        kind, name = ("application/vnd.openxmlformats", "members.xlsx") if query.get("format") == "xlsx" else ("text/csv", "members.csv")
        assert headers["Content-Type"].startswith(kind) and name in headers["Content-Disposition"], headers
    return text


def test_an_export_is_a_safe_file_and_is_written_down():
    before = len(audited("members.exported"))
    raw = export()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    everyone = pages("/members", limit=200)[0]
    assert sorted(r["id"] for r in rows) == sorted(m["id"] for m in everyone)
    me = [r for r in rows if r["id"] == mine()["id"]][0]
    assert me["name"] == "欧阳小井" and me["orders"] == "1" and me["spent"] == "1990", me
    assert not any(cell[:1] in "=+-@" for r in rows for cell in r.values() if cell), "a formula"
    expr = 'did("order.paid", count >= 2)'
    some = list(csv.DictReader(io.StringIO(export(filter=expr, columns="id,user,phone").decode("utf-8-sig"))))
    assert sorted(int(r["id"][1:]) for r in some) == segment(expr) and set(some[0]) == {"id", "user", "phone"}
    seen = audited("members.exported")[before:]
    assert [a[2]["members"] for a in seen] == [len(rows), len(some)] and seen[1][2]["filter"] == expr and seen[0][2]["clear"], seen
    export(token=store().token, status=403)
    export(columns="id,nope", status=400)
    export(columns="id,id", status=400)
    export(filter="nope", status=400)
    assert len(audited("members.exported")) == before + 2


def sheet_rows(raw):
    """The cells of the first sheet of an XLSX file, {"A1": (type, text)}, row by row."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    page = xml.etree.ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(raw)).read("xl/worksheets/sheet1.xml"))
    return [{re.sub(r"\d", "", c.get("r")): (c.get("t"), "".join(c.itertext())) for c in row} for row in page.iter(space + "row")]


def test_a_spreadsheet_holds_the_same_as_the_csv():
    columns = "id,name,stage,created,orders,spent,phone"
    table = list(csv.reader(io.StringIO(export(columns=columns).decode("utf-8-sig"))))
    rows = sheet_rows(export(columns=columns, format="xlsx"))
    assert len(rows) == len(table) and len(rows) > 2, (len(rows), len(table))
    for want, got in zip(table, rows):
        for letter, text in zip("ABCDEFG", want):
            kind, cell = got.get(letter, ("inlineStr", ""))
            assert cell == text.removeprefix("'") and (kind == "inlineStr" or letter in "EF"), (want, got)
    assert rows[1]["E"][0] is None and audited("members.exported")[-1][2]["members"] == len(rows) - 1
    export(format="xls", status=400)


def test_what_is_masked_is_revealed_for_a_reason_that_is_written_down():
    me = mine()["id"]
    path = f"/members/{me}/reveal"
    before = len(audited("member.revealed"))
    every = call("POST", path, {"fields": "all", "reason": "called us"}, token=owner())
    assert {t["name"]: t["value"] for t in every["traits"]}["email"] == "ouyang@example.com", every
    one = call("POST", path, {"fields": ["trait:email", "user:0"], "reason": "called us"}, token=owner())
    assert [t["name"] for t in one["traits"]] == ["email"] and [i["value"] for i in one["identities"]] == ["w1"], one
    seen = audited("member.revealed")[before:]
    assert [a[1] for a in seen] == [f"member:{me}"] * 2 and seen[0][2] == {"fields": "all", "reason": "called us"}, seen
    assert "ouyang" not in json.dumps(seen)
    for body in ({"fields": ["phone:7"], "reason": "called us"}, {"fields": [], "reason": "called us"}, {"fields": "some", "reason": "called us"},
                 {"fields": [1], "reason": "called us"}, {"fields": "all"}, {"fields": "all", "reason": "x"}):
        call("POST", path, body, status=400, token=owner())
    call("POST", path, {"fields": "all", "reason": "called us"}, status=403)
    call("POST", "/members/m99999999/reveal", {"fields": "all", "reason": "called us"}, status=404, token=owner())
    assert len(audited("member.revealed")) == before + 2


def change(method, path, body=None, status=200, **headers):
    s = store()
    data = None if body is None else json.dumps(body).encode()
    code, text, got = http(method, f"{s.url}/api/v1/shop{path}", data,
                           {"Authorization": "Bearer " + owner(), "Content-Type": "application/json", **headers})
    assert code == status, (code, text)
    return (json.loads(text) if text else None), got


def test_questions_are_saved_pinned_and_changed_by_version():
    query = {"trend": {"kind": "order.paid", "by": "week"}}
    made, headers = change("POST", "/questions", {"name": "下单", "query": query, "chart": {"type": "line"}}, 201)
    q = f"/questions/{made['id']}"
    assert made["query"] == query and made["chart"] == {"type": "line"} and made["version"] == 1 and headers["ETag"] == '"1"'
    assert get(q) == made and made in get("/questions")["items"]
    assert store().ask(made["query"])["points"]
    changed, headers = change("PUT", q, {"name": "新", "query": query}, **{"If-Match": '"1"'})
    assert changed["version"] == 2 and changed["chart"] is None and headers["ETag"] == '"2"'
    change("PUT", q, {"name": "stale", "query": query}, 412, **{"If-Match": '"1"'})
    change("DELETE", q, None, 412, **{"If-Match": '"1"'})
    board, _ = change("POST", "/boards", {"name": "周会", "questions": [made["id"]]}, 201)
    b = f"/boards/{board['id']}"
    assert get(b)["questions"] == [made["id"]]
    change("PUT", b, {"name": "周会", "questions": [made["id"], 999]}, 400)
    call("GET", f"/boards/{made['id']}", status=404)
    change("DELETE", q, None, 204, **{"If-Match": '"2"'})
    call("GET", q, status=404)
    assert get(b)["questions"] == []
    again, _ = change("POST", "/questions", {"name": "again", "query": query}, 201)
    assert again["id"] > board["id"] and get(b)["questions"] == []
    change("DELETE", b, None, 204)
    for body in ({"name": "x"}, {"query": query}, {"name": "", "query": query}, {"name": " ", "query": query}, {"name": "x", "query": {}},
                 {"name": "x", "query": query, "more": 1}, {"name": "x" * 201, "query": query}, {"name": "x", "query": []}):
        change("POST", "/questions", body, 400)
    call("POST", "/questions", {"name": "x", "query": query}, status=403)
    call("DELETE", f"/questions/{again['id']}", status=403)


def test_a_brand_is_renamed_for_all_who_look():
    before, _ = change("GET", "/settings")
    changed, _ = change("PUT", "/settings", {"name": " 小井商店 "})
    assert changed == {**before, "name": "小井商店"} == get("/settings")
    page = http("GET", store().url + "/overview?brand=other")[1].decode()
    assert "小井商店" in page
    assert audited("settings.changed")[-1][2] == {"name": "小井商店", "service_hours": "09:00-22:00"}
    changed, _ = change("PUT", "/settings", {"name": "小井商店", "service_hours": "08:30-24:00"})
    assert changed["service_hours"] == "08:30-24:00" == get("/settings")["service_hours"]
    assert audited("settings.changed")[-1][2] == {"name": "小井商店", "service_hours": "08:30-24:00"}
    for body in ({}, {"name": ""}, {"name": " "}, {"name": "x" * 201}, {"name": "x", "zone": "UTC"}, {"name": 1},
                 *({"name": "x", "service_hours": h} for h in ("", "9:00-22:00", "22:00-09:00", "09:00-09:00", "09:00-24:01", "09:60-22:00", "09:00–22:0", "0９:00-22", 9))):
        change("PUT", "/settings", body, 400)
    call("PUT", "/settings", {"name": "x"}, status=403)
    assert get("/settings")["name"] == "小井商店"


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
