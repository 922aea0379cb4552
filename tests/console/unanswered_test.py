#!/usr/bin/env python3
"""The list of questions that wait in Chromium, in both languages, on laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures."""
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


@functools.cache
def walked(lang):
    need_browser()
    with Store("shop", None, "--name", "山泉 Shop") as s:
        return walk(s, lang)


def walk(s, lang):
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in talk()))
    s.serve()
    if http("GET", s.url + "/console/")[0] == 404:
        raise Skip("built without the console")
    boss = Browser(s)
    boss.ok("POST", "/setup", {"code": s.setup_code(), "name": "owner", "password": PASSWORD}, 201)
    boss.ok("PUT", "/shop/settings", {"name": "山泉 Shop", "service_hours": "00:00-24:00"})
    plan = {"url": s.url, "lang": lang, "words": {"key": s.keys["secret write key"]}, "name": "owner", "password": PASSWORD, "shots": os.environ.get("CONSOLE_SHOTS")}
    listed = os.path.join(s.folder, f"plan-{time.monotonic_ns()}.json")
    pathlib.Path(listed).write_text(json.dumps(plan))
    p = subprocess.run(["node", str(HERE / "walk_unanswered.mjs"), need_browser(), listed], capture_output=True, text=True, timeout=300)
    seen = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 0, (p.stderr[-1500:], [v["step"] for v in seen])
    return seen


def check(lang):
    seen = walked(lang)
    at = {v["step"]: v for v in seen}
    assert [x[:4] for x in at["list"]["texts"]] == ["这款围兜", "还有货吗", "请问周六"], at["list"]
    assert len(at["list"]["tags"]) == 1 and "1" in at["list"]["tags"][0], at["list"]
    assert at["longer"]["texts"][0].startswith("这款围兜") and "minutes=60" in at["longer"]["url"], at["longer"]
    assert at["group"]["texts"] == ["还有货吗"], at["group"]
    assert (at["told"]["status"], at["told"]["last"]) == (200, "今天发货吗"), at["told"]
    assert at["none"]["title"], at["none"]
    pictures = [v for v in seen if v["step"] == "picture"]
    assert len(pictures) == 4, len(pictures)
    for p in pictures:
        what = (p["name"], p["size"], p["scheme"])
        assert not p["faults"], (what, p["faults"])
        assert p["overflow"] <= 0 and not p["violations"] and not p["keys"], (what, p)
    for v in seen:
        if v["step"] == "visitor":
            assert not v["foreign"] and not v["failed"] and not [x for x in v["troubles"] if "401" not in x], v


def test_questions_that_wait_are_walked_in_chinese():
    check("zh-CN")


def test_questions_that_wait_are_walked_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
