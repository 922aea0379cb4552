#!/usr/bin/env python3
"""Rows that a dry run shows: a few of each thing that it would do, sealed, gone with the file and with who is erased."""
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from imports_test import ask, look, run_import, upload, want  # noqa: E402
from wellfield import Store, run  # noqa: E402

KNOWN = "手机号,会员号,昵称\n13800138000,U1,小王\n13800138001,U2,小李\n"
KNOWN_MAP = "member=phone:手机号,member=user:会员号,trait.nickname=text:昵称"


def samples(s, number):
    return want(200, ask(s, "GET", f"/imports/{number}/samples"))


def member(s, user):
    """The list of members follows what is stored within moments."""
    deadline = time.monotonic() + 60
    while not (found := want(200, ask(s, "GET", "/members?q=user:" + user))["items"]):
        assert time.monotonic() < deadline, user
        time.sleep(0.02)
    return found[0]["id"]


def contents(s):
    """All that the data directory holds, but the uploaded files themselves."""
    return b"".join(p.read_bytes() for p in pathlib.Path(s.dir).rglob("*") if p.is_file() and "uploads" not in p.parts)


def test_a_dry_run_shows_rows_of_each_kind():
    with Store("shop").serve() as s:
        empty = {k: {"rows": 0, "first": []} for k in ("new", "updated", "conflict", "unknown_staff", "unchanged")}
        first = upload(s, "known.csv", KNOWN)
        assert samples(s, first) == empty
        run_import(s, first, format="csv", map=KNOWN_MAP)
        assert samples(s, first) == empty
        shown = "\"显示\n\x1b[31m两行\""
        fresh = "".join(f"1390013800{n},,新{n}\n" for n in range(7))
        more = f"手机号,会员号,昵称\n13800138000,,王\n13800138000,,{shown}\n13800138001,U2,李\n13800138001,U1,谁\n13900138009,,{'长' * 100}\n{fresh}"
        number = upload(s, "more.csv", more)
        tried = run_import(s, number, format="csv", map=KNOWN_MAP, dry_run=True)
        assert {k: tried["tried"][k] for k in ("members_created", "updated", "dropped")} == {"members_created": 8, "updated": 2, "dropped": 1}, tried
        got = samples(s, number)
        assert {k: v["rows"] for k, v in got.items()} == {"new": 8, "updated": 2, "conflict": 1, "unknown_staff": 0, "unchanged": 0}, got
        updated, conflict, new = (got[k]["first"] for k in ("updated", "conflict", "new"))
        numbers = [member(s, u) for u in ("U1", "U2")]
        assert [(x["line"], x["row"], x["member"]) for x in updated] == [(2, "13800138000,,王", numbers[0]), (5, "13800138001,U2,李", numbers[1])], (updated, numbers)
        assert [(x["line"], x["row"], x["member"]) for x in conflict] == [(6, "13800138001,U1,谁", numbers[0])], (conflict, numbers)
        assert [x["line"] for x in new] == [7, 8, 9, 10, 11] and all(x["member"] is None for x in new), new
        long = new[0]["row"]
        assert long.startswith("13900138009,,长长") and 198 <= len(long.encode()) <= 200, long
        # a dry run of what is stored already
        assert run_import(s, first, format="csv", map=KNOWN_MAP, dry_run=True)["tried"]["duplicate"] == 2
        same = samples(s, first)["unchanged"]
        assert same == {"rows": 2, "first": [{"line": 2, "row": "13800138000,U1,小王", "member": None}, {"line": 3, "row": "13800138001,U2,小李", "member": None}]}, same
        # who may not import may not look
        officer = {"Authorization": "Bearer " + re.search(r"\bwf_live_\w+", s.cli("key", "add", "--data", s.dir, "--brand", "shop", "--name", "r", "--scopes", "members.read,members.privacy").stdout)[0]}
        want(403, ask(s, "GET", f"/imports/{number}/samples", headers=officer))
        # they are sealed, and go when somebody is erased, and with the import
        assert "13900138005,,新5".encode() not in contents(s) and "13800138000,,王".encode() not in contents(s)
        want(200, ask(s, "POST", f"/members/{numbers[0]}/erase", {"reason": "asked", "confirm": numbers[0]}, officer))
        assert samples(s, number) == empty and samples(s, first) == empty and look(s, number)["tried"], "figures stay"
        assert not look(s, number)["file"] and not list((pathlib.Path(s.dir) / "brands/shop/uploads").iterdir())
        want(409, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
        number = upload(s, "more.csv", more)
        run_import(s, number, format="csv", map=KNOWN_MAP, dry_run=True)
        again = samples(s, number)
        assert {k: v["rows"] for k, v in again.items()} == {"new": 10, "updated": 1, "conflict": 1, "unknown_staff": 0, "unchanged": 0}, again
        want(204, ask(s, "DELETE", f"/imports/{number}"))
        want(404, ask(s, "GET", f"/imports/{number}/samples"))
        s.stop()
        s.verify()


def test_rows_that_waited_to_be_sorted_are_shown_too():
    """A first batch that is full and not in order of time goes through a file; the rows' texts go with it."""
    with Store("shop").serve() as s:
        rows = 500_010
        text = "手机号,付款时间,实付金额(元)\n" + "".join(f"1380000{n % 5:04},2025-01-{28 - n * 27 // rows:02} 00:00,1\n" for n in range(rows))
        number = upload(s, "backwards.csv", text)
        tried = run_import(s, number, format="csv", dry_run=True)["tried"]
        assert (tried["stored"], tried["members_created"]) == (rows, 5), tried
        lines = text.split("\n")
        got = samples(s, number)["new"]["first"]
        assert len(got) == 5 and all(x["row"] == lines[x["line"] - 1] and x["line"] > 400_000 for x in got), got


if __name__ == "__main__":
    run(globals())
