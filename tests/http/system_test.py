#!/usr/bin/env python3
"""The server itself, from end to end: a backup asked for by a page, what it holds when it is restored, and who may ask."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from account_test import OWNER, ROSE, Browser, code_of  # noqa: E402
from wellfield import Skip, Store, run  # noqa: E402


def owner_of(store):
    lily = Browser(store)
    lily.ok("POST", "/setup", {"code": code_of(store), "name": "Lily", "password": OWNER}, 201)
    return lily


def back_up(lily):
    """A backup, waited for."""
    begun = lily.ok("POST", "/system/backup", status=202)["id"]
    while (at := lily.ok("GET", "/system/backup"))["state"] == "running":
        assert 0 <= at["share"] < 1 and at["id"] == begun and at["path"] is None, at
        time.sleep(0.01)
    return at


def sqlite_only(store):
    if store.store:
        raise Skip("backups are of SQLite's files")


def test_a_backup_asked_for_by_a_page_is_whole():
    with Store("shop") as s:
        sqlite_only(s)
        s.run("simulate", "--members", "300", "--days", "60", "--seed", "5")
        question = {"trend": {"kind": "*", "by": "month"}}
        before = s.query(question)["points"]
        s.cli("verify", "--data", s.dir)
        lily = owner_of(s.serve())
        assert lily.ok("GET", "/system/backup")["state"] == "none"
        system = lily.ok("GET", "/system")
        assert system["last_backup"] is None and system["last_verify"]["good"] and system["last_verify"]["findings"] == 0, system
        assert system["disk"]["data_bytes"] > 10000, system
        at = back_up(lily)
        assert at["state"] == "done" and at["share"] == 1 and at["reason"] is None, at
        assert pathlib.Path(at["path"]).parent == pathlib.Path(s.dir + ".backups") and os.stat(at["path"]).st_size == at["bytes"], at
        last = lily.ok("GET", "/system")["last_backup"]
        assert last["good"] and last["bytes"] == at["bytes"] and last["finished"] == at["finished"], last
        actions = [(r["action"], r["who"], r["subject"]) for r in lily.ok("GET", "/shop/audit?action=backup.")["items"]]
        assert actions == [("backup.done", "Lily", f"backup:{at['id']}"), ("backup.began", "Lily", f"backup:{at['id']}")], actions
        s.stop()
        # after a restart the last one is still known, this life's is not
        lily.store = s.serve()
        assert lily.ok("GET", "/system")["last_backup"] == last and lily.ok("GET", "/system/backup")["state"] == "none"
        s.stop()
        copy = s.dir + "-restored"
        s.cli("restore", at["path"], "--data", copy, "--erasures", "none")
        shutil.copy(s.dir + ".key", copy + ".key")
        s.dir = copy
        s.verify()
        assert s.query(question)["points"] == before


def test_owners_of_every_brand_alone_may_ask():
    with Store("shop") as s:
        s.cli("init", "--data", s.dir, "--brand", "other")
        lily = owner_of(s.serve())
        for name, role in (("ann", "analyst"), ("olga", "owner")):
            link = lily.ok("POST", "/shop/staff", {"name": name, "role": role}, 201)["link"]
            b = Browser(s)
            b.ok("POST", "/session/link", {"token": link.split("#")[1], "password": ROSE})
            b.refused(403, "POST", "/system/backup")
            b.refused(403, "GET", "/system/backup")
        assert lily.ok("GET", "/system/backup")["state"] == "none"


def start(s, *more):
    """A server with other options: its exit code and what it said, if it ends."""
    p = subprocess.run([os.environ.get("WELLFIELD") or str(pathlib.Path(__file__).parents[2] / "build/wellfield"), "serve", "--data", s.dir,
                        "--listen", "127.0.0.1:0", *more], capture_output=True, text=True, timeout=60)
    return p.returncode, p.stderr


def test_backups_never_go_into_the_data_directory():
    with Store("shop") as s:
        for inside in (s.dir, s.dir + "/brands", s.dir + "/backups", s.dir + "/../data/x"):
            code, said = start(s, "--backup-dir", inside)
            assert code == 2 and re.search("data directory", said), (inside, code, said)
        assert "backups" not in os.listdir(s.dir)


def test_a_backup_that_cannot_be_made_says_why_and_leaves_nothing():
    with Store("shop") as s:
        sqlite_only(s)
        pathlib.Path(s.dir + ".backups").write_text("a file where the folder should be")
        lily = owner_of(s.serve())
        at = back_up(lily)
        assert at["state"] == "failed" and "backups" in at["reason"] and at["path"] is None and at["finished"], at
        assert lily.ok("GET", "/system")["last_backup"]["good"] is False
        failed = lily.ok("GET", "/shop/audit?action=backup.failed")["items"]
        assert [r["after"] for r in failed] == [{"code": "io"}], failed
        os.remove(s.dir + ".backups")
        assert back_up(lily)["state"] == "done"
        assert [n for n in os.listdir(s.dir + ".backups") if not n.startswith(".")] == [os.path.basename(lily.ok("GET", "/system/backup")["path"])]


if __name__ == "__main__":
    run(globals())
