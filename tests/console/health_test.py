#!/usr/bin/env python3
"""A group of three hundred in Chromium, in both languages: its chat is imported, what kind of group it is and why, who may be planted, who
speaks to whom, who is in which circle; then a rule of order, the queue, what is done, the audit log. CONSOLE_SHOTS=DIR keeps the pictures."""
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


@functools.cache
def walked(lang):
    need_browser()
    with Store("shop", None, "--name", "山泉 Shop") as s:
        return walk(s, lang)


def walk(s, lang):
    s.serve()
    if http("GET", s.url + "/console/")[0] == 404:
        raise Skip("built without the console")
    boss = Browser(s)
    boss.ok("POST", "/setup", {"code": s.setup_code(), "name": "owner", "password": PASSWORD}, 201)
    chat = os.path.join(s.folder, "chat.jsonl")
    pathlib.Path(chat).write_text("".join(json.dumps({k: v for k, v in f.items() if v is not None}, ensure_ascii=False) + "\n" for f in talk()))
    plan = {"url": s.url, "lang": lang, "words": {}, "name": "owner", "password": PASSWORD, "key": s.keys["secret write key"], "file": chat, "shots": os.environ.get("CONSOLE_SHOTS")}
    listed = os.path.join(s.folder, f"plan-{time.monotonic_ns()}.json")
    pathlib.Path(listed).write_text(json.dumps(plan))
    p = subprocess.run(["node", str(HERE / "walk_health.mjs"), need_browser(), listed], capture_output=True, text=True, timeout=300)
    seen = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 0, (p.stderr[-1500:], seen)
    s.verify()
    return seen


def check(lang):
    seen, words = walked(lang), WORDS[lang]
    at = {v["step"]: v for v in seen}
    if os.environ.get("CONSOLE_SHOTS"):
        print(json.dumps([v for v in seen if v["step"] not in ("picture", "visitor")], ensure_ascii=False, indent=1))
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
    pictures = [v for v in seen if v["step"] == "picture"]
    assert len(pictures) == (8 if lang != "en" or os.environ.get("CONSOLE_SHOTS") else 2), len(pictures)
    for p in pictures:
        what = (p["name"], p["size"], p["scheme"])
        assert not p["faults"], (what, p["faults"])
        assert p["overflow"] <= 0 and not p["violations"] and not p["keys"], (what, p)
    for v in seen:
        if v["step"] == "visitor":
            assert not v["foreign"] and not v["failed"] and not [x for x in v["troubles"] if "401" not in x and "404" not in x], v


def test_the_walk_in_chinese():
    check("zh-CN")


def test_the_walk_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
