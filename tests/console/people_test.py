#!/usr/bin/env python3
"""The way of one list of 50,000 members: imported with a mapping and a dry run, followed by a segment with a window as an event
comes and as the clock passes, explained, merged and taken apart, handed out, erased with a receipt. In Chromium, on the real
binary, and `verify` after it. CONSOLE_SHOTS=DIR keeps the pictures."""
import json
import pathlib
import zipfile

from walks import by_step, owned, sent, shop
from wellfield import run

MEMBERS, BAD, WINDOW_S = 50_000, 7, 15
PHONE, NAME = "+8613900000005", "=cmd|' /C calc'!A0"


def listed():
    """As an export of WeCom looks: a title above, ids in guards, a total below; some rows cannot be read."""
    rows = ["客户列表,,,,,,", "客户名称,手机号,添加时间,来源,性别,城市,生日"]
    for i in range(MEMBERS):
        name = NAME if i == 5 else f"客户{i}"
        at = "昨天" if i % 7000 == 6999 else f"2026/{1 + i % 9}/{1 + i % 28} {8 + i % 12}:{i % 60:02d}"
        rows.append(f'"{name}",="1390{i:07d}",{at},扫码,{"女" if i % 2 else "男"},{("杭州", "上海", "成都")[i % 3]},1990/{1 + i % 12}/{1 + i % 28}')
    return "\r\n".join(rows + ["合计,50000,,,,,"]).encode("gb18030")


def walk(lang):
    with shop() as s:
        owned(s)
        table, file, receipt = (pathlib.Path(s.folder, name) for name in ("members.csv", "one.zip", "receipt.json"))
        table.write_bytes(listed())
        seen = sent("walk_people.mjs", s, 400, lang=lang, key=s.keys["secret write key"], file=str(table), recent="trait.city = \"上海\"",
                    expression=f'did("page.viewed", within {WINDOW_S}s)', phone=PHONE, other="m9", typed=NAME, zip=str(file), receipt=str(receipt))
        return by_step(seen), json.loads(zipfile.ZipFile(file).read("data.json")), json.loads(receipt.read_text())


def test_the_whole_way_of_a_member():
    seen, data, receipt = walk("zh-CN")
    came = seen["imported"]
    assert came["tried"]["tried.rejected"] == came["counts"]["counts.rejected"] == BAD, came
    assert came["tried"]["tried.stored"] == came["counts"]["counts.stored"], came
    moved = seen["segment"]
    assert moved["yes"] == ["✓"] and moved["no"] == ["✗"] and len(moved["moves"]) == 2, moved
    assert (WINDOW_S - 2) * 1000 < moved["stayed"] < (WINDOW_S + 5) * 1000, moved["stayed"]
    merged = seen["merged"]
    assert merged["merged"] > merged["before"] == merged["after"], merged
    assert 16_000 < seen["exported"]["rows"] < 17_000, seen["exported"]
    assert PHONE in {i["value"] for i in data["identities"]}
    assert json.loads(receipt["text"])["erased"]["uploaded_files"] == 1, receipt
    assert json.loads(receipt["text"])["reason"] == "withdrew" and PHONE not in json.dumps(receipt)
    whole = seen["whole"]
    assert whole["who"] == whole["found"] and not whole["foreign"] and not whole["failed"], whole
    for step in seen.values():
        assert not step.get("faults") and step.get("overflow", 0) <= 0, step


if __name__ == "__main__":
    run(globals())
