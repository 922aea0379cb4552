#!/usr/bin/env python3
"""Damage done behind the program's back: `wellfield verify` must name it, or opening must be refused.

Each test makes a small brand, changes one thing in a copy of its directory, and expects exit code 3, or a refusal
that names the damaged file. Nothing may pass and nothing may crash."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import BINARY, Store, http, run  # noqa: E402

LONG = bool(os.environ.get("WF_LONG"))
SEED = int(os.environ.get("WF_SEED", str(random.randrange(1 << 30))))
DAMAGED, REFUSED = 3, 1


def verify(data):
    p = subprocess.run([BINARY, "verify", "--data", data], capture_output=True, text=True, errors="replace", timeout=120)
    return p.returncode, p.stdout + p.stderr


def lines(count):
    """Messages of some people, as the importer reads them."""
    for i in range(count):
        yield ('{"type":"track","event":"Order Paid","userId":"u%d","messageId":"m%d","timestamp":"2026-0%d-%02dT10:00:00Z",'
               '"properties":{"amount":%d,"note":"text %d"}}\n' % (i % 9, i, 1 + i % 6, 1 + i % 28, i, i % 5))


class Original:
    """A verified directory to be copied and damaged."""

    def __init__(self, rows):
        self.store = Store()
        self.store.load("--format", "segment", "-", stdin="".join(lines(rows)))
        self.store.run("simulate", "--members", "5", "--days", "20")
        self.store.verify()
        self.copies = 0

    def copy(self, name=None):
        self.copies += 1
        to = os.path.join(self.store.folder, name or f"copy-{self.copies}")
        shutil.copytree(self.store.dir, to)
        shutil.copy(self.store.dir + ".key", to + ".key")
        return to

    def events(self):
        return sorted(pathlib.Path(self.store.dir, "brands", self.store.brand, "events").iterdir())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.store.close()


def flips(size, chance, most):
    """Places to damage: every byte, or the ends and a sample."""
    if size <= most:
        return range(size)
    ends = set(range(64)) | set(range(size - 128, size))
    return sorted(ends | set(chance.sample(range(size), most - len(ends))))


def flip_each(original, path, offsets, chance):
    """Offsets at which a changed byte went unnoticed, or was reported without the file's name."""
    missed = []
    workers = 2

    def one(job):
        lane, offset, mask = job
        target = pathlib.Path(lanes[lane], path.relative_to(original.store.dir))
        with open(target, "r+b") as f:
            f.seek(offset)
            byte = f.read(1)[0]
            f.seek(offset)
            f.write(bytes([byte ^ mask]))
            f.flush()
            code, said = verify(lanes[lane])
            f.seek(offset)
            f.write(bytes([byte]))
        if code not in (DAMAGED, REFUSED) or target.name not in said:
            missed.append((offset, mask, code, said[:200]))

    def lane_of(lane):
        for offset, mask in jobs[lane::workers]:
            one((lane, offset, mask))

    lanes = [original.copy() for _ in range(workers)]
    jobs = [(offset, 1 << chance.randrange(8)) for offset in offsets]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(lane_of, range(workers)))
    for lane in lanes:
        assert verify(lane)[0] == 0, "the copy was not put back"
        shutil.rmtree(lane)
    return missed


def test_a_changed_bit_in_any_event_file_is_reported_with_its_name():
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    with Original(2100) as o:
        files = o.events()
        assert {f.suffix for f in files} == {".part", ".ids"}, files
        for path in files:
            offsets = flips(path.stat().st_size, chance, 6500 if LONG else 330)
            missed = flip_each(o, path, offsets, chance)
            assert not missed, f"{path.name}: {len(missed)} of {len(offsets)} bits went unnoticed: {missed[:4]}"


def test_a_cut_lengthened_swapped_or_missing_event_file_is_reported():
    with Original(2100) as o:
        for path in o.events():
            whole = path.read_bytes()
            other = next(f for f in o.events() if f != path and f.suffix == path.suffix)
            for what, content in [("cut by one", whole[:-1]), ("cut in half", whole[:len(whole) // 2]), ("empty", b""),
                                  ("longer", whole + b"\0"), ("another", other.read_bytes()), ("gone", None)]:
                data = o.copy()
                target = pathlib.Path(data, path.relative_to(o.store.dir))
                target.unlink()
                if content is not None:
                    target.write_bytes(content)
                code, said = verify(data)
                assert code in (DAMAGED, REFUSED) and path.name in said, (path.name, what, code, said)
                shutil.rmtree(data)


def database(data):
    return sqlite3.connect(os.path.join(data, "brands", "shop", "brand.db"), isolation_level=None)


def damage_rows(o, statement, values=(), expected=1):
    """What verify says of a copy on which 'statement' was run."""
    data = o.copy()
    db = database(data)
    changed = db.execute(statement, values).rowcount
    db.close()
    assert changed >= expected, f"{statement}: changed {changed} rows"
    code, said = verify(data)
    shutil.rmtree(data)
    return code, said


def mixed_original():
    """Some of the history in parts, the rest in blocks, and two members who became one."""
    o = Original(2100)
    stranger = ('{"type":"track","event":"Seen","anonymousId":"x1","messageId":"x1","timestamp":"2026-06-27T10:00:00Z"}\n'
                '{"type":"identify","anonymousId":"x1","userId":"u1","messageId":"x2","timestamp":"2026-06-28T10:00:00Z"}\n')
    later = "".join(line.replace('"messageId":"m', '"messageId":"n') for line in lines(300))
    o.store.load("--format", "segment", "-", stdin=later + stranger)
    return o


def members_of(o):
    return [r[0] for r in database(o.store.dir).execute("SELECT id FROM member ORDER BY id")]


def test_missing_and_invented_projection_rows_are_reported():
    with mixed_original() as o:
        members = members_of(o)
        for member in [members[0], members[len(members) // 2], members[-1]]:
            code, said = damage_rows(o, "DELETE FROM member WHERE id = ?", (member,))
            assert code == DAMAGED and f"m{member}:" in said, (member, code, said)
        code, said = damage_rows(o, "DELETE FROM member")
        assert code == DAMAGED, (code, said)
        code, said = damage_rows(o, "INSERT INTO member (id, seq, as_of, stage, stage_since, trust, flags, created_at, last_seen, events, orders, spent,"
                                 " due_at, state) SELECT 900000, seq, as_of, stage, stage_since, trust, flags, created_at, last_seen, events,"
                                 " orders, spent, due_at, state FROM member LIMIT 1")
        assert code == DAMAGED, (code, said)
        code, said = damage_rows(o, "DELETE FROM persona_member")
        assert code == DAMAGED, (code, said)  # whose events are whose


def test_changed_columns_of_a_member_are_reported():
    changes = ["stage = stage + 1", "stage_since = stage_since + 1", "trust = (trust + 1) % 3", "flags = flags + 1",
               "created_at = created_at - 1", "last_seen = last_seen + 1", "events = events + 1", "orders = orders + 1",
               "spent = spent + 1", "seq = seq + 1000000", "due_at = NULL", "due_at = due_at + 86400000", "state = zeroblob(length(state))", "state = x''"]
    with mixed_original() as o:
        members = members_of(o)
        for i, change in enumerate(changes):
            member = members[i % len(members)]
            code, said = damage_rows(o, f"UPDATE member SET {change} WHERE id = ?", (member,))
            assert code == DAMAGED, (change, member, code, said)


def test_rows_of_the_log_that_are_missing_or_changed_are_refused():
    statements = ["DELETE FROM event_block WHERE first_seq = (SELECT min(first_seq) FROM event_block)",
                  "DELETE FROM event_block WHERE first_seq = (SELECT max(first_seq) FROM event_block)",
                  "DELETE FROM event_block", "UPDATE event_block SET count = count + 1",
                  "UPDATE event_block SET bytes = zeroblob(length(bytes))",
                  "DELETE FROM part WHERE file = (SELECT min(file) FROM part)",
                  "DELETE FROM part WHERE file = (SELECT max(file) FROM part)", "DELETE FROM part",
                  "UPDATE part SET first_seq = first_seq + 1", "UPDATE part SET last_seq = last_seq + 1",
                  "UPDATE part SET rows = rows + 1", "UPDATE part SET size_bytes = size_bytes - 1",
                  "UPDATE part SET checksum = checksum + 1", "UPDATE part SET at_min = at_min - 1",
                  "UPDATE part SET at_max = at_max + 1", "UPDATE ids_file SET count = count + 1",
                  "DELETE FROM registry WHERE list = 0 AND number = 1",
                  "UPDATE registry SET number = number + 1000"]
    with mixed_original() as o:
        for statement in statements:
            code, said = damage_rows(o, statement)
            assert code in (DAMAGED, REFUSED), (statement, code, said)
            assert "shop" in said or "brand.db" in said, (statement, said)


# Every table of a brand's database. What a lost row does: verify finds it, or opening refuses ("noticed"); opening
# makes it anew ("mended"); there is none here ("empty"); nothing else tells of it, for it is a record of what senders said ("record").
TABLES = {
    "member": "noticed", "persona_member": "noticed", "timer": "noticed", "trait_name": "noticed",
    "event_block": "noticed", "part": "noticed", "ids_file": "noticed", "log_mark": "noticed", "registry": "noticed",
    "schema_migration": "noticed", "module_fold": "mended", "bulk_pending": "empty", "number_set": "empty", "score_run": "empty", "member_score": "empty", "erased": "empty", "merge_log": "noticed", "identity_conflict": "empty", "erasure": "empty", "saved": "empty", "upload": "empty",
    "identity": "record", "trait": "record", "trait_before": "empty", "import_file": "record", "consent_purpose": "record", "consent_list": "record",
    "tag_group": "empty", "tag": "empty", "tag_run": "empty", "member_tag": "empty", "note": "empty", "link_recall": "empty", "tag_ousted": "empty", "tag_rule": "empty", "tag_hand": "empty", "retention": "empty", "purge": "empty", "purge_count": "empty", "consent_text": "empty", "consent_entry": "empty",
    "handover": "empty", "handover_member": "empty", "owner_rule": "empty", "member_circle": "empty", "circle_change": "empty",
    "moderation_rule": "empty", "moderation_rule_version": "empty", "moderation_case": "empty", "moderation_tally": "empty", "moderation_joined": "empty", "moderation_mark": "empty",
    "today_rule": "empty", "today_setting": "empty", "today_day": "empty", "today_item": "empty",
    "group_record": "record", "group_account": "empty", "group_family": "empty", "group_family_member": "empty",
    "group_health": "empty", "group_suspect": "empty",
    "segment": "empty", "segment_version": "empty", "segment_list": "empty", "segment_member": "empty", "segment_due": "empty", "segment_mark": "empty",
}

# Those without numbered rows: what tells one row from another.
BY_KEY = {"trait": "persona || ' ' || name", "member_tag": "persona || ' ' || tag", "member_circle": "persona || ' ' || of_group", "circle_change": "persona || ' ' || at || ' ' || of_group"}


def test_every_table_is_known_and_a_row_lost_from_it_is_noticed():
    with mixed_original() as o:
        db = database(o.store.dir)
        names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert sorted(names) == sorted(TABLES), names
        for table, fate in TABLES.items():
            of_members = " WHERE module = 'people' AND kind = 1" * (table == "timer")  # rooms set their daily ones again at each opening
            key = "rowid" if table not in BY_KEY else BY_KEY[table]
            rows = [r[0] for r in db.execute(f"SELECT {key} FROM {table}{of_members} ORDER BY {key}")]
            assert (fate == "empty") == (not rows), (table, len(rows))
            if fate == "record" or not rows:
                continue
            for row in sorted({rows[0], rows[len(rows) // 2], rows[-1]}):
                code, said = damage_rows(o, f"DELETE FROM {table} WHERE {key} = ?", (row,))
                expected = (0,) if fate == "mended" else (DAMAGED, REFUSED)
                assert code in expected, (table, row, code, said)
        db.close()


def with_segments(o):
    """Segments that hold somebody, written back by a server that was stopped."""
    token = "wf_live_" + "0123456789abcdef" * 3
    server = sqlite3.connect(o.store.dir + "/server.db")
    server.execute("INSERT INTO credential (number, hash, kind, brand, created_at, scopes) VALUES (99, ?, 0, ?, 0, 'members.read boards.write')",
                   (hashlib.sha256(token.encode()).digest(), o.store.brand))
    server.commit()
    server.close()
    o.store.serve()
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    url = f"{o.store.url}/api/v1/{o.store.brand}/segments"
    for code, expression in (("all", 'did("message.sent")'), ("recent", 'did("message.sent", within 30d)')):
        status, text, _ = http("POST", url, json.dumps({"code": code, "name": code, "expression": expression}).encode(), headers)
        assert status == 201, text
    deadline = time.monotonic() + 30
    while any(s["state"] != "ready" for s in json.loads(http("GET", url, headers=headers)[1])["items"]):
        assert time.monotonic() < deadline
    assert all(s["members"] for s in json.loads(http("GET", url, headers=headers)[1])["items"])
    o.store.stop()
    o.store.verify()


def test_rows_of_segments_that_are_lost_are_noticed_or_made_anew():
    with Original(90) as o:
        with_segments(o)
        for statement, fate in (("DELETE FROM segment_member WHERE chunk >= 0", "noticed"), ("DELETE FROM segment_member WHERE chunk = -1", "mended"),
                                ("DELETE FROM segment_member", "mended"), ("DELETE FROM segment_due", "noticed"), ("DELETE FROM segment_mark", "mended"),
                                ("UPDATE segment_member SET members = zeroblob(length(members)) WHERE chunk >= 0", "noticed"),
                                ("UPDATE segment_member SET basis = basis + 1 WHERE chunk >= 0", "mended")):
            code, said = damage_rows(o, statement)
            assert code == (0 if fate == "mended" else DAMAGED), (statement, code, said)


def test_rows_that_contradict_each_other_are_reported():
    statements = ["DELETE FROM identity WHERE persona = (SELECT min(id) FROM member)",
                  "DELETE FROM identity WHERE persona = (SELECT max(persona) FROM persona_member)",
                  "INSERT INTO identity SELECT zeroblob(16), kind, 900000, verified, first_seen, source, value, sealed, tail"
                  " FROM identity LIMIT 1",
                  "UPDATE timer SET due_at = due_at + 1", "UPDATE timer SET subject = 900000 WHERE module = 'people' AND subject = (SELECT min(subject) FROM timer WHERE module = 'people')",
                  "UPDATE member SET due_at = due_at - 1", "DELETE FROM timer"]
    with mixed_original() as o:
        for statement in statements:
            code, said = damage_rows(o, statement)
            assert code == DAMAGED, (statement, code, said)


def test_a_damaged_database_file_is_reported():
    chance = random.Random(SEED)
    with mixed_original() as o:
        path = pathlib.Path(o.store.dir, "brands", "shop", "brand.db")
        size = path.stat().st_size
        for _ in range(60 if LONG else 12):
            data = o.copy()
            page = chance.randrange(1, size // 4096)
            with open(pathlib.Path(data, "brands", "shop", "brand.db"), "r+b") as f:
                f.seek(page * 4096)
                f.write(b"\xa5" * 4096)
            code, said = verify(data)
            assert code in (DAMAGED, REFUSED), (page, code, said)
            shutil.rmtree(data)


run(globals())
