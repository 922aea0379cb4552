#!/usr/bin/env python3
"""The API's own routes: who may call them, what they say when they refuse, and that they stand a crowd.

matrix_test.py tries every hostile value in every field; here stands which field a refusal names."""
import concurrent.futures
import csv
import functools
import http.client as http_client
import io
import json
import pathlib
import re
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402

TREND = {"trend": {"kind": "*", "by": "month"}}
# One sound question of each type, every field given.
SOUND = {
    "trend": {"kind": "order.paid", "measure": "events", "by": "day", "breakdown": "group"},
    "funnel": {"steps": [{"kind": "page.viewed"}, {"kind": "order.paid"}], "window": "7d", "mode": "ordered", "breakdown": "group"},
    "retention": {"birth": {"kind": "*"}, "return": {"kind": "*"}, "first": "ever", "nth": 1, "align": "calendar", "by": "week", "periods": 4,
                  "type": "classic"},
    "paths": {"anchor": {"kind": "page.viewed"}, "direction": "after", "depth": 3, "within": "1d", "fold": True, "top": 5},
    "stickiness": {"kind": "*", "days": 28},
    "lifecycle": {"by": "week"},
    "activity": {"kind": "*", "by": "week"},
    "rfm": {"as_of": "2026-01-01"},
    "repeat": {"kind": "order.paid", "unit": "week", "horizon": "90d"},
    "segment": {"expr": 'did("order.paid")', "sample": 3},
}
COMMON = {"from": "2020-01-01", "to": "2030-01-01"}


@functools.cache
def store():
    """Half a year of two thousand members, and a brand of a neighbour."""
    s = Store("shop")
    s.run("simulate", "--members", "2000", "--days", "180", "--seed", "7")
    out = s.cli("init", "--data", s.dir, "--brand", "other").stdout
    s.other = dict(re.findall(r"^(api token|public write key|secret write key)\s+(\S+)$", out, re.M))
    return s.serve()


def post(question, brand="shop", token=None, **headers):
    s = store()
    body = question if isinstance(question, bytes) else json.dumps(question).encode()
    auth = {} if token == "" else {"Authorization": "Bearer " + (token or s.token)}
    return http("POST", f"{s.url}/api/v1/{brand}/query", body, {"Content-Type": "application/json", **auth, **headers})


def problem(answer, status):
    code, body, headers = answer
    assert code == status, (code, body)
    assert headers["Content-Type"] == "application/problem+json", headers["Content-Type"]
    p = json.loads(body)
    assert p["status"] == status and p["type"] == "about:blank" and p["title"] and p["detail"] and p["code"], p
    return p


def metric(name):
    text = http("GET", store().url + "/metrics")[1].decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])


# ---- who may ask ----

def test_a_question_needs_the_token_of_its_brand():
    s = store()
    assert post(TREND)[0] == 200
    for bad in ("", "x", "wf_live_" + "0" * 48, s.token[:-1], s.token + "0", s.token.upper(), s.keys["public write key"], s.keys["secret write key"]):
        answer = post(TREND, token=bad)
        p = problem(answer, 401)
        assert p["code"] == "unauthorized" and answer[2]["WWW-Authenticate"] == "Bearer", (bad, p)
    for header in ("Basic " + s.token, s.token, "Bearer", "Bearer ", "bearer\t" + s.token + " x", "Token " + s.token):
        assert post(TREND, token="", Authorization=header)[0] == 401, header
    assert post(TREND, token="", Authorization="bEARER  " + s.token)[0] == 200


def test_all_refusals_of_a_stranger_are_alike():
    seen = {post(TREND, brand=brand, token=bad)[1] for brand in ("shop", "other", "absent", "a" * 300) for bad in ("", "garbage")}
    assert len(seen) == 1, seen


def test_a_brand_of_others_is_as_absent_as_no_brand():
    s = store()
    alike = {post(TREND, brand=brand)[1] for brand in ("other", "absent", "SHOP", "shop%20", "%2e%2e", "a" * 300)}
    assert len(alike) == 1, alike
    problem(post(TREND, brand="other"), 404)
    assert post(TREND, brand="other", token=s.other["api token"])[0] == 200
    problem(post(TREND, brand="shop", token=s.other["api token"]), 404)


def test_a_token_sends_no_events():
    s = store()
    event = json.dumps({"type": "track", "userId": "u", "event": "x.y"}).encode()
    for credential in (s.token, "garbage", s.other["api token"]):
        problem(http("POST", s.url + "/v1/track", event, {"Authorization": "Bearer " + credential, "Content-Type": "application/json"}), 401)
    problem(http("POST", s.url + "/v1/track", event, {"Content-Type": "application/json"}), 401)


def test_open_routes_say_nothing_of_members():
    s = store()
    for auth in ({}, {"Authorization": "Bearer garbage"}, {"Authorization": "Bearer " + s.other["api token"]}):
        assert http("GET", s.url + "/health", headers=auth)[:2] == (200, b'{"status":"up"}')
        assert http("GET", s.url + "/ready", headers=auth)[:2] == (200, b'{"status":"ready"}')
        assert http("GET", s.url + "/overview", headers=auth)[0] == 200
        status, body, headers = http("GET", s.url + "/metrics", headers=auth)
        assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert b"wf_" not in body and b"u1" not in body


def ask_plainly(path, **headers):
    """One request as it is, redirects not followed: (status, headers, body)."""
    c = http_client.HTTPConnection("127.0.0.1", store().port, timeout=30)
    c.request("GET", path, None, headers)
    r = c.getresponse()
    answer = r.status, r.headers, r.read()
    c.close()
    return answer


def test_the_bare_address_leads_to_the_console():
    for host in ("127.0.0.1", "wellfield.example"):
        status, headers, body = ask_plainly("/", Host=host)
        assert (status, headers["Location"], body) == (302, "/console/", b""), (status, headers)


def test_metrics_are_for_this_machine_and_for_keys_that_may_look():
    s = store()
    elsewhere = [{"Host": "wellfield.example"}, {"X-Forwarded-For": "203.0.113.9"}, {"Via": "1.1 proxy"}, {"Forwarded": "for=203.0.113.9"},
                 {"X-Real-IP": "203.0.113.9"}, {"X-Forwarded-Proto": "https"}]
    for headers in elsewhere:
        status, _, body = ask_plainly("/metrics", **headers)
        assert status == 401 and b"wellfield_" not in body, (headers, status)
        assert ask_plainly("/overview", **headers)[0] == 403, headers
        for wrong in ("garbage", s.keys["secret write key"]):
            assert ask_plainly("/metrics", Authorization="Bearer " + wrong, **headers)[0] == 401
        status, _, body = ask_plainly("/metrics", Authorization="Bearer " + s.token, **headers)
        assert status == 200 and b'{brand="shop"}' in body and b'{brand="other"}' not in body, headers
    reader = s.run("key", "add", "--name", "reader", "--scopes", "insight.read").stdout.strip()
    assert ask_plainly("/metrics", Authorization="Bearer " + reader, Host="wellfield.example")[0] == 403
    assert b'{brand="other"}' in ask_plainly("/metrics")[2]


def test_metrics_are_lines_of_prometheus():
    s = store()
    before = metric("wellfield_queries_total")
    post(TREND)
    assert metric("wellfield_queries_total") == before + 1
    lines = http("GET", s.url + "/metrics")[1].decode().splitlines()
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.]+', line), line
    events = next(line for line in lines if line.startswith('wellfield_events_total{brand="shop"}'))
    assert int(events.split()[1]) == json.loads(post(TREND)[1])["as_of_seq"]


def test_other_methods_and_addresses_are_refused():
    s = store()
    answer = http("GET", f"{s.url}/api/v1/shop/query", headers={"Authorization": "Bearer " + s.token})
    problem(answer, 405)
    assert "POST" in answer[2]["Allow"]
    for path in ("/health", "/ready", "/metrics", "/overview"):
        problem(http("POST", s.url + path, b"{}"), 405)
        assert http("HEAD", s.url + path)[:2] == (200, b"")
    for path in ("/api", "/api/v1/shop", "/api/v2/shop/query", "/healthz", "/..%2f", "/%00"):
        assert http("GET", s.url + path)[0] in (400, 404), path


def test_the_server_shows_how_it_does():
    s = store()
    ask = lambda path="", token=s.token: http("GET", s.url + "/api/v1/system" + path, headers={"Authorization": "Bearer " + token} if token else {})  # noqa: E731
    status, body, headers = ask()
    system = json.loads(body)
    assert status == 200 and headers["Content-Type"] == "application/json"
    assert system["version"] and system["rss_bytes"] > 1 << 20 and system["disk"]["free_bytes"] > 0, system
    assert [b["slug"] for b in system["brands"]] == ["shop"] and system["brands"][0]["events"] > 0, "other brands are none of the caller's"
    assert [b["slug"] for b in json.loads(ask(token=s.other["api token"])[1])["brands"]] == ["other"]
    for bad in (None, "garbage", s.keys["public write key"], s.keys["secret write key"]):
        problem(ask(token=bad), 401)
    p = problem(ask("?x=1&y=2"), 400)
    assert [(e["field"], e["code"]) for e in p["errors"]] == [("x", "invalid"), ("y", "invalid")], p
    problem(http("POST", s.url + "/api/v1/system", b"{}", {"Authorization": "Bearer " + s.token}), 405)


def test_the_console_is_served_or_says_how_to_build_it():
    s = store()
    status, body, headers = http("GET", s.url + "/console/")
    if status == 200:
        assert b"<script" in body and headers["Cache-Control"] == "no-cache" and "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert http("GET", s.url + "/console/members/m1")[1] == body, "a path of the application gets its page"
        for path in re.findall(rb'(?:src|href)="/console/([^"]+)"', body):
            asset = http("GET", s.url + "/console/" + path.decode(), headers={"Accept-Encoding": "br"})
            assert asset[0] == 200 and len(asset[1]) > 0, path
    else:
        assert status == 404 and b"make" in body and headers["Content-Type"].startswith("text/plain"), (status, body)
    assert http("GET", s.url + "/console/assets/absent-00000000.js")[0] == 404
    assert http("GET", s.url + "/console")[1] == body, "the name without its slash leads there"


# ---- what a refusal names ----

def test_a_wrong_field_is_named_by_its_path():
    for name, fields in SOUND.items():
        assert post({name: fields})[0] == 200, (name, post({name: fields})[1])
        for field in fields:
            for value in ([[]], {"a": {}}, [None], -0.5):
                p = problem(post({name: {**fields, field: value}}), 400)
                assert p["errors"][0]["field"].startswith(f"{name}.{field}"), (name, field, value, p)
                assert p["errors"][0]["code"] == p["code"] == "invalid" and p["errors"][0]["message"]
        p = problem(post({name: {**fields, "nonsense": 1}}), 400)
        assert p["errors"][0]["field"] == f"{name}.nonsense", p


def test_common_fields_are_named_too():
    for field, value in (("from", 5), ("to", "yesterday"), ("where", "kind ="), ("where", 7), ("who", "orders >"), ("who", []), ("from", "2031-01-01")):
        p = problem(post({"trend": {**SOUND["trend"], **COMMON, field: value}}), 400)
        assert p["errors"][0]["field"].startswith(f"trend.{field}"), (field, value, p)


def test_what_is_no_question_is_refused():
    for body in (b"", b"null", b"[]", b"1", b'"trend"', b"{}", b"{", b'{"trend":{},"rfm":{}}', b'{"nonsense":{}}', b'{"trend":1}', b'{"trend":{"kind":"x"}} x',
                 b'{"trend":{"kind":"x","kind":"y"}}', b"\xef\xbb\xbf{}", b"\xff", b"\x00",
                 b'{"trend":{"kind":"\\ud800"}}', b'{"trend":{"kind":"a\\u0000b"}}', b'{"stickiness":{"kind":"*","days":1e309}}'):
        problem(post(body), 400)
    for body in (b"[" * 1000, b'{"trend":' * 1000, b" " * 65537, b'{"trend":{"kind":"' + b"x" * (1 << 20) + b'"}}'):
        problem(post(body), 413)


def test_refusals_speak_the_language_of_the_caller():
    words = {lang: problem(post({"funnel": {}}, **{"Accept-Language": lang}), 400)["errors"][0]["message"] for lang in ("en", "zh-CN")}
    assert words["en"] == "is missing" and words["zh-CN"] == "缺失", words


# ---- forms ----

def test_csv_is_given_to_who_asks_for_it():
    question = {"trend": {"kind": "*", "by": "month"}}
    status, body, headers = post(question, Accept="text/csv")
    assert status == 200 and headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    points = store().ask(question)["points"]
    assert [(r["at"], int(r["value"])) for r in rows] == [(p["at"], p["value"]) for p in points]
    problem(post({"funnel": {}}, Accept="text/csv"), 400)


def test_canonical_questions_read_back():
    s = store()
    for name, fields in SOUND.items():
        first = s.ask({name: {**fields}})
        again = s.ask(first["query"])
        assert again["query"] == first["query"], name
        for reply in (first, again):
            for key in ("elapsed_us", "rows_scanned"):
                reply.pop(key)
        if name != "repeat":  # a fit ends where it ends; the others must agree to the bit
            assert again == first, name


def test_the_command_line_answers_as_the_server_does():
    questions = [{"trend": {"kind": "*", "by": "week", "to": "2026-01-01"}}, {"retention": {"birth": {"kind": "*"}, "return": {"kind": "*"}, "by": "month",
                 "periods": 6}}, {"segment": {"expr": 'did("order.paid", count >= 2)', "sample": 5}}]
    with Store("shop") as s:
        s.run("simulate", "--members", "300", "--days", "90", "--seed", "5")

        def answers(ask):
            replies = [ask(q) for q in questions]
            for r in replies:
                r.pop("elapsed_us")
                r["query"][next(iter(r["query"]))].pop("to", None)  # now
            return replies
        stopped = answers(s.query)
        s.serve()
        assert answers(s.ask) == stopped, "over HTTP"
        assert answers(s.query) == stopped, "through the socket"
        bad = s.run("query", '{"funnel":{}}', check=False)
        served = (bad.returncode, bad.stderr)
        table = s.run("query", "--format", "csv", json.dumps(questions[0])).stdout
        s.stop()
        bad = s.run("query", '{"funnel":{}}', check=False)
        assert served == (bad.returncode, bad.stderr) and served[0] == 2 and "funnel.steps" in served[1], served
        assert table == s.run("query", "--format", "csv", json.dumps(questions[0])).stdout


# ---- crowds, and those who leave ----

def test_a_hundred_questions_at_once_are_answered_or_put_off():
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda i: post({"lifecycle": {"by": "day"}}), range(100)))
    statuses = {a[0] for a in answers}
    assert statuses <= {200, 429}, statuses
    assert sum(a[0] == 200 for a in answers) >= 60, [a[0] for a in answers]
    for answer in answers:
        if answer[0] == 429:
            assert problem(answer, 429)["code"] == "busy" and int(answer[2]["Retry-After"]) >= 1
    assert post(TREND)[0] == 200


def leave(question):
    """Ask and hang up."""
    s = store()
    body = json.dumps(question).encode()
    c = socket.create_connection(("127.0.0.1", s.port))
    c.sendall(b"POST /api/v1/shop/query HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + s.token.encode() +
              b"\r\nContent-Type: application/json\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
    return c


def test_a_scan_stops_when_its_client_hangs_up():
    """Asked until one was left while it ran and was stopped; a machine may be too fast for the first."""
    slow = {"repeat": {"unit": "day", "by": "member"}}
    deadline = time.monotonic() + 60
    stopped = metric("wellfield_queries_cancelled_total")
    while metric("wellfield_queries_cancelled_total") == stopped:
        assert time.monotonic() < deadline, "questions were answered to nobody"
        begun = metric("wellfield_queries_total")
        c = leave(slow)
        while metric("wellfield_queries_total") == begun:
            pass
        c.close()  # it has begun, so that no queue throws it away
        while metric("wellfield_queries_running"):
            time.sleep(0.005)


def test_who_hangs_up_is_not_answered():
    """Some are answered before they go; those who have gone are not, whether their question ran or waited."""
    before = metric("wellfield_queries_cancelled_total")
    slow = {"repeat": {"unit": "day", "by": "member"}}
    deadline = time.monotonic() + 40
    while metric("wellfield_queries_waiting") or metric("wellfield_queries_cancelled_total") < before + 8:
        assert time.monotonic() < deadline, http("GET", store().url + "/metrics")[1].decode()[-600:]
        for c in [leave(slow) for _ in range(12)]:
            c.close()
    assert post(TREND)[0] == 200


# ---- reports ----

KEYS = ["brand", "from", "to", "stages", "flow", "events_per_day", "top_kinds", "retention", "rfm", "repeat", "groups"]


def reports(s):
    texts = {form: s.run("report", "--format", form).stdout for form in ("text", "json", "html")}
    r = json.loads(texts["json"])
    assert list(r) == KEYS, list(r)
    assert texts["html"].startswith("<!doctype html>") and texts["html"].rstrip().endswith("</html>") and "<script" not in texts["html"]
    return texts["text"], r, texts["html"]


def test_a_report_of_nothing_teaches():
    with Store("fresh") as s:
        text, r, html = reports(s)
        assert "wellfield import" in text and "wellfield simulate" in html
        assert r["groups"] == [] and r["top_kinds"] == [] and r["stages"] is None and r["repeat"] is None


def test_a_report_of_orders_counts_them():
    """Sixty buyers, the n-th with n % 5 + 1 orders a fortnight apart, as of the end of a history long past."""
    lines = []
    for n in range(1, 61):
        for k in range(n % 5 + 1):
            day = 1 + n % 28
            lines.append(f"{n:05d} 1997{1 + k:02d}{day:02d} 2 {10 + k}.50")
    with Store("cdnow", None, "--currency", "USD", "--tz", "UTC") as s:
        counts = s.load("--format", "columns", "--map",
                        "member=name:$1,at=date:$2:%Y%m%d,props.cds=number:$3,amount=decimal:$4,kind=const:order.paid", "-", stdin="\n".join(lines) + "\n")
        assert counts["stored"] == len(lines) and counts["members_created"] == 60, counts
        text, r, html = reports(s)
        kinds = {k["kind"]: k["events"] for k in r["top_kinds"]}
        assert kinds["order.paid"] == len(lines) and kinds["member.created"] == 60, kinds
        days = {p["at"][:10]: p["value"] for p in r["events_per_day"]}
        assert min(days) == "1997-01-01" and max(days) <= "1997-06-01" and sum(days.values()) == sum(kinds.values())
        assert sum(c["members"] for c in r["rfm"]) == 60
        assert sum(c["size"] for c in r["retention"]) == 60
        assert re.search(rf"order\.paid +{len(lines)} ", text) and str(len(lines)) in html
        assert r["to"].startswith("1997-") and "order.paid" in html
        part = json.loads(s.run("report", "--format", "json", "--from", "1997-02-01", "--to", "1997-03-01").stdout)
        assert {k["kind"]: k["events"] for k in part["top_kinds"]}["order.paid"] == sum(1 for line in lines if line.split()[1][:6] == "199702")
        assert part["from"].startswith("1997-02-01") and part["to"].startswith("1997-03-01")


def test_a_report_refuses_what_it_cannot_mean():
    with Store("fresh") as s:
        for args, word in ((("--format", "pdf"), "--format"), (("--from", "x"), "--from"), (("--from", "2025-01-02", "--to", "2025-01-01"), "--from")):
            p = s.run("report", *args, check=False)
            assert p.returncode in (1, 2) and word in p.stderr and not p.stdout, (args, p)


def test_a_report_may_end_before_the_first_event():
    s = store()
    r = json.loads(s.run("report", "--format", "json", "--from", "2001-01-01", "--to", "2001-02-01").stdout)
    assert sum(p["value"] for p in r["events_per_day"] or []) == 0 and r["top_kinds"] == []
    for form in ("text", "html"):
        assert s.run("report", "--format", form, "--from", "2001-01-01", "--to", "2001-02-01").stdout


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
