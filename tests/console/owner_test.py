#!/usr/bin/env python3
"""Owners in Chromium, in both languages: filter by one, set one by hand, hand a leaver's members over and take it back, the rule,
places of staff, and what who sees only their own members is shown; every screen on laptop and phone, light and dark.
CONSOLE_SHOTS=DIR keeps the pictures."""
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


def facts():
    for who, many in (("rose", 7), ("lily", 5)):
        for i in range(many):
            at = f"2026-10-{1 + i:02d}T08:00:00Z"
            yield {"kind": "member.identified", "at": at, "identities": {"user": f"{who}-{i}"}, "traits": {"name": f"{'玫瑰' if who == 'rose' else '百合'}客{i}"}}
            yield {"kind": "contact.added", "at": at, "identities": {"user": f"{who}-{i}"}, "staff": who}
    yield {"kind": "contact.added", "at": "2026-10-20T08:00:00Z", "identities": {"user": "rose-0"}, "staff": "lily"}
    yield {"kind": "dm.received", "at": "2026-10-21T08:00:00Z", "identities": {"user": "rose-0"}, "staff": "lily"}


def people(s):
    """Rose, who is leaving, and Lily, who sees her own members alone."""
    boss = Browser(s)
    boss.ok("POST", "/setup", {"code": s.setup_code(), "name": "owner", "password": PASSWORD}, 201)
    for name, place in (("Rose", {"reach": "own", "code": "rose", "store": "西湖店", "leaving": True}), ("Lily", {"reach": "own", "code": "lily", "store": "西湖店", "department": "零售"})):
        made = boss.ok("POST", "/shop/staff", {"name": name, "display": name + " 顾问", "role": "advisor"}, 201)
        boss.ok("PUT", f"/shop/staff/{made['id']}/place", place)
        Browser(s).ok("POST", "/session/link", {"token": made["link"].split("#")[1], "password": PASSWORD})


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
    people(s)
    head = {"Authorization": "Bearer " + s.token}
    of = {u: json.loads(http("GET", f"{s.url}/api/v1/shop/members?q=user:{u}", headers=head)[1])["items"][0]["id"] for u in ("rose-0", "rose-1", "lily-0")}
    plan = {"url": s.url, "lang": lang, "words": {}, "name": "owner", "narrow": "Lily", "password": PASSWORD, "member": of["rose-0"], "other": of["rose-1"], "own": of["lily-0"], "shots": os.environ.get("CONSOLE_SHOTS")}
    listed = os.path.join(s.folder, f"plan-{time.monotonic_ns()}.json")
    pathlib.Path(listed).write_text(json.dumps(plan))
    p = subprocess.run(["node", str(HERE / "walk_owner.mjs"), need_browser(), listed], capture_output=True, text=True, timeout=300)
    seen = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 0, (p.stderr[-1500:], [v["step"] for v in seen])
    s.verify()
    return seen


def check(lang):
    seen = walked(lang)
    at = {v["step"]: v for v in seen}
    assert at["filtered"]["rows"] == 7, at["filtered"]
    assert "Lily" in at["set"]["owner"] and at["set"]["steps"] == 1, at["set"]
    assert "Rose" in at["given back"]["owner"], at["given back"]
    assert at["handed over"]["members"] == ["12", "0"] and at["taken back"]["members"] == ["7", "5"], (at["handed over"], at["taken back"])
    assert at["rule"]["members"] == ["6", "6"], at["rule"]
    assert at["narrow"]["rows"] == 6 and at["narrow"]["places"] == 6 and at["narrow"]["refused"], at["narrow"]
    pictures = [v for v in seen if v["step"] == "picture"]
    assert len(pictures) == 28, len(pictures)
    for p in pictures:
        what = (p["name"], p["size"], p["scheme"])
        assert not p["faults"], (what, p["faults"])
        assert p["overflow"] <= 0 and not p["violations"] and not p["keys"], (what, p)
    for v in seen:
        if v["step"] == "visitor":
            assert not v["foreign"] and not v["failed"] and not [x for x in v["troubles"] if "401" not in x and "404" not in x and "preload" not in x], v


def test_the_walk_in_chinese():
    check("zh-CN")


def test_the_walk_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
