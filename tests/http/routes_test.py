#!/usr/bin/env python3
"""Every route of the API, as /api/openapi.json lists them: who gets in, and what hostile parameters and fields are told.

A new route is in here by being in its table. matrix_test.py does the same for intake and questions."""
import functools
import http.client
import json
import pathlib
import re
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from matrix_test import VALUES, build  # noqa: E402
from wellfield import Store, run  # noqa: E402
from wellfield import http as fetch  # noqa: E402

PASSWORD = "a password of an owner"

# Values of a query parameter, before they are percent-encoded.
TEXTS = ["", " ", "0", "-0", "-1", "1", "201", "2147483648", "9007199254740993", "9223372036854775808", "1e309", "0x10", "NaN", "true", "null", "\x00",
         "\x01", "a\nb", "\u202e", "\U0001f600" * 40, "签到", "v" * 1024, "v" * 1025, "v" * 4000, "'; DROP TABLE member; --", "<script>alert(1)</script>",
         "=cmd|'/c calc'!A1", "{{7*7}}%s%n", "../../../../etc/passwd", "2025-01-31", "2025-02-30", "9999-12-31T23:59:59.999Z", "m1", "m0", "m4294967296",
         "a,b,c", ",", ",".join("abcdefghij" * 30), '{"a":1}', "[" * 100, "(" * 1000, "id asc; drop", "%", "\\", '"']
# Segments of a path in the place of an {id}, percent-encoded.
SEGMENTS = ["0", "-1", "1", "m0", "m1", "m01", "m4294967296", "9999999999999999999999", "x", "%20", "%2e%2e", "%2F", "..%2f..", "%00", "%ff", "%F0%9F%98%80",
            "v" * 300, "1;2", "1'--", "m1%0a"]


@functools.cache
def store():
    s = Store("shop")
    s.run("simulate", "--members", "50", "--days", "30", "--seed", "3")
    out = s.cli("init", "--data", s.dir, "--brand", "other").stdout
    s.other = re.search(r"^api token\s+(\S+)$", out, re.M)[1]
    return s.serve()


@functools.cache
def owner():
    """The headers of a page of ours, with the session of somebody who may do everything."""
    s = store()
    code = s.setup_code()
    body = json.dumps({"code": code, "name": "Lily", "password": PASSWORD}).encode()
    status, answer, headers = fetch("POST", s.url + "/api/v1/setup", body, {"Content-Type": "application/json"})
    assert status == 201, (status, answer)
    return page_of_ours(headers)


def page_of_ours(headers):
    """What the page sends that got this answer."""
    return {"Cookie": headers["Set-Cookie"].split(";")[0], "Sec-Fetch-Site": "same-origin"}


def confirm():
    """The owner's password counts for five minutes."""
    assert ask("POST", "/api/v1/session/confirm", owner(), json.dumps({"password": PASSWORD}).encode())[0] == 204


@functools.cache
def operations():
    """(method, path, operation) of all that needs authority."""
    paths = json.loads(fetch("GET", store().url + "/api/openapi.json")[1])["paths"]
    found = [(method.upper(), path, op) for path, methods in paths.items() if path.startswith("/api/v1/") for method, op in methods.items()]
    assert len(found) >= 10, found
    return found


def filled(path, brand="shop", segment="1"):
    path = path.replace("{brand}", brand)
    return re.sub(r"\{\w+\}", "m1" if "/members/" in path and segment == "1" else segment, path)


def ask(method, path, headers=None, body=None):
    """(status, body or None of a stream). What fails is a problem, and whole."""
    c = http.client.HTTPConnection("127.0.0.1", store().port, timeout=60)
    if body is not None:
        headers = {"Content-Type": "application/json", **(headers or {})}
    c.request(method, path, body, headers or {})
    r = c.getresponse()
    if r.status == 429:  # more than a thousand calls a second: come back when the server says
        r.read()
        c.close()
        time.sleep(int(r.headers["Retry-After"]))
        return ask(method, path, headers, body)
    stream = (r.headers["Content-Type"] or "").startswith("text/event-stream")
    answer = None if stream else r.read()
    c.close()
    assert r.status < 500, (method, path, r.status, answer)
    if r.status >= 400:
        assert r.headers["Content-Type"] == "application/problem+json", (method, path, r.status, r.headers["Content-Type"])
        p = json.loads(answer)
        assert p["status"] == r.status and p["code"] and p["detail"] and p["title"], (path, p)
    return r.status, answer


def body_of(op):
    return b"{}" if "requestBody" in op else None


def token(text=None):
    return {"Authorization": "Bearer " + (text or store().token)}


def test_a_stranger_gets_in_nowhere():
    s = store()
    strangers = [{}, token("garbage"), token("wf_live_" + "0" * 48), token(s.keys["public write key"]), token(s.keys["secret write key"]),
                 {"Authorization": "Basic " + s.token}, {"Authorization": ""}, {"Cookie": "wf_session=" + "A" * 43}, {"Cookie": "wf_session="},
                 {"Cookie": "__Host-wf_session=" + s.token}, {"Cookie": "wf_session=" + s.token}]
    checked = 0
    for method, path, op in operations():
        if not op["security"]:
            continue
        answers = set()
        for headers in strangers:
            for brand in ("shop", "absent"):
                status, answer = ask(method, filled(path, brand), headers, body_of(op))
                assert status == 401, (method, path, headers, status)
                answers.add(answer)
        assert len(answers) == 1, (path, answers)
        checked += 1
    assert checked >= 10, checked


def test_a_token_reaches_its_own_brand_alone():
    s = store()
    for method, path, op in operations():
        if "{brand}" not in path:
            continue
        absent = ask(method, filled(path, "absent"), token(), body_of(op))
        others = ask(method, filled(path, "other"), token(), body_of(op))
        assert absent[0] == 404 and absent == others, (method, path, absent, others)
        assert ask(method, filled(path), token(s.other), body_of(op)) == absent, (method, path)


def test_a_cookie_changes_nothing_unless_a_page_of_ours_sent_it():
    cookie = {"Cookie": owner()["Cookie"]}
    for method, path, op in operations():
        if method == "GET" or not op["security"]:
            continue
        for more in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
            status, _ = ask(method, filled(path), {**cookie, **more}, body_of(op))
            assert status == 403, (method, path, more, status)


READ = {"overview.read", "members.read", "insight.read", "settings.read", "audit.read", "system.read", "imports.write"}


def test_a_token_does_what_its_scopes_allow():
    for method, path, op in operations():
        if not op["security"]:
            continue
        status = ask(method, filled(path), token(), body_of(op))[0]
        if op.get("x-owner"):
            assert status == 403, (method, path, status)
        elif op["x-scope"] in READ:
            assert status not in (401, 403), (method, path, status)
        else:
            assert status == 403, (method, path, op["x-scope"], status)


def test_what_opens_more_doors_asks_for_the_password_again():
    s = store()
    owner()
    link = s.cli("link", "--data", s.dir, "--name", "Lily").stdout.strip().split("#")[1]
    status, answer, headers = fetch("POST", s.url + "/api/v1/session/link", json.dumps({"token": link}).encode(), {"Content-Type": "application/json"})
    assert status == 200 and json.loads(answer)["confirmed_until"] is None and json.loads(answer)["person"]["has_password"], answer
    lily = page_of_ours(headers)
    asking = {(method, path.replace("/api/v1/{brand}", "")) for method, path, op in operations() if op.get("x-confirm")}
    assert asking == {("GET", "/members/export"), ("GET", "/groups/{id}/members/export"), ("GET", "/members/{id}/export"), ("POST", "/members/{id}/erase"), ("PUT", "/privacy/retention"), ("POST", "/privacy/purge"), ("POST", "/keys"), ("POST", "/keys/{id}/rotate"), ("POST", "/staff"), ("POST", "/staff/{id}/link")}, asking

    def refused():
        """How many of all routes ask for it."""
        found = 0
        for method, path, op in operations():
            if not may(op) or (method, path) == ("DELETE", "/api/v1/{brand}/staff/{id}"):
                continue
            status, answer = ask(method, filled(path, segment="999"), lily, body_of(op))
            if status == 403:
                p = json.loads(answer)
                assert op["x-confirm"] and p["code"] == "confirm_password" and p["type"].endswith("/confirm-password"), (path, p)
                found += 1
        return found

    assert refused() == len(asking)
    status, answer = ask("POST", "/api/v1/session/confirm", lily, b'{"password":"a wrong password"}')
    assert status == 400 and json.loads(answer)["errors"][0]["field"] == "password", answer
    assert refused() == len(asking)
    assert ask("POST", "/api/v1/session/confirm", lily, json.dumps({"password": PASSWORD}).encode())[0] == 204
    assert refused() == 0
    assert json.loads(ask("GET", "/api/v1/session", lily)[1])["confirmed_until"]
    assert ask("GET", "/api/v1/shop/members/export", lily)[0] == 200
    # a key is its own proof
    assert ask("POST", "/api/v1/session/confirm", token(), b'{"password":"x"}')[0] == 403
    status, made = ask("POST", "/api/v1/shop/keys", lily, b'{"kind":"token","name":"x","scopes":["members.export"]}')
    assert status == 201, made
    assert ask("GET", "/api/v1/shop/members/export", token(json.loads(made)["secret"]))[0] == 200
    assert ask("DELETE", f"/api/v1/shop/keys/{json.loads(made)['id']}", lily)[0] == 204


def test_who_came_by_a_link_and_has_no_password_is_not_asked_for_it():
    s = store()
    link = s.cli("link", "--data", s.dir, "--name", "demo").stdout.strip().split("#")[1]
    status, answer, headers = fetch("POST", s.url + "/api/v1/session/link", json.dumps({"token": link}).encode(), {"Content-Type": "application/json"})
    assert status == 200 and not json.loads(answer)["person"]["has_password"], answer
    demo = page_of_ours(headers)
    assert ask("GET", "/api/v1/shop/members/export", demo)[0] == 200
    assert ask("POST", "/api/v1/session/confirm", demo, b'{"password":""}')[0] == 409


def may(op):
    """What an owner is let try with hostile input; their own session and password are left alone."""
    return bool(op["security"]) and op["x-scope"] != "signed in"


def test_hostile_parameters_are_refused_by_name():
    confirm()
    asked = 0
    for method, path, op in operations():
        if not may(op):
            continue
        names = [p["name"] for p in op["parameters"] if p["in"] == "query"]
        if method == "DELETE":
            continue
        status, answer = ask(method, filled(path) + "?no_such_parameter=1", owner(), body_of(op))
        assert status == 400 and json.loads(answer)["errors"][0]["field"] == "no_such_parameter", (path, status, answer)
        for name in names:
            for value in TEXTS:
                status, answer = ask(method, f"{filled(path)}?{name}={urllib.parse.quote(value)}", owner(), body_of(op))
                asked += 1
                if status == 400 and "\x00" not in value:
                    assert json.loads(answer)["errors"], (path, name, value, answer)
    assert asked >= 300, asked


def test_hostile_segments_of_a_path_find_nothing():
    confirm()
    for method, path, op in operations():
        if not may(op) or not re.search(r"\{(?!brand)\w+\}", path):
            continue
        for segment in SEGMENTS:
            if segment in ("1", "m1") and method != "GET":
                continue  # these may be there, and other tests need them
            status, _ = ask(method, filled(path, segment=segment), owner(), body_of(op))
            json_body = "application/json" in op.get("requestBody", {}).get("content", {"application/json"})
            assert status in (400, 404) or (status == 415 and not json_body) or (status < 300 and segment in ("1", "m1")), (method, path, segment, status)


def test_hostile_fields_of_a_body_are_refused_by_name():
    confirm()
    asked = 0
    for method, path, op in operations():
        schema = op.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if not may(op) or not schema.get("properties"):
            continue
        sound = {"string": b'"true"', "integer": b"1", "boolean": b"true", "array": b"[]", "object": b"{}"}
        fields = {name: sound.get(f.get("type")) for name, f in schema["properties"].items()}
        for name in fields:
            for label, value in VALUES.items():
                status, answer = ask(method, filled(path), owner(), build(fields, name, value))
                asked += 1
                if status == 400:
                    assert json.loads(answer)["errors"], (path, name, label, answer)
        status, answer = ask(method, filled(path), owner(), build({**fields, "no_such_field": b"1"}))
        assert status == 400 and any(e["field"] == "no_such_field" for e in json.loads(answer)["errors"]), (path, status, answer)
        for body in (b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}{}", b"\xff", b"\x00", b"\xef\xbb\xbf{}", b"[" * 1000):
            assert ask(method, filled(path), owner(), body)[0] in (400, 413) or body == b"", (path, body)
    assert asked >= 50, asked


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
