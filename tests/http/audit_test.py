#!/usr/bin/env python3
"""What changes something is in the audit log: every route of the table that is not a mere reading one is called here, and the
row looked for that the table promises. A new route that changes something and promises none fails the first test."""
import functools
import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from account_test import OWNER, ROSE, Browser, code_of  # noqa: E402
from wellfield import Store, http, run  # noqa: E402

# They change nothing that lasts: two ask, the others handle a file that no event came from yet, or end what tells of its own end.
QUIET = {("POST", "/{brand}/query"), ("POST", "/{brand}/members/count"), ("POST", "/{brand}/imports"), ("PUT", "/{brand}/imports/{id}/content"),
         ("POST", "/{brand}/imports/{id}/stop"), ("POST", "/{brand}/segment-preview"), ("POST", "/{brand}/today/preview"),
         ("POST", "/{brand}/numbers/preview"), ("POST", "/{brand}/moderation/try"), ("POST", "/{brand}/moderation/past")}


@functools.cache
def store():
    s = Store("shop")
    s.run("simulate", "--members", "50", "--days", "30", "--seed", "3")
    return s.serve()


@functools.cache
def promised():
    """{(method, path): action} of all that changes something, or says that it is told of."""
    paths = json.loads(http("GET", store().url + "/api/openapi.json")[1])["paths"]
    return {(method.upper(), path.replace("/api/v1", "")): op.get("x-audit") for path, methods in paths.items() if path.startswith("/api/v1/")
            for method, op in methods.items() if method != "get" or op.get("x-audit")}


def test_what_changes_something_promises_a_row():
    silent = {route for route, action in promised().items() if not action}
    assert silent == QUIET, silent ^ QUIET
    assert len(promised()) >= 30, len(promised())


class Watch:
    """Calls routes and looks what they have written."""

    def __init__(self, lily):
        self.lily, self.done, self.last = lily, set(), 0
        self.rows()

    def rows(self):
        """Those that are new, newest first."""
        items = [r for r in self.lily.ok("GET", "/shop/audit?limit=200")["items"] if r["id"] > self.last]
        self.last = max([self.last, *(r["id"] for r in items)])
        return items

    def call(self, method, path, body=None, status=200, by=None, wait=None, **ids):
        self.rows()
        at = path.replace("{brand}", "shop")
        for name, value in ids.items():
            at = at.replace("{" + name + "}", str(value))
        if "export" in path:
            code, text, _ = http(method, store().url + "/api/v1" + at, headers={"Cookie": self.lily.cookie})
            assert code == status, (code, text)
            reply = None
        else:
            reply = (by or self.lily).ok(method, at, body, status)
        if wait:
            wait()
        action, rows = promised()[method, path], self.rows()
        found = [r for r in rows if r["action"] == action]
        assert found and found[0]["at"] and found[0]["who"] not in ("command", "nobody"), (method, path, action, rows)
        self.done.add((method, path))
        return reply


def talk(w):
    """The list of the day: a reason that holds of everybody, so that there is somebody on it."""
    rule = {"expression": "id is not null", "weight": 50, "say_en": "say hello"}
    w.call("POST", "/{brand}/today/rules", {"code": "all", **rule}, 201)
    w.call("PUT", "/{brand}/today/rules/{code}", {**rule, "weight": 60}, code="all")
    deadline = time.monotonic() + 30
    while not (today := w.lily.ok("GET", "/shop/today"))["made_at"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    one = today["pool"][0]["id"]
    w.call("PUT", "/{brand}/today/{id}", {"list": "mine", "state": "done"}, 204, id=one)
    assert [(i["id"], i["state"]) for i in w.lily.ok("GET", "/shop/today")["items"]] == [(one, "done")]
    w.call("PUT", "/{brand}/today/settings", {"enabled": True, "hour": 8, "per_day": 15}, 204)
    w.call("DELETE", "/{brand}/today/rules/{code}", status=204, code="all")


def import_a_file(w):
    text = b'{"at":"2025-01-31T08:00:00Z","kind":"x.y","identities":{"user":"u1"}}\n'
    made = w.lily.ok("POST", "/shop/imports", {"name": "facts.jsonl", "bytes": len(text)}, 201)["id"]
    w.lily.ok("PUT", f"/shop/imports/{made}/content?offset=0", text, Content_Type="application/octet-stream")

    def ended():
        while w.lily.ok("GET", f"/shop/imports/{made}")["state"] not in ("done", "failed", "stopped", "undone"):
            time.sleep(0.01)

    w.call("POST", "/{brand}/imports/{id}/run", {"format": "jsonl"}, 202, wait=ended, id=made)
    w.call("POST", "/{brand}/imports/{id}/undo", status=202, wait=ended, id=made)
    w.call("DELETE", "/{brand}/imports/{id}", status=204, id=made)
    mapping = {"name": "Till", "format": "csv", "map": "member=user:id"}
    kept = w.call("POST", "/{brand}/imports/mappings", mapping, 201)["id"]
    w.call("PUT", "/{brand}/imports/mappings/{id}", mapping, id=kept)
    w.call("DELETE", "/{brand}/imports/mappings/{id}", status=204, id=kept)


def keep_records(w):
    """Tags, notes, traits and consent of the first member."""
    group = w.call("POST", "/{brand}/tags/groups", {"name": "Level"}, 201)["id"]
    w.call("PUT", "/{brand}/tags/groups/{group}", {"name": "Levels"}, group=group)
    tag = w.call("POST", "/{brand}/tags", {"name": "gold"}, 201)["id"]
    w.call("PUT", "/{brand}/tags/{tag}", {"name": "golden"}, tag=tag)
    w.call("PUT", "/{brand}/members/{id}/tags/{tag}", {}, 204, id="m1", tag=tag)
    w.call("DELETE", "/{brand}/members/{id}/tags/{tag}", status=204, id="m1", tag=tag)
    run = w.call("POST", "/{brand}/tags/{tag}/apply", {"members": ["m1"]}, tag=tag)["run"]
    w.call("POST", "/{brand}/tags/{tag}/undo", {"run": run}, tag=tag)
    w.call("PUT", "/{brand}/tags/{tag}/rule", {"expression": "orders > 99"}, tag=tag)
    w.call("DELETE", "/{brand}/tags/{tag}/rule", tag=tag)
    w.call("DELETE", "/{brand}/tags/{tag}", status=204, tag=tag)
    w.call("DELETE", "/{brand}/tags/groups/{group}", status=204, group=group)
    note = w.call("POST", "/{brand}/members/{id}/notes", {"text": "calls at noon"}, 201, id="m1")["id"]
    w.call("PUT", "/{brand}/members/{id}/notes/{note}", {"text": "calls at ten"}, id="m1", note=note)
    w.call("DELETE", "/{brand}/members/{id}/notes/{note}", status=204, id="m1", note=note)
    w.call("PUT", "/{brand}/members/{id}/traits/{name}", {"value": "Suzhou"}, 204, id="m1", name="town")
    w.call("DELETE", "/{brand}/members/{id}/traits/{name}", status=204, id="m1", name="town")
    made = w.call("POST", "/{brand}/groups", {"code": "tea"}, 201)["id"]
    w.call("PUT", "/{brand}/groups/{id}", {"name": "Tea"}, id=made)
    w.call("PUT", "/{brand}/groups/{id}/accounts/{member}", {"role": "staff"}, 204, id=made, member="m1")
    w.call("DELETE", "/{brand}/groups/{id}/accounts/{member}", status=204, id=made, member="m1")
    w.call("PUT", "/{brand}/groups/{id}/suspects/{member}", {"verdict": "cleared", "note": "a colleague"}, 204, id=made, member="m1")
    w.call("GET", "/{brand}/groups/{id}/members/export", id=made)
    family = w.call("POST", "/{brand}/group-families", {"name": "Teas", "groups": [made]}, 201)["id"]
    w.call("PUT", "/{brand}/group-families/{id}", {"hours": 24}, id=family)
    w.call("POST", "/{brand}/group-families/{id}/put-off", status=204, id=family)
    w.call("POST", "/{brand}/group-families/{id}/open", status=201, id=family)
    w.call("DELETE", "/{brand}/group-families/{id}", status=204, id=family)
    w.call("PUT", "/{brand}/privacy/retention", {"class": "notes", "days": 365})
    w.call("POST", "/{brand}/privacy/purge", status=202)
    w.call("PUT", "/{brand}/consent/purposes/{purpose}", {"name_zh": "调研", "name_en": "Research", "channels": ["sms"]}, 204, purpose="research")
    w.call("POST", "/{brand}/consent/purposes/{purpose}/texts", {"text_zh": "一", "text_en": "one"}, 201, purpose="research")
    w.call("PUT", "/{brand}/consent/lists/{list}", {"name_zh": "访谈", "name_en": "Panel", "purpose": "research"}, 204, list="panel")
    w.call("POST", "/{brand}/members/{id}/consents", {"purpose": "research", "granted": True, "way": "phone"}, 201, id="m1")
    w.call("POST", "/{brand}/members/{id}/preference-link", {}, 201, id="m1")
    w.call("DELETE", "/{brand}/members/{id}/preference-link", status=204, id="m1")
    w.call("DELETE", "/{brand}/consent/links", status=204)


def change_owners(w, person):
    """Where somebody stands, who answers for whom, and handing over."""
    w.call("PUT", "/{brand}/staff/{id}/place", {"reach": "own", "code": "rose", "store": "west"}, id=person)
    w.call("PUT", "/{brand}/members/{id}/owner", {"to": "rose", "reason": "near the shop"}, id="m1")
    made = w.call("POST", "/{brand}/handovers", {"members": ["m1", "m2"], "to": "", "reason": "on leave"})
    w.call("POST", "/{brand}/handovers/{id}/undo", id=made["id"])
    w.call("PUT", "/{brand}/owners/rule", {"rule": "last"})


def keep_order(w, s):
    """A rule of order, what it finds, and the sieve for ads."""
    rule = {"name": "Ads", "action": "warn", "terms": "brush orders"}
    made = w.call("POST", "/{brand}/moderation/rules", {"kind": "terms", **rule}, 201)["id"]
    said = {"type": "track", "userId": "loud", "event": "message.sent", "context": {"groupId": "g9"}, "properties": {"group": "g9", "text": "brush orders here"}}
    status, answer, _ = http("POST", s.url + "/v1/track", json.dumps(said).encode(),
                             {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})
    assert status == 200, answer
    case = w.lily.ok("GET", "/shop/moderation/cases")["items"][0]["id"]
    w.call("POST", "/{brand}/moderation/cases/{id}/decide", {"verdict": "done"}, 204, id=case)
    w.call("POST", "/{brand}/moderation/lesson", {"case": case, "ad": True}, 204)
    w.call("DELETE", "/{brand}/moderation/lesson", status=204)
    w.call("PUT", "/{brand}/moderation/rules/{id}", {**rule, "on": False}, id=made)
    w.call("DELETE", "/{brand}/moderation/rules/{id}", status=204, id=made)


def test_every_change_is_in_the_log():
    s = store()
    lily, rose, again = Browser(s), Browser(s), Browser(s)
    lily.ok("POST", "/setup", {"code": code_of(s), "name": "Lily", "password": OWNER}, 201)
    w = Watch(lily)
    w.last = 0
    assert "session.began" in {r["action"] for r in w.rows()}
    w.done.add(("POST", "/setup"))
    w.call("POST", "/session", {"name": "Lily", "password": OWNER}, by=again)
    w.call("POST", "/session/confirm", {"password": OWNER}, 204)
    w.call("PUT", "/me", {"display": "莉莉", "lang": "zh"})
    w.call("DELETE", "/session", status=204, by=again)
    again.ok("POST", "/session", {"name": "Lily", "password": OWNER})
    other = next(i["id"] for i in again.ok("GET", "/sessions")["items"] if i["current"])
    w.call("DELETE", "/sessions/{id}", status=204, id=other)
    # people and keys
    made = w.call("POST", "/{brand}/staff", {"name": "rose", "role": "analyst"}, 201)
    w.call("POST", "/session/link", {"token": made["link"].split("#")[1], "password": ROSE}, by=rose)
    w.call("PUT", "/{brand}/staff/{id}", {"role": "growth"}, id=made["id"])
    w.call("POST", "/{brand}/staff/{id}/link", status=201, id=made["id"])
    change_owners(w, made["id"])
    w.call("DELETE", "/{brand}/staff/{id}", status=204, id=made["id"])
    key = w.call("POST", "/{brand}/keys", {"kind": "token", "name": "till"}, 201)["id"]
    w.call("POST", "/{brand}/keys/{id}/rotate", status=201, id=key)
    w.call("DELETE", "/{brand}/keys/{id}", status=204, id=key)
    # members
    merged = w.call("POST", "/{brand}/members/{id}/merge", {"with": "m2", "over_caps": True}, id="m1")
    w.call("POST", "/{brand}/members/{id}/unmerge", {"merge": merged["merge"]}, id=merged["member"])
    refused = "".join(json.dumps({"kind": "page.viewed", "at": "2026-01-01T00:00:00Z", "id": u, "identities": {"user": u, "phone": "+8613800138000"}}) + "\n"
                      for u in ("first", "second"))
    s.load("--format", "jsonl", "-", stdin=refused)
    conflict = lily.ok("GET", "/shop/conflicts")["items"][0]["conflict"]
    w.call("POST", "/{brand}/conflicts/{id}/judge", {"decision": "apart"}, id=conflict)
    w.call("GET", "/{brand}/members/{id}/export", id="m3")
    w.call("POST", "/{brand}/members/{id}/erase", {"confirm": "m3", "reason": "asked"}, id="m3")
    # what is saved
    question = {"name": "Orders", "query": {"trend": {"kind": "order.paid"}}}
    q = w.call("POST", "/{brand}/questions", question, 201)["id"]
    w.call("PUT", "/{brand}/questions/{id}", {**question, "name": "Paid orders"}, id=q)
    changed = lily.ok("GET", "/shop/audit?action=question.changed")["items"][0]
    assert changed["before"] == {"name": "Orders"} and changed["after"] == {"name": "Paid orders"} and changed["subject"] == f"question:{q}", changed
    b = w.call("POST", "/{brand}/boards", {"name": "Monday", "questions": [q]}, 201)["id"]
    w.call("PUT", "/{brand}/boards/{id}", {"name": "Tuesday", "questions": []}, id=b)
    w.call("DELETE", "/{brand}/boards/{id}", status=204, id=b)
    w.call("DELETE", "/{brand}/questions/{id}", status=204, id=q)
    talk(w)
    w.call("POST", "/{brand}/segments", {"code": "buyers", "name": "Buyers", "expression": "orders >= 1"}, 201)
    w.call("PUT", "/{brand}/segments/{code}", {"name": "Buyers", "expression": "orders >= 2"}, code="buyers")
    lily.ok("POST", "/shop/segments", {"code": "guests", "name": "Guests", "kind": "static"}, 201)
    w.call("POST", "/{brand}/segments/{code}/members", {"add": ["m1"]}, code="guests")
    lily.ok("POST", "/shop/segments/guests/file", b"m2\n", Content_Type="application/octet-stream")
    w.done.add(("POST", "/{brand}/segments/{code}/file"))
    assert any(r["action"] == "segment.listed" and r["after"] == {"rows": 1, "members": 1} for r in lily.ok("GET", "/shop/audit?action=segment.listed")["items"])
    w.call("DELETE", "/{brand}/segments/{code}", status=204, code="buyers")
    # the brand, its members, the server
    w.call("PUT", "/{brand}/settings", {"name": "Another name"})
    w.call("PUT", "/{brand}/numbers", {"numbers": {"dormant_days": 21}})
    w.call("POST", "/{brand}/scores/refresh", {}, status=202)
    w.call("GET", "/{brand}/members/export")
    w.call("POST", "/{brand}/members/{id}/reveal", {"fields": "all", "reason": "a call"}, id="m1")
    keep_records(w)
    keep_order(w, s)
    import_a_file(w)
    if not s.store:
        w.call("POST", "/system/backup", status=202)
    else:
        w.done.add(("POST", "/system/backup"))  # on PostgreSQL there is none
    missing = set(promised()) - QUIET - w.done
    assert not missing, missing
    s.verify()


def of_people(lily):
    """Rows of what people did, the newest first: a timer may put its own between them at any moment."""
    return [r for r in lily.ok("GET", "/shop/audit?limit=20")["items"] if r["who_id"] != "timer"]


def test_what_is_refused_is_not_told_as_done():
    s = store()
    b = Browser(s)
    b.refused(401, "POST", "/session", {"name": "Lily", "password": "not-the-password"})
    lily = Browser(s)
    lily.ok("POST", "/session", {"name": "Lily", "password": OWNER})
    newest = of_people(lily)[:2]
    assert [r["action"] for r in newest] == ["session.began", "session.refused"] and newest[1]["subject"] == "staff:1", newest
    before = newest[0]["id"]
    lily.refused(404, "DELETE", "/shop/questions/999")
    lily.refused(400, "POST", "/shop/boards", {"name": ""})
    lily.refused(404, "DELETE", "/shop/keys/999")
    assert of_people(lily)[0]["id"] == before
    assert re.fullmatch(r"[\d.:a-f]+", newest[0]["after"]["address"]), newest[0]


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
