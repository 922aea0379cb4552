#!/usr/bin/env python3
"""Exports as shops, WeCom and chat programs make them, through the public commands."""
import gzip
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, run, total  # noqa: E402

ORDERS = """某某旗舰店 "订单" 报表,,,,,,
导出时间：2025-02-01,,,,,,

订单编号,买家会员名,联系手机,订单付款时间,买家实际支付金额(元),订单状态,内部编码
="2345678901234567890",小明,'13800138000,2025年1月3日 上午9:05,"￥1,299.00",交易成功,x
2345678901234567891,小红,+86 138 0013 8001,2025/1/4 9:05,1.2万,"买家已付款,等待卖家发货",x
2345678901234567892,小刚,138****8002,45661.5,３００．５０,已签收,x
2345678901234567893,小刚,,-,,等待买家付款,x
2345678901234567000,小李,,2025-01-06,1,交易成功,x
A6,小李,1.38E+10,2025-01-06,1,交易成功,x
A7,小李,,2025-01-06,1,外星状态,x
A8,小李,,1/5/2025,1,交易成功,x
A9,小李,,2025-01-06,1.005,交易成功,x
合计,,,,15000.50,,
"""
REJECTED = {9: "1", 10: "3", 11: "6", 12: "4", 13: "5"}  # line -> column
PAID = 129900 + 1200000 + 30050


def write(store, name, data):
    path = os.path.join(store.folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def check_orders(store, counts):
    # of the row without a time of payment only the creation could tell, and there is none
    assert counts["read"] == 9 and counts["stored"] == 3 and counts["rejected"] == 6, counts
    assert counts["skipped"] == 1 and counts["members_created"] == 3, counts
    amount = {"trend": {"kind": "order.paid", "measure": "amount", "by": "month"}}
    assert total(store.query(amount)) == PAID
    noon = {"trend": {"kind": "order.paid", "by": "month", "where": "at = 2025-01-04T12:00:00+08:00"}}
    assert total(store.query(noon)) == 1
    assert store.query({"segment": {"expr": "orders = 1"}})["members"] == 3


def test_every_encoding_and_line_end_gives_the_same():
    bom = "\ufeff" + ORDERS
    forms = {
        "utf8.csv": ORDERS.encode(), "bom.csv": bom.encode(), "gbk.csv": ORDERS.encode("gb18030"),
        "utf16.csv": bom.encode("utf-16-le"), "utf16be.csv": bom.encode("utf-16-be"), "bare16.csv": ORDERS.encode("utf-16-le"),
        "crlf.csv": ORDERS.replace("\n", "\r\n").encode(), "cr.csv": ORDERS.replace("\n", "\r").encode(),
        "packed.csv.gz": gzip.compress(ORDERS.encode("gb18030")),
    }
    for name, data in forms.items():
        with Store("shop") as s:
            check_orders(s, s.load("--format", "csv", write(s, name, data)))


def test_rejected_rows_are_listed_with_their_column():
    with Store("shop") as s:
        rejects = os.path.join(s.folder, "rejects.csv")
        p = s.run("import", "--format", "csv", "--rejects", rejects, write(s, "o.csv", ORDERS.encode()))
        assert "columns that are not used: 内部编码" in p.stderr, p.stderr
        lines = [line.split(",")[:3] for line in open(rejects, encoding="utf-8").read().splitlines()[1:]]
        got = {int(line[1].strip('"')): line[2].strip('"') for line in lines}
        for line, column in REJECTED.items():
            assert got.get(line) == column, (line, got)
        strict = s.run("import", "--format", "csv", "--strict", write(s, "o2.csv", ORDERS.encode() + b"\n"), check=False)
        assert strict.returncode == 3, strict


def test_a_dry_run_tells_and_changes_nothing_and_again_adds_nothing():
    with Store("shop") as s:
        path = write(s, "o.csv", ORDERS.encode())
        trial = s.load("--format", "csv", "--dry-run", path)
        assert s.query({"segment": {"expr": "true"}})["members"] == 0
        first = s.load("--format", "csv", path)
        assert trial == first, (trial, first)
        again = s.load("--format", "csv", path)
        assert again["stored"] == 0 and again["duplicate"] == 3, again
        s.verify()


def test_a_header_that_cannot_be_read_is_no_success():
    with Store("shop") as s:
        wide = ",".join(f"c{i}" for i in range(100000)) + "\n"
        p = s.run("import", "--format", "csv", "--map", "member=name:c1", write(s, "wide.csv", wide.encode()), check=False)
        assert p.returncode == 2 and "4096" in p.stderr, p


CHAT = """localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender
1,2,1,0,0,1735866311,,大家好,2025-01-03 09:05:11,,小明,wxid_a
2,2,1,0,0,1735866371,,@小明\u2005在吗？,2025-01-03 09:06:11,,小红,wxid_b
3,2,10000,0,0,1735866381,,\"\"\"小明\"\"邀请\"\"小刚\"\"加入了群聊\",2025-01-03 09:06:21,,,
4,2,1,0,0,1735866391,,来了,2025-01-03 09:06:31,,小刚,wxid_c
5,2,10000,0,0,1735866401,,\"\"\"小李\"\"通过扫描\"\"小红\"\"分享的二维码加入群聊\",2025-01-03 09:06:41,,,
6,2,10000,0,0,1735866411,,\"你将\"\"小刚\"\"移出了群聊\",2025-01-03 09:06:51,,,
"""


def test_who_joins_a_chat_and_then_speaks_is_one_member():
    with Store("shop") as s:
        counts = s.load("--format", "csv", "--group", "tea", write(s, "chat.csv", CHAT.encode()))
        assert counts["stored"] == 6 and counts["members_created"] == 4, counts
        assert s.query({"segment": {"expr": 'groups = "tea"'}})["members"] == 3
        assert s.query({"segment": {"expr": 'did("group.left") and did("message.sent")'}})["members"] == 1
        assert s.query({"segment": {"expr": 'did("message.sent", where props.question = true and other is not null)'}})["members"] == 1
        s.verify()


if __name__ == "__main__":
    run(globals())
