#!/usr/bin/env python3
"""Order in groups in Chromium, in both languages: a rule is made, a message arrives, staff go down the queue by keys, and the
audit log tells of it; the box and the sieve. Every tab on laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures."""
from walks import by_step, in_order, owned, sent, shop
from wellfield import run

WORDS = {"zh-CN": {"title": "群秩序", "none": "还没有规则", "done": "请在群里执行：在 好物群 警告 王小明"},
         "en": {"title": "Order", "none": "There is no rule yet", "done": "To do in the channel: Warn 王小明 in 好物群"}}


def walk(lang):
    with shop([{"kind": "member.identified", "at": "2026-01-01T00:00:00Z", "identities": {"user": "u1"}, "traits": {"name": "王小明"}}]) as s:
        owned(s)
        return sent("walk_moderation.mjs", s, lang=lang, key=s.keys["secret write key"])


def check(lang):
    seen, words = walk(lang), WORDS[lang]
    at = by_step(seen)
    assert at["empty"]["title"] == words["title"] and words["none"] in at["empty"]["rules"], at["empty"]
    assert at["refused"]["wrong"].startswith("terms, line 2: "), at["refused"]
    assert at["rule"]["names"] == ["广告词"] and at["rule"]["terms"] > 30, at["rule"]
    found = at["found"]
    assert found["cases"] == 2 and found["mark"] == "刷单" and found["task"] == words["done"], found
    assert at["done"] == {"step": "done", "cases": 1, "state": "done"}, at["done"]
    assert at["dismissed"]["cases"] == 0 and at["dismissed"]["empty"], at["dismissed"]
    assert at["tried"]["marks"] == ["刷 单"] or at["tried"]["marks"] == ["ＶＸ"] or at["tried"]["marks"] == ["刷单"], at["tried"]
    assert at["learnt"]["cells"] >= 10 and "2" in at["learnt"]["note"], at["learnt"]
    assert at["audit"]["decided"] == 2 and at["audit"]["rule"] == 1, at["audit"]
    in_order(seen, 20, "status of 404", "status of 400")


def test_the_walk_in_chinese():
    check("zh-CN")


def test_the_walk_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
