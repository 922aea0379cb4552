#!/usr/bin/env python3
"""How many identities of a kind a member may have is the brand's to say; one too many is left out, and nothing merges."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, run  # noqa: E402

TWO_USERS_OF_ONE_PHONE = "".join(json.dumps(
    {"id": user, "at": f"2026-03-0{day}T10:00:00+08:00", "kind": "order.paid",
     "identities": {"user": user, "phone": "+8613800138000"}}) + "\n" for day, user in ((1, "u1"), (2, "u2")))


def members(*extra):
    with Store("shop", None, *extra) as s:
        got = s.load("--format", "jsonl", "-", stdin=TWO_USERS_OF_ONE_PHONE)
        s.verify()
        return got["members_created"]


def test_a_second_user_is_another_member_unless_the_cap_allows():
    assert members() == 2
    assert members("--caps", "phone=9") == 2
    assert members("--caps", "user=2") == 1


def test_caps_last_and_are_each_brands_own():
    with Store("shop", None, "--caps", "user=2") as s:
        s.cli("init", "--data", s.dir, "--brand", "other")
        for brand, created in (("other", 2), ("shop", 1)):
            s.brand = brand
            assert s.load("--format", "jsonl", "-", stdin=TWO_USERS_OF_ONE_PHONE)["members_created"] == created


def test_a_bad_cap_makes_nothing():
    with Store() as s:
        p = s.cli("init", "--data", s.dir, "--brand", "second", "--caps", "user=0", check=False)
        assert p.returncode == 2 and "--caps" in p.stderr and "100" in p.stderr, (p.returncode, p.stderr)
        assert s.cli("query", "--data", s.dir, "--brand", "second", '{"rfm":{}}', check=False).returncode != 0


run(globals())
