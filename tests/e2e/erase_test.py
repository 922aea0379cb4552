#!/usr/bin/env python3
"""One member is erased: nothing of them is in any file any more, and nobody else has lost anything."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import BINARY, Skip, Store, http, psql, run  # noqa: E402

CANARY = "Xanthippe"  # in names and texts of one member, and nowhere else
PEOPLE, DAYS = 30, 40
NUMBER = 7  # of the member who goes


def fact(person, day, kind="page.viewed", **more):
    name = f"{CANARY}-{person}" if person == NUMBER else f"person-{person}"
    return dict({"kind": kind, "at": f"2025-02-{1 + day % 28:02d}T{day % 24:02d}:00:00Z", "id": f"{kind}-{person}-{day}",
                 "identities": {"user": name, "name": name}, "props": {"note": f"{name} on day {day}"}}, **more)


def history(first, last):
    for day in range(first, last):
        for person in range(PEOPLE):
            yield fact(person, day)
    yield fact(1, first, "share.clicked", other={"user": f"{CANARY}-{NUMBER}"})


def load(store, facts):
    return store.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in facts))


def count(store, question):
    return sum(p["value"] or 0 for p in store.query({"trend": dict(question, by="month")})["points"])


def files_with(store, text):
    """Names of the files of the data directory that hold the text."""
    return [str(f) for f in pathlib.Path(store.dir).rglob("*") if f.is_file() and text.encode() in f.read_bytes()]


def fill(store):
    for part in range(4):
        load(store, history(part * 10, part * 10 + 10))
    load(store, [fact(NUMBER, DAYS, "order.paid", amount=12.5)])


def check_erased(store):
    assert count(store, {"kind": "page.viewed"}) == (PEOPLE - 1) * DAYS
    assert count(store, {"kind": "page.viewed", "measure": "members"}) == PEOPLE - 1
    assert count(store, {"kind": "share.clicked"}) == 4
    assert count(store, {"kind": "order.paid"}) == 0
    store.verify()


def test_a_member_goes_from_every_file():
    with Store() as store:
        fill(store)
        assert count(store, {"kind": "page.viewed"}) == PEOPLE * DAYS
        assert files_with(store, CANARY) or store.store
        said = json.loads(store.run("erase", f"user:{CANARY}-{NUMBER}").stdout)
        assert said["events"] >= DAYS + 1 and said["parts"] >= 1, said
        assert not files_with(store, CANARY)
        check_erased(store)
        again = store.run("erase", f"user:{CANARY}-{NUMBER}", check=False)
        assert again.returncode == 1 and "not found" in again.stderr, again.stderr
        assert load(store, [fact(NUMBER, 3)])["duplicate"] == 1  # their events stay known
        load(store, [fact(NUMBER, DAYS + 1)])
        assert count(store, {"kind": "page.viewed", "measure": "members"}) == PEOPLE  # somebody new
        store.verify()


def test_a_member_goes_while_it_serves():
    with Store() as store:
        store.serve()
        fill(store)
        store.run("erase", f"name:{CANARY}-{NUMBER}")
        deadline = time.monotonic() + 30
        while files_with(store, CANARY):
            assert time.monotonic() < deadline, files_with(store, CANARY)
            time.sleep(0.05)
        check_erased(store)
        store.stop()
        check_erased(store)


def restore(store, backup, erasures, name, check=True):
    """A directory of its own from a backup, with the key beside it."""
    to = os.path.join(store.folder, name)
    shutil.copy(store.dir + ".key", to + ".key")
    return to, store.cli("restore", backup, "--data", to, "--erasures", erasures, check=check)


def files_below(folder, text):
    return [str(f) for f in pathlib.Path(folder).rglob("*") if f.is_file() and text.encode() in f.read_bytes()]


def asked_of(directory, question):
    p = subprocess.run([BINARY, "query", "--data", directory, "--brand", "shop", json.dumps(question)], capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, p.stderr
    return json.loads(p.stdout)


def test_a_store_put_back_by_other_means_is_brought_up_to_the_list():
    """Files copied and put back, and on PostgreSQL pg_dump and its way back."""
    with Store() as store:
        fill(store)
        copy, dump = store.dir + ".copy", os.path.join(store.folder, "dump.sql")
        shutil.copytree(store.dir, copy)
        if store.store:
            subprocess.run(["pg_dump", "-d", store.store, "-f", dump], check=True, capture_output=True, timeout=120)
        store.run("erase", f"user:{CANARY}-{NUMBER}")

        def put_back():
            if store.store:
                for schema in psql(store.store, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'wf%'"):
                    psql(store.store, f"DROP SCHEMA {schema} CASCADE")
                subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", store.store, "-f", dump], check=True, capture_output=True, timeout=120)
            shutil.rmtree(store.dir)
            shutil.copytree(copy, store.dir)
        put_back()
        who = {"trend": {"kind": "page.viewed", "by": "month"}}
        assert sum(p["value"] or 0 for p in store.query(who)["points"]) == PEOPLE * DAYS  # they are back
        listed = store.dir + ".erasures.log"
        assert store.cli("erase", "--data", store.dir, "--brand", "shop", "--erasures", listed, check=False).returncode == 2
        with open(listed, "a") as f:
            f.write('{"v":1,"brand":"shop","pers')  # a line whose writing was cut off
        store.serve()  # whoever asks first sees nothing of them any more
        head = {"Authorization": "Bearer " + store.token}
        status, found, _ = http("GET", f"{store.url}/api/v1/shop/members?q=user:{CANARY}-{NUMBER}", headers=head)
        assert status == 200 and json.loads(found)["items"] == [], found
        assert store.store or not files_with(store, CANARY), files_with(store, CANARY)
        check_erased(store)
        store.stop()
        put_back()
        done = json.loads(store.cli("erase", "--data", store.dir, "--erasures", listed).stdout)
        assert done["lines"] == 1 and done["personas"] == 1 and done["events"] >= DAYS, done
        assert sum(p["value"] or 0 for p in store.query(who)["points"]) == (PEOPLE - 1) * DAYS
        check_erased(store)
        assert json.loads(store.cli("erase", "--data", store.dir, "--erasures", listed).stdout)["personas"] == 0
        store.verify()
        store.run("erase", "user:person-3")  # its line takes the place of the one that was cut off
        assert [json.loads(line)["brand"] for line in pathlib.Path(listed).read_text().splitlines()] == ["shop", "shop"]


def test_a_backup_of_before_is_restored_without_who_was_erased_since():
    with Store() as store:
        if store.store:
            raise Skip("backups are of SQLite stores")
        fill(store)
        # one who was merged into the canary by a rule, and is theirs
        load(store, [fact(NUMBER, DAYS, "page.viewed", identities={"user": f"{CANARY}-{NUMBER}", "anon": "browser"})])
        old, copy = os.path.join(store.folder, "old.tar.zst"), os.path.join(store.folder, "copy.log")
        store.cli("backup", "--data", store.dir, old)
        said = json.loads(store.run("erase", "--erasure-log", copy, f"user:{CANARY}-{NUMBER}").stdout)
        assert said["receipt"] == 1, said
        listed = store.dir + ".erasures.log"
        assert pathlib.Path(listed).read_bytes() == pathlib.Path(copy).read_bytes()
        line = json.loads(pathlib.Path(listed).read_text())
        assert line["personas"] == [int(said["member"][1:])] and len(line["keys"]) == 3 and CANARY not in json.dumps(line), line
        # whoever comes again afterwards is somebody new, whom the list does not name
        load(store, [fact(NUMBER, DAYS + 1)])
        young = os.path.join(store.folder, "young.tar.zst")
        store.cli("backup", "--data", store.dir, young)
        # the old backup: gone before anything serves it, and from every byte
        refused = store.cli("restore", old, "--data", os.path.join(store.folder, "nothing"), check=False)
        assert refused.returncode == 2 and "--erasures" in refused.stderr, refused.stderr
        to, done = restore(store, old, listed, "restored")
        assert json.loads(done.stdout)["personas_erased"] == 1 and json.loads(done.stdout)["events_erased"] >= DAYS + 1, done.stdout
        assert not files_below(to, CANARY)
        assert pathlib.Path(to + ".erasures.log").read_bytes() == pathlib.Path(listed).read_bytes()
        assert sum(p["value"] or 0 for p in asked_of(to, {"trend": {"kind": "page.viewed", "by": "month"}})["points"]) == (PEOPLE - 1) * DAYS
        assert subprocess.run([BINARY, "verify", "--data", to], capture_output=True, timeout=120).returncode == 0
        # with "none" they are back, and that is said aloud
        to, done = restore(store, old, "none", "careless")
        assert "is back in it" in done.stderr and files_below(to, CANARY)
        # a backup of after holds only who came again
        to, done = restore(store, young, listed, "young")
        assert json.loads(done.stdout)["personas_erased"] == 0 and files_below(to, CANARY)
        # what is no list, or not the key, restores nothing
        bad = os.path.join(store.folder, "bad.log")
        for text in ("nonsense\n", "[1]\n", "{}\n", '{"brand":"shop","personas":[0],"keys":[]}\n', '{"brand":"shop","personas":[1],"keys":["zz"]}\n'):
            pathlib.Path(bad).write_text(text)
            to, done = restore(store, old, bad, "never", check=False)
            assert done.returncode != 0 and not os.path.exists(to) and not os.path.exists(to + ".restoring"), (text, done.stderr)
        missing = store.cli("restore", old, "--data", os.path.join(store.folder, "keyless"), "--erasures", listed, check=False)
        assert missing.returncode == 2 and "master key" in missing.stderr, missing.stderr


def test_nothing_is_left_in_logs_temporary_files_exports_and_new_backups():
    with Store() as store:
        if store.store:
            raise Skip("backups are of SQLite stores")
        store.serve()
        fill(store)
        store.run("erase", f"user:{CANARY}-{NUMBER}")
        new = os.path.join(store.folder, "new.tar.zst")
        store.cli("backup", "--data", store.dir, new)
        raw = subprocess.run(["zstd", "-dc", new], capture_output=True, timeout=60)
        if raw.returncode == 0:
            assert CANARY.encode() not in raw.stdout and len(raw.stdout) > 100000
        status, text, _ = http("GET", store.url + "/api/v1/shop/members?limit=200", headers={"Authorization": "Bearer " + store.token})
        assert status == 200 and CANARY.encode() not in text
        store.stop()
        assert not files_below(store.folder, CANARY), files_below(store.folder, CANARY)


def test_a_merge_that_was_undone_since_the_backup_does_not_take_the_other_along():
    with Store("shop", None, "--caps", "user=5") as store:
        if store.store:
            raise Skip("backups are of SQLite stores")
        load(store, list(history(0, 4)))
        store.serve()
        out = store.cli("key", "add", "--data", store.dir, "--brand", "shop", "--name", "t", "--scopes", "members.read,members.merge").stdout
        head = {"Authorization": "Bearer " + re.search(r"wf_live_\w+", out)[0], "Content-Type": "application/json"}

        def member(user):
            found = json.loads(http("GET", f"{store.url}/api/v1/shop/members?q=user:{user}", headers=head)[1])["items"]
            return found[0]["id"]

        def post(path, body):
            code, text, _ = http("POST", f"{store.url}/api/v1/shop{path}", json.dumps(body).encode(), head)
            assert code == 200, text
            return json.loads(text)

        store.verify()
        a = member(f"{CANARY}-{NUMBER}")
        merged = post(f"/members/{a}/merge", {"with": member("person-3")})
        old = os.path.join(store.folder, "old.tar.zst")
        store.cli("backup", "--data", store.dir, old)
        post(f"/members/{merged['member']}/unmerge", {"merge": merged["merge"]})
        store.run("erase", f"user:{CANARY}-{NUMBER}")
        store.stop()
        to, done = restore(store, old, store.dir + ".erasures.log", "restored")
        assert json.loads(done.stdout)["personas_erased"] == 1, done.stdout
        assert not files_below(to, CANARY)
        p = subprocess.run([BINARY, "verify", "--data", to], capture_output=True, text=True, timeout=120)
        assert p.returncode == 0, p.stdout + p.stderr
        assert asked_of(to, {"segment": {"expr": "did(\"page.viewed\")", "sample": 1}})["members"] == PEOPLE - 1


def test_what_was_kept_of_them_goes_too():
    """Notes, evidence of consent, traits by hand and tags: written by staff while it serves, gone with the member."""
    with Store() as store:
        token = store.add_token(99, "members.read members.write members.reveal members.privacy groups.write imports.write")
        fill(store)
        store.serve()

        def call(method, path, body=None):
            code, text, _ = http(method, f"{store.url}/api/v1/{store.brand}{path}", body and json.dumps(body).encode(),
                                 {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
            assert code < 300, (method, path, code, text)
            return json.loads(text) if text else None
        m = call("GET", f"/members?q=user:{CANARY}-{NUMBER}")["items"][0]["id"]
        tag = call("POST", "/tags", {"name": "regular"})["id"]
        call("PUT", f"/members/{m}/tags/{tag}", {"expires_at": "2099-01-01"})
        call("POST", f"/members/{m}/notes", {"text": f"{CANARY} calls at noon"})
        call("PUT", f"/members/{m}/traits/nickname", {"value": f"{CANARY} of the hill"})
        call("PUT", f"/members/{m}/traits/hobby", {"value": f"{CANARY} cards"})
        call("POST", f"/members/{m}/consents", {"purpose": "marketing", "granted": True, "way": "paper", "evidence": f"signed {CANARY}"})
        kinds = [e["kind"] for e in call("GET", f"/members/{m}/timeline?limit=200&kind=member.tagged,member.identified,member.consented,member.created")["items"]]
        assert sorted(kinds) == ["member.consented", "member.created", "member.identified", "member.identified", "member.tagged"], kinds
        # what they said in a group, what a rule found in it, and what staff say of their account
        rule = call("POST", "/moderation/rules", {"kind": "terms", "action": "note", "name": "r", "terms": "sells"})["id"]
        say = {"type": "track", "userId": f"{CANARY}-{NUMBER}", "event": "message.sent", "properties": {"group": "tea", "text": f"{CANARY} sells tea"}}
        assert http("POST", store.url + "/v1/track", json.dumps(say).encode(), {"Authorization": "Bearer " + store.keys["secret write key"], "Content-Type": "application/json"})[0] == 200
        assert call("GET", f"/moderation/cases?rule={rule}")["items"][0]["text"]["before"] == f"{CANARY} "
        group = next(g["id"] for g in call("GET", "/groups")["items"] if g["code"] == "tea")
        call("PUT", f"/groups/{group}/accounts/{m}", {"role": "staff", "person": f"{CANARY} of the shop"})
        call("PUT", f"/groups/{group}/suspects/{m}", {"verdict": "confirmed", "note": f"{CANARY} again"})
        # a file that names them, tried; another that has only half come
        table = f"user,phone\n{CANARY}-{NUMBER},13800138000\nother,13800138001\n{CANARY},1.38E+10\n".encode()
        files = [call("POST", "/imports", {"name": f"{n}.csv", "bytes": len(table) + n})["id"] for n in range(2)]
        for n in files:
            assert http("PUT", f"{store.url}/api/v1/{store.brand}/imports/{n}/content?offset=0", table, {"Authorization": "Bearer " + token, "Content-Type": "application/octet-stream"})[0] == 200
        call("POST", f"/imports/{files[0]}/run", {"format": "csv", "map": "member=user:user,member=phone:phone", "dry_run": True})
        deadline = time.monotonic() + 30
        while call("GET", f"/imports/{files[0]}")["tried"] is None:
            assert time.monotonic() < deadline
        assert any("/uploads/" in f for f in files_with(store, CANARY)) and CANARY in json.dumps(call("GET", f"/imports/{files[0]}/samples"))
        link = call("POST", f"/members/{m}/preference-link", {})["path"]
        assert http("GET", store.url + link)[0] == 200
        said = json.loads(store.run("erase", f"user:{CANARY}-{NUMBER}").stdout)
        assert said["events"] >= DAYS + 5, said
        erased = json.loads(call("GET", f"/privacy/erasures/{said['receipt']}")["text"])["erased"]
        assert erased["uploaded_files"] == 2, erased
        # of the one message they said, and of the words by which it was found
        assert (erased["rows"]["said"], erased["rows"]["said_index"]) == (1, 3), erased["rows"]
        assert {t: erased["rows"][t] for t in ("note", "moderation_case", "group_account", "group_suspect", "today_item")} == {"note": 1, "moderation_case": 1, "group_account": 1, "group_suspect": 1, "today_item": 0}, erased
        for n in files:
            left = call("GET", f"/imports/{n}")
            assert (left["file"], left["received"], left["rejects"], left["state"]) == (False, 0, [], "stopped"), left
            assert http("PUT", f"{store.url}/api/v1/{store.brand}/imports/{n}/content?offset=0", table, {"Authorization": "Bearer " + token, "Content-Type": "application/octet-stream"})[0] == 409
        deadline = time.monotonic() + 30
        while files_with(store, CANARY):
            assert time.monotonic() < deadline, files_with(store, CANARY)
            time.sleep(0.05)
        for path in ("tags", "notes", "consents"):
            code = http("GET", f"{store.url}/api/v1/{store.brand}/members/{m}/{path}", headers={"Authorization": "Bearer " + token})[0]
            assert code == 404, (path, code)
        assert http("GET", store.url + link)[0] == 404
        store.stop()
        if store.store:
            return check_erased(store)
        db = sqlite3.connect(f"{store.dir}/brands/{store.brand}/brand.db")
        for table in ("member_tag", "note", "consent_entry", "moderation_case", "group_account", "group_suspect"):
            assert db.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,), table
        db.execute("ATTACH ? AS words", (f"{store.dir}/brands/{store.brand}/text.db",))
        for of in ("main", "words"):  # and no table at all names their number, but for those that keep it from being given again
            for (table,) in db.execute(f"SELECT name FROM {of}.sqlite_master WHERE type = 'table' AND name NOT IN ('erased', 'erasure', 'sqlite_sequence')").fetchall():
                for column in [c[1] for c in db.execute(f"PRAGMA {of}.table_info({table})") if c[1] in ("persona", "member")]:
                    assert db.execute(f"SELECT COUNT(*) FROM {of}.{table} WHERE {column} = {m[1:]}").fetchone() == (0,), (table, column)
        assert db.execute("SELECT COUNT(*) FROM timer WHERE kind = 2").fetchone() == (0,)
        db.close()
        check_erased(store)


def test_what_is_no_identity_is_told():
    with Store() as store:
        for text, code, words in (("13800138000", 2, "KIND:VALUE"), ("colour:red", 2, "unionid"), ("phone:123", 2, "KIND:VALUE"),
                                  ("user:nobody-here", 1, "not found")):
            p = store.run("erase", text, check=False)
            assert p.returncode == code and words in p.stderr, (text, p.returncode, p.stderr)


if __name__ == "__main__":
    run(globals())
