#!/usr/bin/env python3
"""Members merged by hand, taken apart, judged; erased with a receipt; handed out whole: over HTTP, and over kills."""
import csv
import functools
import io
import json
import os
import pathlib
import re
import sqlite3
import sys
import threading
import time
import urllib.parse
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import BINARY, Skip, Store, http, run  # noqa: E402

SCOPES = "members.read,members.merge,members.privacy,insight.read,audit.read,settings.read"
SEGMENTING = "members.read,members.merge,insight.read,boards.write"
CANARY = "Xanthippe"


def people(first, count):
    """A user each, with some pages and an order."""
    for i in range(first, first + count):
        yield {"kind": "page.viewed", "at": "2026-01-01T00:00:00Z", "id": f"p{i}", "identities": {"user": f"u{i}", "email": f"u{i}@example.com"}}
        yield {"kind": "order.paid", "at": "2026-01-02T00:00:00Z", "id": f"o{i}", "identities": {"user": f"u{i}"}, "amount": 10 + i}


def load(s, facts):
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in facts))
    s.verify()  # writes everything back


def key(s, scopes=SCOPES):
    out = s.cli("key", "add", "--data", s.dir, "--brand", "shop", "--name", "test", "--scopes", scopes).stdout
    return re.search(r"\bwf_live_\w+", out)[0]


@functools.cache
def store():
    s = Store("shop", None, "--caps", "user=1")
    s.serve()
    load(s, people(1, 60))
    s.key = key(s)
    return s


def call(method, path, body=None, status=200, token=None, s=None, raw=False, **query):
    s = s or store()
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    code, text, headers = http(method, url, None if body is None else json.dumps(body).encode(),
                               {"Authorization": "Bearer " + (token or s.key), "Content-Type": "application/json"})
    assert code == status, (url, code, text)
    return text if raw else json.loads(text) if text else None


def member(user, s=None):
    return call("GET", "/members", q=f"user:{user}", s=s)["items"][0]


def test_a_preview_says_what_the_merge_then_gives_and_undoing_gives_back():
    a, b = member("u1"), member("u2")
    preview = call("GET", f"/members/{b['id']}/merge", **{"with": a["id"]})
    assert [side["id"] for side in preview["sides"]] == [b["id"], a["id"]]
    assert {c["kind"]: c["over"] for c in preview["conflicts"]} == {"user": True, "email": False}, preview["conflicts"]
    assert preview["joined"]["spent"] == a["spent"] + b["spent"] == 23 and preview["joined"]["id"] in (a["id"], b["id"])
    assert "u1@example.com" not in json.dumps(preview)
    refused = call("POST", f"/members/{b['id']}/merge", {"with": a["id"]}, 409)
    assert "user" in refused["detail"] and refused["errors"][0]["field"] == "over_caps", refused
    merged = call("POST", f"/members/{b['id']}/merge", {"with": a["id"], "over_caps": True})
    kept = member("u2")
    assert kept == member("u1") and kept["id"] == merged["member"]
    assert all(kept[k] == preview["joined"][k] for k in ("stage", "trust", "events", "orders", "spent", "created", "last_seen"))
    assert store().ask({"segment": {"expr": "orders = 2", "sample": 9}})["sample"] == [kept["id"]]
    again = call("POST", f"/members/{b['id']}/merge", {"with": a["id"], "over_caps": True}, 409)
    assert "merged into" in again["detail"], again
    history = call("GET", f"/members/{kept['id']}/merges")["items"]
    assert [(m["merge"], m["how"], m["undone_at"]) for m in history] == [(merged["merge"], "hand", None)], history
    kinds = [e["kind"] for e in call("GET", f"/members/{kept['id']}/timeline")["items"]]
    assert kinds[0] == "member.merged", kinds
    call("POST", "/members/m9/unmerge", {"merge": merged["merge"]}, 404)  # none of theirs
    undone = call("POST", f"/members/{kept['id']}/unmerge", {"merge": merged["merge"]})
    assert {undone["member"], undone["taken"]} == {a["id"], b["id"]}
    assert (member("u1"), member("u2")) == (a, b)
    call("POST", f"/members/{kept['id']}/unmerge", {"merge": merged["merge"]}, 409)
    assert call("GET", f"/members/{b['id']}/merges")["items"][0]["undone_at"]
    actions = [r["action"] for r in call("GET", "/audit")["items"]]
    assert actions[:2] == ["member.unmerged", "member.merged"], actions
    store().verify()


def test_who_may_not_merge_is_told_so():
    reader = key(store(), "members.read")
    call("POST", "/members/m1/merge", {"with": "m2"}, 403, reader)
    call("POST", "/members/m1/unmerge", {"merge": 1}, 403, reader)
    call("POST", "/conflicts/1/judge", {"decision": "later"}, 403, reader)
    call("POST", "/members/m1/merge", {"with": "m1"}, 400)
    call("POST", "/members/m1/merge", {"with": "m4000"}, 404)
    call("POST", "/members/m1/merge", {"with": "ouch"}, 400)
    call("GET", "/members/m1/merge", status=404, **{"with": "m4000"})


def test_of_two_who_merge_the_same_pair_at_once_one_does():
    for i in range(10, 20, 2):
        a, b = member(f"u{i}")["id"], member(f"u{i + 1}")["id"]
        answers = []

        def merge():
            url = f"{store().url}/api/v1/shop/members/{a}/merge"
            answers.append(http("POST", url, json.dumps({"with": b, "over_caps": True}).encode(),
                                {"Authorization": "Bearer " + store().key, "Content-Type": "application/json"})[:2])

        threads = [threading.Thread(target=merge) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sorted(code for code, _ in answers) == [200, 409, 409, 409], answers
        assert all(b"merged into" in body for code, body in answers if code == 409), answers
    store().verify()


def recycled(number, new="new"):
    return [{"kind": "page.viewed", "at": f"2026-02-01T00:00:0{i}Z", "id": f"{new}{number}-{i}",
             "identities": {"user": who, "phone": f"+86138{number:08d}"}} for i, who in enumerate((f"old{number}", f"{new}{number}"))]


def test_a_refused_merge_is_judged_once():
    load(store(), recycled(1) + recycled(2) + recycled(3))
    page = call("GET", "/conflicts")
    assert page["open"] == 3 and len(page["items"]) == 3 and page["next"] is None, page
    first, second, third = page["items"]
    assert first["cause"] == "taken" and first["identity"]["value"] == "138****0001" and first["times"] == 1, first
    assert [m["identities"][0]["value"] for m in first["members"]] == ["new1", "old1"]
    judged = call("POST", f"/conflicts/{first['conflict']}/judge", {"decision": "merge"})
    assert judged["state"] == "merged" and member("new1") == member("old1")
    again = call("POST", f"/conflicts/{first['conflict']}/judge", {"decision": "apart"}, 409)
    assert "judged already" in again["detail"], again
    call("POST", f"/conflicts/{second['conflict']}/judge", {"decision": "apart"})
    call("POST", f"/conflicts/{third['conflict']}/judge", {"decision": "later"})
    load(store(), [dict(f, id=f["id"] + "-again") for f in recycled(2)])
    assert call("GET", "/conflicts")["items"] == []  # kept apart: not asked again
    apart = call("GET", "/conflicts", state="apart")["items"]
    assert [c["times"] for c in apart] == [2] and apart[0]["judged_by"], apart
    assert [c["conflict"] for c in call("GET", "/conflicts", state="later")["items"]] == [third["conflict"]]
    call("POST", f"/members/{judged['member']}/unmerge", {"merge": judged["merge"]})
    assert [c["conflict"] for c in call("GET", "/conflicts", limit=1)["items"]] == [first["conflict"]]  # asked again
    call("POST", "/conflicts/999999/judge", {"decision": "apart"}, 404)
    call("GET", "/conflicts", status=400, cursor="18446744073709551615")
    assert call("GET", "/conflicts", limit=1, cursor=first["conflict"])["items"] == []
    store().verify()


def test_merges_and_their_undoing_outlive_kills():
    with Store("shop", None, "--caps", "user=20,others=20") as s:
        s.serve()
        load(s, people(1, 12))
        s.key = key(s)
        s.verify()
        before = {f"u{i}": member(f"u{i}", s) for i in range(1, 13)}
        merges = []
        for i in range(1, 12):
            at = member(f"u{i}", s)["id"]
            merges.append(call("POST", f"/members/{at}/merge", {"with": member(f"u{i + 1}", s)["id"]}, s=s))
            if i % 4 == 0:
                s.note_routes()
                s.kill()
                s.serve()
        assert member("u12", s)["spent"] == sum(m["spent"] for m in before.values())
        load(s, [{"kind": "order.paid", "at": "2026-03-01T00:00:00Z", "id": "late", "identities": {"user": "u7"}, "amount": 1}])
        profile = call("GET", f"/members/{member('u7', s)['id']}", s=s)
        seen = {i["value"]: i["last_seen"][:10] for i in profile["identities"] if i["kind"] == "user"}
        assert seen == {f"u{i}": "2026-03-01" if i == 7 else "2026-01-02" for i in range(1, 13)}, seen  # each one's own
        for i, m in enumerate(reversed(merges)):
            at = member("u1", s)["id"]
            call("POST", f"/members/{at}/unmerge", {"merge": m["merge"]}, s=s)
            if i % 4 == 1:
                s.note_routes()
                s.kill()
                s.serve()
        s.verify()
        for user, was in before.items():
            now = member(user, s)
            if user == "u7":
                assert (now["spent"], now["orders"], now["events"]) == (was["spent"] + 1, 2, was["events"] + 1), (now, was)
            else:
                assert now == was, (now, was)


def test_segments_follow_a_merge_and_its_undoing():
    with Store("shop", None, "--caps", "user=5") as s:
        s.serve()
        load(s, people(1, 6))
        s.key = key(s, SEGMENTING)
        for code, expression in (("twice", "orders >= 2"), ("once", "orders = 1"), ("rich", "spent > 22")):
            call("POST", "/segments", {"code": code, "name": code, "expression": expression}, 201, s=s)

        def holds(code, users):
            expected = {member(u, s)["id"] for u in users}
            deadline = time.monotonic() + 20
            while True:
                ids = {member(f"u{i}", s)["id"] for i in range(1, 7)}
                found = {m for m in ids if code in {x["code"] for x in call("GET", f"/members/{m}/segments", s=s)["items"]}}
                if found == expected:
                    return
                assert time.monotonic() < deadline, (code, found, expected)
                time.sleep(0.05)

        everyone = {f"u{i}" for i in range(1, 7)}
        holds("twice", set())
        holds("once", everyone)
        a, b = member("u1", s), member("u2", s)
        for _ in range(3):
            done = call("POST", f"/members/{a['id']}/merge", {"with": b["id"]}, s=s)
            holds("twice", {"u1"})
            holds("once", everyone - {"u1", "u2"})
            holds("rich", {"u1"})
            call("POST", f"/members/{done['member']}/unmerge", {"merge": done["merge"]}, s=s)
            holds("twice", set())
            holds("once", everyone)
            holds("rich", set())
        s.note_routes()


def canary(s, events, who=CANARY):
    """Somebody with identities, traits, many events and a claim of another's phone."""
    ids = {"user": who, "phone": "+8613912349999", "email": f"{who}@example.com", "name": who}
    facts = [{"kind": "page.viewed", "at": "2026-01-01T00:00:00Z", "id": f"{who}-first", "identities": ids,
              "traits": {"name": who, "city": "杭州", "score": 7, "vip": True, "note": f"=1+1 of {who}"}}]
    facts += [{"kind": "page.viewed", "at": f"2026-01-{2 + i % 27:02d}T{i // 27 % 24:02d}:{i // 648 % 60:02d}:{i // 38880:02d}Z", "id": f"{who}-{i}",
               "identities": {"user": who}, "content": f"post-{i % 40}", "props": {"text": f"{who} reads {i}", "n": i, "late": i % 2 == 0}} for i in range(events)]
    facts += [{"kind": "order.paid", "at": "2026-02-01T00:00:00Z", "id": f"{who}-paid", "identities": {"user": who}, "amount": 1234},
              {"kind": "page.viewed", "at": "2026-02-02T00:00:00Z", "id": f"{who}-claim", "identities": {"user": "claimant", "phone": "+8613912349999"}}]
    load(s, facts)
    return member(who, s)


def handed_out(s, who):
    files = zipfile.ZipFile(io.BytesIO(call("GET", f"/members/{who['id']}/export", s=s, raw=True)))
    assert files.testzip() is None
    tables = {n[:-4]: list(csv.DictReader(io.StringIO(files.read(n).decode("utf-8-sig")))) for n in files.namelist() if n.endswith(".csv")}
    return json.loads(files.read("data.json")), tables


def test_a_member_is_handed_out_whole_in_json_and_csv():
    s = store()
    who = canary(s, 300)
    lists = key(s, SEGMENTING)
    call("POST", "/segments", {"code": "panel", "name": "Panel", "kind": "static"}, 201, lists)
    call("POST", "/segments/panel/members", {"add": [who["id"]]}, token=lists)
    deadline = time.monotonic() + 20
    while call("GET", "/segments/panel", token=lists)["members"] != 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    data, tables = handed_out(s, who)
    assert data["lists"] == [{"list": "panel", "name": "Panel"}], data["lists"]
    kept = {h["exported"] for h in call("GET", "/privacy/inventory")["items"] if h["exported"]}
    assert kept <= set(tables) and set(tables) == set(data) - {"brand", "made_at"}, (kept, set(tables), set(data))
    for name, rows in tables.items():
        assert len(rows) == len(data[name]), name
    assert {(i["kind"], i["value"]) for i in data["identities"]} == {("user", CANARY), ("phone", "+8613912349999"), ("email", f"{CANARY}@example.com"), ("name", CANARY)}
    assert {t["name"]: t["value"] for t in data["traits"]} == {"name": CANARY, "city": "杭州", "score": 7, "vip": True, "note": f"=1+1 of {CANARY}"}
    assert next(t["value"] for t in tables["traits"] if t["name"] == "note") == f"'=1+1 of {CANARY}"  # no formula
    pages = [e for e in data["events"] if e["content"]]
    assert len(pages) == 300 and sorted(e["props"]["n"] for e in pages) == list(range(300)) and pages[0]["props"]["text"].startswith(CANARY)
    assert json.loads(tables["events"][5]["props"]) == data["events"][5]["props"]
    assert [e["at"] for e in data["events"]] == sorted(e["at"] for e in data["events"])
    assert data["standing"][0]["events"] == len(data["events"]) == who["events"] and data["standing"][0]["name"] == CANARY
    assert {c["to"] for c in data["changes"] if c["of"] == "trust"} >= {"bought"}
    assert [(c["kind"], c["value"], c["cause"]) for c in data["conflicts"]] == [("phone", "+8613912349999", "taken")]
    other, _ = handed_out(s, member("claimant"))
    assert other["conflicts"][0]["value"] is None  # it is the other one's
    audited = call("GET", "/audit", action="member.exported")["items"][1]
    assert audited["action"] == "member.exported" and audited["after"]["events"] == len(data["events"]), audited
    call("GET", "/members/m4000/export", status=404)
    call("GET", f"/members/{who['id']}/export", status=403, token=key(s, "members.read,members.export,members.reveal"))


def memory(s):
    """MiB that the server has had at once."""
    with open(f"/proc/{s.server.pid}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) >> 10


def test_a_hundred_thousand_events_are_handed_out_in_ten_seconds():
    with Store("shop") as s:
        s.serve()
        s.key = key(s)
        who = canary(s, 100000)
        s.stop()
        s.serve()  # whose memory is none of the load's
        call("GET", f"/members/{who['id']}", s=s)
        before = memory(s)
        began = time.monotonic()
        body = call("GET", f"/members/{who['id']}/export", s=s, raw=True)
        took, grown = time.monotonic() - began, memory(s) - before
        files = zipfile.ZipFile(io.BytesIO(body))
        events = json.loads(files.read("data.json"))["events"]
        print(f"{len(events)} events, {len(body) >> 10} KiB, {took:.2f} s, {grown} MiB more")
        assert len(events) > 100000 and took < 10, took
        assert grown < 80 or "/build/wellfield" not in BINARY, grown  # a sanitizer's memory tells nothing
        s.note_routes()


def test_every_table_says_what_becomes_of_it():
    s = store()
    if s.store:
        raise Skip("tables are read from SQLite")
    kept = {h["table"]: h for h in call("GET", "/privacy/inventory")["items"]}
    db = sqlite3.connect(f"file:{s.dir}/brands/shop/brand.db?mode=ro", uri=True)
    tables = {t: [c[1] for c in db.execute(f"PRAGMA table_info({t})")] for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    db.close()
    apart = {"event", "said"}  # files of their own; of the latter group_messages_test tells
    assert set(tables) == set(kept) - apart, set(tables) ^ set(kept)
    named = {"persona", "member", "members", "a", "b", "kept", "away", "other", "moved", "subject"}
    for table, h in kept.items():
        columns = tables.get(table, h["columns"])
        assert h["columns"] == columns, (table, columns)
        assert set(h["members"]) <= set(columns) and set(h["personal"]) <= set(columns), table
        unsaid = named & set(columns) - set(h["members"]) - {"upload": {"kept"}, "score_run": {"a", "b"}, "group_health": {"members"}}.get(table, set())
        assert not unsaid, (table, unsaid)
        assert h["purpose"] and h["retention"], table
        if h["members"] or h["personal"]:
            assert h["erased"] in ("deleted", "rewritten", "kept"), table
            assert h["erased"] != "kept" or not h["personal"], table
        assert not h["personal"] or h["exported"] or table == "upload", table  # rows of a file: whose they are is not known


def files_with(folder, text):
    return [str(f) for f in pathlib.Path(folder).rglob("*") if f.is_file() and text.encode() in f.read_bytes()]


def test_an_erasing_leaves_a_receipt_and_nothing_else():
    with Store("shop", None, "--caps", "user=1") as s:
        copy = os.path.join(s.folder, "copy.log")
        s.serve()
        s.key = key(s)
        who = canary(s, 50)
        assert s.store or files_with(s.dir, CANARY)
        wrong = call("POST", f"/members/{who['id']}/erase", {"confirm": "somebody", "reason": "asked"}, 400, s=s)
        assert wrong["errors"][0]["field"] == "confirm", wrong
        call("POST", f"/members/{who['id']}/erase", {"confirm": CANARY, "reason": "she is Xanthippe"}, 400, s=s)
        call("POST", f"/members/{who['id']}/erase", {"confirm": CANARY, "reason": "asked"}, 403, key(s, "members.read,members.merge"), s=s)
        handed_out(s, who)
        receipt = call("POST", f"/members/{who['id']}/erase", {"confirm": CANARY, "reason": "asked"}, s=s)
        said = json.loads(receipt["text"])
        assert receipt["genuine"] and receipt["member"] == who["id"] and said["reason"] == "asked", receipt
        assert said["erased"]["identities"] == {"user": 1, "phone": 1, "email": 1, "name": 1} and said["erased"]["events"] == who["events"], said
        assert said["erased"]["rows"]["trait"] == 5 and said["erased"]["rows"]["identity"] == 4 and said["personas"] == [who["id"]], said
        assert CANARY not in json.dumps(receipt)
        assert call("GET", "/privacy/erasures", s=s)["items"] == [receipt] == [call("GET", "/privacy/erasures/1", s=s)]
        call("GET", "/privacy/erasures/2", status=404, s=s)
        call("GET", f"/members/{who['id']}", status=404, s=s)
        call("POST", f"/members/{who['id']}/erase", {"confirm": who["id"], "reason": "asked"}, 404, s=s)
        assert call("GET", "/conflicts", s=s)["items"] == []
        line = json.loads(pathlib.Path(s.dir + ".erasures.log").read_text())
        assert len(line["keys"]) == 4 and not os.path.exists(copy)
        if not s.store:
            deadline = time.monotonic() + 30
            while files_with(s.folder, CANARY):
                assert time.monotonic() < deadline, files_with(s.folder, CANARY)
                time.sleep(0.05)
        s.verify()
        s.note_routes()
        s.kill()
        s.serve()
        assert call("GET", "/privacy/erasures", s=s)["items"] == [receipt]
        s.stop()
        if s.store:
            return
        db = sqlite3.connect(f"{s.dir}/brands/shop/brand.db")
        assert db.execute("UPDATE erasure SET body = replace(body, 'asked', 'minor')").rowcount == 1
        db.commit()
        db.close()
        s.serve()
        assert call("GET", "/privacy/erasures/1", s=s)["genuine"] is False


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
