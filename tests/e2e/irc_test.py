#!/usr/bin/env python3
"""IRC logs through the public commands, beside an independent recount."""
import gzip
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import DATA, Skip, Store, run, total  # noqa: E402

MESSAGE = re.compile(r"^\[\d\d:\d\d\] +(?:<([^>]+)>|\* (\S+))")
RENAME = re.compile(r"^=== (\S+) is now known as (\S+)")


def files():
    found = sorted((DATA / "irc").glob("*.ascii.txt.gz")) if DATA.exists() else []
    if not found:
        raise Skip("shared data is absent")
    return found


def recount(path):
    """Messages, and the speakers as people: a new name of a known speaker is the same person."""
    person, messages, conflicts = {}, 0, 0
    people = 0
    with gzip.open(path, "rt", errors="surrogateescape") as f:
        for line in f:
            if m := MESSAGE.match(line):
                messages += 1
                nick = m[1] or m[2]
                if nick not in person:
                    person[nick] = people
                    people += 1
            elif m := RENAME.match(line):
                old, new = m[1], m[2]
                if old in person and new not in person:
                    person[new] = person[old]
                elif old in person and person[new] != person[old]:
                    conflicts += 1
    return messages, len({p for p in person.values()}), conflicts


def test_messages_speakers_and_renames_equal_a_recount():
    for path in files():
        with Store("chat") as s:
            messages, speakers, conflicts = recount(path)
            counts = s.load("--format", "irc", "--group", "ubuntu", str(path))
            got = total(s.query({"trend": {"kind": "message.sent", "by": "day"}}))
            assert got == messages, (path.name, got, messages)
            members = s.query({"segment": {"expr": 'did("message.sent")'}})["members"]
            assert members == speakers, (path.name, members, speakers, counts)
            assert counts.get("conflicts", 0) == conflicts, (path.name, counts, conflicts)
            joins = s.query({"segment": {"expr": 'groups = "ubuntu"'}})["members"]
            assert joins == speakers, (path.name, joins, speakers)


def test_gitter_logs_are_chat_logs_with_dates():
    message = re.compile(r"^(?:\d+ +)?\[\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?\] +<([^>]+)>", re.M)
    found = sorted((DATA / "gitter").glob("*.txt.gz")) if DATA.exists() else []
    if not found:
        raise Skip("shared data is absent")
    for path in found:
        nicks = message.findall(gzip.open(path, "rt", errors="surrogateescape").read())
        with Store("chat", None, "--tz", "UTC") as s:
            counts = s.load("--format", "irc", "--group", "gitter", str(path))
            assert (counts["stored"], counts["rejected"]) == (len(nicks), 0), (path.name, counts)
            members = s.query({"segment": {"expr": 'did("message.sent")'}})["members"]
            assert members == len(set(nicks)), (path.name, members)


def test_the_day_comes_from_the_file_name():
    path = files()[0]
    with Store("chat", None, "--tz", "UTC") as s:
        s.load("--format", "irc", "--group", "ubuntu", str(path))
        points = s.query({"trend": {"kind": "message.sent", "by": "day"}})["points"]
        assert points[0]["at"].startswith(path.name[:10]), points[0]


def test_all_logs_in_one_group_verify():
    with Store("chat") as s:
        s.load("--format", "irc", "--group", "ubuntu", *map(str, files()))
        s.verify()


if __name__ == "__main__":
    run(globals())
