#!/usr/bin/env python3
"""What was said in groups: kept beside the log, found by words, edited, taken back, erased, backed up, purged."""
import datetime
import functools
import glob
import io
import json
import os
import pathlib
import sqlite3
import sys
import tempfile
import time
import urllib.parse
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Skip, Store, http, run  # noqa: E402

SECRET = "月亮门第七张桌子"


def ago(**span):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**span)).isoformat(timespec="milliseconds")


def said(user, text, at, message=None, reply_to=None, kind="message.sent", group="tea"):
    props = {"text": text, "message": message, "reply_to": reply_to}
    return {"at": at, "kind": kind, "identities": {"user": user} if user else {}, "group": group, "props": {k: v for k, v in props.items() if v is not None}}


TALK = [said("ann", "周六还有课吗？老师", ago(days=3), "1"),
        said("bob", "有的，下午两点 in Room Seven", ago(days=3, minutes=-1), "2", "1"),
        said("ann", "好的 谢谢😊", ago(days=3, minutes=-2), "3"),
        said("cat", "ＷＥＬＬＦＩＥＬＤ is running", ago(days=2), "4"),
        said("cat", "删掉这句", ago(days=2, minutes=-1), "5"),
        said("dan", "八十天以前的话", ago(days=80), "6")]


def loaded(facts=TALK):
    s = Store("shop")
    s.owner = s.add_token(99, "members.read members.privacy groups.write settings.read settings.write")
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in facts))
    return s


@functools.cache
def store():
    return loaded().serve()


def call(s, method, path, body=None, status=200, **query):
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, _ = http(method, url, data, {"Authorization": "Bearer " + s.owner, "Content-Type": "application/json"})
    assert code == status, (method, url, code, text)
    return json.loads(text) if text else None


def group_of(s, code="tea"):
    return next(g["id"] for g in call(s, "GET", "/groups", state="all")["items"] if g["code"] == code)


def messages(s, code="tea", **query):
    return call(s, "GET", f"/groups/{group_of(s, code)}/messages", **query)


def texts(page):
    return [m["text"] for m in page["items"]]


def member(s, user):
    deadline = time.monotonic() + 30
    while not (found := call(s, "GET", "/members", q="user:" + user)["items"]):
        assert time.monotonic() < deadline
    return found[0]["id"]


def track(s, user, event, at, **properties):
    body = json.dumps({"type": "track", "userId": user, "event": event, "timestamp": at, "properties": properties}).encode()
    status, answer, _ = http("POST", s.url + "/v1/track", body, {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})
    assert status == 200, answer


def test_messages_come_newest_first_with_whom_they_answer():
    s = store()
    page = messages(s)
    assert texts(page) == ["删掉这句", "ＷＥＬＬＦＩＥＬＤ is running", "好的 谢谢😊", "有的，下午两点 in Room Seven", "周六还有课吗？老师", "八十天以前的话"], texts(page)
    assert page["kept"] == 6 and page["next"] is None
    answer = page["items"][3]
    assert answer["reply_to"]["text"] == "周六还有课吗？老师" and answer["reply_to"]["member"]["id"] == member(s, "ann") and answer["type"] == "text", answer
    assert page["items"][4]["reply_to"] is None and page["items"][4]["edited_at"] is None


def test_they_come_in_pages_by_member_and_by_time():
    s = store()
    seen, cursor = [], {}
    while True:
        page = messages(s, limit=2, **cursor)
        seen += texts(page)
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert seen == texts(messages(s)), seen
    assert texts(messages(s, member=member(s, "ann"))) == ["好的 谢谢😊", "周六还有课吗？老师"]
    assert texts(messages(s, to=ago(days=50))) == ["八十天以前的话"]
    assert texts(messages(s, **{"from": ago(days=2, hours=1)})) == ["删掉这句", "ＷＥＬＬＦＩＥＬＤ is running"]
    path = f"/groups/{group_of(s)}/messages"
    call(s, "GET", path, status=400, cursor="q")
    call(s, "GET", path, status=400, member="ann")
    call(s, "GET", path, status=400, limit=201)
    call(s, "GET", "/groups/g77/messages", status=404)


def test_words_are_found_chinese_too_folded_and_only_whole_phrases():
    s = store()
    for find, wanted in (("课", 1), ("还有课", 1), ("有课还", 0), ("两点", 1), ("wellfield", 1), ("WELL", 1), ("room seven", 1), ("老师 周六", 1), ("老师 两点", 0), ("谢谢", 1), ("eld", 0)):
        assert len(messages(s, q=find)["items"]) == wanted, (find, texts(messages(s, q=find)))
    for odd in ('"', "*", "AND", 'a" OR "b', "😊", "—— ，。", "NEAR(", "\u202e", "words:x", "-课"):
        messages(s, q=odd)
    assert texts(messages(s, q="有", limit=1)) == ["有的，下午两点 in Room Seven"]
    older = messages(s, q="有", limit=1, cursor=messages(s, q="有", limit=1)["next"])
    assert texts(older) == ["周六还有课吗？老师"] and older["next"] is None


def test_nothing_said_is_in_the_log_or_in_the_other_database():
    s = loaded([said("eve", SECRET, ago(days=1), "1")])
    try:
        s.serve()
        track(s, "eve", "message.sent", ago(minutes=1), group="tea", text="又" + SECRET, message="2")
        assert texts(messages(s, q=SECRET)) == ["又" + SECRET, SECRET]
        s.stop()
        with_it = [f for f in glob.glob(s.dir + "/**", recursive=True) if os.path.isfile(f) and SECRET.encode() in open(f, "rb").read()]
        assert [os.path.basename(f) for f in with_it] == ["text.db"], with_it
    finally:
        s.close()


def test_an_edit_takes_the_place_and_a_recall_takes_the_words_away():
    s = store()
    edited = ago(hours=1)
    track(s, "cat", "message.edited", edited, group="tea", text="it is running well", message="4")
    assert texts(messages(s, q="wellfield")) == []
    found = messages(s, q="running")["items"]
    assert [m["text"] for m in found] == ["it is running well"] and found[0]["edited_at"], found
    track(s, "cat", "message.edited", ago(hours=2), group="tea", text="an older word", message="4")
    assert texts(messages(s, q="older")) == []
    track(s, "cat", "message.recalled", ago(minutes=30), group="tea", message="5")
    assert texts(messages(s, q="删掉")) == []
    recalled = [m for m in messages(s)["items"] if m["recalled_at"]]
    assert len(recalled) == 1 and recalled[0]["text"] is None, recalled
    track(s, "cat", "message.edited", ago(minutes=20), group="tea", text="回来了", message="5")
    track(s, "cat", "message.recalled", ago(minutes=20), group="tea", message="no such")
    assert texts(messages(s, q="回来")) == []
    assert len(messages(s)["items"]) == 6


def test_all_of_it_is_there_after_a_kill():
    s = store()
    before = messages(s)
    s.note_routes()
    s.kill()
    s.serve()
    assert messages(s) == before


def test_rows_ahead_of_the_log_go_when_it_is_opened():
    s = loaded()
    try:
        db = sqlite3.connect(s.dir + "/brands/shop/text.db")
        db.execute("INSERT INTO said (id, of_group, at, persona, staff, origin, message, reply_to, type, text) VALUES (999999, 1, 1, 1, 0, 0, '9', '', 'text', 'never came to be')")
        db.execute("INSERT INTO said_index (rowid, words) VALUES (999999, 'never came to be')")
        db.commit()
        db.close()
        s.serve()
        assert messages(s)["kept"] == 6 and texts(messages(s, q="never")) == []
        held = next(h for h in call(s, "GET", "/privacy/inventory")["items"] if h["table"] == "said")
        db = sqlite3.connect(f"file:{s.dir}/brands/shop/text.db?mode=ro", uri=True)
        assert held["columns"] == [c[1] for c in db.execute("PRAGMA table_info(said)")], held
        db.close()
        s.stop()
        assert s.run("verify").returncode == 0
    finally:
        s.close()


def test_who_is_erased_takes_their_words_along():
    s = loaded(TALK + [said("eve", SECRET, ago(days=1), "7"), said("bob", "你说的对", ago(hours=9), "8", "7")])
    try:
        s.run("erase", "user:eve")
        s.serve()
        assert messages(s)["kept"] == 7 and texts(messages(s, q="月亮")) == []
        reply = messages(s, q="你说的对")["items"][0]
        assert reply["reply_to"] is None
        s.stop()
        with_it = [f for f in glob.glob(s.dir + "/**", recursive=True) if os.path.isfile(f) and any(w.encode() in open(f, "rb").read() for w in (SECRET, " ".join(SECRET)))]
        assert with_it == [], with_it
        assert s.run("verify").returncode == 0
    finally:
        s.close()


def test_they_are_kept_for_ninety_days_or_as_the_brand_says():
    s = loaded(TALK + [said("old", "九十多天以前", ago(days=95), "7")])
    try:
        s.serve()
        deadline = time.monotonic() + 30
        while messages(s)["kept"] != 6:  # by the purge at the opening
            assert time.monotonic() < deadline, messages(s)["kept"]
            time.sleep(0.1)
        assert texts(messages(s, q="九十多天")) == []
        kept = next(c for c in call(s, "GET", "/privacy/retention")["items"] if c["class"] == "messages")
        assert kept["days"] == 90 and kept["table"] == "said" and kept["kind"] == "rows", kept
        assert call(s, "GET", "/privacy/retention/preview", days=30, **{"class": "messages"})["removed"] == 1
        call(s, "PUT", "/privacy/retention", {"class": "messages", "days": 30})
        call(s, "POST", "/privacy/purge", status=202)
        while messages(s)["kept"] != 5:
            assert time.monotonic() < deadline, messages(s)["kept"]
            time.sleep(0.1)
        s.stop()
        assert not any("八十天".encode() in open(f, "rb").read() or "八 十 天".encode() in open(f, "rb").read() for f in glob.glob(s.dir + "/brands/shop/text.db*"))
        assert s.run("verify").returncode == 0
    finally:
        s.close()


def test_a_members_data_hold_what_they_said():
    s = store()
    url = f"{s.url}/api/v1/shop/members/{member(s, 'bob')}/export"
    code, body, _ = http("GET", url, None, {"Authorization": "Bearer " + s.owner})
    assert code == 200, (code, body)
    files = zipfile.ZipFile(io.BytesIO(body))
    name = next(n for n in files.namelist() if n.endswith("messages.csv"))
    assert "下午两点" in files.read(name).decode()


def test_a_backup_carries_them():
    if os.environ.get("WF_STORE") == "postgresql":
        raise Skip("a backup of a store on PostgreSQL is pg_dump's")
    s = loaded()
    with tempfile.TemporaryDirectory() as folder:
        try:
            s.cli("backup", "--data", s.dir, folder + "/all.tar.zst")
            s.cli("restore", folder + "/all.tar.zst", "--data", folder + "/new", "--key", s.dir + ".key", "--erasures", "none")
            db = sqlite3.connect(folder + "/new/brands/shop/text.db")
            assert db.execute("SELECT COUNT(*) FROM said").fetchone() == (6,)
            db.close()
        finally:
            s.close()


def test_a_lost_row_is_noticed():
    s = loaded()
    try:
        assert s.run("verify").returncode == 0
        db = sqlite3.connect(s.dir + "/brands/shop/text.db")
        db.execute("DELETE FROM said WHERE message = '2'")
        db.commit()
        db.close()
        found = s.run("verify", check=False)
        assert found.returncode == 3 and "text.db" in found.stdout, found
    finally:
        s.close()


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        store().close()
