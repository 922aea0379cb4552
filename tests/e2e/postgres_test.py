#!/usr/bin/env python3
"""The store on PostgreSQL: init, import, query, verify, serve, intake, a kill, and what must be refused.

Uses the server of WF_TEST_POSTGRES; without it a throw-away server is started around this program. Every test has
a database of its own."""
import base64
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
from wellfield import ROOT, Skip, Store, http, new_database, psql, run, total  # noqa: E402

if not os.environ.get("WF_TEST_POSTGRES") and not os.environ.get("WF_POSTGRES_TRIED"):
    starter = str(ROOT / "tools/with-postgres")
    os.environ["WF_POSTGRES_TRIED"] = "1"
    os.execv(starter, [starter, sys.executable, *sys.argv])

BATCH = 50


def store(*extra):
    if not os.environ.get("WF_TEST_POSTGRES"):
        raise Skip("PostgreSQL is not installed")
    return Store("shop", new_database(), *extra)


def again(program):
    """A test program that knows nothing of PostgreSQL, over it."""
    if not os.environ.get("WF_TEST_POSTGRES"):
        raise Skip("PostgreSQL is not installed")
    p = subprocess.run([sys.executable, str(HERE / program)], capture_output=True, text=True, timeout=550,
                       env={**os.environ, "WF_STORE": "postgresql"})
    assert p.returncode == 0, p.stdout + p.stderr
    last = p.stdout.splitlines()[-1]
    if last.startswith("0 passed"):
        raise Skip(f"{program}: {last}")


def message(i):
    return {"type": "track", "event": "Order Completed", "messageId": f"m{i}", "userId": f"u{i % 7}",
            "anonymousId": f"a{i % 7}", "timestamp": f"2025-01-{1 + i % 28:02}T08:00:00Z",
            "properties": {"order_id": f"o{i}", "total": 12.5, "text": f"text {i}", "gift": i % 2 == 0},
            "context": {"traits": {"email": f"u{i % 7}@example.org", "city": f"city {i % 3}"}}}


def send(s, first, count):
    key = base64.b64encode((s.keys["secret write key"] + ":").encode()).decode()
    body = json.dumps({"batch": [message(i) for i in range(first, first + count)]}).encode()
    status, reply = http("POST", s.url + "/v1/batch", body,
                         {"Authorization": "Basic " + key, "Content-Type": "application/json"})[:2]
    assert status == 200, (status, reply)


ORDERS = {"trend": {"kind": "order.paid", "by": "month"}}


def test_cdnow_is_the_same():
    again("cdnow_test.py")


def test_irc_is_the_same():
    again("irc_test.py")


def test_acknowledged_messages_survive_a_kill():
    with store() as s:
        s.serve()
        sent = 0
        for _ in range(3):
            for _ in range(4):
                send(s, sent, BATCH)
                sent += BATCH
            s.kill()
            s.serve()
            send(s, sent - BATCH, BATCH)  # the last batch again: known by its ids
            assert total(s.ask(ORDERS)) == sent
        assert s.ask({"segment": {"expr": 'did("order.paid")'}})["members"] == 7
        assert s.ask({"segment": {"expr": 'trait.city = "city 1"'}})["members"] > 0
        s.stop()
        s.verify()
        assert total(s.query(ORDERS)) == sent


def test_a_bulk_import_joins_what_was_sent():
    with store("--currency", "CNY") as s:
        s.serve()
        send(s, 0, BATCH)
        rows = "".join(json.dumps({"id": f"r{i}", "at": "2025-02-01T08:00:00Z", "kind": "order.paid", "amount": 100,
                                   "identities": {"user": f"u{i % 3000}"}, "props": {"order": f"r{i}"}}) + "\n"
                       for i in range(6000))
        counts = s.load("--format", "jsonl", "-", stdin=rows)
        assert counts["stored"] == 6000 and counts["members_created"] == 2993, counts
        send(s, BATCH, BATCH)
        assert total(s.ask(ORDERS)) == 6000 + 2 * BATCH
        assert s.load("--format", "jsonl", "-", stdin=rows)["stored"] == 0
        s.stop()
        s.verify()


def test_verify_finds_a_deleted_row_and_a_changed_one():
    with store() as s:
        s.serve()
        send(s, 0, BATCH)
        s.stop()
        s.verify()
        psql(s.store, "DELETE FROM wf_shop.member WHERE id = 2")
        psql(s.store, "UPDATE wf_shop.member SET orders = orders + 1 WHERE id = 3")
        p = s.cli("verify", "--data", s.dir, check=False)
        assert p.returncode == 3 and "m2" in p.stdout + p.stderr and "m3" in p.stdout + p.stderr, p


def test_two_brands_keep_to_themselves():
    with store() as s:
        s.cli("init", "--data", s.dir, "--brand", "other")
        s.load("--format", "jsonl", "-", stdin='{"at":1735700000000,"kind":"order.paid","identities":{"user":"x"}}\n')
        assert total(s.query(ORDERS)) == 1
        s.brand = "other"
        assert total(s.query(ORDERS)) == 0
        s.verify()


def test_a_second_server_of_the_same_database_is_refused():
    with store() as s:
        s.serve()
        p = s.cli("init", "--data", s.dir + "2", "--brand", "shop", "--store", s.store, check=False)
        if p.returncode == 0:
            p = s.cli("query", "--data", s.dir + "2", "--brand", "shop", json.dumps(ORDERS), check=False)
        assert p.returncode == 1, p
        s.stop()


def test_another_store_than_the_saved_one_is_refused():
    with store() as s:
        p = s.cli("serve", "--data", s.dir, "--store", "sqlite:", check=False)
        assert p.returncode in (1, 2) and p.stderr, p


def test_a_server_that_cannot_be_reached_is_an_error_in_words():
    p = None
    with store() as s:
        p = s.cli("init", "--data", s.dir + "3", "--brand", "shop", "--store",
                  "postgresql://nobody@127.0.0.1:1/nothing", check=False)
    assert p.returncode == 1 and p.stderr.strip(), p


def test_a_lost_connection_ends_the_server_and_loses_nothing():
    with store() as s:
        s.serve()
        send(s, 0, BATCH)
        psql(os.environ["WF_TEST_POSTGRES"], "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
             f" WHERE datname = '{s.store.rsplit('/', 1)[1]}'")
        code = s.server.wait(timeout=30)
        s.server = None
        assert code != 0, code
        s.serve()
        assert total(s.ask(ORDERS)) == BATCH
        s.stop()
        s.verify()


if __name__ == "__main__":
    run(globals())
