#!/usr/bin/env python3
"""Merging by hand, undoing, judging conflicts, handing out and erasing, in Chromium, in both languages; every screen of it on
laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures."""
import functools
import json
import os
import pathlib
import subprocess
import sys
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE))
from console_test import need_browser  # noqa: E402
from wellfield import Skip, Store, http, run  # noqa: E402

PASSWORD = "correct horse battery staple"


def facts():
    """Two who are one person, five claims to judge, and one who was erased."""
    for who, phone in (("wang-1", "+8613800138001"), ("wang-2", "+8613800138002"), ("gone", "+8613800138003")):
        yield {"kind": "member.identified", "at": "2026-10-01T08:00:00Z", "id": who, "identities": {"user": who, "phone": phone}, "traits": {"name": "王婷" if who[0] == "w" else "李雷", "city": "杭州"}}
        for i in range(4):
            yield {"kind": "order.paid", "at": f"2026-10-{2 + i:02d}T09:00:00Z", "id": f"{who}-{i}", "identities": {"user": who}, "amount": 12900 + i, "props": {"order": f"{who}-{i}"}}
    for i in range(5):
        for side in ("old", "new"):
            yield {"kind": "page.viewed", "at": f"2026-10-1{i}T0{1 if side == 'old' else 2}:00:00Z", "id": f"{side}{i}", "identities": {"user": f"{side}-{i}", "phone": f"+861390013900{i}"}}


@functools.cache
def walked(lang):
    need_browser()
    with Store("shop", None, "--name", "山泉 Shop") as s:
        return walk(s, lang)


def walk(s, lang):
    s.serve()
    if http("GET", s.url + "/console/")[0] == 404:
        raise Skip("built without the console")
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in facts()))
    s.run("erase", "user:gone")
    s.verify()
    made = json.dumps({"code": s.setup_code(), "name": "owner", "password": PASSWORD}).encode()
    assert http("POST", s.url + "/api/v1/setup", made, {"Content-Type": "application/json"})[0] == 201
    head = {"Authorization": "Bearer " + s.token}
    of = {u: json.loads(http("GET", f"{s.url}/api/v1/shop/members?q=user:{u}", headers=head)[1])["items"][0]["id"] for u in ("wang-1", "wang-2")}
    plan = {"url": s.url, "brand": "shop", "lang": lang, "words": {}, "name": "owner", "password": PASSWORD, "member": of["wang-1"], "other": of["wang-2"],
            "typed": "王婷", "wrong": "somebody", "zip": os.path.join(s.folder, "one.zip"), "receipt": os.path.join(s.folder, "receipt.json"), "shots": os.environ.get("CONSOLE_SHOTS")}
    listed = os.path.join(s.folder, f"plan-{time.monotonic_ns()}.json")
    pathlib.Path(listed).write_text(json.dumps(plan))
    p = subprocess.run(["node", str(HERE / "walk_identity.mjs"), need_browser(), listed], capture_output=True, text=True, timeout=300)
    seen = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 0, (p.stderr[-1500:], [v["step"] for v in seen])
    s.verify()
    files = zipfile.ZipFile(plan["zip"])
    return seen, json.loads(files.read("data.json")), json.loads(pathlib.Path(plan["receipt"]).read_text())


def check(lang):
    seen, data, receipt = walked(lang)
    at = {v["step"]: v for v in seen}
    assert at["merged"]["personas"] == 1 and at["merged"]["identities"] == 4 and at["undone"]["identities"] == 2, at
    assert at["undone by the list"]["kept"] == 0
    assert at["judged"] == {"step": "judged", "before": 5, "left": 2}, at["judged"]
    assert at["erased"]["wrong"] and at["erased"]["receipts"] == 2, at["erased"]
    assert {i["value"] for i in data["identities"]} == {"wang-1", "+8613800138001"} and data["standing"][0]["orders"] == 4
    assert json.loads(receipt["text"])["reason"] == "withdrew" and "王婷" not in json.dumps(receipt, ensure_ascii=False)
    pictures = [v for v in seen if v["step"] == "picture"]
    assert len(pictures) == 20, len(pictures)
    for p in pictures:
        what = (p["name"], p["size"], p["scheme"])
        assert not p["faults"], (what, p["faults"])
        assert p["overflow"] <= 0 and not p["violations"] and not p["keys"], (what, p)
    for v in seen:
        if v["step"] == "visitor":
            assert not v["foreign"] and not v["failed"] and not [x for x in v["troubles"] if "401" not in x], v


def test_people_merge_judge_hand_out_and_erase_in_chinese():
    check("zh-CN")


def test_people_merge_judge_hand_out_and_erase_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
