#!/usr/bin/env python3
"""Today's list in Chromium, in both languages: an advisor begins with it, goes down it by keys, says what became of each, takes
one from the pool and takes one back; the owner changes a reason. Every screen on laptop and phone, light and dark.
CONSOLE_SHOTS=DIR keeps the pictures."""
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
WORDS = {"zh-CN": {"title": "今日待办", "silent": "新人第 "}, "en": {"title": "Today", "silent": "new, silent for "}}


def facts():
    now = datetime.datetime.now(datetime.timezone.utc)
    for i in range(24):
        at = (now - datetime.timedelta(days=5, minutes=i)).isoformat(timespec="seconds")
        yield {"kind": "member.identified", "at": at, "identities": {"user": f"u{i}"}, "traits": {"name": f"新客{i}"}}
        yield {"kind": "contact.added" if i < 12 else "group.joined", "at": at, "identities": {"user": f"u{i}"}, **({"staff": "rose"} if i < 12 else {"group": "好物群"})}


@functools.cache
def walked(lang):
    need_browser()
    with Store("shop", None, "--name", "山泉 Shop") as s:
        return walk(s, lang)


def walk(s, lang):
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in facts()))
    s.serve()
    if http("GET", s.url + "/console/")[0] == 404:
        raise Skip("built without the console")
    boss = Browser(s)
    boss.ok("POST", "/setup", {"code": s.setup_code(), "name": "owner", "password": PASSWORD}, 201)
    made = boss.ok("POST", "/shop/staff", {"name": "Rose", "display": "Rose", "role": "advisor"}, 201)
    boss.ok("PUT", f"/shop/staff/{made['id']}/place", {"reach": "brand", "code": "rose"})
    Browser(s).ok("POST", "/session/link", {"token": made["link"].split("#")[1], "password": PASSWORD})
    plan = {"url": s.url, "lang": lang, "words": {}, "name": "owner", "advisor": "Rose", "password": PASSWORD, "shots": os.environ.get("CONSOLE_SHOTS")}
    listed = os.path.join(s.folder, f"plan-{time.monotonic_ns()}.json")
    pathlib.Path(listed).write_text(json.dumps(plan))
    p = subprocess.run(["node", str(HERE / "walk_today.mjs"), need_browser(), listed], capture_output=True, text=True, timeout=300)
    seen = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 0, (p.stderr[-1500:], [v["step"] for v in seen])
    s.verify()
    return seen


def check(lang):
    seen = walked(lang)
    at = {v["step"]: v for v in seen}
    begin = at["begin"]
    assert begin["title"] == WORDS[lang]["title"] and begin["mine"] >= 8 and begin["pool"] >= 8, begin
    assert all(w.startswith(WORDS[lang]["silent"]) for w in begin["why"]), begin
    assert at["done"]["mine"] == begin["mine"] - 1 and at["done"]["settled"] == 1, at["done"]
    assert at["useless"]["mine"] == begin["mine"] - 2 and at["useless"]["settled"] == 2, at["useless"]
    assert at["back"]["mine"] == begin["mine"] - 1 and at["back"]["settled"] == 1, at["back"]
    assert at["taken"]["mine"] == begin["mine"] and at["taken"]["pool"] == begin["pool"] - 1, at["taken"]
    assert at["rule"]["weight"] == "33" and at["rule"]["others"] >= 1, at["rule"]
    pictures = [v for v in seen if v["step"] == "picture"]
    assert len(pictures) == 12, len(pictures)
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
