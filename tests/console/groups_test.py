#!/usr/bin/env python3
"""Groups in Chromium, in both languages: a chat log is loaded, its group opened, words looked for, the one who runs it named, members
narrowed, the charter written. Every screen on laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures."""
import datetime
import functools
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE.parent / "http"))
sys.path.insert(0, str(HERE))
from account_test import Browser  # noqa: E402
from console_test import need_browser  # noqa: E402
from wellfield import Skip, Store, http, run  # noqa: E402

PASSWORD = "correct horse battery staple"
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


@functools.cache
def walked(lang):
    need_browser()
    with Store("shop", None, "--name", "山泉 Shop") as s:
        return walk(s, lang)


def walk(s, lang):
    s.load("--format", "irc", "--group", "辣妈一群", "--source", "wx", "-", stdin="\n".join(log()) + "\n")
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in others()))
    s.serve()
    if http("GET", s.url + "/console/")[0] == 404:
        raise Skip("built without the console")
    boss = Browser(s)
    boss.ok("POST", "/setup", {"code": s.setup_code(), "name": "owner", "password": PASSWORD}, 201)
    plan = {"url": s.url, "lang": lang, "words": {}, "name": "owner", "password": PASSWORD, "shots": os.environ.get("CONSOLE_SHOTS")}
    listed = os.path.join(s.folder, f"plan-{time.monotonic_ns()}.json")
    pathlib.Path(listed).write_text(json.dumps(plan))
    p = subprocess.run(["node", str(HERE / "walk_groups.mjs"), need_browser(), listed], capture_output=True, text=True, timeout=300)
    seen = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 0, (p.stderr[-1500:], [v["step"] for v in seen])
    s.verify()
    return seen


def check(lang):
    seen = walked(lang)
    at = {v["step"]: v for v in seen}
    assert at["list"]["names"] == ["辣妈一群", "门店二群"], at["list"]
    assert at["group"]["asks"] and at["group"]["proposed"][0] == "小玫", at["group"]
    assert at["named"] == {"step": "named", "asks": 0}, at["named"]
    assert at["found"]["texts"] and all("名额" in x for x in at["found"]["texts"]) and at["found"]["marked"] >= 1, at["found"]
    assert at["mine"]["who"] == ["新来的"], at["mine"]
    assert at["members"]["silent"] == 3 and at["members"]["several"] == 3 and at["members"]["in"] == 16, at["members"]
    assert at["charter"]["name"] == "辣妈交流群" and at["charter"]["rules"], at["charter"]
    assert at["made"]["title"] == "好货群", at["made"]
    assert at["next"]["title"] == "门店三群" and at["family"] == {"step": "family", "groups": ["门店二群", "门店三群"], "here": ["门店二群"]}, (at["next"], at["family"])
    pictures = [v for v in seen if v["step"] == "picture"]
    assert len(pictures) == 20, len(pictures)
    for p in pictures:
        what = (p["name"], p["size"], p["scheme"])
        assert not p["faults"], (what, p["faults"])
        assert p["overflow"] <= 0 and not p["violations"] and not p["keys"], (what, p)
    for v in seen:
        if v["step"] == "visitor":
            assert not v["foreign"] and not v["failed"] and not [x for x in v["troubles"] if "401" not in x and "404" not in x], v


def test_groups_are_walked_in_chinese():
    check("zh-CN")


def test_groups_are_walked_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
