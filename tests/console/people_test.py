#!/usr/bin/env python3
"""The way of one list of 50,000 members: imported with a mapping and a dry run, followed by a segment with a window as an event
comes and as the clock passes, explained, merged and taken apart, handed out, erased with a receipt. In Chromium, on the real
binary, and `verify` after it. CONSOLE_SHOTS=DIR keeps the pictures."""
import json
import os
import pathlib
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE))
from console_test import need_browser  # noqa: E402
from wellfield import Skip, Store, http, run  # noqa: E402

MEMBERS, BAD, WINDOW_S = 50_000, 7, 15
PASSWORD = "correct horse battery staple"
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
    browser = need_browser()
    with Store("shop", None, "--name", "山泉 Shop") as s:
        s.serve()
        if http("GET", s.url + "/console/")[0] == 404:
            raise Skip("built without the console")
        made = json.dumps({"code": s.setup_code(), "name": "owner", "password": PASSWORD}).encode()
        assert http("POST", s.url + "/api/v1/setup", made, {"Content-Type": "application/json"})[0] == 201
        files = {name: pathlib.Path(s.folder, name) for name in ("members.csv", "one.zip", "receipt.json", "plan.json")}
        files["members.csv"].write_bytes(listed())
        files["plan.json"].write_text(json.dumps({
            "url": s.url, "brand": "shop", "lang": lang, "words": {}, "name": "owner", "password": PASSWORD, "key": s.keys["secret write key"],
            "file": str(files["members.csv"]), "recent": "trait.city = \"上海\"", "expression": f'did("page.viewed", within {WINDOW_S}s)', "phone": PHONE, "other": "m9",
            "typed": NAME, "zip": str(files["one.zip"]), "receipt": str(files["receipt.json"]), "shots": os.environ.get("CONSOLE_SHOTS")}))
        p = subprocess.run(["node", str(HERE / "walk_people.mjs"), browser, str(files["plan.json"])], capture_output=True, text=True, timeout=400)
        seen = {v["step"]: v for v in map(json.loads, p.stdout.splitlines())}
        assert p.returncode == 0, (p.stderr[-1500:], list(seen))
        s.verify()
        return seen, json.loads(zipfile.ZipFile(files["one.zip"]).read("data.json")), json.loads(files["receipt.json"].read_text())


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
