#!/usr/bin/env python3
"""Order in groups in Chromium, in both languages: a rule is made, a message arrives, staff go down the queue by keys, and the
audit log tells of it; the box and the sieve. Every tab on laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures."""
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
WORDS = {"zh-CN": {"title": "群秩序", "none": "还没有规则", "done": "请在群里执行：在 好物群 警告 王小明"},
         "en": {"title": "Order", "none": "There is no rule yet", "done": "To do in the channel: Warn 王小明 in 好物群"}}


@functools.cache
def walked(lang):
    need_browser()
    with Store("shop", None, "--name", "山泉 Shop") as s:
        return walk(s, lang)


def walk(s, lang):
    s.load("--format", "jsonl", "-", stdin=json.dumps({"kind": "member.identified", "at": "2026-01-01T00:00:00Z", "identities": {"user": "u1"}, "traits": {"name": "王小明"}}) + "\n")
    s.serve()
    if http("GET", s.url + "/console/")[0] == 404:
        raise Skip("built without the console")
    boss = Browser(s)
    boss.ok("POST", "/setup", {"code": s.setup_code(), "name": "owner", "password": PASSWORD}, 201)
    plan = {"url": s.url, "lang": lang, "words": {}, "name": "owner", "password": PASSWORD, "key": s.keys["secret write key"], "shots": os.environ.get("CONSOLE_SHOTS")}
    listed = os.path.join(s.folder, f"plan-{time.monotonic_ns()}.json")
    pathlib.Path(listed).write_text(json.dumps(plan))
    p = subprocess.run(["node", str(HERE / "walk_moderation.mjs"), need_browser(), listed], capture_output=True, text=True, timeout=300)
    seen = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 0, (p.stderr[-1500:], [v["step"] for v in seen])
    s.verify()
    return seen


def check(lang):
    seen, words = walked(lang), WORDS[lang]
    at = {v["step"]: v for v in seen}
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
    pictures = [v for v in seen if v["step"] == "picture"]
    assert len(pictures) == 20, len(pictures)
    for p in pictures:
        what = (p["name"], p["size"], p["scheme"])
        assert not p["faults"], (what, p["faults"])
        assert p["overflow"] <= 0 and not p["violations"] and not p["keys"], (what, p)
    for v in seen:
        if v["step"] == "visitor":
            assert not v["foreign"] and not v["failed"] and not [x for x in v["troubles"] if "401" not in x and "404" not in x and "400" not in x], v


def test_the_walk_in_chinese():
    check("zh-CN")


def test_the_walk_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
