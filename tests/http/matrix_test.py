#!/usr/bin/env python3
"""Bad input gives a clean refusal: every hostile value in every field of intake and query.

Never a 5xx; an answer is JSON of success or a problem; what was refused has stored nothing; and it is quick."""
import json
import http.client
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, run  # noqa: E402

TYPICAL_MS = 50  # nine of ten answers


def text(s):
    return json.dumps(s).encode()


# Raw JSON, sound or not; None = the field is left out.
VALUES = {
    "missing": None, "null": b"null", "true": b"true", "array": b"[1]", "array of null": b"[null]", "empty array": b"[]",
    "object": b'{"a":1}', "empty object": b"{}", "empty": b'""', "blank": b'" "', "0": b"0", "-0": b"-0", "-1": b"-1",
    "2^31": b"2147483648", "2^53+1": b"9007199254740993", "2^63": b"9223372036854775808", "-2^63-1": b"-9223372036854775809",
    "1e309": b"1e309", "-1e308": b"-1e308", "1e-400": b"1e-400", "0.1": b"0.1", "01": b"01", "+1": b"+1", "hex": b"0x10", "NaN": b"NaN",
    "huge digits": b"1" + b"0" * 5000, "NUL escape": b'"a\\u0000b"', "NUL byte": b'"a\x00b"', "control": b'"a\x01b"', "newline": b'"a\nb"',
    "invalid UTF-8": b'"a\xffb"', "overlong UTF-8": b'"\xc0\xaf"', "raw surrogate": b'"\xed\xa0\x80"', "lone surrogate": b'"\\ud800"',
    "cut surrogate": b'"\\ud83d\\u0041"', "over U+10FFFF": b'"\xf4\x90\x80\x80"', "cut UTF-8": b'"\xe7\xad"', "BOM": b'"\xef\xbb\xbfx"',
    "RTL": text("\u202egnp.exe"), "emoji": text("\U0001f600" * 40), "combining": text("a" + "\u0301" * 2000), "Chinese": text("签到"),
    "full width": text("ＡＢＣ１"), "hangul filler": text("\u3164"), "zero width": text("\u200b\u200b"), "noncharacter": text("\uffff\ufdd0"),
    "64 bytes": text("k" * 64), "65 bytes": text("k" * 65), "256 bytes": text("k" * 256), "257 bytes": text("k" * 257), "512 bytes": text("k" * 512),
    "513 bytes": text("k" * 513), "1 KiB": text("v" * 1024), "1 KiB and 1": text("v" * 1025), "32 KiB": text("v" * 32768), "1 MiB": text("v" * (1 << 20)),
    "depth 31": b"[" * 31 + b"]" * 31, "depth 1000": b"[" * 1000 + b"]" * 1000, "objects 1000": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "unclosed": b'{"a":', "unclosed text": b'"abc', "trailing": b"1 2", "SQL": text("'; DROP TABLE member; --"), "HTML": text("<script>alert(1)</script>"),
    "CSV": text('=cmd|\'/c calc\'!A1,"x"'), "template": text("{{7*7}}${7*7}%s%n"), "path": text("../../../../etc/passwd"),
    "date": text("2025-01-31T08:00:00+08:00"), "year 9999": text("9999-12-31T23:59:59.999Z"), "year 0": text("0000-01-01T00:00:00Z"),
    "leap second": text("2016-12-31T23:59:60Z"), "bad date": text("2025-02-30T00:00:00Z"), "before 1970": text("1969-12-31T23:59:59Z"),
    "many keys": ("{" + ",".join(f'"k{i}":{i}' for i in range(200)) + "}").encode(), "duplicate keys": b'{"a":1,"a":"x","a":null}',
    "empty key": b'{"":1}', "key of 1 KiB": b'{"' + b"k" * 1024 + b'":1}', "nested": b'{"a":{"b":{"c":1}},"d":[{}]}',
}

TRACK = {"type": b'"track"', "event": b'"lesson.done"', "userId": b'"u1"', "anonymousId": b'"a1"', "messageId": None, "timestamp": None,
         "originalTimestamp": None, "sentAt": None, "receivedAt": None, "context": None, "properties": None, "traits": None, "integrations": None}
CONTEXT = {"device": None, "campaign": None, "traits": None, "externalIds": None, "ip": None, "page": None}
PROPERTIES = {"order_id": b'"A1"', "total": b"1.5", "revenue": None, "currency": None, "group": None, "touchpoint": None, "campaign": None,
              "content": None, "staff": None, "email": None, "name": None, "x": None}
TRAITS = {"email": None, "phone": None, "name": None, "address": None, "age": None, "x": None}
CALL = {"userId": b'"u1"', "anonymousId": None, "previousId": b'"p1"', "groupId": b'"g1"', "name": None, "event": b'"x"', "traits": None, "properties": None}
EVENT = {"event": b'"lesson done"', "distinct_id": b'"u1"', "uuid": None, "timestamp": None, "offset": None, "properties": None, "$set": None, "sent_at": None}
PH_PROPERTIES = {"$set": None, "$set_once": None, "$anon_distinct_id": None, "$is_identified": None, "$user_id": None, "$current_url": None,
                 "$insert_id": None, "token": None, "alias": None, "x": None}


def build(fields, name=None, value=None):
    """A JSON object of raw values, one replaced."""
    pairs = dict(fields)
    if name is not None:
        pairs[name] = value
    return b"{" + b",".join(text(k) + b":" + v for k, v in pairs.items() if v is not None) + b"}"


class Client:
    """One connection, opened again when the server has closed it; counts what happens."""

    def __init__(self, store):
        self.store, self.times, self.asked = store, [], 0
        self.connection = http.client.HTTPConnection("127.0.0.1", store.port, timeout=30)

    def send(self, method, path, body, headers):
        for attempt in range(2):
            try:
                self.connection.request(method, path, body, headers)
                return self.connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionError):
                self.connection.close()
                if attempt:
                    raise

    def stored(self):
        r = self.send("GET", "/metrics", None, {})
        return int(re.search(r'^wellfield_events_total\{brand="shop"\} (\d+)', r.read().decode(), re.M)[1])

    def check(self, what, path, body, headers):
        """Send one request; its status."""
        started = time.monotonic()
        r = self.send("POST", path, body, headers)
        reply = r.read()
        self.times.append((time.monotonic() - started) * 1000)
        self.asked += 1
        kind = (r.headers["Content-Type"] or "").split(";")[0]
        assert r.status < 500, (what, path, r.status, reply[:300], body[:200])
        answer = json.loads(reply)
        if r.status == 200:
            assert kind == "application/json", (what, kind)
        else:
            assert 400 <= r.status and kind == "application/problem+json", (what, path, r.status, kind)
            assert answer["status"] == r.status and answer["code"] and answer["detail"] and answer["title"], (what, answer)
        return r.status


def sweep(client, path, fields, wrap, headers, intake=True):
    """Every value in every field. 'wrap' makes the body of an object."""
    before = client.stored() if intake else 0
    statuses = set()
    for name in fields:
        for label, value in VALUES.items():
            status = client.check(f"{name} = {label}", path, wrap(build(fields, name, value)), headers)
            statuses.add(status)
            if intake and label in ("unclosed", "invalid UTF-8", "depth 1000", "1 MiB", "1e309"):
                assert status in (400, 413), (path, name, label, status)
            if intake:
                after = client.stored()
                assert status == 200 or after == before, f"{path} {name} = {label}: {status}, yet {after - before} stored"
                before = after
    return statuses


def finish(client, at_least):
    client.times.sort()
    assert client.asked >= at_least, client.asked
    p90, last = client.times[len(client.times) * 9 // 10], client.times[-1]
    print(f"{client.asked} requests, 90 % within {p90:.1f} ms, all within {last:.0f} ms")
    assert p90 <= TYPICAL_MS, p90


def keyed(store, which="secret write key"):
    return {"Authorization": "Bearer " + store.keys[which], "Content-Type": "application/json"}


def test_every_field_of_segment():
    with Store("shop") as s:
        client = Client(s.serve())
        whole = lambda o: o  # noqa: E731
        sweep(client, "/v1/track", TRACK, whole, keyed(s))
        sweep(client, "/v1/track", CONTEXT, lambda o: build(TRACK, "context", o), keyed(s))
        sweep(client, "/v1/track", PROPERTIES, lambda o: build({**TRACK, "event": b'"Order Completed"'}, "properties", o), keyed(s))
        sweep(client, "/v1/identify", TRAITS, lambda o: build(CALL, "traits", o), keyed(s))
        for call in ("page", "screen", "group", "alias"):
            sweep(client, "/v1/" + call, CALL, whole, keyed(s))
        finish(client, 3000)
        s.stop()
        s.verify()


def test_every_field_of_a_batch():
    with Store("shop") as s:
        client = Client(s.serve())
        message = build(TRACK)
        envelope = {"batch": b"[" + message + b"]", "sentAt": None, "context": None, "integrations": None}
        sweep(client, "/v1/batch", envelope, lambda o: o, keyed(s))
        sweep(client, "/v1/batch", {**envelope, "writeKey": text(s.keys["public write key"])}, lambda o: o, {})
        # a bad message beside a good one: the good one counts
        for label, value in VALUES.items():
            if value is None:
                continue
            status = client.check(label, "/v1/batch", b'{"batch":[' + message + b"," + value + b"]}", keyed(s))
            assert status == 200 or status in (400, 413), (label, status)
        finish(client, 300)
        s.stop()
        s.verify()


def test_every_field_of_posthog():
    with Store("shop") as s:
        client = Client(s.serve())
        key = text(s.keys["secret write key"])
        whole = lambda o: b'{"api_key":' + key + b',"batch":[' + o + b"]}"  # noqa: E731
        sweep(client, "/batch/", EVENT, whole, {})
        sweep(client, "/batch/", PH_PROPERTIES, lambda o: whole(build(EVENT, "properties", o)), {})
        sweep(client, "/capture/", {**EVENT, "api_key": key}, lambda o: o, {})
        finish(client, 1000)
        s.stop()
        s.verify()


def test_keys_and_bodies():
    with Store("shop") as s:
        client = Client(s.serve())
        good = build(TRACK)
        for which in ("", "Bearer", "Bearer ", "Basic", "Basic !!!", "Basic Og==", "Bearer wf_sec_" + "0" * 48, "Bearer " + "x" * 4000,
                      "Bearer " + s.token, "Basic " + "A" * 4001, "Digest a=b"):
            assert client.check("key " + which[:20], "/v1/track", good, {"Authorization": which}) == 401, which
        assert client.check("no key", "/v1/track", good, {}) == 401
        assert client.stored() == 0
        for body in (b"", b" ", b"null", b"[]", b"1", b'"x"', b"{", b"}", b"\xef\xbb\xbf" + good, good + good, good + b"\x00", b"\x1f\x8b", b"\x1f\x8b\x08" + b"\x00" * 50,
                     b"data=", b"data=!!!", b"data=%", b"data=%zz", b"data=e30", b"a=b&data=%7B%7D", b"[" * 100000, b"{" * 100000, b"\x00" * 1000):
            for path in ("/v1/track", "/v1/batch", "/v1/t", "/v1/b", "/batch/", "/capture/", "/e/", "/i/v0/e/"):
                status = client.check(repr(body[:20]), path, body, keyed(s))
                assert status in (400, 413) or (status == 200 and body == b"[]"), (path, body[:20], status)
        assert client.stored() == 0
        for encoding in ("gzip", "br", "deflate", "gzip, gzip"):
            status = client.check(encoding, "/v1/track", good, {**keyed(s), "Content-Encoding": encoding})
            assert status in (400, 415), (encoding, status)
        many = b'{"batch":[' + b",".join([b"{}"] * 2501) + b"]}"
        assert client.check("2,501 messages", "/v1/batch", many, keyed(s)) == 413
        most = b'{"batch":[' + b",".join([good] * 2500) + b"]}"
        assert client.check("2,500 messages", "/v1/batch", most, keyed(s)) == 200
        event = build(TRACK, "properties", b'{"x":"' + b"v" * (32768 - len(build(TRACK, "properties", b'{"x":""}'))) + b'"}')
        assert len(event) == 32768
        assert client.check("32 KiB", "/v1/track", event, keyed(s)) == 200
        assert client.check("32 KiB and 1", "/v1/track", event[:-1] + b" }", keyed(s)) == 413
        assert client.check("32 KiB and 1 in a batch", "/v1/batch", b'{"batch":[' + event[:-1] + b" }]}", keyed(s)) == 413
        pad = b'{"batch":[' + good + b'],"pad":"'
        assert client.check("500 KiB", "/v1/batch", pad + b"v" * (512000 - len(pad) - 2) + b'"}', keyed(s)) == 200
        assert client.check("500 KiB and 1", "/v1/batch", pad + b"v" * (512000 - len(pad) - 1) + b'"}', keyed(s)) == 413
        finish(client, 150)


def test_every_field_of_a_query():
    day = b'"2025-01-31"'
    queries = {
        "trend": {"kind": b'"lesson.done"', "by": b'"day"', "measure": b'"events"', "breakdown": None, "from": day, "to": None, "where": None, "who": None},
        "segment": {"expr": b'"true"', "limit": None},
        "funnel": {"steps": b'[{"kind":"a"},{"kind":"b"}]', "within": b'"7d"', "order": None, "from": None, "to": None, "breakdown": None},
        "retention": {"start": b'{"kind":"a"}', "return": b'{"kind":"b"}', "unit": b'"week"', "periods": b"4", "from": None, "to": None},
    }
    with Store("shop") as s:
        client = Client(s.serve())
        s.load("--format", "jsonl", "-", stdin='{"at":"2025-01-31T08:00:00Z","kind":"lesson.done","identities":{"user":"u1"}}\n')
        headers = {"Authorization": "Bearer " + s.token, "Content-Type": "application/json"}
        path = "/api/v1/shop/query"
        for name, fields in queries.items():
            sweep(client, path, fields, lambda o, n=name: b'{"' + n.encode() + b'":' + o + b"}", headers, intake=False)
        for label, value in VALUES.items():
            client.check("whole = " + label, path, value or b"", headers)
            for name in queries:
                client.check(f"{name} = {label}", path, b'{"' + name.encode() + b'":' + (value or b"{}") + b"}", headers)
        finish(client, 1500)


if __name__ == "__main__":
    run(globals())
