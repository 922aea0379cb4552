#!/usr/bin/env python3
"""Every route of /api/openapi.json, asked at random: sound requests, nearly sound ones and hostile ones, by everybody at once.

Never a 5xx, a hang, a lost connection or a reply that the document does not allow; afterwards the server ends by itself and
`wellfield verify` finds nothing. WF_FUZZ_API_SECONDS (20; 120 with WF_LONG=1) is shared by a fixed seed and a new one, which is
printed; WF_FUZZ_API_SEED takes another in its place. A seed gives the same requests as long as the replies are the same."""
import base64
import gzip
import json
import os
import pathlib
import random
import re
import secrets
import socket
import sys
import threading
import time
import urllib.parse
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from matrix_test import VALUES  # noqa: E402
from routes_test import SEGMENTS, TEXTS  # noqa: E402
from wellfield import Store, description, http, run  # noqa: E402

LONG = 120 if os.environ.get("WF_LONG") else 20
SECONDS = float(os.environ.get("WF_FUZZ_API_SECONDS", LONG))
CALLERS = 4
PATIENCE_S = 30  # for an answer
BODY_SWALLOWED = 1 << 20  # a body over this is refused by closing
STRANGE = ["PATCH", "TRACE", "BREW"]  # 501 is the answer to methods that the server does not know
OWNER = "a password of an owner"
HOSTILE = [v for v in VALUES.values() if v is not None]
EXPRESSIONS = ["true", 'lifecycle = "active"', "orders >= 2", 'did("order.paid", count >= 2, within 30d)', "last_seen < now - 3d",
               'in_group("新人体验群1") and not did("message.sent")', 'lifecycle = "', "((((", "events > 9999999999999999999999", "orders ="]
QUESTIONS = [
    {"trend": {"kind": "order.paid", "by": "month", "measure": "amount", "breakdown": "group"}}, {"trend": {"kind": "*", "by": "day", "measure": "members"}},
    {"funnel": {"steps": [{"kind": "group.joined"}, {"kind": "order.paid"}], "window": "14d", "breakdown": "touchpoint"}},
    {"retention": {"birth": {"kind": "order.paid"}, "return": {"kind": "order.paid"}, "by": "month", "periods": 3}},
    {"paths": {"anchor": {"kind": "order.paid"}, "depth": 2}}, {"stickiness": {"days": 7}}, {"lifecycle": {"by": "week"}}, {"activity": {"by": "month"}},
    {"rfm": {}}, {"repeat": {"unit": "week"}}, {"repeat": {"unit": "week", "by": "member"}}, {"segment": {"expr": "orders >= 2", "sample": 3}}]
FILE = "姓名,手机号,时间,金额\n王婷,13800138000,2025-01-31 08:00:00,12.5\n李雷,13900139000,2025-02-30,x\n".encode()
MESSAGE = {"type": "track", "userId": "u1", "event": "lesson.done", "batch": [{"type": "track", "userId": "u2", "event": "x.y"}], "distinct_id": "d1",
           "previousId": "p1", "groupId": "g1", "properties": {"amount": 1.5}}
KNOWN = {"filter": EXPRESSIONS, "q": ["王", "1234", "m1", "138", "anna@example.com"], "kind": ["order.paid", "token", "public", "order.paid,message.sent"],
         "columns": ["id,name", "id,phone,spent"], "query": QUESTIONS, "questions": [[1], [1, 2], []], "fields": ["all", ["phone:0"], ["trait:email"]],
         "scopes": [["members.read"], ["overview.read", "insight.read"]], "origins": [["https://example.com"], []], "action": ["staff.", "key.made"],
         "topics": ["events"], "bytes": [len(FILE)], "offset": [0], "as": ["order.paid", "lesson.done"], "tz": ["Asia/Shanghai", "UTC"],
         "map": ["", "姓名=trait nickname"], "password": [OWNER], "code": ["buyers", "guests"], "purpose": ["marketing", "service"], "list": ["news"], "channel": ["sms"], "channels": [["sms"]],
         "with": ["m2", "m3", "buyers"], "member": ["m1"], "expression": EXPRESSIONS, "members": [["m1", "m2"]], "add": [["m1"]], "way": ["phone"],
         "name": ["Lily", "till", "签到"], "chart": [{"type": "line"}, {}]}


# where what else stands in a path comes from
PARAMETERS = {"tag": "tags", "group": "tags/groups", "note": "members/m1/notes", "code": "segments", "purpose": "consent/purposes", "list": "consent/lists"}


def raw(value):
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


class Lost(Exception):
    """The connection ended without a whole reply."""


class Garbled(Exception):
    """What came is no reply."""


def unpacked(body):
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as e:
        raise Garbled(f"a body that is no gzip: {e}") from None


class Connection:
    """Raw requests over one connection, which is opened again when it was closed."""

    def __init__(self, port):
        self.port, self.socket, self.rest = port, None, b""

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket, self.rest = None, b""

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise Lost
        self.rest += piece

    def until(self, mark):
        while mark not in self.rest:
            self.more()
        head, self.rest = self.rest.split(mark, 1)
        return head

    def exactly(self, n):
        while len(self.rest) < n:
            self.more()
        piece, self.rest = self.rest[:n], self.rest[n:]
        return piece

    def ask(self, method, request):
        """(status, headers, body); of a stream without an end the head alone."""
        fresh = self.socket is None
        try:
            if fresh:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self.socket.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it may have answered before it closed
            return self.reply(method)
        except (Lost, ConnectionError):
            self.close()
            if fresh:
                raise Lost from None
            return self.ask(method, request)

    def reply(self, method):
        line, *fields = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, _, v in (f.partition(": ") for f in fields)}
        if not (m := re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", line)):
            raise Garbled(line)
        status = int(m[1])
        if status == 100:
            return self.reply(method)
        if headers.get("content-type", "").startswith("text/event-stream") and method != "HEAD" and status == 200:
            self.close()
            return status, headers, b""
        body = b""
        if method != "HEAD" and status not in (204, 304):
            body = self.chunks() if headers.get("transfer-encoding") else self.exactly(int(headers["content-length"]))
            if headers.get("content-encoding") == "gzip":
                body = unpacked(body)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, body

    def chunks(self):
        whole = b""
        while size := int(self.until(b"\r\n"), 16):
            whole += self.exactly(size)
            self.exactly(2)
        self.exactly(2)
        return whole


class Requests:
    """Makes requests of a document, from a seed and from the ids that replies have shown."""

    def __init__(self, world, seed):
        self.world, self.random = world, random.Random(seed)
        self.ids, self.cursors = {}, {}  # by what stands before the {id} in the path; by path

    def often(self, share):
        return self.random.random() < share

    # ---- values ----

    def sound(self, name, schema):
        """A Python value that the schema allows."""
        r = self.random
        if name in KNOWN and self.often(0.8):
            return r.choice(KNOWN[name])
        if "enum" in schema:
            return r.choice(schema["enum"])
        if "default" in schema and self.often(0.3):
            return schema["default"]
        if "examples" in schema:
            return r.choice(schema["examples"])
        kind = schema.get("type")
        if kind == "string":
            low, high = schema.get("minLength", 0), schema.get("maxLength", 1024)
            return "".join(r.choice("ab1 签é-") for _ in range(r.choice([low, min(high, low + 9), min(high, 30)])))[:high] or "x" * low
        if kind == "integer":
            low, high = schema.get("minimum", -9), schema.get("maximum", 99)
            return r.choice([low, high, r.randint(low, high)])
        if kind == "boolean":
            return self.often(0.5)
        if kind == "array":
            return [self.sound(name, schema.get("items", {})) for _ in range(r.randint(schema.get("minItems", 0), min(3, schema.get("maxItems", 3))))]
        if kind == "object":
            fields = schema.get("properties", {})
            return {n: self.sound(n, s) for n, s in fields.items() if n in schema.get("required", []) or self.often(0.6)}
        return r.choice([MESSAGE, r.choice(QUESTIONS), "all", 1, None])

    def crooked(self, name, schema):
        """Raw JSON that the schema nearly allows, or not at all."""
        r, value = self.random, self.sound(name, schema)
        if isinstance(value, dict) and value and self.often(0.7):
            pairs = {k: raw(v) for k, v in value.items()}
            key = r.choice(list(pairs))
            how = r.randrange(4)
            if how == 0:
                del pairs[key]
            elif how == 1:
                pairs[r.choice(["x", "id", "", "签", "k" * 200, "__proto__"])] = r.choice(HOSTILE)
            elif how == 2:
                pairs[key] = r.choice(HOSTILE)
            else:
                pairs[key] = self.crooked(key, schema.get("properties", {}).get(key, {}))
            return b"{" + b",".join(raw(k) + b":" + v for k, v in pairs.items()) + b"}"
        if isinstance(value, list) and self.often(0.5):
            return b"[" + b",".join([raw(v) for v in value] + [r.choice(HOSTILE)] * r.choice([1, 300])) + b"]"
        return r.choice(HOSTILE)

    def text(self, name, schema):
        """A query parameter's bytes, before they are percent-encoded."""
        value = self.sound(name, schema)
        value = ",".join(map(str, value)) if isinstance(value, list) else json.dumps(value) if isinstance(value, (dict, bool)) else str(value)
        return value.encode("utf-8", "surrogatepass")

    # ---- parts of a request ----

    def path(self, path, method, hostile):
        before = path.split("/{id}")[0]

        def segment(m):
            if hostile and self.often(0.3):
                return self.random.choice([*SEGMENTS, "a" * 2000, "%ED%A0%80"])
            if m[1] == "brand":
                return "shop" if self.often(0.9) else self.random.choice(["other", "nobody", "Shop", "shop%00"])
            if m[1] == "id":
                base = before.replace("{brand}", "shop")
                kept = self.world.kept.get(base, ()) if method != "get" else ()
                seen = [i for i in [*self.ids.get(base, []), 1, 2, 99] if i not in kept]
                return str(self.random.choice(seen)) if self.often(0.9) else self.random.choice(["m1", "m99999"])
            if m[1] in PARAMETERS:
                return str(self.random.choice([*self.ids.get("/api/v1/shop/" + PARAMETERS[m[1]], []), *KNOWN.get(m[1], [1])]))
            return "index.html" if m[1] == "path" else self.world.keys[0]
        return re.sub(r"\{(\w+)\}", segment, path)

    def query(self, path, parameters, hostile):
        r, pairs = self.random, []
        for p in parameters:
            if p["in"] != "query" or not (p["required"] or self.often(0.4)):
                continue
            value = self.text(p["name"], p["schema"])
            if p["name"] == "cursor" and path in self.cursors and self.often(0.8):
                value = self.cursors[path].encode()
            if hostile and self.often(0.4):
                value = r.choice(TEXTS).encode("utf-8", "surrogatepass")
            pairs.append(p["name"].encode() + b"=" + urllib.parse.quote(value, safe=b"" if self.often(0.5) else b",:").encode())
        if hostile and self.often(0.2):
            pairs.append(r.choice([b"x=1", b"limit=1&limit=2", b"=", b"%00=1", b"a=%ff", b"%", b"&&&", b"k" * 3000 + b"=v"]))
        return b"?" + b"&".join(pairs) if pairs else b""

    def body(self, operation, hostile):
        if "requestBody" not in operation:
            return r_choice_bytes(self.random) if hostile and self.often(0.1) else None
        content = operation["requestBody"]["content"]
        if "application/json" not in content:
            return FILE if not hostile else self.random.randbytes(self.random.choice([0, 1, len(FILE), 5000]))
        schema = content["application/json"]["schema"]
        return self.crooked("body", schema) if hostile else raw(self.sound("body", schema))

    def headers(self, method, operation, body, hostile):
        r = self.random
        lines = [b"Host: localhost", b"X-Forwarded-For: 192.0.2.1"]
        lines += self.world.credential(r, operation)
        if body is not None:
            kind = next(iter(operation.get("requestBody", {}).get("content", {"application/json": 0})))
            if hostile and self.often(0.1):
                kind = r.choice(["text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk", "", "multipart/form-data", "\xff"])
            lines += [b"Content-Type: " + kind.encode("latin-1")]
        if self.often(0.2):
            lines.append(b"Accept-Language: " + r.choice([b"zh-CN", b"en", b"xx;q=9", b"*", b"zh;q=0,en;q=\xff"]))
        if self.often(0.15):
            lines.append(r.choice([b"Idempotency-Key: %d" % r.randrange(20), b'If-Match: "1"', b"If-Match: *", b'If-None-Match: "x", *', b"Accept: text/csv",
                                   b"Last-Event-ID: 1", b"Last-Event-ID: -1", b"Range: bytes=0-1", b"Accept-Encoding: br, gzip"]))
        if hostile and self.often(0.1):
            lines.append(r.choice([b"X: " + b"v" * 7000, b"Cookie: " + b"a=b; " * 200, b"Authorization: Bearer \xff\xfe", b"Origin: null", b"Expect: 100-continue",
                                   b"Content-Encoding: gzip", b"Sec-Fetch-Site: cross-site", b"Idempotency-Key: " + b"k" * 300, b"If-Match: W/" + b'"' * 99]))
        return lines

    def next(self, path, method, operation):
        """(method, path without its query, the request's bytes, may it be cut off?)."""
        hostile = self.often(0.6)
        asked = method.upper()
        if self.often(0.04):
            asked = self.random.choice(["HEAD", "OPTIONS", "PUT", "DELETE", "POST", "GET", *STRANGE])
        target = self.path(path, method if asked == method.upper() else "any", hostile)
        body = self.body(operation, hostile)
        lines = self.headers(asked, operation, body, hostile)
        if body is not None or asked in ("POST", "PUT"):
            lines.append(b"Content-Length: %d" % len(body or b""))
        head = asked.encode() + b" " + target.encode() + self.query(target, operation["parameters"], hostile) + b" HTTP/1.1\r\n"
        return asked, target, head + b"\r\n".join(lines) + b"\r\n\r\n" + (body or b""), len(body or b"") > BODY_SWALLOWED

    def learn(self, method, path, body):
        """Take the ids and the cursor of a reply."""
        try:
            value = json.loads(body)
        except ValueError:
            return
        if not isinstance(value, dict):
            return
        entries = value.get("items") if isinstance(value.get("items"), list) else [value]
        found = [e["id"] for e in entries if isinstance(e, dict) and "id" in e]
        if method in ("GET", "POST") and found:
            self.ids[path] = (self.ids.get(path, []) + found)[-50:]
        if isinstance(value.get("next"), str):
            self.cursors[path] = value["next"]


def r_choice_bytes(r):
    return r.choice([b"", b"x", b"{}", r.randbytes(300)])


class World:
    """A server with members, two brands, people of several roles, keys of every sort."""

    def __init__(self):
        s = self.store = Store("shop")
        s.run("simulate", "--members", "300", "--days", "90", "--seed", "3")
        out = s.cli("init", "--data", s.dir, "--brand", "other").stdout
        self.other = re.search(r"^api token\s+(\S+)$", out, re.M)[1]
        s.serve()
        code = s.setup_code()
        self.lock = threading.Lock()
        self.people = {"owner": self.sign_in("/setup", {"code": code, "name": "Lily", "password": OWNER})}
        for role in ("operator", "analyst", "partner"):
            status, answer, _ = self.call("POST", "/shop/staff", {"name": role, "role": role}, self.people["owner"])
            assert status == 201, answer
            token = json.loads(answer)["link"].split("#")[1]
            self.people[role] = self.sign_in("/session/link", {"token": token, "password": OWNER + role})
        self.keys = [s.keys["public write key"], s.keys["secret write key"]]
        keys = json.loads(self.call("GET", "/shop/keys", None, self.people["owner"])[1])["items"]
        # without them most of what follows would be one refusal
        self.kept = {"/api/v1/shop/keys": {k["id"] for k in keys}, "/api/v1/shop/staff": {1}}
        paths = json.loads(http("GET", s.url + "/api/openapi.json")[1])["paths"]
        self.routes = [(path, method, op) for path, methods in paths.items() for method, op in methods.items()]
        self.document = description(s.url)

    def call(self, method, path, body, cookie=None):
        headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", **({"Cookie": cookie} if cookie else {})}
        return http(method, self.store.url + "/api/v1" + path, json.dumps(body).encode() if body is not None else None, headers)

    def sign_in(self, path, body):
        """Others may be hashing passwords: then it is asked again when the server says."""
        status, answer, headers = self.call("POST", path, body)
        deadline = time.monotonic() + 60
        while status == 429 and time.monotonic() < deadline:
            time.sleep(int(headers["Retry-After"]))
            status, answer, headers = self.call("POST", path, body)
        assert status in (200, 201), (path, answer)
        return headers["Set-Cookie"].split(";")[0]

    def keep_owner(self):
        """The owner may have signed out, or have been signed out: they come back by a link."""
        with self.lock:
            if self.call("GET", "/session", None, self.people["owner"])[0] == 200:
                return
            link = self.store.cli("link", "--data", self.store.dir, "--name", "Lily").stdout
            self.people["owner"] = self.sign_in("/session/link", {"token": link.split("#")[1].strip()})
            self.call("POST", "/session/confirm", {"password": OWNER}, self.people["owner"])

    def credential(self, r, operation):
        way = r.random()
        page = [b"Sec-Fetch-Site: same-origin"]
        if not operation["security"] and way < 0.7:
            return page
        if any("write_key" in s for s in operation["security"]):
            key = r.choice([*self.keys, "wf_pub_x", ""]).encode()
            return [b"Authorization: " + (b"Bearer " + key if way < 0.5 else b"Basic " + base64.b64encode(key + b":"))]
        if way < 0.55:
            return [b"Cookie: " + self.people["owner"].encode()] + page
        if way < 0.7:
            return [b"Cookie: " + self.people[r.choice(list(self.people))].encode()] + (page if way < 0.68 else [])
        if way < 0.9:
            return [b"Authorization: Bearer " + self.store.token.encode()]
        return r.choice([[], [b"Authorization: Bearer " + self.other.encode()], [b"Cookie: wf_session=" + b"x" * 43], [b"Authorization: Bearer wf_live_1"],
                         [b"Authorization: Bearer " + self.keys[1].encode()], [b"Authorization: Basic !!!"]])


class Caller(threading.Thread):
    """One of those who ask at the same time."""

    def __init__(self, world, seed, ends):
        super().__init__(daemon=True)
        self.world, self.requests, self.ends = world, Requests(world, seed), ends
        self.connection = Connection(world.store.port)
        self.found, self.asked, self.slowest_s, self.before = [], 0, 0.0, b""
        self.succeeded = set()  # (method, path) of the document

    def judge(self, path, method, request):
        asked, target, wire, may_be_cut = request
        began = time.monotonic()
        try:
            status, headers, body = self.connection.ask(asked, wire)
        except Lost:
            return None if may_be_cut else "the connection ended without a reply"
        except Garbled as e:
            self.connection.close()
            return f"no reply, but {e}; asked before: {self.before[:300]!r}"
        except TimeoutError:
            self.connection.close()
            return f"no reply within {PATIENCE_S} s"
        self.before = wire
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        if status >= 500 and not (status == 501 and asked in STRANGE):
            return f"{status}: {body[:300]!r}"
        if target.startswith("/console"):
            return None  # pages for people
        faults = self.world.document.faults(asked, target, status, headers.get("content-type"), body)
        if 200 <= status < 300:
            if asked == method.upper():
                self.succeeded.add((method, path))
            if headers.get("content-type") == "application/json":
                self.requests.learn(asked, target, body)
        return f"{status}: " + "; ".join(faults[:5]) if faults else None

    def run(self):
        try:
            self.ask_all()
        except Exception as e:  # else it would be printed and forgotten
            self.found.append(f"a caller failed: {e!r}")
        self.connection.close()

    def ask_all(self):
        order = list(self.world.routes)
        while time.monotonic() < self.ends and len(self.found) < 5:
            self.requests.random.shuffle(order)
            for path, method, operation in order:
                request = self.requests.next(path, method, operation)
                fault = self.judge(path, method, request)
                self.asked += 1
                if fault:
                    self.found.append(f"{fault}\n  {request[2][:700]!r}")
                if path.startswith("/api/v1/session") and method == "delete":
                    self.world.keep_owner()
                if self.world.store.server.poll() is not None or time.monotonic() >= self.ends:
                    break


def fuzz(seed, seconds):
    print(f"        seed {seed}", flush=True)
    world = World()
    s = world.store
    try:
        callers = [Caller(world, f"{seed}.{i}", time.monotonic() + seconds) for i in range(CALLERS)]
        for c in callers:
            c.start()
        for c in callers:
            c.join(seconds + 2 * PATIENCE_S)
        assert s.server.poll() is None, f"seed {seed}: the server has died\n" + s.server_log()
        found = [f for c in callers for f in c.found]
        succeeded = set().union(*(c.succeeded for c in callers))
        never = [f"{method} {path}" for path, method, _ in world.routes if (method, path) not in succeeded]
        print(f"        {sum(c.asked for c in callers)} requests, {len(succeeded)} of {len(world.routes)} routes answered one with success, "
              f"the slowest took {max(c.slowest_s for c in callers):.2f} s", flush=True)
        if never:
            print("        never with success: " + ", ".join(never), flush=True)
        assert not found, f"seed {seed}: {len(found)} faults\n" + "\n".join(found[:10])
        assert all(not c.is_alive() for c in callers), "a caller hangs"
        assert len(succeeded) > len(world.routes) // 2, never
        s.stop()
        s.verify()
    finally:
        s.close()


def test_a_fixed_seed():
    fuzz(os.environ.get("WF_FUZZ_API_SEED", "1"), SECONDS / 2)


def test_a_new_seed():
    fuzz(secrets.token_hex(4), SECONDS / 2)


if __name__ == "__main__":
    run(globals())
