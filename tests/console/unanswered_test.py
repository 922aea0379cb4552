#!/usr/bin/env python3
"""The list of questions that wait in Chromium, in both languages, on laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures."""
import datetime

from walks import by_step, in_order, owned, sent, shop
from wellfield import run


def said(user, name, group, minutes, text):
    at = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    return {"kind": "message.sent", "at": at, "identities": {"user": user, "name": name}, "group": group,
            "props": {"text": text, "message": f"{user}-{minutes}"}}


def talk():
    yield said("w", "王婷", "辣妈一群", 130, "这款围兜六个月的宝宝可以用吗？会不会太硬，我家的皮肤比较敏感")
    yield said("l", "小雨", "辣妈一群", 129, "同问")
    yield said("c", "陈露", "点心群", 50, "还有货吗")
    yield said("z", "周舟", "辣妈一群", 40, "请问周六的亲子课怎么报名")
    yield said("n", "新来的", "点心群", 4, "自提点在哪")


def walk(lang):
    with shop(talk()) as s:
        owned(s).ok("PUT", "/shop/settings", {"name": "山泉 Shop", "service_hours": "00:00-24:00"})
        return sent("walk_unanswered.mjs", s, lang=lang, words={"key": s.keys["secret write key"]})


def check(lang):
    seen = walk(lang)
    at = by_step(seen)
    assert [x[:4] for x in at["list"]["texts"]] == ["这款围兜", "还有货吗", "请问周六"], at["list"]
    assert len(at["list"]["tags"]) == 1 and "1" in at["list"]["tags"][0], at["list"]
    assert at["longer"]["texts"][0].startswith("这款围兜") and "minutes=60" in at["longer"]["url"], at["longer"]
    assert at["group"]["texts"] == ["还有货吗"], at["group"]
    assert (at["told"]["status"], at["told"]["last"]) == (200, "今天发货吗"), at["told"]
    assert at["none"]["title"], at["none"]
    in_order(seen, 4)


def test_questions_that_wait_are_walked_in_chinese():
    check("zh-CN")


def test_questions_that_wait_are_walked_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
