#!/usr/bin/env python3
"""Answers through the public commands: what staff and members write to each other makes the asker familiar, however it
comes in and however often."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run, total  # noqa: E402


def line(number, at, kind, **fields):
    row = {"id": f"e{number}", "at": f"2026-03-{at}:00+08:00", "kind": kind, **fields}
    if "user" in row:
        row["identities"] = {"user": row.pop("user")}
    if "other" in row:
        row["other"] = {"user": row["other"]}
    return row


def talk():
    """ann: three answers by staff, on two days. ben: three, but one is a template and one comes too late. cat: three, by
    a member. dan is written to and never asked."""
    return [
        line(1, "01T10:00", "message.sent", user="ann", group="g"),
        line(2, "01T10:05", "message.sent", staff="s", other="ann", group="g"),
        line(3, "01T11:00", "dm.received", user="ann", staff="s"),
        line(4, "01T11:30", "dm.sent", other="ann", staff="s"),
        line(5, "01T11:31", "dm.sent", other="ann", staff="s"),
        line(6, "02T10:00", "message.sent", user="ann", group="g"),
        line(7, "02T10:05", "message.sent", user="cat", other="ann", group="g"),
        line(8, "01T10:00", "dm.received", user="ben", staff="s"),
        line(9, "01T10:01", "dm.sent", other="ben", staff="s", props={"template": True}),
        line(10, "02T10:00", "dm.sent", other="ben", staff="s"),
        line(11, "02T11:00", "dm.received", user="ben", staff="s"),
        line(12, "02T12:00", "dm.sent", other="ben", staff="s"),
        line(13, "02T13:00", "message.sent", user="ann", other="cat", group="g"),
        line(14, "02T14:00", "message.sent", user="ann", other="cat", group="g"),
        line(15, "03T10:00", "dm.sent", other="dan", staff="s"),
        line(16, "03T10:01", "message.sent", staff="s", other="dan", group="g"),
        line(17, "03T10:02", "message.sent", user="ann", other="ann", group="g"),
    ]


def answered(ask, **more):
    return total(ask({"trend": {"kind": "message.answered", "by": "month", "from": "2026-03-01", "to": "2026-04-01", **more}}))


def familiar(ask):
    return ask({"segment": {"expr": 'trust = "familiar"'}})["members"]


def check(ask):
    assert answered(ask) == 5, answered(ask)
    assert answered(ask, where='staff = "s"') == 3
    assert familiar(ask) == 1


def test_answers_make_familiar_whether_imported_at_once_twice_or_one_by_one():
    rows = [json.dumps(r) + "\n" for r in sorted(talk(), key=lambda r: r["at"])]
    with Store() as s:
        assert s.load("--format", "jsonl", "-", stdin="".join(rows))["stored"] == len(rows)
        check(s.query)
        again = s.load("--format", "jsonl", "--source", "again", "-", stdin="".join(rows + ["\n"]))
        assert again["stored"] == 0, again
        check(s.query)
        s.verify()
    with Store() as s:
        s.serve()
        for row in rows:
            s.load("--format", "jsonl", "-", stdin=row)
        check(s.ask)
        s.kill()
        s.serve()
        check(s.ask)
        s.stop()
        s.verify()


def test_a_secret_key_sends_talk_and_the_writer_its_mirror():
    with Store() as s:
        s.serve()
        for i, event in enumerate([
                {"userId": "eve", "event": "dm.received", "timestamp": "2026-03-01T10:00:00Z"},
                {"userId": "eve", "event": "dm.sent", "timestamp": "2026-03-01T11:00:00Z", "properties": {"staff": "s"}}]):
            body = {"type": "track", "messageId": f"m{i}", "writeKey": s.keys["secret write key"], **event}
            assert http("POST", s.url + "/v1/track", json.dumps(body).encode())[0] == 200
        assert answered(s.ask) == 1
        s.stop()
        s.verify()


run(globals())
