#!/usr/bin/env python3
"""Owners in Chromium, in both languages: filter by one, set one by hand, hand a leaver's members over and take it back, the rule,
places of staff, and what who sees only their own members is shown; every screen on laptop and phone, light and dark.
CONSOLE_SHOTS=DIR keeps the pictures."""
from walks import PASSWORD, Browser, by_step, in_order, member_of, owned, sent, shop
from wellfield import run


def facts():
    for who, many in (("rose", 7), ("lily", 5)):
        for i in range(many):
            at = f"2026-10-{1 + i:02d}T08:00:00Z"
            yield {"kind": "member.identified", "at": at, "identities": {"user": f"{who}-{i}"}, "traits": {"name": f"{'玫瑰' if who == 'rose' else '百合'}客{i}"}}
            yield {"kind": "contact.added", "at": at, "identities": {"user": f"{who}-{i}"}, "staff": who}
    yield {"kind": "contact.added", "at": "2026-10-20T08:00:00Z", "identities": {"user": "rose-0"}, "staff": "lily"}
    yield {"kind": "dm.received", "at": "2026-10-21T08:00:00Z", "identities": {"user": "rose-0"}, "staff": "lily"}


def people(s):
    """Rose, who is leaving, and Lily, who sees her own members alone."""
    boss = owned(s)
    for name, place in (("Rose", {"reach": "own", "code": "rose", "store": "西湖店", "leaving": True}), ("Lily", {"reach": "own", "code": "lily", "store": "西湖店", "department": "零售"})):
        made = boss.ok("POST", "/shop/staff", {"name": name, "display": name + " 顾问", "role": "advisor"}, 201)
        boss.ok("PUT", f"/shop/staff/{made['id']}/place", place)
        Browser(s).ok("POST", "/session/link", {"token": made["link"].split("#")[1], "password": PASSWORD})


def walk(lang):
    with shop(facts()) as s:
        people(s)
        return sent("walk_owner.mjs", s, lang=lang, narrow="Lily", member=member_of(s, "rose-0"), other=member_of(s, "rose-1"), own=member_of(s, "lily-0"))


def check(lang):
    seen = walk(lang)
    at = by_step(seen)
    assert at["filtered"]["rows"] == 7, at["filtered"]
    assert "Lily" in at["set"]["owner"] and at["set"]["steps"] == 1, at["set"]
    assert "Rose" in at["given back"]["owner"], at["given back"]
    assert at["handed over"]["members"] == ["12", "0"] and at["taken back"]["members"] == ["7", "5"], (at["handed over"], at["taken back"])
    assert at["rule"]["members"] == ["6", "6"], at["rule"]
    assert at["narrow"]["rows"] == 6 and at["narrow"]["places"] == 7 and at["narrow"]["refused"], at["narrow"]
    assert at["narrow"]["figures"][:2] == [1, "6"], at["narrow"]
    in_order(seen, 28, "status of 404")


def test_the_walk_in_chinese():
    check("zh-CN")


def test_the_walk_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
