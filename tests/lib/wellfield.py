"""What end-to-end tests share: a data directory, the command line, a server on a free port, and counting.

Only the standard library. A test program is a list of functions named test_*; run(globals()) calls them, prints
one line each and ends with 'N passed, N failed, N skipped'."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

import schema

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("WELLFIELD", str(ROOT / "build/wellfield"))
DATA = ROOT.parent / "shared" / "data"


class Skip(Exception):
    """Raised by a test that cannot run here; the text says why."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def npm_install(folder):
    """The packages of a folder's package-lock.json, when they are not there or are older."""
    lock, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    p = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True)
    if p.returncode != 0:
        raise Skip("npm ci failed: " + p.stderr[-200:])


def need_browser(folder):
    """The path of Chromium, with the packages that drive it in the folder."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise Skip("node or npm is absent")
    browser = next((b for b in ("/usr/bin/chromium", shutil.which("chromium") or "") if os.path.exists(b)), None)
    if not browser:
        raise Skip("chromium is absent")
    npm_install(folder)
    return browser


def new_database(server=None):
    """The URL of a new, empty database on the PostgreSQL server of WF_TEST_POSTGRES."""
    server = server or os.environ.get("WF_TEST_POSTGRES")
    if not server:
        raise Skip("WF_TEST_POSTGRES names no server")
    name = f"wf_{os.getpid()}_{time.monotonic_ns()}"
    psql(server, f"CREATE DATABASE {name}")
    parts = urllib.parse.urlsplit(server)
    return urllib.parse.urlunsplit(parts._replace(path="/" + name))


def psql(url, text):
    """Run a statement; its rows, fields parted by |."""
    p = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", text],
                       capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, f"psql: {text}\n{p.stderr}"
    return p.stdout.splitlines()


class Store:
    """A data directory in a temporary folder, with one brand. Where WF_STORE is 'postgresql' each one has a new
    database on the server of WF_TEST_POSTGRES."""

    def __init__(self, brand="shop", store=None, *extra):
        if store is None and os.environ.get("WF_STORE") == "postgresql":
            store = new_database()
        self.folder = tempfile.mkdtemp(prefix="wellfield-test-")
        self.dir = os.path.join(self.folder, "data")
        self.brand = brand
        self.store = store
        self.server = None
        args = ["init", "--data", self.dir, "--brand", brand, *extra]
        if store:
            args += ["--store", store]
        self.keys = dict(re.findall(r"^(api token|public write key|secret write key|brand)\s+(\S+)$", self.cli(*args).stdout, re.M))

    @property
    def token(self):
        return self.keys["api token"]

    def cli(self, *args, stdin=None, check=True):
        """Run the binary; 'check' wants exit code 0."""
        p = subprocess.run([BINARY, *args], input=stdin, capture_output=True, text=True, timeout=1800)
        if check and p.returncode != 0:
            raise AssertionError(f"wellfield {' '.join(args)}: exit {p.returncode}\n{p.stdout}\n{p.stderr}")
        return p

    def run(self, command, *args, stdin=None, check=True):
        """A command on this brand."""
        return self.cli(command, "--data", self.dir, "--brand", self.brand, *args, stdin=stdin, check=check)

    def query(self, question):
        return json.loads(self.run("query", json.dumps(question)).stdout)

    def load(self, *args, stdin=None, check=True):
        """An import; its counts."""
        return json.loads(self.run("import", *args, stdin=stdin, check=check).stdout.splitlines()[-1])

    def verify(self):
        p = self.cli("verify", "--data", self.dir, check=False)
        assert p.returncode == 0, f"verify: exit {p.returncode}\n{p.stdout}\n{p.stderr}"

    def add_token(self, number, scopes, kind=0):
        """A token of the API with these rights, written into the store while nothing serves."""
        text = "wf_live_" + f"{number:02d}" + "0123456789abcdef" * 2 + "0123456789abcd"
        digest = hashlib.sha256(text.encode()).hexdigest()
        if self.store:
            psql(self.store, "INSERT INTO wf_server.credential (number, hash, kind, brand, created_at, scopes)"
                             f" VALUES ({number}, '\\x{digest}', {kind}, '{self.brand}', 0, '{scopes}')")
            return text
        db = sqlite3.connect(self.dir + "/server.db")
        db.execute("INSERT INTO credential (number, hash, kind, brand, created_at, scopes) VALUES (?, ?, ?, ?, 0, ?)",
                   (number, bytes.fromhex(digest), kind, self.brand, scopes))
        db.commit()
        db.close()
        return text

    def serve(self, wait_s=30):
        """Start a server on a free port and wait until it is ready."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(os.path.join(self.folder, "server.log"), "a")
        self.server = subprocess.Popen([BINARY, "serve", "--data", self.dir, "--listen", f"127.0.0.1:{self.port}"],
                                       stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            if self.server.poll() is not None:
                raise AssertionError("server ended at start:\n" + self.server_log())
            try:
                if http("GET", self.url + "/ready")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.02)
        raise AssertionError("server is not ready:\n" + self.server_log())

    def server_log(self):
        return open(os.path.join(self.folder, "server.log")).read()[-4000:]

    def setup_code(self, wait_s=30):
        """What the first account is made with; the server says it right after it is ready."""
        deadline = time.monotonic() + wait_s
        while not (found := re.findall(r"/console/setup#([\w-]+)\b", pathlib.Path(self.folder, "server.log").read_text())):
            assert time.monotonic() < deadline, self.server_log()
            time.sleep(0.01)
        return found[-1]

    def note_routes(self):
        """Where WF_ROUTES_LOG names a file: add which routes this server has answered with success."""
        log = os.environ.get("WF_ROUTES_LOG")
        if not log or not self.server or self.server.poll() is not None:
            return
        try:
            text = http("GET", self.url + "/metrics", timeout=10)[1].decode()
        except OSError:
            return
        hits = re.findall(r'^wellfield_route_replies_total\{method="(\w+)",path="([^"]+)",class="[23]xx"\}', text, re.M)
        with open(log, "a") as f:
            f.writelines(f"{method} {path}\n" for method, path in hits)

    def kill(self):
        """SIGKILL, as a crash."""
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()
        self.server = None

    def stop(self):
        """SIGTERM; the server must end by itself with exit code 0."""
        if self.server:
            self.note_routes()
            self.server.terminate()
            code = self.server.wait(timeout=60)
            self.server = None
            assert code == 0, f"server ended with {code}\n{self.server_log()}"

    def ask(self, question):
        """The same question over HTTP."""
        status, body = http("POST", f"{self.url}/api/v1/{self.brand}/query", json.dumps(question).encode(),
                            {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"})[:2]
        assert status == 200, (status, body)
        return json.loads(body)

    def close(self):
        if self.server:
            self.note_routes()
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def http(method, url, body=None, headers=None, timeout=60):
    """(status, body bytes, headers); an error status is an answer, not an exception. A reply of our own server that its
    description does not allow is one."""
    answer = http_unchecked(method, url, body, headers, timeout)
    if answer[2].get("Content-Type", "").startswith(("application/json", schema.PROBLEM)):
        parts = urllib.parse.urlsplit(url)
        document = description(f"{parts.scheme}://{parts.netloc}")
        found = document.faults(method, parts.path, answer[0], answer[2]["Content-Type"], answer[1]) if document else []
        assert not found, f"{method} {parts.path}: {answer[0]}: " + "; ".join(found[:10])
    return answer


def http_unchecked(method, url, body=None, headers=None, timeout=60):
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as r:
            return r.status, r.read(), r.headers
    except urllib.error.HTTPError as e:
        return e.code, e.read(), e.headers


DESCRIPTIONS = {}  # by the address of a server; None = one that has none


def description(address):
    """What a server says of its replies."""
    if address not in DESCRIPTIONS:
        status, body, _ = http_unchecked("GET", address + "/api/openapi.json")
        DESCRIPTIONS[address] = schema.Document(json.loads(body)) if status == 200 else None
    return DESCRIPTIONS[address]


def total(reply):
    """Sum of a trend's points."""
    return sum(p["value"] or 0 for p in reply["points"])


def run(namespace):
    only = sys.argv[1:]
    passed = failed = skipped = 0
    for name, test in [(n, f) for n, f in namespace.items() if n.startswith("test_")]:
        if only and name not in only:
            continue
        started = time.monotonic()
        try:
            test()
            passed += 1
            print(f"ok      {name} ({time.monotonic() - started:.1f} s)", flush=True)
        except Skip as why:
            skipped += 1
            print(f"skipped {name}: {why}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  {name}", flush=True)
            traceback.print_exc()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)
