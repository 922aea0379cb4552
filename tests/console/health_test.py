#!/usr/bin/env python3
"""A group of three hundred in Chromium, in both languages: its chat is imported, what kind of group it is and why, who may be planted, who
speaks to whom, who is in which circle; then a rule of order, the queue, what is done, the audit log. CONSOLE_SHOTS=DIR keeps the pictures."""
import datetime
import json
import pathlib

from walks import SHOTS, by_step, in_order, owned, sent, shop
from wellfield import run

WORDS = {"zh-CN": {"kind": "自发参与", "core": "核心圈", "shown": "300"}, "en": {"kind": "Self-driven", "core": "Core", "shown": "300"}}
MEMBERS = 300
PRAISE = ["这款面膜真的很好用我已经囤了十盒", "孩子特别喜欢吃昨天一晚上吃完了一整包", "老公说味道跟小时候外婆做的一模一样", "皮肤敏感也能用涂上去凉凉的不刺激", "上个月推荐给同事她们现在天天催我开团"]


def fact(user, kind, at, **more):
    return {"at": at.isoformat(), "kind": kind, **({"identities": {"user": user}} if user else {}), "group": "好货群", **more}


def talk():
    """On twelve days p0 to p14 speak in a ring, each answering the one before and the one before that, and p15 to p79 answer one of them each;
    the shop's rose promotes on five, and each time p298 and p299 praise in the same words."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)

    def at(back, minute):
        return now - datetime.timedelta(days=back, minutes=-minute)

    for i in range(MEMBERS):
        yield {**fact(f"p{i}", "member.identified", at(40, 0)), "group": None, "traits": {"name": f"群友{i}"}}
        yield fact(f"p{i}", "group.joined", at(40, i))
    for day in range(1, 13):
        for i in range(15):
            yield fact(f"p{i}", "message.sent", at(day, i), other={"user": f"p{(i - 1) % 15}"}, props={"text": f"第{day}天的第{i}句", "link": "reply"})
            yield fact(f"p{i}", "message.sent", at(day, i + 20), other={"user": f"p{(i + 2) % 15}"}, props={"text": f"第{day}天再说{i}", "link": "reply"})
        for i in range(day, 80, 12):
            if i >= 15:
                yield fact(f"p{i}", "message.sent", at(day, 40 + i // 12), other={"user": f"p{i % 15}"}, props={"text": "我也想知道", "link": "reply"})
    for day in range(5):
        yield fact(None, "message.sent", at(day + 14, 0), staff="rose", props={"text": "今天的拼团 ¥39 限时", "promotion": True})
        for i, minute in ((298, 3), (299, 20)):
            yield fact(f"p{i}", "message.sent", at(day + 14, minute), props={"text": PRAISE[day]})


def walk(lang):
    with shop() as s:
        owned(s)
        chat = pathlib.Path(s.folder, "chat.jsonl")
        chat.write_text("".join(json.dumps({k: v for k, v in f.items() if v is not None}, ensure_ascii=False) + "\n" for f in talk()))
        return sent("walk_health.mjs", s, lang=lang, key=s.keys["secret write key"], file=str(chat))


def check(lang):
    seen, words = walk(lang), WORDS[lang]
    at = by_step(seen)
    if SHOTS:
        print(json.dumps(list(at.values()), ensure_ascii=False, indent=1))
    assert at["imported"]["stored"].replace(",", "") == str(len(list(talk()))) and at["imported"]["rejected"] in ([], ["0"]), at["imported"]
    assert at["health"]["kind"] == words["kind"] and sorted(at["health"]["suspects"]) == ["群友298", "群友299"], at["health"]
    assert at["evidence"]["words"], at["evidence"]
    assert PRAISE[0][:6] in at["proof"]["first"] or any(p[:6] in at["proof"]["first"] for p in PRAISE), at["proof"]
    assert "owner" in at["confirmed"]["note"], at["confirmed"]
    assert at["graph"]["legend"].count(words["shown"]) == 2 and at["graph"]["rows"] == 20, at["graph"]
    assert at["members"]["core"] == 15 and at["members"]["tags"] == [words["core"]], at["members"]
    assert at["queue"]["cases"] == 1 and at["queue"]["mark"] == "刷单", at["queue"]
    assert at["done"]["cases"] == 0, at["done"]
    audit = {k: v for k, v in at["audit"].items() if k != "step"}
    assert audit["moderation.decided"] == audit["moderation.rule.added"] == audit["group.suspect_judged"] == 1 and audit["import."] >= 1, audit
    in_order(seen, 8 if lang != "en" or SHOTS else 2, "status of 404")


def test_the_walk_in_chinese():
    check("zh-CN")


def test_the_walk_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
