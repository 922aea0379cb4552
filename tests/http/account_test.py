#!/usr/bin/env python3
"""Accounts from end to end, against the real binary: setup, signing in, inviting, roles, revoking, keys, the audit log;
and that no secret is ever written to the server's log, an error or the metrics."""
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Skip, Store, http, run  # noqa: E402

OWNER, ROSE = "violet-harbour-79-lemon", "copper-lantern-18-oak"
SECRETS = set()  # every password, token, link and key that was in use


def secret(text):
    SECRETS.add(text)
    return text


class Browser:
    """A cookie jar and the headers a page of our own sends."""

    def __init__(self, store):
        self.store, self.cookie = store, None

    def call(self, method, path, body=None, **headers):
        given = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser/1", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.cookie:
            given["Cookie"] = self.cookie
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        status, text, answered = http(method, self.store.url + "/api/v1" + path, data, given)
        for line in answered.get_all("Set-Cookie") or []:
            assert "; HttpOnly" in line and "; SameSite=Lax" in line and "; Path=/" in line, line
            name, _, value = line.split(";")[0].partition("=")
            self.set_cookie = line
            self.cookie = f"{name}={value}" if value else None
            if value:
                secret(value)
        self.headers = answered
        return status, json.loads(text) if text else None

    def ok(self, method, path, body=None, status=200, **headers):
        got, reply = self.call(method, path, body, **headers)
        assert got == status, (method, path, got, reply)
        return reply

    def refused(self, status, method, path, body=None, **headers):
        reply = self.ok(method, path, body, status, **headers)
        assert reply["status"] == status and reply["detail"], reply
        return reply


def code_of(store):
    text = pathlib.Path(store.folder, "server.log").read_text()
    return re.findall(r"/console/setup#(\w{43})", text)[-1]


@functools.cache
def world():
    """A server with an owner, Lily, of two brands, who is signed in."""
    s = Store("shop")
    out = s.cli("init", "--data", s.dir, "--brand", "other").stdout
    s.other = dict(re.findall(r"^(api token|public write key|secret write key)\s+(\S+)$", out, re.M))
    for key in (*s.keys.values(), *s.other.values()):
        if key.startswith("wf_"):
            secret(key)
    s.serve()
    lily = Browser(s)
    assert lily.ok("GET", "/setup") == {"needed": True}
    setup = {"code": code_of(s), "name": "Lily", "password": secret(OWNER), "display": "莉莉"}
    lily.refused(401, "POST", "/setup", {**setup, "code": "x" * 43})
    p = lily.refused(400, "POST", "/setup", {**setup, "password": "Password1"})
    assert p["errors"][0]["field"] == "password", p
    me = lily.ok("POST", "/setup", setup, 201)
    assert me["person"]["name"] == "Lily" and [b["slug"] for b in me["brands"]] == ["shop", "other"], me
    assert lily.ok("GET", "/setup") == {"needed": False}
    Browser(s).refused(409, "POST", "/setup", setup)
    s.lily = lily
    return s


def invite(name, role, brand="shop", password=ROSE):
    """A new person, signed in by their invitation."""
    s = world()
    made = s.lily.ok("POST", f"/{brand}/staff", {"name": name, "role": role}, 201)
    token = secret(made["link"].split("#")[1])
    b = Browser(s)
    b.id = made["id"]
    b.ok("POST", "/session/link", {"token": token, "password": secret(password)})
    return b


def test_setup_signs_in_the_owner_of_every_brand():
    s = world()
    me = s.lily.ok("GET", "/session")
    assert me["person"] == {"id": 1, "name": "Lily", "display": "莉莉", "lang": "en", "has_password": True}, me
    assert all(b["role"] == "owner" and "staff.manage" in b["scopes"] for b in me["brands"]), me
    assert "Secure" not in s.lily.set_cookie and s.lily.cookie.startswith("wf_session=")
    assert me["idle_at"] < me["expires_at"]


def test_signing_in_and_out():
    s = world()
    b = Browser(s)
    b.refused(401, "GET", "/session")
    b.refused(401, "GET", "/shop/staff")
    b.ok("POST", "/session", {"name": " LILY ", "password": OWNER})
    old = b.cookie
    b.ok("GET", "/session")
    assert {i["current"] for i in b.ok("GET", "/sessions")["items"]} == {True, False}
    b.ok("DELETE", "/session", status=204)
    assert b.cookie is None
    b.cookie = old
    b.refused(401, "GET", "/session")
    s.lily.ok("GET", "/session")


def test_strangers_learn_nothing():
    s = world()
    world_people = {"nobody": "whatever-else", "Lily": "whatever-else", "": "x", "x" * 300: "y" * 300}
    answers = set()
    for name, password in world_people.items():
        status, reply = Browser(s).call("POST", "/session", {"name": name, "password": password})
        answers.add((status, json.dumps(reply)))
    assert len(answers) == 1 and next(iter(answers))[0] == 401, answers


def test_who_keeps_failing_has_to_wait():
    s = world()
    b, seen = Browser(s), []
    for _ in range(8):
        seen.append(b.call("POST", "/session", {"name": "guessed", "password": "wrong-password"})[0])
    assert seen[:5] == [401] * 5 and 429 in seen[5:], seen
    while True:  # until one of them is refused again
        status, _ = b.call("POST", "/session", {"name": "guessed", "password": "wrong-password"})
        if status == 429:
            break
    assert int(b.headers["Retry-After"]) >= 1, dict(b.headers)
    s.lily.ok("GET", "/session")  # others go on


def test_a_change_must_come_from_our_own_pages():
    s = world()
    body = {"name": "mallory", "role": "owner"}
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                    {"Sec_Fetch_Site": "cross-site", "Origin": s.url}):
        s.lily.refused(403, "POST", "/shop/staff", body, **headers)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        s.lily.refused(415, "POST", "/shop/staff", body, Content_Type=kind)
    Browser(s).refused(403, "POST", "/session", {"name": "Lily", "password": OWNER}, Sec_Fetch_Site="cross-site")
    assert "mallory" not in json.dumps(s.lily.ok("GET", "/shop/staff"))


def test_an_invitation_works_once_and_the_role_holds():
    s = world()
    made = s.lily.ok("POST", "/shop/staff", {"name": "rose", "role": "analyst"}, 201)
    token = secret(made["link"].split("#")[1])
    assert made["state"] == "invited" and made["link"].startswith("/console/link#")
    rose = Browser(s)
    rose.refused(400, "POST", "/session/link", {"token": token})
    rose.refused(400, "POST", "/session/link", {"token": token, "password": "12345678"})
    me = rose.ok("POST", "/session/link", {"token": token, "password": secret(ROSE)})
    assert [(b["slug"], b["role"]) for b in me["brands"]] == [("shop", "analyst")], me
    Browser(s).refused(401, "POST", "/session/link", {"token": token, "password": ROSE})
    rose.ok("POST", "/session", {"name": "Rose", "password": ROSE})
    for method, path, body in [("GET", "/shop/staff", None), ("GET", "/shop/keys", None), ("GET", "/shop/audit", None),
                               ("POST", "/shop/staff", {"name": "m", "role": "owner"}), ("DELETE", "/shop/staff/1", None),
                               ("POST", "/shop/staff/1/link", None), ("POST", "/shop/keys", {"kind": "token", "name": "x"})]:
        rose.refused(403, method, path, body)
    alike = {json.dumps(rose.refused(404, "GET", f"/{brand}/staff")) for brand in ("other", "absent", "SHOP")}
    assert len(alike) == 1, alike
    rose.id = made["id"]
    s.rose = rose


def test_a_changed_role_ends_the_sessions_and_a_taken_one_the_access():
    s = world()
    fay = invite("fay", "analyst")
    fay.ok("GET", "/session")
    s.lily.ok("PUT", f"/shop/staff/{fay.id}", {"role": "growth"})
    fay.refused(401, "GET", "/session")
    me = fay.ok("POST", "/session", {"name": "fay", "password": ROSE})
    assert me["brands"][0]["role"] == "growth"
    s.lily.ok("POST", "/other/staff", {"name": "fay", "role": "partner"}, 201)
    s.lily.ok("DELETE", f"/shop/staff/{fay.id}", status=204)
    assert [b["slug"] for b in fay.ok("GET", "/session")["brands"]] == ["other"]
    s.lily.ok("DELETE", f"/other/staff/{fay.id}", status=204)
    fay.refused(401, "GET", "/session")
    Browser(s).refused(401, "POST", "/session", {"name": "fay", "password": ROSE})
    s.lily.refused(404, "DELETE", f"/shop/staff/{fay.id}")


def test_an_owner_of_one_brand_cannot_reach_into_another():
    s = world()
    olga = invite("olga", "owner", "other")
    both = invite("both", "analyst", "shop")
    olga.refused(404, "POST", f"/other/staff/{both.id}/link")
    olga.ok("POST", "/other/staff", {"name": "both", "role": "clerk"}, 201)
    olga.refused(403, "POST", f"/other/staff/{both.id}/link")
    olga.refused(403, "POST", "/other/staff/1/link")
    olga.refused(409, "DELETE", "/other/staff/1")
    olga.refused(404, "GET", "/shop/staff")
    assert not any(i["brand"] != "other" for i in olga.ok("GET", "/other/audit")["items"])


def test_a_reset_by_link_ends_all_sessions():
    s = world()
    ivy = invite("ivy", "analyst")
    old = secret(s.lily.ok("POST", f"/shop/staff/{ivy.id}/link", status=201)["link"].split("#")[1])
    new = secret(s.lily.ok("POST", f"/shop/staff/{ivy.id}/link", status=201)["link"].split("#")[1])
    Browser(s).refused(401, "POST", "/session/link", {"token": old, "password": ROSE})
    other = Browser(s)
    other.ok("POST", "/session/link", {"token": new, "password": secret("another-quiet-river-5")})
    ivy.refused(401, "GET", "/session")
    Browser(s).refused(401, "POST", "/session", {"name": "ivy", "password": ROSE})


def test_one_changes_ones_own_password():
    s = world()
    may = invite("may", "analyst")
    elsewhere = Browser(s)
    elsewhere.ok("POST", "/session", {"name": "may", "password": ROSE})
    changed = secret("slow-green-train-44")
    p = may.refused(400, "PUT", "/me", {"password": {"current": "wrong-password", "new": changed}})
    assert p["errors"][0]["field"] == "password.current", p
    before = may.cookie
    me = may.ok("PUT", "/me", {"display": "May B.", "lang": "zh", "password": {"current": ROSE, "new": changed}})
    assert me["person"]["display"] == "May B." and me["person"]["lang"] == "zh", me
    assert may.cookie != before
    may.ok("GET", "/session")
    elsewhere.refused(401, "GET", "/session")
    after = may.cookie
    may.cookie = before
    may.refused(401, "GET", "/session")
    may.cookie = after
    mine = may.ok("GET", "/sessions")["items"]
    assert len(mine) == 1 and mine[0]["agent"] == "Browser/1" and mine[0]["address"] == "127.0.0.1", mine
    may.refused(404, "DELETE", "/sessions/999999")
    may.ok("DELETE", f"/sessions/{mine[0]['id']}", status=204)
    may.refused(401, "GET", "/session")


def ask(token, brand="shop"):
    s = world()
    return http("POST", f"{s.url}/api/v1/{brand}/query", b'{"trend":{"kind":"*","by":"month"}}',
                {"Authorization": "Bearer " + token, "Content-Type": "application/json"})[0]


def test_keys_are_live_when_made_and_dead_when_revoked():
    s = world()
    made = s.lily.ok("POST", "/shop/keys", {"kind": "token", "name": "till", "scopes": ["insight.read"], "expires_days": 30}, 201)
    key = secret(made["secret"])
    assert key.startswith("wf_live_") and len(key) == 57 and made["prefix"] == key[:12] + "…", made
    assert ask(key) == 200 and ask(key, "other") == 404 and ask(key[:-1] + ("0" if key[-1] != "0" else "1")) == 401
    status = http("GET", s.url + "/api/v1/shop/audit", headers={"Authorization": "Bearer " + key})[0]
    assert status == 403, status
    second = s.lily.ok("POST", f"/shop/keys/{made['id']}/rotate", status=201)
    secret(second["secret"])
    assert second["scopes"] == ["insight.read"] and second["family"] == made["id"]
    s.lily.refused(409, "POST", f"/shop/keys/{made['id']}/rotate")
    assert ask(key) == 200 and ask(second["secret"]) == 200
    s.lily.ok("DELETE", f"/shop/keys/{made['id']}", status=204)
    assert ask(key) == 401 and ask(second["secret"]) == 200
    s.lily.refused(404, "DELETE", f"/shop/keys/{made['id']}")
    s.lily.refused(404, "DELETE", f"/other/keys/{second['id']}")
    listed = s.lily.ok("GET", "/shop/keys")["items"]
    assert [k["id"] for k in listed] == sorted((k["id"] for k in listed), reverse=True)
    by_id = {k["id"]: k for k in listed}
    assert by_id[made["id"]]["revoked_at"] and by_id[second["id"]]["last_used"], by_id
    assert key not in json.dumps(listed)
    p = s.lily.refused(400, "POST", "/shop/keys", {"kind": "token", "name": "x", "scopes": ["everything"]})
    assert p["errors"][0]["field"] == "scopes"


def test_a_public_key_is_for_its_origins():
    s = world()
    made = s.lily.ok("POST", "/shop/keys", {"kind": "public", "name": "site", "origins": ["https://shop.example"]}, 201)
    event = json.dumps({"type": "track", "anonymousId": "a1", "event": "page.viewed", "writeKey": secret(made["secret"])}).encode()
    for origin, status in (("https://shop.example", 200), ("https://evil.example", 403), ("null", 403)):
        got = http("POST", s.url + "/v1/track", event, {"Content-Type": "text/plain", "Origin": origin})[0]
        assert got == status, (origin, got)
    assert made["scopes"] == [] and ask(made["secret"]) == 401


def test_commands_work_through_the_servers_socket_at_once():
    s = world()
    key = secret(s.run("key", "add", "--name", "cli", "--scopes", "insight.read").stdout.strip())
    assert ask(key) == 200
    number = next(line.split()[0] for line in s.run("key", "list").stdout.splitlines() if key[:12] in line)
    s.run("key", "revoke", number)
    assert ask(key) == 401
    link = s.cli("link", "--data", s.dir, "--name", "kim", "--url", s.url).stdout.strip()
    assert link.startswith(s.url + "/console/link#"), link
    kim = Browser(s)
    me = kim.ok("POST", "/session/link", {"token": secret(link.split("#")[1])})
    assert {b["role"] for b in me["brands"]} == {"owner"}, me
    s.cli("staff", "disable", "kim", "--data", s.dir)
    kim.refused(401, "GET", "/session")
    assert re.search(r"kim\s+disabled", s.cli("staff", "list", "--data", s.dir).stdout)
    s.cli("staff", "enable", "kim", "--data", s.dir)
    reset = s.cli("staff", "reset", "kim", "--data", s.dir).stdout.strip()
    kim.ok("POST", "/session/link", {"token": secret(reset.split("#")[1]), "password": secret("cedar-window-nine-9")})
    assert s.cli("staff", "add", "kim2", "--role", "king", "--data", s.dir, check=False).returncode == 2


def test_the_audit_log_shows_what_was_done():
    s = world()
    page, rows, cursor = None, [], ""
    while page is None or page["next"]:
        page = s.lily.ok("GET", f"/shop/audit?limit=7{cursor}")
        rows += page["items"]
        cursor = f"&cursor={page['next']}"
    ids = [r["id"] for r in rows]
    assert ids == sorted(set(ids), reverse=True) and ids[-1] <= 7, ids
    actions = {r["action"] for r in rows}
    assert {"staff.added", "session.began", "key.created"} <= actions, actions
    added = next(r for r in rows if r["action"] == "staff.added" and r["who"] == "Lily")
    assert added["who_id"] == "staff:1" and added["after"]["name"], added
    only = s.lily.ok("GET", "/shop/audit?action=staff.")["items"]
    assert only and all(r["action"].startswith("staff.") for r in only)
    exported = [json.loads(line) for line in s.cli("audit", "--data", s.dir).stdout.splitlines()]
    assert {r["id"] for r in exported} >= set(ids) and exported[-1]["id"] == 1
    s.verify()


def test_a_flood_of_sign_ins_is_bounded_and_others_are_served():
    s = world()

    def attempt(i):
        return Browser(s).call("POST", "/session", {"name": f"flood{i}", "password": "wrong-password"})[0]

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        attempts = [pool.submit(attempt, i) for i in range(48)]
        others = [s.lily.call("GET", "/session")[0] for _ in range(20)]
        seen = {a.result() for a in attempts}
    assert seen <= {401, 429} and 429 in seen, seen
    assert set(others) == {200}, others


def test_an_old_session_and_an_old_link_are_void_after_a_restart():
    s = world()
    if s.store:
        raise Skip("the tables are changed as SQLite's")
    zoe = invite("zoe", "analyst")
    link = secret(s.lily.ok("POST", f"/shop/staff/{zoe.id}/link", status=201)["link"].split("#")[1])
    zoe.ok("GET", "/session")
    s.stop()
    db = sqlite3.connect(os.path.join(s.dir, "server.db"), isolation_level=None)
    db.execute("UPDATE staff_session SET seen_at = seen_at - 31 * 60000 WHERE person = ?", (zoe.id,))
    db.execute("UPDATE staff_link SET expires_at = 1")
    db.close()
    s.serve()
    zoe.refused(401, "GET", "/session")
    Browser(s).refused(401, "POST", "/session/link", {"token": link, "password": ROSE})
    s.lily.ok("GET", "/session")


def test_damage_to_the_audit_log_is_found():
    s = world()
    if s.store:
        raise Skip("the tables are changed as SQLite's")
    s.stop()
    try:
        s.verify()
        path = os.path.join(s.dir, "server.db")
        for change, back in [("UPDATE audit SET action = action || 'x' WHERE number = 3",
                              "UPDATE audit SET action = substr(action, 1, length(action) - 1) WHERE number = 3"),
                             ("UPDATE audit SET number = -number WHERE number = 4", "UPDATE audit SET number = 4 WHERE number = -4"),
                             ("UPDATE audit_head SET number = number + 1", "UPDATE audit_head SET number = number - 1")]:
            db = sqlite3.connect(path, isolation_level=None)
            db.execute(change)
            p = s.cli("verify", "--data", s.dir, check=False)
            assert p.returncode == 3 and "audit" in p.stdout, (change, p.stdout)
            db.execute(back)
            db.close()
        s.verify()
    finally:
        s.serve()


def test_no_secret_is_in_a_log_a_metric_or_a_table():
    s = world()
    assert len(SECRETS) > 20
    b = Browser(s)
    b.call("POST", "/session", {"name": "Lily", "password": secret("canary-pass\"}\n-77")})
    b.call("POST", "/session", {"name": secret("canary-name-77"), "password": OWNER, "extra": secret("canary-extra-77")})
    http("GET", s.url + "/api/v1/session/link?token=" + secret("canary-query-77"))
    seen = {"log": pathlib.Path(s.folder, "server.log").read_bytes(), "metrics": http("GET", s.url + "/metrics")[1],
            "export": s.cli("audit", "--data", s.dir).stdout.encode()}
    s.stop()
    for name in ("server.db", "server.db-wal"):
        path = pathlib.Path(s.dir, name)
        seen[name] = path.read_bytes() if path.exists() else b""
    for where, text in seen.items():
        for canary in SECRETS:
            assert canary.encode() not in text, (where, canary)
    s.serve()


def test_by_tls_the_cookie_is_for_this_host_alone():
    s = Store("shop")
    try:
        s.serve()
        b = Browser(s)
        b.ok("POST", "/setup", {"code": code_of(s), "name": "Lily", "password": OWNER}, 201, X_Forwarded_Proto="https")
        assert "Secure" not in b.set_cookie  # nobody may say so whom we were not told to trust
        s.stop()
        s.server = subprocess.Popen([os.environ.get("WELLFIELD") or str(pathlib.Path(__file__).parents[2] / "build/wellfield"), "serve", "--data",
                                     s.dir, "--listen", f"127.0.0.1:{s.port}", "--trust-proxy", "127.0.0.1/32"], stdout=s.log, stderr=s.log)
        while s.server.poll() is None:
            try:
                if http("GET", s.url + "/ready")[0] == 200:
                    break
            except OSError:
                pass
        b = Browser(s)
        b.ok("POST", "/session", {"name": "Lily", "password": OWNER}, X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9")
        assert b.cookie.startswith("__Host-wf_session=") and "; Secure" in b.set_cookie, b.set_cookie
        assert b.ok("GET", "/sessions", X_Forwarded_Proto="https")["items"][0]["address"] == "203.0.113.9"
        b.refused(401, "GET", "/session")  # without TLS this cookie is none
    finally:
        s.close()


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if world.cache_info().currsize:
            world().close()
