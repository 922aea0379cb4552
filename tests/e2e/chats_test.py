#!/usr/bin/env python3
"""Exports of chat programs through the public commands: what comes in, again, longer, cut, and on trial."""
import gzip
import json
import os
import pathlib
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, run, total  # noqa: E402

START = 1704416400  # 2024-01-05 09:00 in Shanghai


def telegram(count, people=7):
    """A group in which each third message answers the one before."""
    rows = [{"id": 1, "type": "service", "date_unixtime": str(START), "actor": "P0", "actor_id": "user1000", "action": "create_group",
             "members": [f"P{i}" for i in range(people)]}]
    for i in range(2, count + 2):
        row = {"id": i, "type": "message", "date_unixtime": str(START + i * 60), "from": f"P{i % people}", "from_id": f"user{1000 + i % people}",
               "text": ["第", {"type": "bold", "text": str(i)}, " 条，有人吗？" if i % 5 == 0 else " 条"]}
        if i % 3 == 0:
            row["reply_to_message_id"] = i - 1
        rows.append(row)
    return {"name": "茶友群", "type": "private_supergroup", "id": 99, "messages": rows}


def discord(count):
    rows = [{"id": str(10 + i), "type": "Reply" if i % 2 else "Default", "timestamp": f"2024-01-05T09:{i % 60:02}:00+08:00", "content": f"message {i}",
             "author": {"id": str(i % 3), "name": f"u{i % 3}"}, "reference": {"messageId": str(9 + i)}} for i in range(count)]
    return {"guild": {"id": "1", "name": "Tea"}, "channel": {"id": "2", "type": "GuildTextChat", "name": "general"}, "messages": rows}


def write(s, name, content):
    path = os.path.join(s.folder, name)
    data = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    opened = gzip.open if name.endswith(".gz") else open
    with opened(path, "wb") as f:
        f.write(data)
    return path


def sent(s, where="true"):
    return total(s.query({"trend": {"kind": "message.sent", "by": "day"}, "filter": where} if where != "true" else {"trend": {"kind": "message.sent", "by": "day"}}))


def members(s, expr):
    return s.query({"segment": {"expr": expr}})["members"]


def test_a_telegram_group_comes_in_once_however_often_it_is_exported():
    with Store("chat") as s:
        path = write(s, "result.json", telegram(30))
        counts = s.load("--format", "telegram", "--dry-run", path)
        assert (counts["stored"], sent(s)) == (37, 0), counts
        counts = s.load("--format", "telegram", path)
        assert (counts["read"], counts["stored"], counts["rejected"]) == (37, 37, 0), counts
        assert sent(s) == 30 and members(s, 'groups = "茶友群"') == 7
        assert members(s, 'did("message.sent", where props.link = "reply")') > 0
        assert members(s, 'did("message.sent", where props.question = true)') > 0
        counts = s.load("--format", "telegram", path)
        assert (counts["stored"], counts["duplicate"]) == (0, 37), counts
        counts = s.load("--format", "telegram", write(s, "longer.json.gz", telegram(45)))
        assert (counts["stored"], counts["duplicate"]) == (15, 37), counts
        assert sent(s) == 45
        s.verify()


def test_one_line_without_an_end_comes_in_bulk_and_equals_the_same_in_pieces():
    whole, small = telegram(6000), telegram(200)
    with Store("chat") as a, Store("chat") as b:
        counts = a.load("--format", "telegram", write(a, "result.json", whole))
        assert (counts["stored"], counts["rejected"]) == (6007, 0), counts
        for size in (200, 2000, 6000):
            part = dict(whole, messages=whole["messages"][:size + 1])
            b.load("--format", "telegram", write(b, f"{size}.json", part))
        assert small["messages"][5] == whole["messages"][5]
        for expr in ('did("message.sent", where props.link = "reply")', 'did("message.sent", where props.question = true)', 'groups = "茶友群"'):
            assert members(a, expr) == members(b, expr), expr
        assert sent(a) == sent(b) == 6000
        a.verify()
        b.verify()


def test_a_discord_channel_comes_in():
    with Store("chat") as s:
        counts = s.load("--format", "discord", write(s, "general.json", discord(50)))
        assert (counts["stored"], counts["rejected"], counts["members_created"]) == (50, 0, 3), counts
        assert members(s, 'groups = "Tea / general"') == 3
        assert members(s, 'did("message.sent", where props.link = "reply")') == 3
        s.verify()


def slack():
    """Two channels of two days, a private one, and the people."""
    def day(channel, date, n):
        rows = [{"type": "message", "user": f"U{i % 3}00", "ts": f"{START + date * 86400 + i}.000100", "text": f"<@U{(i + 1) % 3}00> hi {i}"} for i in range(n)]
        return f"{channel}/2024-01-0{5 + date}.json", rows
    files = dict(day(c, d, 10) for c in ("general", "茶") for d in (0, 1))
    files.update([day("D0123ABCD", 0, 4)])
    files["users.json"] = [{"id": f"U{i}00", "name": f"u{i}", "profile": {"display_name": f"N{i}"}} for i in range(3)]
    files["channels.json"] = [{"id": "C1", "name": "general"}]
    return files


def zipped(s, name, files, top="", method=zipfile.ZIP_DEFLATED):
    path = os.path.join(s.folder, name)
    with zipfile.ZipFile(path, "w", method) as z:
        for file, content in files.items():
            z.writestr(top + file, content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False))
    return path


def test_a_slack_export_comes_in_as_a_zip_or_a_folder():
    with Store("chat") as s:
        counts = s.load("--format", "slack", zipped(s, "export.zip", slack()))
        assert (counts["stored"], counts["skipped"], counts["members_created"]) == (40, 4, 3), counts
        assert members(s, 'groups = "茶"') == 3 and members(s, 'did("message.sent", where props.link = "mention")') == 3
        folder = os.path.join(s.folder, "export")
        for file, content in slack().items():
            os.makedirs(os.path.dirname(os.path.join(folder, file)), exist_ok=True)
            pathlib.Path(folder, file).write_text(json.dumps(content))
        os.symlink("/etc/passwd", os.path.join(folder, "general/2024-01-09.json"))
        counts = s.load("--format", "slack", folder)
        assert (counts["stored"], counts["duplicate"], counts["rejected"]) == (0, 40, 0), counts
        counts = s.load("--format", "slack", zipped(s, "inner.zip", slack(), top="Tea export/"))
        assert (counts["stored"], counts["duplicate"], counts["rejected"]) == (0, 40, 0), counts
        s.verify()


def test_plain_messages_and_mails_come_in():
    rows = [{"seq": i, "time": START + i * 60, "talker": "7@chatroom", "talkerName": "茶友", "sender": f"wx{i % 4}", "senderName": f"名{i % 4}", "type": 1,
             "content": f"@名{(i + 1) % 4}\u2005 你好 {i}"} for i in range(40)]
    with Store("chat") as s:
        counts = s.load("--format", "messages", write(s, "list.json", rows))
        assert (counts["stored"], counts["rejected"], counts["members_created"]) == (40, 0, 4), counts
        lines = "\n".join(json.dumps(r, ensure_ascii=False) for r in rows).encode()
        counts = s.load("--format", "messages", write(s, "lines.jsonl", lines))
        assert (counts["stored"], counts["duplicate"]) == (0, 40), counts
        mails = "".join(f"From x\nFrom: a{i % 3}@example.org\nDate: 5 Jan 2024 09:{i:02}:00 +0800\nMessage-ID: <{i}@x>\nIn-Reply-To: <{i - 1}@x>\n\nmail {i}\n\n"
                        for i in range(20))
        counts = s.load("--format", "mbox", "--group", "list", write(s, "list.mbox", mails.encode()))
        assert (counts["stored"], counts["rejected"], counts["members_created"]) == (20, 0, 3), counts
        assert members(s, 'groups = "list" and did("message.sent", where props.link = "reply")') == 3
        s.verify()


TALK = [("09:00:00", "阿花", "", "请问几点开始？"), ("09:00:30", "小李", "", "九点半开始"), ("09:01:00", "阿花", "", "小李，谢谢你"),
        ("09:40:00", "店长", "rose", "今天的新品到了"), ("09:40:20", "小李", "", "@店长\u2005多少钱？"), ("09:40:40", "店长", "rose", "小李：三十九一份"), ("09:40:50", "小李", "", "店长：那我要两份")]


def links(s, day):
    """How messages of a day are tied, by the clock: link, to whom."""
    rows = s.query({"trend": {"kind": "message.sent", "by": "day", "from": day, "to": day[:-1] + str(int(day[-1]) + 1), "breakdown": "props.link"}})["points"]
    return {p["key"]: p["value"] for p in rows if p["value"]}


def test_tables_without_replies_have_them_inferred():
    """A table that tells nothing of replies is read as IRC is: the answer to a question, who is called by name; staff that have no account are
    spoken to by their code. One whose lines go back in time, or that has a column for replies, is left as it is."""
    def table(day, rows, head="时间,发送人,所属员工,内容"):
        return (head + "\n" + "\n".join(f"{day} {at},{who},{staff},{text}" for at, who, staff, text in rows) + "\n").encode()
    with Store("chat") as s:
        counts = s.load("--format", "csv", "--group", "茶友", write(s, "a.csv", table("2025-03-01", TALK)))
        assert (counts["stored"], counts["rejected"], counts["members_created"]) == (7, 0, 2), counts
        assert links(s, "2025-03-01") == {None: 2, "inferred": 4, "mention": 1}, links(s, "2025-03-01")
        assert members(s, 'did("message.sent", where props.to_staff = "rose", count = 2)') == 1
        assert members(s, 'did("message.sent", where other is not null and props.link = "inferred")') == 2
        s.load("--format", "csv", "--group", "茶友", write(s, "b.csv", table("2025-03-02", TALK[::-1])))
        assert links(s, "2025-03-02") == {None: 6, "mention": 1}, links(s, "2025-03-02")
        counts = s.load("--format", "csv", "--group", "茶友", write(s, "c.csv", table("2025-03-03", [(at, who, staff, text + "," + str(i) + ",") for i, (at, who, staff, text) in enumerate(TALK)],
                                                                  "时间,发送人,所属员工,内容,message,reply_to")))
        assert counts["stored"] == 7 and "inferred" not in links(s, "2025-03-03"), links(s, "2025-03-03")
        rows = [{"time": f"2025-03-04T{at}+08:00", "sender": who, "senderName": who, "talker": "7@chatroom", "talkerName": "茶友", "content": text} for at, who, _, text in TALK[:3]]
        s.load("--format", "messages", write(s, "d.json", rows))
        assert links(s, "2025-03-04") == {None: 1, "inferred": 2}, links(s, "2025-03-04")
        s.verify()


def refused(s, *args):
    p = s.cli("import", "--data", s.dir, "--brand", s.brand, *args, check=False)
    assert p.returncode != 0, p.stdout
    return p.stderr


def test_archives_that_are_none_or_hostile_are_refused():
    with Store("chat") as s:
        files = slack()
        tricks = dict(files, **{"../../etc/cron.json": [], "/abs/2024.json": [], "a\\b/2024.json": [], "general/../../x.json": []})
        path = zipped(s, "tricks.zip", tricks)
        before = sorted(os.listdir(s.folder))
        counts = s.load("--format", "slack", path)
        assert counts["stored"] == 40 and counts["rejected"] == 4, counts
        assert sorted(os.listdir(s.folder)) == before
        bomb = dict(files, **{"general/2024-02-01.json": b"[" + b" " * (400 << 20) + b"]"})
        assert "unpacks" in refused(s, "--format", "slack", zipped(s, "bomb.zip", bomb))
        assert "slack" in refused(s, "--format", "telegram", zipped(s, "export.zip", files))
        refused(s, "--format", "slack", zipped(s, "other.zip", {"a.txt": b"x"}))
        assert "channels.json" in refused(s, "--format", "slack", s.dir)
        assert "channels.json" in refused(s, "--format", "slack", write(s, "plain.json", []))
        whole = pathlib.Path(s.folder, "export.zip").read_bytes()
        for size in (len(whole) // 2, len(whole) - 10):
            refused(s, "--format", "slack", write(s, "cut.zip", whole[:size]))
        at = whole.index(b"general/2024-01-05.json") + 60
        refused(s, "--format", "slack", write(s, "bad.zip", whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1:]))
        assert sent(s) == 40


def test_words_are_not_in_the_log():
    secret = "泄露测试词语"
    with Store("chat") as s:
        chat = telegram(3)
        chat["messages"][1]["text"] = secret
        s.load("--format", "telegram", write(s, "result.json", chat))
        os.remove(os.path.join(s.folder, "result.json"))
        for root, _, names in os.walk(os.path.join(s.dir, "brands")):
            for name in names:
                if name.startswith("text.db"):
                    continue  # where they belong
                data = pathlib.Path(root, name).read_bytes()
                assert secret.encode() not in data, (root, name)


def test_a_cut_file_says_where_and_keeps_what_is_whole():
    data = json.dumps(telegram(30), ensure_ascii=False).encode()
    with Store("chat") as s:
        counts = s.load("--format", "telegram", write(s, "cut.json", data[:len(data) // 2]))
        assert counts["rejected"] == 1 and 0 < counts["stored"] < 37, counts
        counts = s.load("--format", "telegram", write(s, "result.json", data))
        assert counts["rejected"] == 0 and sent(s) == 30, counts
        s.verify()


def test_rows_at_fault_are_counted_and_located():
    """Times before 1970 and far ahead, nobody who wrote, a text of more than a MiB: four rows rejected, each at its place. Replies to nothing and
    in a circle, emoji, right-to-left marks and a text that is a number are no faults: a reply to what comes only later addresses nobody."""
    chat = telegram(6)
    rows = chat["messages"]
    rows[1]["date_unixtime"], rows[2]["date_unixtime"] = "-5", "99999999999999"
    rows[3]["reply_to_message_id"], rows[4]["reply_to_message_id"], rows[5]["reply_to_message_id"] = 77777, 6, 5
    rows[6]["from_id"] = rows[6]["from"] = None
    for i, (who, text) in enumerate((("P1", "好" * 400000), ("\u202e\u05d1\u05d5\U0001f469\u200d\U0001f469", "\u0645\u0631\u062d\u0628\u0627 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u202e abc"), ("P2", 5))):
        rows.append({"id": 50 + i, "type": "message", "date_unixtime": str(START + 4000 + i), "from": who, "from_id": f"user10{i + 20}", "text": text})
    with Store("chat") as s:
        p = s.run("import", "--format", "telegram", write(s, "bad.json", chat))
        counts = json.loads(p.stdout.splitlines()[-1])
        assert (counts["read"], counts["stored"], counts["rejected"]) == (16, 12, 4), counts
        said = p.stderr.splitlines()
        assert len([x for x in said if x.startswith("bad.json:1") and "outside" in x]) == 2 and [x for x in said if "from_id: is missing" in x] and [x for x in said if "longer than 1048576" in x], said
        assert members(s, 'did("message.sent", where other is not null)') == 1, said  # of the circle the second line, to the first
        data = json.dumps(telegram(3), ensure_ascii=False).encode("gb18030")
        p = s.run("import", "--format", "telegram", write(s, "gb.json", data))
        assert "gb.json:1:" in p.stderr and "UTF-8" in p.stderr, p.stderr
        s.verify()


if __name__ == "__main__":
    run(globals())
