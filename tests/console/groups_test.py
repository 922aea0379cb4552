#!/usr/bin/env python3
"""Groups in Chromium, in both languages: a chat log is loaded, its group opened, words looked for, the one who runs it named, members
narrowed, the charter written. Every screen on laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures."""
import datetime

from walks import by_step, in_order, owned, sent, shop
from wellfield import run

ASKED = ["早上好呀", "周六的亲子课还有名额吗？", "我家宝宝也想去", "停车方便吗？", "上次买的围兜很好用", "请问几点开始？"]
TOLD = ["早上好，今天十点开团", "还有五个名额，报名接龙", "门口可以停，两小时免费", "新品围兜 ¥39，限时两天", "九点半开始，记得带水杯"]


def log():
    """Rose, who runs it, answers; twelve others ask, the last of them once only."""
    now = datetime.datetime.now(datetime.timezone.utc)
    for back in range(26, 0, -1):
        for i in range(2 + (26 - back) // 3):
            at = now - datetime.timedelta(days=back, minutes=90 - 7 * i)
            rose = i % 3 == 1
            who = "小玫" if rose else f"妈妈{(back * 5 + i) % 11}"
            yield f"[{at:%Y-%m-%d %H:%M:%S}] <{who}> {(TOLD if rose else ASKED)[(back + i) % 5]}"
    yield f"[{now - datetime.timedelta(hours=2):%Y-%m-%d %H:%M:%S}] <新来的> 大家好，请多关照"


def others():
    at = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=6)).isoformat(timespec="seconds")
    for i in range(40):
        yield {"kind": "group.joined", "at": at, "identities": {"user": f"q{i}"}, "group": "门店二群"}
    for i in range(3):
        yield {"kind": "group.joined", "at": at, "identities": {"user": f"s{i}"}, "group": "辣妈一群", "touchpoint": "门口海报"}
        yield {"kind": "group.joined", "at": at, "identities": {"user": f"s{i}"}, "group": "门店二群"}
    yield {"kind": "message.sent", "at": at, "identities": {"user": "q1"}, "group": "门店二群", "props": {"text": "这里好安静", "message": "a1"}}


def walk(lang):
    with shop(others()) as s:
        s.load("--format", "irc", "--group", "辣妈一群", "--source", "wx", "-", stdin="\n".join(log()) + "\n")
        owned(s)
        return sent("walk_groups.mjs", s, lang=lang)


def check(lang):
    seen = walk(lang)
    at = by_step(seen)
    assert at["list"]["names"] == ["辣妈一群", "门店二群"], at["list"]
    assert at["group"]["asks"] and at["group"]["proposed"][0] == "小玫", at["group"]
    assert at["named"] == {"step": "named", "asks": 0}, at["named"]
    assert at["found"]["texts"] and all("名额" in x for x in at["found"]["texts"]) and at["found"]["marked"] >= 1, at["found"]
    assert at["mine"]["who"] == ["新来的"], at["mine"]
    assert at["members"]["silent"] == 3 and at["members"]["several"] == 3 and at["members"]["in"] == 16, at["members"]
    assert at["charter"]["name"] == "辣妈交流群" and at["charter"]["rules"], at["charter"]
    assert at["made"]["title"] == "好货群", at["made"]
    assert at["next"]["title"] == "门店三群" and at["family"] == {"step": "family", "groups": ["门店二群", "门店三群"], "here": ["门店二群"]}, (at["next"], at["family"])
    in_order(seen, 20, "status of 404")


def test_groups_are_walked_in_chinese():
    check("zh-CN")


def test_groups_are_walked_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
