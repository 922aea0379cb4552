#!/usr/bin/env python3
"""Merging by hand, undoing, judging conflicts, handing out and erasing, in Chromium, in both languages; every screen of it on
laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures."""
import json
import pathlib
import zipfile

from walks import by_step, in_order, member_of, owned, sent, shop
from wellfield import run


def facts():
    """Two who are one person, five claims to judge, and one who was erased."""
    for who, phone in (("wang-1", "+8613800138001"), ("wang-2", "+8613800138002"), ("gone", "+8613800138003")):
        yield {"kind": "member.identified", "at": "2026-10-01T08:00:00Z", "id": who, "identities": {"user": who, "phone": phone}, "traits": {"name": "王婷" if who[0] == "w" else "李雷", "city": "杭州"}}
        for i in range(4):
            yield {"kind": "order.paid", "at": f"2026-10-{2 + i:02d}T09:00:00Z", "id": f"{who}-{i}", "identities": {"user": who}, "amount": 12900 + i, "props": {"order": f"{who}-{i}"}}
    for i in range(5):
        for side in ("old", "new"):
            yield {"kind": "page.viewed", "at": f"2026-10-1{i}T0{1 if side == 'old' else 2}:00:00Z", "id": f"{side}{i}", "identities": {"user": f"{side}-{i}", "phone": f"+861390013900{i}"}}


def walk(lang):
    with shop(facts()) as s:
        s.run("erase", "user:gone")
        s.verify()
        owned(s)
        file, receipt = (pathlib.Path(s.folder, name) for name in ("one.zip", "receipt.json"))
        seen = sent("walk_identity.mjs", s, lang=lang, member=member_of(s, "wang-1"), other=member_of(s, "wang-2"), typed="王婷", wrong="somebody",
                    zip=str(file), receipt=str(receipt))
        return seen, json.loads(zipfile.ZipFile(file).read("data.json")), json.loads(receipt.read_text())


def check(lang):
    seen, data, receipt = walk(lang)
    at = by_step(seen)
    assert at["merged"]["personas"] == 1 and at["merged"]["identities"] == 4 and at["undone"]["identities"] == 2, at
    assert at["undone by the list"]["kept"] == 0
    assert at["judged"] == {"step": "judged", "before": 5, "left": 2}, at["judged"]
    assert at["erased"]["wrong"] and at["erased"]["receipts"] == 2, at["erased"]
    assert {i["value"] for i in data["identities"]} == {"wang-1", "+8613800138001"} and data["standing"][0]["orders"] == 4
    assert json.loads(receipt["text"])["reason"] == "withdrew" and "王婷" not in json.dumps(receipt, ensure_ascii=False)
    in_order(seen, 20)


def test_people_merge_judge_hand_out_and_erase_in_chinese():
    check("zh-CN")


def test_people_merge_judge_hand_out_and_erase_in_english():
    check("en")


if __name__ == "__main__":
    run(globals())
