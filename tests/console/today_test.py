#!/usr/bin/env python3
"""Today's list in Chromium, in both languages: an advisor begins with it, goes down it by keys, says what became of each, takes
one from the pool and takes one back; the owner changes a reason, reads the day as one text and puts off a group to be opened. Every screen on laptop and phone, light and dark.
CONSOLE_SHOTS=DIR keeps the pictures."""
import datetime

from walks import PASSWORD, Browser, by_step, in_order, owned, sent, shop
from wellfield import run

WORDS = {"zh-CN": {"title": "今日待办", "silent": "新人第 "}, "en": {"title": "Today", "silent": "new, silent for "}}


def facts():
    now = datetime.datetime.now(datetime.timezone.utc)
    for i in range(24):
        at = (now - datetime.timedelta(days=5, minutes=i)).isoformat(timespec="seconds")
        yield {"kind": "member.identified", "at": at, "identities": {"user": f"u{i}"}, "traits": {"name": f"新客{i}"}}
        yield {"kind": "contact.added" if i < 12 else "group.joined", "at": at, "identities": {"user": f"u{i}"}, **({"staff": "rose"} if i < 12 else {"group": "好物群"})}


def walk(lang):
    with shop(facts()) as s:
        boss = owned(s)
        group = boss.ok("GET", "/shop/groups")["items"][0]["id"]
        boss.ok("PUT", f"/shop/groups/{group}", {"capacity": 12})  # as many as are in it
        boss.ok("POST", "/shop/group-families", {"name": "好物", "groups": [group]}, 201)
        made = boss.ok("POST", "/shop/staff", {"name": "Rose", "display": "Rose", "role": "advisor"}, 201)
        boss.ok("PUT", f"/shop/staff/{made['id']}/place", {"reach": "brand", "code": "rose"})
        Browser(s).ok("POST", "/session/link", {"token": made["link"].split("#")[1], "password": PASSWORD})
        return sent("walk_today.mjs", s, lang=lang, advisor="Rose")


def check(lang):
    seen = walk(lang)
    at = by_step(seen)
    begin = at["begin"]
    assert begin["title"] == WORDS[lang]["title"] and begin["mine"] >= 8 and begin["pool"] >= 8, begin
    assert all(w.startswith(WORDS[lang]["silent"]) for w in begin["why"]), begin
    assert at["done"]["mine"] == begin["mine"] - 1 and at["done"]["settled"] == 1, at["done"]
    assert at["useless"]["mine"] == begin["mine"] - 2 and at["useless"]["settled"] == 2, at["useless"]
    assert at["back"]["mine"] == begin["mine"] - 1 and at["back"]["settled"] == 1, at["back"]
    assert at["taken"]["mine"] == begin["mine"] and at["taken"]["pool"] == begin["pool"] - 1, at["taken"]
    assert at["rule"]["weight"] == "33" and at["rule"]["others"] >= 1, at["rule"]
    assert at["desk"]["tasks"] == "好物" and at["desk"]["text"].startswith(("【", "[")), at["desk"]
    in_order(seen, 13, "status of 404")


def test_the_walk_in_chinese():
    check("zh-CN")


def test_the_walk_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
