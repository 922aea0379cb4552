#!/usr/bin/env python3
"""The list of the day over HTTP: made, added to as things happen, marked and taken back, its reasons changed and counted."""
import datetime
import functools
import hashlib
import json
import pathlib
import sqlite3
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Skip, Store, http, run  # noqa: E402

OWNER = "wf_live_" + "0123456789abcdef" * 3
READER = "wf_live_" + "fedcba9876543210" * 3
CODES = ["asked", "waiting", "complaint", "new-silent", "thank", "brought", "less", "due", "fading", "birthday", "anniversary"]


def grant(s, token, number, scopes):
    if s.store:
        raise Skip("the rights of the tests' token are written into SQLite")
    db = sqlite3.connect(s.dir + "/server.db")
    db.execute("INSERT INTO credential (number, hash, kind, brand, created_at, scopes) VALUES (?, ?, 0, 'shop', 0, ?)",
               (number, hashlib.sha256(token.encode()).digest(), scopes))
    db.commit()
    db.close()


@functools.cache
def store():
    s = Store("shop")
    grant(s, OWNER, 99, "overview.read members.read members.write insight.read boards.write settings.read settings.write")
    grant(s, READER, 98, "members.read")
    return s.serve()


def call(s, method, path, body=None, status=200, token=OWNER, headers=None, **query):
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, _ = http(method, url, data, {"Authorization": "Bearer " + token, "Content-Type": "application/json", **(headers or {})})
    assert code == status, (method, url, code, text)
    return json.loads(text) if text else None


def ago(**span):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**span)).isoformat(timespec="milliseconds")


def track(s, user, event, at, **extra):
    body = json.dumps({"type": "track", "userId": user, "event": event, "timestamp": at, **extra}).encode()
    status, answer, _ = http("POST", s.url + "/v1/track", body, {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})
    assert status == 200, answer


def until(found, seconds=30):
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return value


def listed(s):
    return until(lambda: (t := call(s, "GET", "/today"))["made_at"] and t)


def test_a_brand_without_members_has_no_list_and_says_so():
    s = Store("shop")
    try:
        grant(s, OWNER, 99, "members.read")
        s.serve()
        t = call(s, "GET", "/today")
        assert t["made_at"] is None and t["items"] == [] and t["pool"] == [] and t["enabled"] and t["hour"] == 7 and t["per_day"] == 15, t
    finally:
        s.close()


def test_the_first_list_is_made_when_somebody_looks_with_reason_and_facts():
    s = store()
    for i in range(30):
        track(s, f"new{i}", "group.joined", ago(days=4), context={"groupId": "g1"}, properties={"group": "g1"})
    t = listed(s)
    assert t["day"] == str((datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()), t["day"]
    assert 15 <= len(t["pool"]) <= 30 and t["items"] == [] and t["staff"] is None, len(t["pool"])
    card = t["pool"][0]
    assert card["reason"] == "new-silent" and card["state"] == "open" and card["owner"] is None, card
    assert card["sentence"] in ("new, silent for 3 days", "new, silent for 4 days"), card["sentence"]
    assert card["member"]["stage"] == "new" and card["member"]["orders"] == 0 and card["member"]["tags"] == [], card
    zh = call(s, "GET", "/today", headers={"Accept-Language": "zh-CN"})["pool"][0]["sentence"]
    assert zh.startswith("新人第 ") and zh.endswith(" 天还没说话"), zh
    again = call(s, "GET", "/today")
    assert [c["id"] for c in again["pool"]] == [c["id"] for c in t["pool"]]


def test_a_question_is_added_as_it_waits_and_the_same_member_not_twice():
    s = store()
    before = {c["member"]["id"] for c in listed(s)["pool"]}
    for i in range(12):
        track(s, f"asks{i}", "dm.received", ago(hours=3))
    asked = until(lambda: [c for c in call(s, "GET", "/today")["pool"] if c["reason"] == "asked"])
    assert asked[0]["sentence"] == "asked, unanswered 3 h" and asked[0]["member"]["last"]["kind"] == "dm.received", asked[0]
    assert not before & {c["member"]["id"] for c in asked}
    pool = call(s, "GET", "/today")["pool"]
    assert len({c["member"]["id"] for c in pool}) == len(pool) <= 60


def test_done_snoozed_and_not_useful_are_kept_and_taken_back():
    s = store()
    a, b, c = [x["id"] for x in listed(s)["pool"][:3]]
    call(s, "PUT", f"/today/{a}", {"state": "done"}, status=204)
    tomorrow = str(datetime.date.fromisoformat(listed(s)["day"]) + datetime.timedelta(days=3))
    call(s, "PUT", f"/today/{b}", {"state": "snoozed", "until": tomorrow}, status=204)
    call(s, "PUT", f"/today/{c}", {"state": "useless", "because": "already"}, status=204)
    cards = {x["id"]: x for x in call(s, "GET", "/today")["pool"]}
    assert cards[a]["state"] == "done" and cards[a]["state_at"], cards[a]
    assert cards[b]["state"] == "snoozed" and cards[b]["until"] == tomorrow, cards[b]
    assert cards[c]["state"] == "useless" and cards[c]["because"] == "already", cards[c]
    result = next(r for r in call(s, "GET", "/today/rules")["items"] if r["code"] == cards[a]["reason"])["result"]
    assert result["done"] == result["snoozed"] == result["useless"] == 1 and result["lift"] is None and result["waiting"] >= 12, result
    for id in (a, b, c):
        call(s, "PUT", f"/today/{id}", {"state": "open"}, status=204)
    assert {x["state"] for x in call(s, "GET", "/today")["pool"]} == {"open"}


def test_marks_that_mean_nothing_are_refused():
    s = store()
    id = listed(s)["pool"][0]["id"]

    def refused(body, field, status=422, path=f"/today/{id}", token=OWNER):
        problem = call(s, "PUT", path, body, status=status, token=token)
        assert field is None or problem["errors"][0]["field"] == field, problem

    today = datetime.date.fromisoformat(listed(s)["day"])
    refused({"state": "gone"}, "state", 400)
    refused({}, "state", 400)
    refused({"state": "useless"}, "because", 400)
    refused({"state": "snoozed", "until": str(today)}, "until", 400)
    refused({"state": "snoozed", "until": str(today + datetime.timedelta(days=31))}, "until", 400)
    refused({"list": "mine"}, None, 403)  # a key is nobody
    refused({"state": "done"}, None, 404, path="/today/999999")
    refused({"state": "done"}, None, 404, path="/today/x")
    refused({"state": "done"}, None, 403, token=READER)
    call(s, "GET", "/today", status=403, staff="rose")


def test_nobody_finds_one_that_was_withheld():
    s = store()
    listed(s)
    db = sqlite3.connect(f"file:{s.dir}/brands/shop/brand.db?mode=ro", uri=True)
    hidden = {r[0] for r in db.execute("SELECT id FROM today_item WHERE withheld = 1")}
    shown = {r[0] for r in db.execute("SELECT id FROM today_item WHERE withheld = 0")}
    db.close()
    assert not hidden & {c["id"] for c in call(s, "GET", "/today")["pool"]}
    for id in hidden:
        call(s, "PUT", f"/today/{id}", {"state": "done"}, status=404)
    assert shown


def test_reasons_are_changed_counted_added_and_reset():
    s = store()
    rules = call(s, "GET", "/today/rules")["items"]
    assert [r["code"] for r in rules] == CODES, [r["code"] for r in rules]
    assert all(r["builtin"] and not r["changed"] and r["on"] and r["version"] == 0 and r["trouble"] != "unreadable" for r in rules), rules
    rule = next(r for r in rules if r["code"] == "due")
    wanted = {"expression": "order_due between now - 7d and now", "weight": 20, "on": False, "again_days": 40, "say_zh": "该复购了 {a}", "a": "order_gap"}
    changed = call(s, "PUT", "/today/rules/due", wanted, headers={"If-Match": '"0"'})
    assert changed["changed"] and changed["version"] == 1 and changed["say_en"] == "该复购了 {a}" and changed["weight"] == 20 and not changed["on"], changed
    call(s, "PUT", "/today/rules/due", wanted, status=412, headers={"If-Match": '"0"'})
    call(s, "DELETE", "/today/rules/due", status=204)
    assert next(r for r in call(s, "GET", "/today/rules")["items"] if r["code"] == "due") == rule
    own = {"code": "big", "expression": 'spent >= 100000 and last_order < now - 60d', "weight": 30, "say_en": "spent much, silent for {n} days", "n": "days last_order"}
    added = call(s, "POST", "/today/rules", own, status=201)
    assert not added["builtin"] and added["on"] and added["say_zh"] == added["say_en"], added
    call(s, "POST", "/today/rules", own, status=409)
    counts = {r["code"]: r["members"] for r in call(s, "POST", "/today/preview", {})["items"]}
    assert set(counts) == {*CODES, "big"} and counts["new-silent"] >= 30 and counts["big"] == 0, counts
    assert call(s, "POST", "/today/preview", {"expression": "groups is not null"})["items"][0]["members"] == counts["new-silent"]
    call(s, "DELETE", "/today/rules/big", status=204)
    call(s, "DELETE", "/today/rules/big", status=404)
    for body, field in (({**own, "expression": "ordres > 1"}, "expression"), ({**own, "n": "days nothing"}, "n"), ({**own, "code": "Big!"}, "code"),
                        ({**own, "weight": 101}, "weight"), ({**own, "again_days": 6}, "again_days"), ({**own, "say_en": ""}, "say_zh")):
        problem = call(s, "POST", "/today/rules", body, status=400)
        assert problem["errors"][0]["field"] == field, (field, problem)
    assert call(s, "POST", "/today/preview", {"expression": "ordres > 1"}, status=400)["errors"][0]["field"] == "expression"


def test_settings_say_when_and_how_long():
    s = store()
    assert call(s, "GET", "/today/settings") == {"enabled": True, "hour": 7, "per_day": 15}
    call(s, "PUT", "/today/settings", {"enabled": True, "hour": 9, "per_day": 10}, status=204)
    assert call(s, "GET", "/today")["per_day"] == 10 and call(s, "GET", "/today")["hour"] == 9
    call(s, "PUT", "/today/settings", {"enabled": True, "hour": 24, "per_day": 10}, status=400)
    call(s, "PUT", "/today/settings", {"enabled": True, "hour": 7, "per_day": 16}, status=400)
    call(s, "PUT", "/today/settings", {"enabled": True, "hour": 7, "per_day": 15}, status=204)


def test_it_is_the_same_after_a_kill():
    s = store()
    before = call(s, "GET", "/today")
    s.note_routes()
    s.kill()
    s.serve()
    after = call(s, "GET", "/today")
    assert [c["id"] for c in after["pool"]] == [c["id"] for c in before["pool"]] and after["made_at"] == before["made_at"]


def test_a_question_in_a_group_is_added_while_nobody_answers_it():
    s = store()
    listed(s)
    talk = [{"at": ago(hours=3), "kind": "message.sent", "group": "g6", "identities": {"user": f"served{i}"}, "props": {"question": True}} for i in range(12)]
    talk += [{"at": ago(hours=2), "kind": "message.sent", "group": "g6", "identities": {"user": "helper"}, "other": {"user": f"served{i}"}} for i in range(12)]
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in talk))
    for i in range(12):
        track(s, f"wonders{i}", "message.sent", ago(hours=3), properties={"group": "g5", "question": True})
    waits = until(lambda: [c for c in call(s, "GET", "/today")["pool"] if c["reason"] == "waiting"])
    assert waits[0]["sentence"] == "asked in a group, unanswered 3 h", waits[0]
    wonders = {until(lambda: call(s, "GET", "/members", q=f"user:wonders{i}")["items"])[0]["id"] for i in range(12)}
    assert {c["member"]["id"] for c in waits} <= wonders, waits
    counts = {r["code"]: r["members"] for r in call(s, "POST", "/today/preview", {})["items"]}
    assert counts["waiting"] == 12, counts


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        store().close()
