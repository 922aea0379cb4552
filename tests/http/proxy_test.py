#!/usr/bin/env python3
"""The proxies of docs/deploy.md, run as they stand there but for ports, files and the server's address: real nginx, real Caddy, real
TLS. What comes through them is the client's, not the proxy's; and what is for this machine alone stays so."""
import contextlib
import functools
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "lib"))
from account_test import OWNER, code_of  # noqa: E402
from wellfield import BINARY, Skip, Store, free_port, run  # noqa: E402

NAME = "wellfield.example"
CLIENT = "127.0.0.77"  # an address of this machine that is not the proxy's
PIECE = 4 << 20


def example(first_word):
    """The example of docs/deploy.md that begins with this word."""
    text = (HERE.parents[1] / "docs/deploy.md").read_text()
    blocks = re.findall(r"(?:^    .*\n|^\n)+", text, re.M)
    found = [b for b in blocks if b.strip().startswith(first_word)]
    assert len(found) == 1, (first_word, len(found))
    return "".join(line[4:] if line.startswith("    ") else line for line in found[0].strip("\n").splitlines(True))


def swap(text, old, new):
    assert text.count(old) == 1, (old, text)
    return text.replace(old, new)


def certificate(folder):
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + NAME, "-addext",
                    "subjectAltName=DNS:" + NAME, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def nginx_of(folder, port, to, cert, key):
    """(command, environment) of nginx with the example's server."""
    block = swap(example("server {"), "listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    block = swap(swap(block, "/etc/ssl/wellfield.pem", cert), "/etc/ssl/wellfield.key", key)
    block = swap(block, "http://127.0.0.1:8080", f"http://127.0.0.1:{to}")
    temps = "".join(f"{what}_temp_path {folder}/{what};\n" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = os.path.join(folder, "nginx.conf")
    user = "user root;\n" if os.geteuid() == 0 else ""  # else the workers cannot write into the folder
    pathlib.Path(conf).write_text(f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
                                  f"http {{\naccess_log off;\n{temps}{block}\n}}\n")
    return ["nginx", "-p", folder, "-c", conf, "-e", f"{folder}/error.log"], dict(os.environ)


def caddy_of(folder, port, to, cert, key):
    block = swap(example(NAME + " {"), NAME + " {", f"https://{NAME}:{port} {{\n    bind 127.0.0.1\n    tls {cert} {key}")
    block = swap(block, "127.0.0.1:8080", f"127.0.0.1:{to}")
    conf = os.path.join(folder, "Caddyfile")
    pathlib.Path(conf).write_text("{\n    admin off\n    auto_https disable_redirects\n    grace_period 1s\n}\n" + block)
    return ["caddy", "run", "--config", conf, "--adapter", "caddyfile"], {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}


STARTED = []
PROXIES = {"nginx": nginx_of, "caddy": caddy_of}


class Front:
    """A server behind a proxy, with its owner signed in through it."""

    def __init__(self, name):
        if not shutil.which(name):
            raise Skip(name + " is absent")
        self.store = s = Store("shop")
        self.folder = tempfile.mkdtemp(prefix="wellfield-proxy-")
        self.port, s.port = free_port(), free_port()
        s.url = f"http://127.0.0.1:{s.port}"
        s.log = open(os.path.join(s.folder, "server.log"), "a")
        line = example("wellfield serve --data /srv/wellfield/data --listen 127.0.0.1").split()
        trusted = line[line.index("--trust-proxy") + 1]
        s.server = subprocess.Popen([BINARY, "serve", "--data", s.dir, "--listen", f"127.0.0.1:{s.port}", "--trust-proxy", trusted],
                                    stdout=s.log, stderr=s.log)
        cert, key = certificate(self.folder)
        self.context = ssl.create_default_context(cafile=cert)
        command, environment = PROXIES[name](self.folder, self.port, s.port, cert, key)
        self.log = open(os.path.join(self.folder, "proxy.log"), "w")
        self.proxy = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log, cwd=self.folder)
        self.cookie = None
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.proxy.poll() is None and self.store.server.poll() is None, self.said()
            try:
                if self.ask("GET", "/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError("no way through the proxy: " + self.said())

    def said(self):
        logs = [self.store.folder + "/server.log", self.folder + "/proxy.log", self.folder + "/error.log"]
        return "\n".join(open(log).read()[-2000:] for log in logs if os.path.exists(log))

    def connect(self, timeout=30):
        """TLS to the proxy, by the name of the site."""
        raw = socket.create_connection(("127.0.0.1", self.port), timeout, (CLIENT, 0))
        return self.context.wrap_socket(raw, server_hostname=NAME)

    def ask(self, method, path, body=None, **headers):
        """(status, headers, body). As a browser would from a page of ours."""
        c = http.client.HTTPConnection(NAME, self.port, timeout=60)
        c.sock = self.connect()
        given = {"Host": f"{NAME}:{self.port}", "Sec-Fetch-Site": "same-origin", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.cookie:
            given["Cookie"] = self.cookie
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        c.request(method, path, body, given)
        r = c.getresponse()
        answer = r.status, r.headers, r.read()
        c.close()
        return answer

    def ok(self, method, path, body=None, status=200, **headers):
        got, _, reply = self.ask(method, path, body, **headers)
        assert got == status, (method, path, got, reply[:500], self.said())
        return json.loads(reply) if reply else None

    def close(self):
        self.proxy.terminate()
        self.proxy.wait(timeout=30)
        self.log.close()
        self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def front(name):
    f = Front(name)
    STARTED.append(f)
    status, headers, body = f.ask("POST", "/api/v1/setup", {"code": code_of(f.store), "name": "Lily", "password": OWNER})
    assert status == 201, (status, body, f.said())
    f.set_cookie = headers["Set-Cookie"]
    f.cookie = f.set_cookie.split(";")[0]
    return f


def fronts():
    """Those that this machine has; all of them where tools/deps was run."""
    present = [name for name in PROXIES if shutil.which(name)]
    if not present:
        raise Skip("neither nginx nor Caddy is here")
    return [front(name) for name in present]


def test_the_cookie_is_for_tls_and_this_host_alone():
    for f in fronts():
        assert f.cookie.startswith("__Host-wf_session=") and "; Secure" in f.set_cookie and "; HttpOnly" in f.set_cookie, f.set_cookie
        assert f.ok("GET", "/api/v1/session")["person"]["name"] == "Lily"
        # a change from a page of another site is refused, one of ours is taken, also without the newer header
        f.ok("PUT", "/api/v1/me", {"display": "Lily"}, 403, Sec_Fetch_Site="cross-site")
        f.ok("PUT", "/api/v1/me", {"display": "Lily"})


def test_the_address_is_the_clients_and_cannot_be_forged():
    for f in fronts():
        forged = {"X_Forwarded_For": "203.0.113.9", "X_Real_IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
        cookie, f.cookie = f.cookie, None
        status, headers, _ = f.ask("POST", "/api/v1/session", {"name": "Lily", "password": OWNER}, **forged)
        assert status == 200, status
        f.ok("POST", "/api/v1/session", {"name": "Lily", "password": "not-the-password"}, 401, **forged)
        f.cookie = cookie
        addresses = {s["address"] for s in f.ok("GET", "/api/v1/sessions")["items"]}
        assert addresses == {CLIENT}, addresses
        rows = f.ok("GET", "/api/v1/shop/audit?action=session.")["items"]
        assert {r["action"] for r in rows} == {"session.began", "session.refused"}, rows
        assert {r["after"]["address"] for r in rows} == {CLIENT}, rows


def test_plain_http_cannot_pretend_to_be_tls():
    for f in fronts():
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", f.store.port, timeout=30, source_address=(CLIENT, 0))) as c:
            c.request("POST", "/api/v1/session", json.dumps({"name": "Lily", "password": OWNER}),
                      {"Content-Type": "application/json", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
            r = c.getresponse()
            r.read()
            assert r.status == 200 and "Secure" not in r.headers["Set-Cookie"], r.headers


def test_what_is_for_this_machine_stays_so():
    for f in fronts():
        for path in ("/metrics", "/overview", "/%6detrics", "//metrics", "/./metrics", "/overview?brand=shop"):
            for host in (f"{NAME}:{f.port}", "127.0.0.1", "localhost"):
                status, _, body = f.ask("GET", path, Host=host)
                assert status != 200 or b"wellfield_" not in body and b"<h1" not in body, (f.proxy.args[0], path, host, status, body[:200])
        status, headers, _ = f.ask("GET", "/")
        assert status == 302 and headers["Location"].endswith("/console/"), (status, headers["Location"])


def read_until(connection, pattern):
    text = b""
    while not (m := re.search(pattern, text)):
        piece = connection.recv(65536)
        assert piece, text
        text += piece
    return m


def test_a_stream_is_not_held_back():
    for f in fronts():
        with f.connect() as c:
            c.sendall(f"GET /api/v1/shop/stream HTTP/1.1\r\nHost: {NAME}\r\nCookie: {f.cookie}\r\n\r\n".encode())
            before = int(read_until(c, rb"event: events\ndata: \{\"seq\":(\d+)")[1])
            event = {"type": "track", "userId": f"u{time.monotonic_ns()}", "event": "x.y"}
            f.ok("POST", "/v1/track", event, Authorization="Bearer " + f.store.keys["secret write key"])
            while (seq := int(read_until(c, rb"event: events\ndata: \{\"seq\":(\d+)")[1])) == before:
                pass
            assert seq > before


def test_a_piece_of_an_upload_passes_whole():
    for f in fronts():
        header = b'{"at":"2025-01-31T08:00:00Z","kind":"x.y","identities":{"user":"u1"}}\n'
        text = header * (PIECE // len(header) + 1)
        text = text[:PIECE - 1] + b"\n"
        made = f.ok("POST", "/api/v1/shop/imports", {"name": "facts.jsonl", "bytes": PIECE}, 201)
        got = f.ok("PUT", f"/api/v1/shop/imports/{made['id']}/content?offset=0", text, Content_Type="application/octet-stream")
        assert got["received"] == PIECE, got
        f.ok("PUT", f"/api/v1/shop/imports/{made['id']}/content?offset=0", text + b"x", 413, Content_Type="application/octet-stream")


def test_the_console_comes_through():
    for f in fronts():
        status, headers, body = f.ask("GET", "/console/", Accept_Encoding="br")
        if status == 404:
            raise Skip("this binary was built without the console")
        assert status == 200 and headers["Content-Security-Policy"] and body, status


def own_address():
    """An address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            raise Skip("this machine has no address but loopback") from None
        return s.getsockname()[0]


def test_beyond_loopback_a_proxy_must_be_named_and_others_are_turned_away():
    with Store("shop") as s:
        s.port = free_port()
        s.url = f"http://127.0.0.1:{s.port}"
        p = s.cli("serve", "--data", s.dir, "--listen", f"0.0.0.0:{s.port}", check=False)
        assert p.returncode == 2 and "--trust-proxy" in p.stderr, (p.returncode, p.stderr)
        s.log = open(os.path.join(s.folder, "server.log"), "a")
        s.server = subprocess.Popen([BINARY, "serve", "--data", s.dir, "--listen", f"0.0.0.0:{s.port}", "--trust-proxy", "203.0.113.9"],
                                    stdout=s.log, stderr=s.log)
        wait_for(s)
        own = own_address()
        try:
            with contextlib.closing(http.client.HTTPConnection(own, s.port, timeout=30)) as c:
                c.request("GET", "/health")
                raise AssertionError(c.getresponse().status)
        except (ConnectionError, http.client.HTTPException):
            pass
        assert "not_a_trusted_proxy" in s.server_log(), s.server_log()
        s.stop()
        s.server = subprocess.Popen([BINARY, "serve", "--data", s.dir, "--listen", f"0.0.0.0:{s.port}", "--trust-proxy", own], stdout=s.log, stderr=s.log)
        wait_for(s)
        with contextlib.closing(http.client.HTTPConnection(own, s.port, timeout=30)) as c:
            c.request("GET", "/health")
            assert c.getresponse().status == 200


def wait_for(s):
    while s.server.poll() is None:
        try:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)) as c:
                c.request("GET", "/ready")
                if c.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(s.server_log())


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        for each in STARTED:
            each.close()
