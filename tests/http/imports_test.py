#!/usr/bin/env python3
"""Files uploaded over HTTP: piece by piece, looked at, tried, imported, stopped, cut off, removed."""
import csv
import functools
import gzip
import http.client as http_client
import io
import json
import os
import pathlib
import re
import sys
import time
import urllib.parse
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from account_test import Browser, code_of  # noqa: E402
from wellfield import DATA, Skip, Store, http, run, total  # noqa: E402

CDNOW = DATA / "cdnow_sample.txt.gz"
CDNOW_MAP = "member=name:$1,at=date:$3:%Y%m%d,amount=decimal:$5,kind=const:order.paid,props.cds=number:$4"
PIECE = 4 << 20
AT_WORK = ("queued", "trying", "running", "undoing")
ORDERS = ("订单编号,付款时间,实付金额(元),手机号,昵称,备注\n"
          "A1,2025-01-05 09:03,12.50,13800138000,小王,ok\n"
          "A2,2025-01-06 10:00,7.00,13800138001,小李,\n"
          "A3,昨天,7.00,13800138001,小李,=1+1\n")


@functools.cache
def store():
    return Store("shop").serve()


def ask(s, method, path, body=None, headers=None):
    """(status, JSON or bytes, headers)"""
    headers = {"Authorization": "Bearer " + getattr(s, "key", s.token), **(headers or {})}
    if isinstance(body, dict):
        body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    status, answer, got = http(method, f"{s.url}/api/v1/{s.brand}{path}", body, headers)
    if status >= 400:
        assert got["Content-Type"] == "application/problem+json", (path, status, answer)
    if "json" in (got["Content-Type"] or ""):
        answer = json.loads(answer)
    return status, answer, got


def want(code, answer):
    status, body, _ = answer
    assert status == code, (status, body)
    return body


def piece(s, number, offset, data, kind="application/octet-stream"):
    return ask(s, "PUT", f"/imports/{number}/content?offset={offset}", data, {"Content-Type": kind})


def upload(s, name, data, step=PIECE):
    """A whole file; its number."""
    data = data.encode() if isinstance(data, str) else data
    made = want(201, ask(s, "POST", "/imports", {"name": name, "bytes": len(data)}))
    assert made["state"] == "uploading" and made["received"] == 0 and made["bytes"] == len(data), made
    for at in range(0, len(data), step):
        got = want(200, piece(s, made["id"], at, data[at:at + step]))
        assert got == {"received": min(at + step, len(data))}, got
    assert look(s, made["id"])["state"] == "ready"
    return made["id"]


def look(s, number):
    return want(200, ask(s, "GET", f"/imports/{number}"))


def settled(s, number, patience_s=120):
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        seen = look(s, number)
        if seen["state"] not in AT_WORK:
            return seen
        time.sleep(0.02)
    raise AssertionError(f"still at work: {seen}")


def run_import(s, number, **options):
    began = want(202, ask(s, "POST", f"/imports/{number}/run", options))
    assert began["state"] in (*AT_WORK, "done", "ready", "failed"), began
    return settled(s, number)


def rejects(s, number):
    return want(200, ask(s, "GET", f"/imports/{number}/rejects")).decode()


def events(s):
    return total(s.ask({"trend": {"kind": "order.paid", "by": "month"}}))


def audit(s, action):
    return [e for e in want(200, ask(s, "GET", f"/audit?action={action}&limit=200"))["items"]]


# ---- owners and contacts ----

CREW = (("lily", "莉莉", "s1"), ("rose@shop.cn", "玫瑰", "s2"), ("rose2", "玫瑰", "s3"), ("fern", "阿蕨", ""))
OWNED = ("昵称,手机号,入群时间,所属员工,跟进员工\n"
         "甲,13800138000,2025-01-05,莉莉,ROSE@shop.cn、s3\n"
         "乙,13800138001,2025-01-05,S2,\n"
         "丙,13800138002,2025-01-05,,LILY\n"
         "丁,13800138003,2025-01-05,玫瑰,\n"
         "戊,13800138004,2025-01-05,阿蕨,\n"
         "己,13800138005,2025-01-05,,王五\n")


def crew(s):
    boss = Browser(s)
    boss.ok("POST", "/setup", {"code": code_of(s), "name": "boss", "password": "violet-harbour-79-lemon"}, 201)
    for name, display, code in CREW:
        made = boss.ok("POST", "/shop/staff", {"name": name, "display": display, "role": "advisor"}, 201)
        if code:
            boss.ok("PUT", f"/shop/staff/{made['id']}/place", {"reach": "brand", "code": code})
    return boss


def owned(s, *phones):
    s.verify()  # writes everything back
    out = []
    for phone in phones:
        [row] = want(200, ask(s, "GET", f"/members?q={phone}"))["items"]
        o = want(200, ask(s, "GET", f"/members/{row['id']}/owner"))
        out.append((o["owner"] and (o["owner"]["staff"], o["owner"]["by"]), sorted(c["staff"] for c in o["contacts"])))
    return out


def members_of(s, **query):
    return want(200, ask(s, "GET", "/members?" + urllib.parse.urlencode(query)))["total"]


def key_of(s, scopes):
    return re.search(r"\bwf_live_\w+", s.cli("key", "add", "--data", s.dir, "--brand", "shop", "--name", "k", "--scopes", scopes).stdout)[0]


def test_columns_name_owners_and_contacts_by_code_login_or_name():
    with Store("shop").serve() as s:
        crew(s)
        s.key = key_of(s, "overview.read,members.read,members.assign,insight.read,settings.read,audit.read,imports.write")
        bulk = OWNED + "".join(f"人{i},{13900000000 + i},2025-01-05,玫瑰2,\n".replace("玫瑰2", "rose2") for i in range(3000))
        for rows in (OWNED, bulk):
            number = upload(s, "people.csv", rows)
            seen = want(200, ask(s, "GET", f"/imports/{number}/preview?format=csv"))
            assert [c["target"] for c in seen["columns"][3:]] == ["owner", "contacts"], seen["columns"]
            assert (seen["events"][0]["owner"], seen["events"][0]["contacts"]) == ("s1", ["s2", "s3"]), seen["events"][0]
            assert [(p["line"], p["column"]) for p in seen["problems"]] == [(5, 4), (6, 4)], seen["problems"]
            tried = run_import(s, number, format="csv", dry_run=True)["tried"]
            shown = want(200, ask(s, "GET", f"/imports/{number}/samples"))["unknown_staff"]
            assert shown["rows"] == len(shown["first"]) == (rows == OWNED) and all("王五" in x["row"] for x in shown["first"]), shown
            done = run_import(s, number, format="csv")
            assert (done["counts"]["rejected"], done["counts"]["members_created"]) == (2, tried["members_created"]) == (2, rows.count("\n") - 3), done
            assert done["counts"]["unknown_staff"] == tried["unknown_staff"] == (rows == OWNED), done  # 王五, a code met before by the second
            told = rejects(s, number)
            assert all(w in told for w in ("may be several of the staff", "works under no code here")), told
            assert owned(s, "13800138000", "13800138001", "13800138002", "13800138005") == [(("s1", "hand"), ["s2", "s3"]), (("s2", "hand"), []), (("s1", "rule"), ["s1"]), (("王五", "rule"), ["王五"])]
            assert members_of(s, owner="s3") == rows.count("人")
            want(202, ask(s, "POST", f"/imports/{number}/undo"))
            assert settled(s, number)["state"] == "undone" and members_of(s) == 0
        # every row of a list that was sent by one of them; what is chosen is kept with the mapping
        number = upload(s, "one.csv", "tel\n13800138000\n")
        kept = want(201, ask(s, "POST", "/imports/mappings", {"name": "one", "format": "csv", "map": "member=phone:tel,owner=const:莉莉"}))
        assert run_import(s, number, format="csv", map=kept["map"])["counts"]["stored"] == 1
        assert owned(s, "13800138000") == [(("s1", "hand"), [])]
        left = upload(s, "two.csv", "tel\n13800138001\n")
        assert run_import(s, left, format="csv", map="member=phone:tel,owner=const:王五")["counts"]["stored"] == 1
        assert owned(s, "13800138001") == [(("王五", "hand"), [])]
        want(400, ask(s, "POST", f"/imports/{upload(s, 'three.csv', 'tel')}/run", {"format": "csv", "map": "owner=number:tel"}))


# ---- what is sound ----


def test_who_may_not_set_owners_by_hand_may_not_by_a_column():
    with Store("shop") as s:
        s.serve()
        number = upload(s, "owners.csv", "手机号,所属员工\n13900000301,lily\n")
        plain = upload(s, "plain.csv", "手机号,昵称\n13900000302,小王\n")
        key = {"Authorization": "Bearer " + key_of(s, "imports.write")}
        for dry_run in (True, False):
            refused = want(403, ask(s, "POST", f"/imports/{number}/run", {"format": "csv", "dry_run": dry_run}, key))
            assert "members.assign" in refused["detail"], refused
        want(403, ask(s, "POST", f"/imports/{plain}/run", {"format": "csv", "map": "member=phone:手机号,owner=const:lily"}, key))
        assert look(s, number)["state"] == "ready" and events(s) == 0
        want(202, ask(s, "POST", f"/imports/{plain}/run", {"format": "csv"}, key))
        assert settled(s, plain)["counts"]["stored"] == 1
        key = {"Authorization": "Bearer " + key_of(s, "imports.write,members.assign")}
        want(202, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}, key))
        assert settled(s, number)["counts"]["stored"] == 1
        s.note_routes()


def test_a_table_of_orders_is_uploaded_tried_and_imported():
    with Store("shop").serve() as s:
        number = upload(s, "订单 一月.csv", ORDERS, step=100)
        tried = run_import(s, number, format="csv", dry_run=True)
        assert tried["state"] == "ready" and tried["dry_run"] and tried["counts"] is None, tried
        assert tried["tried"]["stored"] == 2 and tried["tried"]["rejected"] == 1 and tried["tried"]["members_created"] == 2, tried
        assert events(s) == 0
        done = run_import(s, number, format="csv")
        assert done["state"] == "done" and not done["dry_run"] and done["file"], done
        assert {k: v for k, v in done["counts"].items() if v} == {k: v for k, v in done["tried"].items() if v}, done
        assert done["options"] == {"format": "csv", "dry_run": False, "strict": False}, done
        assert done["progress"]["share"] == 1 and done["progress"]["rows"] == 3, done
        assert [(r["line"], r["column"]) for r in done["rejects"]] == [(4, 2)] and "昨天" in done["rejects"][0]["reason"], done
        assert done["reason"] is None and done["finished"] >= done["created"] and done["by"].startswith("key:"), done
        assert events(s) == 2
        text = rejects(s, number)
        assert text.startswith("\ufefffile,line,column,reason,row\r\n") and '"订单 一月.csv",4,2,' in text, text
        again = run_import(s, number, format="csv")
        assert again["counts"]["duplicate"] == 2 and again["counts"]["stored"] == 0 and events(s) == 2, again
        assert [i["id"] for i in want(200, ask(s, "GET", "/imports"))["items"]] == [number]
        assert [e["after"]["state"] for e in audit(s, "import.ended")] == ["done", "done", "tried"]
        assert [e["after"]["options"]["dry_run"] for e in audit(s, "import.started")] == [False, False, True]
        s.stop()
        s.verify()


def test_cdnow_is_imported_as_the_command_line_does_it():
    if not CDNOW.exists():
        raise Skip("shared data is absent")
    with Store("cdnow", None, "--tz", "UTC", "--currency", "USD").serve() as s:
        number = upload(s, CDNOW.name, CDNOW.read_bytes(), step=9999)
        done = run_import(s, number, format="columns", map=CDNOW_MAP)
        assert done["state"] == "done", done
        assert done["counts"]["read"] == done["counts"]["stored"] == 6919 and done["counts"]["members_created"] == 2357, done
        again = json.loads(s.run("import", "--format", "columns", "--map", CDNOW_MAP, str(CDNOW)).stdout)
        assert again["duplicate"] == 6919 and again["stored"] == 0, again
        s.stop()
        s.verify()


def preview(s, number, **options):
    return ask(s, "GET", f"/imports/{number}/preview?{urllib.parse.urlencode(options)}")


def test_a_look_at_a_table_says_what_its_columns_become():
    s = store()
    for data, encoding in ((ORDERS.encode(), "utf-8"), (ORDERS.encode("gb18030"), "gb18030"), (ORDERS.encode("utf-16"), "utf-16"), (gzip.compress(ORDERS.encode()), "utf-8")):
        p = want(200, preview(s, upload(s, "orders.csv", data)))
        assert (p["format"], p["guessed"], p["encoding"], p["kind"]) == ("csv", True, encoding, "order.paid"), p
        assert [c["header"] for c in p["columns"]] == ORDERS.split("\n")[0].split(","), p
        assert [c["means"] for c in p["columns"]] == ["order", "at", "amount", "phone", "name", "remark"], p
        assert [c["target"] for c in p["columns"]][:4] == ["props.order", "at", "amount", "identity phone"], p
        assert p["columns"][3]["samples"] == ["13800138000", "13800138001"] and p["columns"][3]["entry"] == "member=phone:手机号", p
        assert p["rows"][2][1] == "昨天" and len(p["rows"]) == 3, p
        assert len(p["events"]) == 2 and p["events"][0]["amount"] == 1250 and p["events"][0]["identities"] == {"phone": ["+8613800138000"]}, p
        assert [(x["line"], x["column"]) for x in p["problems"]] == [(4, 2)], p


def test_the_map_of_a_look_says_all_that_the_headers_said():
    """What the headers map by themselves is the same by hand: text of chats, refunds, people with several phones."""
    tables = ("订单编号,付款时间,订单创建时间,实付金额,退款金额,订单状态,手机号,收货人手机,买家会员名,生日,标签,数量\n"
              "B1,2025-01-05 09:03,,12.50,2.50,已完成,,13800138000,小王,农历1988-05-01,\"高端，茶；茶|VIP\",-\n"
              "B2,,2025-01-06 10:00,7.00,-,交易关闭,138****8001,,小李,,,2\n",
              "localId,Type,CreateTime,StrContent,NickName,Sender\n1,1,1735700000,在吗？,小王,w1\n2,1,1735700100,「小王：在吗？」\\n- - - - - -\\n在,小李,w2\n",
              "昵称,备注,会员等级,at\n小张,张总,金,2025-01-05\n小张,,银,2025-01-05\n")
    s = store()
    for n, data in enumerate(tables):
        number = upload(s, f"hand{n}.csv", data)
        p = want(200, preview(s, number))
        assert p["events"] and not p["problems"] and all(c["entry"] for c in p["columns"] if c["target"]), p
        by_hand = ",".join(c["entry"] for c in p["columns"] if c["entry"])
        again = want(200, preview(s, number, map=by_hand, **({"as": p["kind"]} if p["kind"] else {})))
        assert again["events"] == p["events"] and not again["problems"], (again["events"], p["events"])


def test_mappings_are_kept_by_name_and_say_which_files_they_fit():
    s = store()
    map = "member=phone:电话,amount=decimal:金额,at=date:日期:%d.%m.%Y,props.order=text:$4,props.order2=text:电话"
    made = want(201, ask(s, "POST", "/imports/mappings", {"name": " 有赞订单 ", "format": "csv", "map": map, "as": "order.paid", "tz": "Asia/Shanghai"}))
    assert made["name"] == "有赞订单" and made["headers"] == ["电话", "金额", "日期"] and made["as"] == "order.paid" and made["group"] is None, made
    assert made in want(200, ask(s, "GET", "/imports/mappings"))["items"]
    number = upload(s, "by-name.csv", "电话,金额,日期,单号\n13800138055,3.50,31.12.2024,K1\n")
    done = run_import(s, number, **{k: made[k] for k in ("format", "map", "as", "tz")})
    assert done["counts"]["stored"] == 1 and done["counts"]["rejected"] == 0, done
    want(409, ask(s, "POST", "/imports/mappings", {"name": "有赞订单", "format": "csv", "map": "id=text:a"}))
    for body, field in (({"map": "id=text"}, "map"), ({"map": "nothing=text:a"}, "map"), ({"map": "id=text:a", "as": "No"}, "as"), ({"map": "id=text:a", "tz": "Mars"}, "tz"),
                        ({"map": ""}, "map"), ({"map": "id=text:a", "name": " "}, "name"), ({"map": "id=text:a", "format": "jsonl"}, "format")):
        said = want(400, ask(s, "POST", "/imports/mappings", {"name": "x", "format": "csv", **body}))
        assert said["errors"][0]["field"] == field, (body, said)
    changed = {"name": "有赞", "format": "columns", "map": "member=user:$1"}
    got = want(200, ask(s, "PUT", f"/imports/mappings/{made['id']}", changed))
    assert got["version"] == 2 and got["headers"] == [] and got["as"] is None, got
    want(412, ask(s, "PUT", f"/imports/mappings/{made['id']}", changed, {"If-Match": '"1"'}))
    want(404, ask(s, "GET", "/questions/" + str(made["id"])))
    want(204, ask(s, "DELETE", f"/imports/mappings/{made['id']}"))
    want(404, ask(s, "DELETE", f"/imports/mappings/{made['id']}"))


def test_a_column_of_tags_gives_them():
    with Store("shop").serve() as s:
        number = upload(s, "people.csv", "昵称,手机号,标签\n小王,13800138000,\"高端，茶；茶|VIP\"\n小李,13800138001,茶\n小赵,13800138002,无\n")
        done = run_import(s, number, format="csv")
        assert done["counts"]["members_created"] == 3 and done["counts"]["rejected"] == 0, done
        groups = want(200, ask(s, "GET", "/tags"))["items"]
        assert {t["name"]: t["members"] for g in groups for t in g["tags"]} == {"高端": 1, "茶": 2, "VIP": 1}, groups
        line = want(200, ask(s, "GET", "/members/m1/timeline"))["items"]
        assert sorted(e["props"]["tag"] for e in line if e["kind"] == "member.tagged") == sorted(["高端", "茶", "VIP"]), line
        many = "昵称,手机号,标签\n多,13800138003," + "、".join(f"t{i}" for i in range(33)) + "\n长,13800138004," + "长" * 22 + "\n"
        bad = run_import(s, upload(s, "bad.csv", many), format="csv")
        assert bad["counts"]["rejected"] == 2 and ["32" in r["reason"] or "64" in r["reason"] for r in bad["rejects"]] == [True, True], bad
        facts = [{"kind": kind, "at": "2026-01-01T00:00:00Z", "identities": {"phone": "+8613800138001"}, "props": {"tag": tag}}
                 for kind, tag in (("member.tagged", "新"), ("member.untagged", "茶"), ("member.untagged", "没有"), ("member.tagged", ""))]
        facts.append({"kind": "member.tagged", "at": "2026-01-01T00:00:00Z", "identities": {"phone": "+8613800138001"}})
        done = run_import(s, upload(s, "facts.jsonl", "".join(json.dumps(f) + "\n" for f in facts)), format="jsonl")
        assert done["counts"]["stored"] == 3 and done["counts"]["rejected"] == 2 and "props.tag" in done["rejects"][0]["reason"], done
        groups = want(200, ask(s, "GET", "/tags"))["items"]
        assert {t["name"]: t["members"] for g in groups for t in g["tags"]} == {"高端": 1, "茶": 1, "VIP": 1, "新": 1}, groups
        undone = want(202, ask(s, "POST", f"/imports/{number}/undo"))
        undone = settled(s, number)
        assert undone["undone"]["tags"] == 3, undone
        s.stop()
        s.verify()


def test_a_look_follows_the_map_and_says_what_is_wrong_with_it():
    s = store()
    number = upload(s, "unknown.csv", "foo,when,\"a,b\"\n1,31.12.2024 10:00,x\n2,?,y\n")
    p = want(200, preview(s, number))
    assert [c["header"] for c in p["columns"]] == ["foo", "when", "a,b"] and not p["events"] and p["problems"][0]["line"] == 1, p
    assert [c["target"] for c in p["columns"]] == [None] * 3 and p["rows"] == [["1", "31.12.2024 10:00", "x"], ["2", "?", "y"]], p
    known = "member=user:foo,at=date:when:%d.%m.%Y %H\\:%M,props.x=text:a\\,b"
    p = want(200, preview(s, number, map=known, **{"as": "lesson.done"}))
    assert p["kind"] == "lesson.done" and [e["props"]["x"] for e in p["events"]] == ["x"] and len(p["problems"]) == 1, p
    assert ",".join(c["entry"] for c in p["columns"]).replace("\\:", ":") == known.replace("\\:", ":"), p
    p = want(200, preview(s, number, map="member=user:gone"))
    assert "gone" in p["problems"][0]["reason"] and not p["events"] and len(p["rows"]) == 2, p
    for options, field in (({"map": "xx"}, "map"), ({"map": "a=b:c"}, "map"), ({"as": "No Kind"}, "as"), ({"format": "jsonl", "map": "at=date:x"}, "map"),
                           ({"tz": "Mars/Base"}, "tz"), ({"format": "irc", "date": "someday"}, "date"), ({"format": "xls"}, "format")):
        body = want(400, preview(s, number, **options))
        assert body["errors"][0]["field"] == field, (options, body)


def test_a_look_knows_every_format():
    s = store()
    lines = '{"at":"2025-01-31T08:00:00+08:00","kind":"order.paid","identities":{"user":"u1"},"amount":9900,"props":{"n":2}}\n{bad\n'
    p = want(200, preview(s, upload(s, "a.jsonl", lines)))
    assert p["format"] == "jsonl" and p["events"][0]["props"] == {"n": 2} and p["rows"][1] == ["{bad"] and p["problems"][0]["line"] == 2, p
    track = '{"type":"track","event":"Order Completed","userId":"u1","timestamp":"2026-01-01T10:00:00Z","properties":{"total":3}}\n'
    p = want(200, preview(s, upload(s, "a.json", track)))
    assert p["format"] == "segment" and p["events"][0]["kind"] == "order.paid" and p["events"][0]["amount"] == 300, p
    p = want(200, preview(s, upload(s, "2004-12-25.log", "[09:14] <a> hello?\n=== b [~x@y] has joined #u\n[09:15] <b> a: hi\n"), group="u"))
    assert p["format"] == "irc" and [e["kind"] for e in p["events"]] == ["message.sent"] * 2 and p["events"][0]["group"] == "u", p
    assert p["events"][0]["at"].startswith("2004-12-25T09:14"), p
    p = want(200, preview(s, upload(s, "a.txt", "u1 20250101 9.50\nu2 20250102 1.00\n")))
    assert p["format"] == "columns" and [c["header"] for c in p["columns"]] == [None] * 3 and p["columns"][2]["samples"] == ["9.50", "1.00"], p
    assert not p["events"], p
    chat = {"name": "Tea", "type": "private_group", "id": 7, "messages": [
        {"id": 1, "type": "message", "date_unixtime": "1704416460", "from": "Ann", "from_id": "user5", "text": "几点？"}, {"id": 2}]}
    p = want(200, preview(s, upload(s, "result.json", json.dumps(chat))))
    assert p["format"] == "telegram" and len(p["events"]) == 1 and len(p["problems"]) == 1, p
    assert p["events"][0]["group"] == "Tea" and p["events"][0]["identities"] == {"telegram": ["5"]}, p
    assert p["events"][0]["props"] == {"length": 3, "question": True, "type": "text", "lang": "zh"}, p
    done = run_import(s, upload(s, "result.json", json.dumps(chat)), format="telegram")
    assert (done["counts"]["stored"], done["counts"]["rejected"]) == (1, 1) and done["rejects"][0]["column"] > 1, done
    export = io.BytesIO()
    with zipfile.ZipFile(export, "w") as z:
        z.writestr("users.json", json.dumps([{"id": "U1", "name": "ann"}]))
        z.writestr("channels.json", "[]")
        z.writestr("tea/2024-01-05.json", json.dumps([{"type": "message", "user": "U1", "ts": "1704416460.000100", "text": "hi"}]))
    p = want(200, preview(s, upload(s, "export.zip", export.getvalue())))
    assert p["format"] == "slack" and p["events"][0]["group"] == "tea", p
    assert run_import(s, upload(s, "export.zip", export.getvalue()), format="slack")["counts"]["stored"] == 1
    p = want(200, preview(s, upload(s, "list.mbox", "From x\nFrom: a@b.cn\nDate: 5 Jan 2024 09:01:00 +0800\n\nhello\n")))
    assert p["format"] == "mbox" and p["events"][0]["group"] == "list", p
    p = want(200, preview(s, upload(s, "b.txt", "u1 20250101 9.50\nu2 20250102 1.00\n"), map="member=user:$1,at=date:$2:%Y%m%d,amount=decimal:$3"))
    assert [e["amount"] for e in p["events"]] == [950, 100], p


def test_a_look_is_what_the_import_then_does():
    s = store()
    number = upload(s, "same.csv", ORDERS.replace("A1", "S1"))
    p, done = want(200, preview(s, number)), run_import(s, number, format="csv")
    assert p["problems"] == done["rejects"], (p, done)
    assert done["counts"]["stored"] == len(p["events"]), (p, done)


def test_a_look_at_the_beginning_of_a_long_file_is_quick_and_small():
    s = store()
    row = "o{},2025-01-05 09:03,1.00,13800138000,小王,备注\n"
    text = "订单编号,付款时间,实付金额,手机号,昵称,备注\n" + "".join(row.format(i) for i in range(200000))
    for data in (text.encode("gb18030"), gzip.compress(text.encode(), 1), text.encode("utf-16")):
        p = want(200, preview(s, upload(s, "long.csv", data)))
        assert p["columns"][4]["samples"] == ["小王"] and len(p["rows"]) == 20 and not p["problems"], p
        assert p["columns"][5]["header"] == "备注", p


def listen(s, topics):
    """The lines of a stream."""
    c = http_client.HTTPConnection("127.0.0.1", s.port, timeout=60)
    c.request("GET", f"/api/v1/{s.brand}/stream?topics={topics}", headers={"Authorization": "Bearer " + s.token})
    reply = c.getresponse()
    assert reply.status == 200, reply.read()
    return c, reply


def test_who_listens_hears_of_imports():
    with Store("shop").serve() as s:
        number = upload(s, "orders.csv", ORDERS)
        connection, stream = listen(s, "imports")
        assert stream.readline() == b"retry: 3000\n" and stream.readline() == b"\n"
        run_import(s, number, format="csv")
        heard = []
        while not heard or heard[-1]["state"] != "done":
            line = stream.readline().decode()
            assert not line.startswith("id:") and line != "event: events\n", line
            if line.startswith("data: "):
                heard.append(json.loads(line[6:]))
        assert all(h["id"] == number for h in heard) and heard[-1]["share"] == 1, heard
        connection.close()
        want(400, ask(s, "GET", "/stream?topics=imports,weather"))


def test_a_file_is_taken_only_as_it_was_announced():
    s = store()
    for name in ("", "a/b.csv", "..", "../x", "a\\b", "a\u0000b", "a\nb", "x\u202egnp.csv", "\u200b", "v" * 201):
        want(400, ask(s, "POST", "/imports", {"name": name, "bytes": 1}))
    for size in (0, -1, (8 << 30) + 1, 2**63 - 1):
        want(400, ask(s, "POST", "/imports", {"name": "a.csv", "bytes": size}))
    number = want(201, ask(s, "POST", "/imports", {"name": "a.csv", "bytes": 10}))["id"]
    for offset in (1, 10, 11):
        status, body, headers = piece(s, number, offset, b"x")
        assert status == 409 and headers["Upload-Offset"] == "0", (status, body)
    want(413, piece(s, number, 0, b"x" * 11))
    want(415, piece(s, number, 0, b"x", "text/csv"))
    want(400, piece(s, number, 0, b""))
    want(400, piece(s, number, -1, b"x"))
    want(409, ask(s, "GET", f"/imports/{number}/preview"))
    want(409, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
    want(200, piece(s, number, 0, b"12345"))
    status, body, headers = piece(s, number, 0, b"12345")
    assert status == 409 and headers["Upload-Offset"] == "5" and look(s, number)["received"] == 5, body
    want(200, piece(s, number, 5, b"67890"))
    want(413, piece(s, number, 10, b"x"))
    want(404, ask(s, "GET", f"/imports/{number}/rejects"))
    folder = pathlib.Path(s.dir, "brands/shop/uploads")
    assert folder.stat().st_mode & 0o777 == 0o700 and (folder / str(number)).stat().st_mode & 0o777 == 0o600
    answers = [ask(s, "POST", "/imports", {"name": "huge.csv", "bytes": 8 << 30}) for _ in range(5)]
    assert answers[-1][0] in (413, 507), [a[0] for a in answers]
    for status, body, _ in answers:
        if status == 201:
            want(204, ask(s, "DELETE", f"/imports/{body['id']}"))


def test_hostile_files_fail_with_a_reason():
    s = store()
    bomb = upload(s, "bomb.csv.gz", gzip.compress(b"\0" * (64 << 20)) * 17)
    assert preview(s, bomb)[0] == 200
    failed = run_import(s, bomb, format="csv")
    assert failed["state"] == "failed" and "unpacks to more than" in failed["reason"], failed
    cut = upload(s, "cut.csv.gz", gzip.compress(ORDERS.encode())[:-9])
    failed = run_import(s, cut, format="csv")
    assert failed["state"] == "failed" and '"cut.csv.gz"' in failed["reason"] and s.dir not in failed["reason"], failed
    wide = upload(s, "wide.csv", ",".join(f"c{i}" for i in range(1000000)) + "\n" + "," * 999999 + "\n")
    assert want(200, preview(s, wide, format="csv"))["problems"], "a million columns"
    assert run_import(s, wide, format="csv")["state"] == "failed"
    huge = upload(s, "huge.csv", "手机号,昵称\n13800138000," + "x" * (10 << 20) + "\n13800138001,ok\n")
    assert len(json.dumps(want(200, preview(s, huge)))) < 100000
    done = run_import(s, huge, format="csv")
    assert done["state"] == "done" and done["counts"]["rejected"] >= 1 and done["counts"]["stored"] == 1, done
    noise = upload(s, "noise", bytes(range(256)) * 100)
    for kind in ("csv", "jsonl", "segment", "irc", "columns", "telegram", "discord", "messages", "mbox"):
        options = {"map": "member=user:$1"} if kind == "columns" else {}
        assert preview(s, noise, format=kind, **options)[0] == 200
        assert run_import(s, noise, format=kind, dry_run=True, **options)["state"] in ("ready", "failed")
    number = upload(s, "swapped.csv", ORDERS)
    with open(f"{s.dir}/brands/shop/uploads/{number}", "a") as f:
        f.write("more")
    failed = run_import(s, number, format="csv")
    assert failed["state"] == "failed" and str(len(ORDERS.encode()) + 4) in failed["reason"], failed


def test_a_member_has_several_phones_and_is_known_by_each():
    with Store("shop").serve() as s:
        table = "手机号,手机2,备用手机,邮箱,邮箱2,昵称\n13700000001,137 0000 0002,+8613700000003,a@x.cn,b@x.cn,钱多\n13700000011,,,,,孙独\n"
        number = upload(s, "phones.csv", table)
        p = want(200, preview(s, number))
        assert {k: sorted(v) for k, v in p["events"][0]["identities"].items()} == {"phone": [f"+861370000000{n}" for n in (1, 2, 3)], "email": ["a@x.cn", "b@x.cn"]}, p["events"][0]
        assert [c["means"] for c in p["columns"]][:3] == ["phone"] * 3 and all(c["entry"].startswith("member=phone:") for c in p["columns"][:3]), p["columns"]
        assert run_import(s, number, format="csv")["counts"]["members_created"] == 2
        deadline = time.monotonic() + 20
        while not want(200, ask(s, "GET", "/members"))["items"]:  # rows of members are written behind the log
            assert time.monotonic() < deadline
        found = [want(200, ask(s, "GET", "/members?" + urllib.parse.urlencode({"q": q})))["items"] for q in
                 ("phone:13700000001", "phone:13700000002", "13700000003", "0002", "email:a@x.cn", "b@x.cn")]
        who = found[0][0]["id"]
        assert all([m["id"] for m in f] == [who] for f in found), found
        shown = want(200, ask(s, "GET", f"/members/{who}"))
        assert sum(i["kind"] == "phone" for i in shown["identities"]) == 3 and sum(i["kind"] == "email" for i in shown["identities"]) == 2, shown["identities"]
        key = {"Authorization": "Bearer " + re.search(r"\bwf_live_\w+", s.cli("key", "add", "--data", s.dir, "--brand", "shop", "--name", "k", "--scopes", "members.read,members.export,members.reveal,members.privacy").stdout)[0]}
        lines = want(200, ask(s, "GET", "/members/export?columns=id,phone,email", headers=key)).decode()
        assert any({who, *(f"+861370000000{n}" for n in (1, 2, 3)), "a@x.cn", "b@x.cn"} == set(re.sub("[\"',]", " ", line).split()) for line in lines.splitlines()), lines
        with zipfile.ZipFile(io.BytesIO(want(200, ask(s, "GET", f"/members/{who}/export", headers=key)))) as z:
            assert sorted(i["value"] for i in json.loads(z.read("data.json"))["identities"] if i["kind"] == "phone") == [f"+861370000000{n}" for n in (1, 2, 3)]
        # several in one cell, also as an export of ours has them
        cells = "手机号,邮箱\n13700000021/137 0000 0022、+8613700000023,c@x.cn；d@x.cn\n\"'+8613700000001 +8613700000002 +8613700000003\",\n;;,\n"
        listed = run_import(s, upload(s, "cells.csv", cells), format="csv", dry_run=True)["tried"]
        assert (listed["stored"], listed["members_created"], listed["rejected"]) == (3, 1, 0), listed
        looked = want(200, preview(s, upload(s, "cells.csv", cells)))["events"]
        assert looked[0]["identities"] == {"phone": [f"+861370000002{n}" for n in (1, 2, 3)], "email": ["c@x.cn", "d@x.cn"]} and len(looked[1]["identities"]["phone"]) == 3, looked
        # a later table that knows them by another of their phones, and an order by the third
        later = run_import(s, upload(s, "later.csv", "手机号,城市\n13700000002,杭州\n"), format="csv")
        order = run_import(s, upload(s, "order.csv", ORDERS.splitlines()[0] + "\nB1,2025-01-05 09:03,12.50,13700000003,钱,\n"), format="csv")
        assert later["counts"]["members_created"] == order["counts"]["members_created"] == 0, (later, order)
        seen = want(200, ask(s, "GET", f"/members/{who}"))
        assert seen["orders"] == 1 and {"city": "杭州"}.items() <= {t["name"]: t["value"] for t in seen["traits"]}.items(), seen


def test_a_file_of_two_encodings_is_read_line_by_line():
    s = store()

    def rows(first, *names):
        return "手机号,昵称\n".encode(first) + b"".join(f"1380013{8900 + i:04},{name}\n".encode(how) if isinstance(name, str) else b"1380013%04d,%b\n" % (8900 + i, name)
                                                      for i, (name, how) in enumerate(names))

    def nicknames(data, encoding, bad=()):
        number = upload(s, "mixed.csv", data)
        p = want(200, preview(s, number))
        assert p["encoding"] == encoding and [x["line"] for x in p["problems"]] == list(bad), p
        tried = run_import(s, number, format="csv", dry_run=True)
        assert [x["line"] for x in tried["rejects"]] == list(bad) and tried["tried"]["rejected"] == len(bad), tried
        assert all("UTF-8" in x["reason"] for x in tried["rejects"]), tried["rejects"]
        return [r[1] for r in p["rows"] if len(r) > 1 and r[0] not in {"13800138" + str(900 + n - 2) for n in bad}]

    utf8, gb = "utf-8", "gb18030"
    # UTF-8 with a line pasted from elsewhere, and the other way round, which decodes as GB18030 by accident
    assert nicknames(rows(utf8, ("小王", utf8), ("小李", gb), ("小赵", utf8)), "utf-8 + gb18030") == ["小王", "小李", "小赵"]
    accident = rows(gb, ("小王", gb), ("陈奕迅和张学友", gb), ("小赵", utf8), ("杭州的李雷", gb))
    assert accident.decode("gb18030")
    assert nicknames(accident, "utf-8 + gb18030") == ["小王", "陈奕迅和张学友", "小赵", "杭州的李雷"]
    # lines that are sound in both follow the others, and whole files are what they were
    assert nicknames(rows(gb, ("联通", gb), ("小王", gb), ("茅", gb), ("，。", gb), ("喆", gb)), "gb18030") == ["联通", "小王", "茅", "，。", "喆"]
    assert nicknames(rows(gb, ("联通", gb), ("小王", gb), ("小李", utf8), ("喆", gb)), "utf-8 + gb18030") == ["联通", "小王", "小李", "喆"]
    # what is neither is named, one by one, and the others are read
    assert nicknames(rows(utf8, ("小王", utf8), (b"\xe5\xb0\x8f\xe7\x8e", ""), (b"\xff\xff", ""), ("café", utf8)), "utf-8", (3, 4)) == ["小王", "café"]
    assert nicknames(rows(gb, ("小王", gb), ("小李", utf8), (b"\x81\x20\xff", ""), ("小赵", gb)), "utf-8 + gb18030", (4,)) == ["小王", "小李", "小赵"]
    # beyond one buffer, and in lines longer than it
    many = "手机号,昵称\n".encode() + b"".join((f"{13900000000 + n},人{n}" + "长" * (n % 50)).encode(gb if n % 3 else utf8) + b"\n" for n in range(20000))
    done = run_import(s, upload(s, "many.csv", many), format="csv")
    assert (done["counts"]["stored"], done["counts"]["rejected"]) == (20000, 0), done
    found = want(200, ask(s, "GET", "/members?q=phone:13900019999"))["items"][0]
    assert found["name"] == "人19999" + "长" * 49, found


def test_formulas_are_kept_as_text():
    s = store()
    cells = ["=1+1", "+SUM(A1)", "@x", "-2+3|cmd"]
    number = upload(s, "text.csv", "手机号,昵称\n" + "".join(f"1380013891{i},{c}\n" for i, c in enumerate(cells)))
    assert [e["traits"]["nickname"] for e in want(200, preview(s, number))["events"]] == cells
    done = run_import(s, number, format="csv")
    assert done["counts"]["stored"] == 4 and done["counts"]["rejected"] == 0, done


def test_rejected_rows_are_no_formulas():
    s = store()
    number = upload(s, "formulas.csv", "手机号,at\n=1+1,?\n＝1+1,?\n@x,?\n")
    run_import(s, number, format="csv")
    cells = list(csv.reader(io.StringIO(rejects(s, number).removeprefix("\ufeff"))))
    assert [row[-1][:1] for row in cells[1:]] == ["'"] * 3, cells


def test_strict_ends_at_the_first_bad_row():
    s = store()
    failed = run_import(s, upload(s, "strict.csv", ORDERS.replace("A", "T")), format="csv", strict=True)
    assert failed["state"] == "failed" and failed["reason"] and failed["counts"]["rejected"] == 1, failed


def orders(count):
    """A table in order of time; by its size it is imported in batches of 500,000 rows."""
    rows = ["order,at,amount,member"]
    rows += [f"o{i},{1700000000 + i},1.00,u{i % 5000}" for i in range(count)]
    return "\n".join(rows) + "\n"


def until(s, number, holds, patience_s=120):
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        seen = look(s, number)
        if holds(seen):
            return seen
        time.sleep(0.01)
    raise AssertionError(f"never came: {seen}")


def test_what_is_stopped_or_cut_off_goes_on_where_it_was():
    count = 600000
    with Store("shop").serve() as s:
        number, other = upload(s, "orders.csv", orders(count)), upload(s, "more.csv", ORDERS)
        want(202, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
        waiting = want(202, ask(s, "POST", f"/imports/{other}/run", {"format": "csv"}))
        assert waiting["state"] == "queued", waiting
        want(409, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
        want(409, ask(s, "DELETE", f"/imports/{number}"))
        want(202, ask(s, "POST", f"/imports/{other}/stop"))
        seen = until(s, number, lambda i: i["progress"]["rows_total"])
        assert seen["state"] == "running" and seen["progress"]["rows_total"] == count + 1, seen
        asked = time.monotonic()
        want(202, ask(s, "POST", f"/imports/{number}/stop"))
        stopped = settled(s, number)
        took_s = time.monotonic() - asked
        assert stopped["state"] == "stopped" and stopped["reason"] and took_s < 3, (took_s, stopped)
        assert stopped["counts"] is None or stopped["counts"]["stored"] < count, stopped
        assert settled(s, other)["state"] == "stopped"
        want(202, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
        until(s, number, lambda i: i["progress"]["rows"] >= 500000 or i["state"] == "done")  # some of it is stored
        s.note_routes()
        s.kill()
        s.serve()
        assert look(s, number)["state"] in ("stopped", "done"), look(s, number)
        done = run_import(s, number, format="csv")
        assert done["state"] == "done" and done["counts"]["stored"] + done["counts"]["duplicate"] == count and done["counts"]["duplicate"] >= 500000, done
        assert events(s) == count
        want(409, ask(s, "POST", f"/imports/{number}/stop"))
        want(204, ask(s, "DELETE", f"/imports/{number}"))
        want(404, ask(s, "GET", f"/imports/{number}"))
        want(404, ask(s, "GET", f"/imports/{number}/rejects"))
        assert events(s) == count and [e["subject"] for e in audit(s, "import.removed")] == [f"import:{number}"]
        assert sorted(os.listdir(f"{s.dir}/brands/shop/uploads")) == [f"{other}"], os.listdir(f"{s.dir}/brands/shop/uploads")
        assert upload(s, "next.csv", ORDERS) == other + 1
        s.stop()
        s.verify()


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
