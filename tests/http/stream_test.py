#!/usr/bin/env python3
"""Server-sent events: what a watcher hears, when it comes back, when the server ends, and what ten thousand of them cost."""
import functools
import json
import pathlib
import re
import resource
import select
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Skip, Store, http, run  # noqa: E402

WATCHERS = 10_000
MOST_BYTES = 150 << 20


@functools.cache
def store():
    return Store("shop").serve()


class Watcher:
    """One connection that reads a stream."""

    def __init__(self, s, last=None, path="/api/v1/shop/stream", token=None):
        self.socket = socket.create_connection(("127.0.0.1", s.port))
        self.socket.settimeout(20)
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token or s.token}\r\n"
        if last is not None:
            head += f"Last-Event-ID: {last}\r\n"
        self.socket.sendall(head.encode() + b"\r\n")
        self.text = ""

    def read_until(self, pattern):
        while not (m := re.search(pattern, self.text)):
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError(self.text)
            self.text += piece.decode()
        self.text = self.text[m.end():]
        return m

    def event(self):
        m = self.read_until(r"id: (\d+)\nevent: events\ndata: (\{.*\})\n\n")
        data = json.loads(m[2])
        assert data["seq"] == data["events_total"] == int(m[1]) and re.match(r"\d{4}-\d\d-\d\dT", data["last_at"]), data
        return data["seq"]

    def close(self):
        self.socket.close()


def send_event(s, n=1):
    for i in range(n):
        body = json.dumps({"type": "track", "userId": f"u{time.monotonic_ns()}", "event": "x.y"}).encode()
        status, answer, _ = http("POST", s.url + "/v1/track", body, {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})
        assert status == 200, answer


def streams(s):
    return int(re.search(r"^wellfield_http_streams (\d+)$", http("GET", s.url + "/metrics")[1].decode(), re.M)[1])


def test_a_watcher_hears_of_every_change():
    s = store()
    w = Watcher(s)
    head = w.read_until(r"\r\n\r\n").string
    assert head.startswith("HTTP/1.1 200") and "text/event-stream" in head and "no-store" in head, head
    first = w.event()
    for _ in range(3):
        send_event(s)
        assert w.event() > first
    w.close()


def test_who_comes_back_hears_what_it_missed_and_nothing_twice():
    s = store()
    w = Watcher(s)
    last = w.event()
    w.close()
    back = Watcher(s, last)
    back.read_until(r"retry: \d+\n\n")
    assert not select.select([back.socket], [], [], 1)[0], "nothing has changed"
    send_event(s)
    newer = back.event()
    assert newer > last
    back.close()
    assert Watcher(s, last).event() >= newer, "the newest at once"


def test_a_stream_needs_authority_and_sound_parameters():
    s = store()
    url = s.url + "/api/v1/shop/stream"
    auth = {"Authorization": "Bearer " + s.token}
    assert http("GET", url)[0] == 401
    assert http("GET", s.url + "/api/v1/other/stream", headers=auth)[0] == 404
    for query in ("?topics=", "?topics=nonsense", "?topics=events,nonsense", "?topic=events", "?topics=" + "events," * 9):
        assert http("GET", url + query, headers=auth)[0] == 400, query
    for last in ("x", "-1", "1e3", "99999999999999999999"):
        assert http("GET", url, headers={**auth, "Last-Event-ID": last})[0] == 400, last


def test_who_hangs_up_is_forgotten():
    s = store()
    before = streams(s)
    gone = [Watcher(s) for _ in range(20)]
    for w in gone:
        w.event()
    assert streams(s) >= before + 20
    for w in gone:
        w.close()
    deadline = time.monotonic() + 20
    while streams(s) > before:
        assert time.monotonic() < deadline, streams(s)
        send_event(s)


def test_the_server_ends_with_its_watchers():
    with Store("shop") as s:
        s.serve()
        watching = [Watcher(s) for _ in range(20)]
        for w in watching:
            w.event()
        s.stop()
        for w in watching:
            try:
                w.read_until("never")
            except (EOFError, ConnectionError):
                continue


def test_ten_thousand_watchers_cost_little():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < WATCHERS + 1000:
        raise Skip(f"only {hard} open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, WATCHERS + 10000), hard))
    with Store("shop") as s:
        s.serve()

        def memory():
            return json.loads(http("GET", s.url + "/api/v1/system", headers={"Authorization": "Bearer " + s.token})[1])["rss_bytes"]
        send_event(s)
        before = memory()
        watching = []
        for i in range(WATCHERS):
            watching.append(Watcher(s))
            if i % 100 == 99:
                for w in watching[-100:]:
                    w.event()
        cost = memory() - before
        assert streams(s) == WATCHERS
        send_event(s)
        for w in watching:
            w.event()
        busy = memory() - before
        print(f"        {WATCHERS} watchers: {cost / (1 << 20):.1f} MiB idle, {busy / (1 << 20):.1f} MiB after an event to all")
        assert max(cost, busy) < MOST_BYTES
        for w in watching:
            w.close()
        s.stop()


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
