#!/usr/bin/env python3
"""Segments over HTTP: kept by each event and by the clock, told on the stream, explained, right after a kill."""
import functools
import hashlib
import json
import pathlib
import re
import sqlite3
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from stream_test import Watcher  # noqa: E402
from wellfield import Skip, Store, http, run  # noqa: E402
from workbook import packed, parts, sheet  # noqa: E402

OWNER = "wf_live_" + "0123456789abcdef" * 3


def grant(s, scopes="overview.read members.read members.write insight.read boards.write settings.read"):
    """A token that may change segments, or what its scopes say."""
    if s.store:
        raise Skip("the rights of the tests' token are written into SQLite")
    db = sqlite3.connect(s.dir + "/server.db")
    db.execute("INSERT INTO credential (number, hash, kind, brand, created_at, scopes) VALUES (99, ?, 0, 'shop', 0, ?)",
               (hashlib.sha256(OWNER.encode()).digest(), scopes))
    db.commit()
    db.close()
    return s.serve()


@functools.cache
def store():
    s = Store("shop")
    s.run("simulate", "--members", "400", "--days", "60", "--seed", "7")
    return grant(s)


def call(s, method, path, body=None, status=200, token=OWNER, headers=None, **query):
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, _ = http(method, url, data, {"Authorization": "Bearer " + token, "Content-Type": "application/json", **(headers or {})})
    assert code == status, (method, url, code, text)
    return json.loads(text) if text else None


def track(s, user, event, **extra):
    body = json.dumps({"type": "track", "userId": user, "event": event, **extra}).encode()
    status, answer, _ = http("POST", s.url + "/v1/track", body, {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})
    assert status == 200, answer


def add(s, code, expression, **extra):
    return call(s, "POST", "/segments", {"code": code, "name": code, "expression": expression, **extra}, status=201)


def ready(s, code):
    """The segment once it is built: waited for by its state, which the keeper moves."""
    deadline = time.monotonic() + 30
    while (segment := call(s, "GET", "/segments/" + code))["state"] != "ready":
        assert time.monotonic() < deadline, segment
    return segment


def watch(s):
    w = Watcher(s, path="/api/v1/shop/stream?topics=segments", token=OWNER)
    w.read_until(r"retry: \d+\n\n")
    return w


def move(w, segment=None):
    while True:
        m = json.loads(w.read_until(r"event: segments\ndata: (\{.*\})\n\n")[1])
        if m["reason"] != "definition" and (segment is None or m["segment"] == segment):
            return m


def test_a_segment_has_the_members_that_its_expression_selects():
    s = store()
    made = add(s, "buyers", "orders>=1 and not did('x')".replace("'", '"'), description="who bought")
    assert made["expression"] == 'orders >= 1 and not did("x")' and made["version"] == 1, made
    expected = call(s, "POST", "/members/count", {"filter": made["expression"]})["members"]
    assert ready(s, "buyers")["members"] == expected > 0
    page = call(s, "GET", "/members", segment="buyers", limit=200)
    assert page["total"] == expected and len(page["items"]) == min(expected, 200)
    both = call(s, "GET", "/members", segment="buyers", filter="orders = 1")["total"]
    assert both == call(s, "POST", "/members/count", {"filter": "orders = 1"})["members"]
    assert call(s, "POST", "/members/count", {"filter": 'in_segment("buyers")'})["members"] == expected
    reply = call(s, "POST", "/query", {"trend": {"kind": "order.paid", "measure": "members", "who": 'in_segment("buyers")'}})
    assert sum(p["value"] for p in reply["points"]) > 0
    first = page["items"][0]["id"]
    assert {"code": "buyers", "name": "buyers", "kind": "dynamic"} in call(s, "GET", f"/members/{first}/segments")["items"]
    why = call(s, "GET", "/segments/buyers/why", member=first)
    assert why["in"] and [c["holds"] for c in why["clauses"]] == [True, False] and int(why["clauses"][0]["value"]) >= 1, why
    preview = call(s, "POST", "/segment-preview", {"expression": "orders >= 1"})
    assert preview["members"] == expected and len(preview["sample"]) == min(10, expected)
    listed = call(s, "GET", "/segments")["items"]
    assert [x["members"] for x in listed if x["code"] == "buyers"] == [expected]


def test_who_enters_by_an_event_leaves_when_the_clock_passes_and_the_stream_tells():
    s = store()
    add(s, "just-spoke", 'did("message.sent", within 2s)')
    ready(s, "just-spoke")
    w = watch(s)
    track(s, "clock-1", "message.sent")
    came = move(w, "just-spoke")
    assert came["change"] == "entered" and came["reason"] == "event", came
    went = move(w, "just-spoke")
    assert went["change"] == "left" and went["reason"] == "clock" and went["member"] == came["member"], went
    assert ready(s, "just-spoke")["members"] == 0
    w.close()


def test_who_is_in_a_segment_is_told_as_soon_as_it_is_made():
    s = store()
    wanted = call(s, "POST", "/members/count", {"filter": "orders >= 1"})["members"]
    for i in range(5):
        add(s, f"at-once-{i}", "orders >= 1")
        assert call(s, "GET", "/members", segment=f"at-once-{i}")["total"] == wanted > 0
    call(s, "POST", "/segments", {"code": "list-at-once", "name": "list", "kind": "static"}, status=201)
    assert call(s, "GET", "/members", segment="list-at-once")["total"] == 0
    assert call(s, "GET", "/members", segment="never-made", status=400)["errors"][0]["field"] == "segment"
    for i in range(5):
        call(s, "DELETE", f"/segments/at-once-{i}", status=204)
    call(s, "GET", "/members", segment="at-once-0", status=400)
    call(s, "DELETE", "/segments/list-at-once", status=204)


def test_a_late_event_and_a_merge_count():
    s = store()
    add(s, "both", 'did("own.a") and did("own.b")')
    ready(s, "both")
    w = watch(s)
    track(s, "late-1", "own.b")
    track(s, "late-1", "own.a", timestamp="2026-01-05T00:00:00Z")
    came = move(w, "both")
    assert came["change"] == "entered", came
    http("POST", s.url + "/v1/track", json.dumps({"type": "track", "anonymousId": "late-2", "event": "own.a"}).encode(),
         {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})
    track(s, "late-3", "own.b", anonymousId="late-2")
    merged = move(w, "both")
    assert merged["change"] == "entered" and merged["member"] != came["member"], merged
    w.close()


def test_what_is_written_of_a_member_moves_them_at_once():
    s = store()
    tag = call(s, "POST", "/tags", {"name": "gold"}, status=201)["id"]
    for code, expression in (("golden", 'tag("gold")'), ("reachable", 'consented("sms", "marketing")'), ("locals", 'trait.town = "Suzhou"')):
        add(s, code, expression)
    for code in ("golden", "reachable", "locals"):
        assert ready(s, code)["members"] == 0
    who = call(s, "GET", "/members", limit=1)["items"][0]["id"]
    w = watch(s)

    def moved(segment, change):
        m = move(w, segment)
        assert (m["member"], m["change"]) == (who, change), m

    call(s, "PUT", f"/members/{who}/tags/{tag}", {}, status=204)
    moved("golden", "entered")
    call(s, "DELETE", f"/members/{who}/tags/{tag}", status=204)
    moved("golden", "left")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    call(s, "PUT", f"/members/{who}/tags/{tag}", {"expires_at": soon}, status=204)
    moved("golden", "entered")
    moved("golden", "left")
    for granted, change in ((True, "entered"), (False, "left")):
        call(s, "POST", f"/members/{who}/consents", {"purpose": "marketing", "channel": "sms", "granted": granted, "way": "phone"}, status=201)
        moved("reachable", change)
    for town, change in (("Suzhou", "entered"), ("Wuxi", "left")):
        call(s, "PUT", f"/members/{who}/traits/town", {"value": town}, status=204)
        moved("locals", change)
    w.close()


def test_a_change_of_the_definition_builds_anew_and_an_old_version_is_refused():
    s = store()
    made = add(s, "changing", "orders >= 1")
    ready(s, "changing")
    body = {"name": "changing", "expression": "orders >= 2"}
    changed = call(s, "PUT", "/segments/changing", body, headers={"If-Match": f'"{made["version"]}"'})
    assert changed["version"] == 2
    call(s, "PUT", "/segments/changing", body, status=412, headers={"If-Match": '"1"'})
    assert ready(s, "changing")["members"] == call(s, "POST", "/members/count", {"filter": "orders >= 2"})["members"]
    assert [v["version"] for v in call(s, "GET", "/segments/changing/versions")["items"]] == [2, 1]
    add(s, "names-it", 'in_segment("changing")')
    assert call(s, "DELETE", "/segments/changing", status=409)
    bad = call(s, "PUT", "/segments/changing", {"name": "changing", "expression": 'in_segment("names-it")'}, status=400)
    assert bad["errors"][0]["field"] == "expression", bad
    call(s, "DELETE", "/segments/names-it", status=204)
    call(s, "DELETE", "/segments/changing", status=204)
    call(s, "GET", "/segments/changing", status=404)


def test_a_static_list_names_its_members():
    s = store()
    call(s, "POST", "/segments", {"code": "vips", "name": "VIPs", "kind": "static"}, status=201)
    ids = [m["id"] for m in call(s, "GET", "/members", limit=3)["items"]]
    w = watch(s)
    assert call(s, "POST", "/segments/vips/members", {"add": ids}) == {"named": 3}
    assert {move(w, "vips")["member"] for _ in ids} == set(ids)
    assert call(s, "POST", "/segments/vips/members", {"remove": ids[:1]}) == {"named": 2}
    assert move(w, "vips")["change"] == "left"
    w.close()
    bad = call(s, "POST", "/segments/vips/members", {"add": [ids[0], "m999999"]}, status=400)
    assert bad["errors"][0]["field"] == "add[1]", bad
    call(s, "POST", "/segments/buyers/members", {"add": ids}, status=409)
    call(s, "POST", "/segments", {"code": "vips2", "name": "x", "kind": "static", "expression": "true"}, status=400)
    overlap = call(s, "GET", "/segments/vips/overlap", **{"with": "buyers"})
    assert overlap["members"] == 2 and overlap["either"] == overlap["members"] + overlap["other"] - overlap["both"], overlap
    call(s, "GET", "/segments/vips/overlap", status=400, **{"with": "nobody"})


def test_every_template_can_be_added():
    s = store()
    for t in call(s, "GET", "/segment-templates")["items"]:
        add(s, t["code"], t["expression"])
    for t in call(s, "GET", "/segment-templates")["items"]:
        assert t["added"]
        assert ready(s, t["code"])["members"] == call(s, "POST", "/members/count", {"filter": t["expression"]})["members"], t


def test_hostile_definitions_get_a_clear_4xx():
    s = store()
    for body, field in (({"code": "A b", "name": "x", "expression": "true"}, "code"), ({"code": "x" * 65, "name": "x", "expression": "true"}, "code"),
                        ({"code": "x", "name": "x"}, "expression"), ({"code": "x", "name": " ", "expression": "true"}, "name"),
                        ({"code": "x", "name": "x", "expression": "order >= 1"}, "expression"), ({"code": "x", "name": "x", "expression": "(" * 40}, "expression"),
                        ({"code": "x", "name": "x", "expression": 'in_segment("x")'}, "expression"),
                        ({"code": "x", "name": "x", "expression": "o" * 4097}, "expression"), ({"code": "buyers", "name": "x", "expression": "true"}, "code")):
        code, text, _ = http("POST", s.url + "/api/v1/shop/segments", json.dumps(body).encode(), {"Authorization": "Bearer " + OWNER, "Content-Type": "application/json"})
        assert 400 <= code < 500 and json.loads(text)["errors"][0]["field"] == field, (body, code, text)
    ask = functools.partial(call, s, "POST", "/members/count")
    nested = lambda n: {"filter": "(" * n + "orders >= 1" + ")" * n}  # noqa: E731
    assert ask(nested(31))["members"] == ask({"filter": "orders >= 1"})["members"]
    for body, code, words in ((nested(33), 413, "32"), ({"filter": "o" * 4097}, 400, "4096"), ({"filter": "lifecyle = active"}, 400, 'did you mean "lifecycle"'), ({"filter": 'lifecycle = "dorment"'}, 400, 'did you mean "dormant"')):
        refused = ask(body, status=code)["errors"][0]
        assert refused["field"] == "filter" and words in refused["message"], refused
    call(s, "POST", "/segments", {"code": "x", "name": "x", "expression": "true"}, status=403, token=s.token)
    call(s, "GET", "/segments/buyers/why", status=400, member="x")
    call(s, "GET", "/segments/buyers/why", status=400, member="m999999")
    call(s, "GET", "/members", status=400, segment="nobody")


def test_a_kill_and_a_restart_keep_it_right():
    with Store("shop") as s:
        s.run("simulate", "--members", "200", "--days", "40", "--seed", "9")
        grant(s)
        add(s, "windows", 'did("message.sent", within 20d)')
        add(s, "gone", 'did("own.thing", within 3s)')
        before = ready(s, "windows")["members"]
        w = watch(s)
        track(s, "k1", "message.sent")
        track(s, "k1", "own.thing")
        assert move(w, "windows")["change"] == "entered"
        assert move(w, "gone")["change"] == "entered"
        s.note_routes()
        s.kill()
        s.serve()
        assert ready(s, "windows")["members"] == before + 1
        w = watch(s)
        if ready(s, "gone")["members"]:
            assert move(w, "gone")["change"] == "left"
        assert ready(s, "gone")["members"] == 0
        w.close()
        s.stop()
        s.verify()


def test_a_file_is_put_on_a_list_and_says_who_is_missing():
    s = store()
    for n in range(4):
        track(s, f"listed{n}", "Seen", context={"traits": {"phone": f"1390000000{n}"}})
    call(s, "POST", "/segments", {"code": "by-file", "name": "By file", "kind": "static"}, status=201)

    def send(data, status=200, kind="application/octet-stream", code="by-file", of=None, **query):
        query = {**query, **({"kind": of} if of else {})}
        url = f"{s.url}/api/v1/shop/segments/{code}/file" + ("?" + urllib.parse.urlencode(query) if query else "")
        got, text, _ = http("POST", url, data, {"Authorization": "Bearer " + OWNER, "Content-Type": kind})
        assert got == status, (data[:80], got, text)
        return json.loads(text)

    users = b"user:listed0\nuser:nobody\nm1\nm1\nm4000000\n\nlisted1\n"
    tried = send(users, dry_run="true")
    assert {k: v for k, v in tried.items() if k != "missing"} == {"rows": 6, "matched": 3, "members": 2, "unmatched": 3, "sheets": [], "sheet": None}, tried
    assert [(m["line"], m["text"]) for m in tried["missing"]] == [(2, "user:nobody"), (5, "m4000000"), (7, "listed1")], tried
    assert call(s, "GET", "/segments/by-file")["members"] == 0
    assert send(users) == tried
    assert send(b"listed1\r\nlisted2\r\n", of="user")["members"] == 2
    table = "会员编号,手机号,备注\n,,空\nX1,13800009999,无人\n".encode("gb18030")
    seen = send(table)
    assert (seen["rows"], seen["matched"]) == (2, 0) and seen["missing"][1]["text"] == "13800009999", seen
    book = packed(parts([sheet([["备注"], ["无"]]), sheet([["user:listed3", "甲,乙\n丙"], None, [13800009999, "丁"], ["unionid:U9"]])]))
    seen = send(book, sheet="S2")
    assert (seen["rows"], seen["matched"], seen["missing"]) == (3, 1, [{"line": 3, "text": "13800009999"}, {"line": 4, "text": "unionid:U9"}]), seen
    assert (seen["sheets"], seen["sheet"]) == (["S1", "S2"], "S2"), seen
    seen = send(book, dry_run="true")
    assert (seen["matched"], seen["sheets"], seen["sheet"]) == (0, ["S1", "S2"], "S1"), seen
    assert send(book)["matched"] == 0
    assert send(book, status=400, sheet="S9")["errors"][0]["field"] == send(users, status=400, sheet="S1")["errors"][0]["field"] == "sheet"
    assert send(book[:-200], status=400)["errors"][0]["field"] == "body"
    bomb = packed(parts([sheet([["手机号"]]).replace("</sheetData>", "<row/>" * 9_000_000 + "</sheetData>")]))
    assert len(bomb) < 1 << 20 and send(bomb, status=413)["code"] == "too_large"
    deadline = time.monotonic() + 20
    while call(s, "GET", "/segments/by-file")["members"] != 5:
        assert time.monotonic() < deadline, call(s, "GET", "/segments/by-file")
    for data in (b"\xff\xfe\xff", b"a\n\"b", b"", b"\n" * 100 + b"\"" * 3):
        send(data, status=400)
    assert send(b",".join([b"x"] * 5000), status=400)["errors"][0]["field"] == "body"
    assert send(b"m1\n" * 200001, status=413)["code"] == "too_large"
    send(users, status=415, kind="text/csv")
    send(users, status=404, code="nowhere")
    send(users, status=400, kind="application/octet-stream", source="x" * 999)
    add(s, "not-a-list", "orders >= 1")
    send(users, status=409, code="not-a-list")


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
