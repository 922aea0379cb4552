#!/usr/bin/env python3
"""The power fails, or the process dies, at any one change of its files; and any one of them can fail.

tracer.c writes down every write, sync, rename and removal of a run. From that, the files are made again as they would
stand after each of them: whole, as a dying process leaves them; or with what was not yet synced lost, torn or kept at
random, as a power cut may leave them. What was acknowledged before the cut must be in there, once, and `verify` clean.
WF_CUTS=N sets the cuts tried per run of the program; 25, or all of them with WF_LONG=1."""
import base64
import bisect
import concurrent.futures
import datetime
import errno
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import BINARY, Store, http, run  # noqa: E402

LONG = bool(os.environ.get("WF_LONG"))
CUTS = int(os.environ.get("WF_CUTS", "25"))
SEED = int(os.environ.get("WF_SEED", str(random.randrange(1 << 30))))
OPEN, WRITE, TRUNCATE, SYNC, SYNC_DIR, RENAME, UNLINK, MKDIR = range(8)
HEAD = struct.Struct("<IIIIQQQ")
SECTOR = 512
EPOCH = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
HOURS = 4000
BULK_ROWS = 2500  # more than 2000 go in bulk
MERGED = 4  # parts of one tier that become one
TAIL_ROWS = 131000  # a few more and they become a part

TOOLS = tempfile.mkdtemp(prefix="wellfield-tracer-")
TRACER = os.path.join(TOOLS, "tracer.so")


def build_tracer():
    source = pathlib.Path(__file__).with_name("tracer.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-D_GNU_SOURCE", "-o", TRACER, source, "-ldl"], check=True)


# ---- what a trace says about the files ----

class Record:
    def __init__(self, blob, at):
        self.op, paths, others, self.truncates, self.inode, self.offset, size = HEAD.unpack_from(blob, at)
        at += HEAD.size
        self.path = blob[at:at + paths].decode()
        self.other = blob[at + paths:at + paths + others].decode()
        at += paths + others
        self.end = at + size
        self.data = blob[at:self.end]


def records(blob):
    at, out = 0, []
    while at < len(blob):
        out.append(Record(blob, at))
        at = out[-1].end
    return out


class File:
    """Bytes that are safe, and what was done since the last sync."""

    def __init__(self, data=b""):
        self.safe, self.pending = bytearray(data), []

    @staticmethod
    def apply(data, change):
        if change.op == TRUNCATE:
            del data[change.offset:]
            data.extend(bytes(change.offset - len(data)))
            return
        end = change.offset + len(change.data)
        if len(data) < end:
            data.extend(bytes(end - len(data)))
        data[change.offset:end] = change.data

    def sync(self):
        for change in self.pending:
            self.apply(self.safe, change)
        self.pending = []

    def contents(self, chance):
        """With 'chance', each pending change is kept, lost, or torn at sectors; without, all are kept."""
        data = bytearray(self.safe)
        for change in self.pending:
            fate = chance.random() if chance else 0
            if fate < 0.4:
                self.apply(data, change)
            elif fate < 0.7 and change.op == WRITE:
                for at in range(0, len(change.data), SECTOR):
                    if chance.random() < 0.5:
                        piece = Record.__new__(Record)
                        piece.op, piece.offset, piece.data = WRITE, change.offset + at, change.data[at:at + SECTOR]
                        self.apply(data, piece)
        return data


class Disk:
    """Files by inode, names by path; 'late' are the changes of names that no folder's sync made safe, in order."""

    def __init__(self, image):
        self.root = image
        self.files, self.names, self.now, self.late = {}, {}, {}, []
        for path in pathlib.Path(image).rglob("*"):
            self.names[str(path.relative_to(image))] = None if path.is_dir() else File(path.read_bytes())
        self.now = dict(self.names)

    def name(self, path, file):
        """Give 'path' the file, or take its name away."""
        self.late.append((path, file, file is not None))
        self.rename_in(self.now, self.late[-1])

    @staticmethod
    def rename_in(names, change):
        path, file, there = change
        if there:
            names[path] = None if file == "folder" else file
        else:
            names.pop(path, None)

    def apply(self, r, local):
        path = local(r.path)
        if r.op == OPEN:
            if self.now.get(path) is None:
                self.name(path, File())
            self.files[r.inode] = self.now[path]
            if r.truncates:
                r.op, r.offset = TRUNCATE, 0
                self.files[r.inode].pending.append(r)
        elif r.op in (WRITE, TRUNCATE):
            self.files[r.inode].pending.append(r)
        elif r.op == SYNC:
            self.files[r.inode].sync()
        elif r.op == SYNC_DIR:
            synced = [c for c in self.late if os.path.dirname(c[0]) == path]
            self.late = [c for c in self.late if os.path.dirname(c[0]) != path]
            for change in synced:
                self.rename_in(self.names, change)
        elif r.op == RENAME:
            file = self.now[path]
            self.name(path, None)
            self.name(local(r.other), file)
        elif r.op == UNLINK:
            self.name(path, None)
        elif r.op == MKDIR:
            self.name(path, "folder")

    def write(self, to, chance=None):
        """Make the folder as it stands; with 'chance', as a power cut may leave it."""
        names = dict(self.names)
        for change in self.late[:chance.randrange(len(self.late) + 1)] if chance else self.late:
            self.rename_in(names, change)
        for path, file in sorted(names.items()):
            at = os.path.join(to, path)
            if file is None:
                os.makedirs(at, exist_ok=True)
            elif not path.endswith(("-shm", ".sock")):
                os.makedirs(os.path.dirname(at), exist_ok=True)
                with open(at, "wb") as f:
                    f.write(file.contents(chance))


# ---- a run of the program, traced ----

class Traced:
    """A store whose program's changes are written down, and when each batch of messages was acknowledged."""

    def __init__(self):
        self.store = Store()
        self.image = os.path.join(self.store.folder, "image")
        self.trace = os.path.join(self.store.folder, "trace")
        self.acks = []  # (bytes of trace when it was acknowledged, kind, first hour, count)

    def start(self):
        shutil.copytree(self.store.dir, self.image, ignore=shutil.ignore_patterns("*.sock"))

    def environment(self, fail=None):
        env = {"LD_PRELOAD": TRACER, "TRACE_FILE": self.trace, "TRACE_DIR": self.store.dir}
        return dict(env, TRACE_FAIL=f"{fail[0]} {fail[1]}") if fail else env

    def serve(self, fail=None):
        """Start the traced server; it alone gets the tracer."""
        with unittest.mock.patch.dict(os.environ, self.environment(fail)):
            self.store.serve()

    def load(self, kind, count, fail=None):
        """A traced import from a process of its own, or through the server."""
        extra = {} if self.store.server else self.environment(fail)
        return subprocess.run(import_command(self.store, kind, count), capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, **extra))

    def mark(self, kind, first, count):
        self.acks.append((os.path.getsize(self.trace), kind, first, count))

    def local(self, path):
        """'path' below the data directory, which is itself "", as dirname() says it."""
        return "" if path == self.store.dir else os.path.relpath(path, self.store.dir)

    def records(self):
        return records(pathlib.Path(self.trace).read_bytes())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.store.close()


def message(kind, hour):
    at = EPOCH + datetime.timedelta(hours=hour)
    return {"type": "track", "event": kind, "messageId": f"{kind}-{hour}", "userId": f"u{hour % 37}",
            "timestamp": at.strftime("%Y-%m-%dT%H:30:00Z"), "properties": {"hour": hour, "text": f"text {hour % 7}"}}


def post(store, messages):
    key = base64.b64encode((store.keys["secret write key"] + ":").encode()).decode()
    return http("POST", store.url + "/v1/batch", json.dumps({"batch": messages}).encode(),
                {"Authorization": "Basic " + key, "Content-Type": "application/json"})[0]


def import_command(store, kind, count):
    path = os.path.join(store.folder, f"{kind}.jsonl")
    with open(path, "w") as f:
        f.writelines(json.dumps(message(kind, h)) + "\n" for h in range(count))
    return [BINARY, "import", "--data", store.dir, "--brand", store.brand, "--format", "segment", path]


def counts(data, brand, kind):
    """How often each hour's message of a kind is there."""
    end = EPOCH + datetime.timedelta(hours=HOURS)
    question = {"trend": {"kind": kind, "by": "hour", "from": EPOCH.isoformat(), "to": end.isoformat()}}
    p = subprocess.run([BINARY, "query", "--data", data, "--brand", brand, json.dumps(question)],
                       capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, p.stderr
    return [point["value"] for point in json.loads(p.stdout)["points"]]


def check_store(data, brand, promised, kinds):
    """'promised' are (kind, first, count) acknowledged; nothing of 'kinds' may be there twice."""
    p = subprocess.run([BINARY, "verify", "--data", data], capture_output=True, text=True, timeout=120)
    assert p.returncode == 0, f"verify: exit {p.returncode}\n{p.stdout}{p.stderr}"
    there = {kind: counts(data, brand, kind) for kind in kinds}
    for kind, each in there.items():
        assert max(each) <= 1, f"doubled: {kind} at hour {each.index(max(each))}"
    for kind, first, count in promised:
        got = there[kind][first:first + count]
        assert min(got) == 1, f"lost: {kind} from hour {first}: {got}"


def try_cuts(traced, look):
    """Make the files of each chosen cut, and look at them: look(folder, bytes of trace before the cut)."""
    all_records = traced.records()
    chance = random.Random(SEED)
    wanted = set(range(len(all_records) + 1)) if LONG else set(
        chance.sample(range(len(all_records) + 1), min(CUTS, len(all_records) + 1))) | {len(all_records)}
    disk = Disk(traced.image)
    jobs, findings, end = [], [], 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for i in range(len(all_records) + 1):
            if i in wanted:
                for how in ("killed", "power cut"):
                    to = os.path.join(traced.store.folder, f"cut-{i}-{how.split()[0]}")
                    disk.write(to, random.Random(SEED + i) if how == "power cut" else None)
                    shutil.copy(traced.store.dir + ".key", to + ".key")
                    jobs.append((f"{how} at change {i} of {len(all_records)}",
                                 pool.submit(look, to, end)))
                if len(jobs) > 8:
                    findings += [(n, j.result()) for n, j in jobs if j.result()]
                    jobs = []
            if i < len(all_records):
                end = all_records[i].end
                disk.apply(all_records[i], traced.local)
        findings += [(n, j.result()) for n, j in jobs if j.result()]
    print(f"seed {SEED}: {len(all_records)} changes, {len(wanted)} cuts, each as a kill and as a power cut")
    assert not findings, "\n".join(f"{n}: {f}" for n, f in findings[:5])


def look_at(data, brand, promised, kinds):
    try:
        check_store(data, brand, promised, kinds)
        return None
    except AssertionError as e:
        return str(e)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def for_promised(t, kinds):
    """What was acknowledged before a cut is there, once."""
    sizes = [a[0] for a in t.acks]
    return lambda to, end: look_at(to, t.store.brand, [a[1:] for a in t.acks[:bisect.bisect_right(sizes, end)]], kinds)


def post_batches(t, kind, count):
    """Batches of 1 to 9 messages, marked as they are acknowledged; the next hour."""
    hour = 0
    for i in range(count):
        size = 1 + i % 9
        assert post(t.store, [message(kind, h) for h in range(hour, hour + size)]) == 200
        t.mark(kind, hour, size)
        hour += size
    return hour


def created_parts(t):
    return [r.other for r in t.records() if r.op == RENAME and r.other.endswith(".part")]


def test_a_cut_under_live_intake_loses_nothing_acknowledged():
    with Traced() as t:
        t.start()
        t.serve()
        kinds = []
        for i in range(MERGED):
            kinds += [f"live_{i}", f"bulk_{i}"]
            post_batches(t, kinds[-2], 6)
            assert t.load(kinds[-1], BULK_ROWS).returncode == 0
            t.mark(kinds[-1], 0, BULK_ROWS)
        t.store.stop()
        assert len(created_parts(t)) > MERGED, "nothing was merged"
        try_cuts(t, for_promised(t, kinds))


def test_a_cut_while_blocks_become_a_part_loses_nothing():
    with Traced() as t:
        t.store.serve()
        for first in range(0, TAIL_ROWS, 2500):
            assert post(t.store, [{**message("early", h % HOURS), "messageId": f"early-{h}"}
                                  for h in range(first, min(first + 2500, TAIL_ROWS))]) == 200
        t.store.kill()
        t.start()
        t.serve()
        post_batches(t, "live", 20)
        deadline = time.monotonic() + 60
        while not created_parts(t):
            assert time.monotonic() < deadline, "no part was made"
            time.sleep(0.02)
        t.store.stop()
        try_cuts(t, for_promised(t, ["live"]))


def test_a_cut_in_a_bulk_import_keeps_what_was_there():
    with Traced() as t:
        t.store.load("--format", "segment", "-", stdin="".join(json.dumps(message("before", h)) + "\n" for h in range(50)))
        t.start()
        assert t.load("bulk", BULK_ROWS).returncode == 0
        t.acks.append((0, "before", 0, 50))
        t.mark("bulk", 0, BULK_ROWS)
        try_cuts(t, for_promised(t, ["before", "bulk"]))


ERASED = "u5"  # of the 37 whose messages message() makes


def erase(data, brand):
    return subprocess.run([BINARY, "erase", "--data", data, "--brand", brand, f"user:{ERASED}"],
                          capture_output=True, text=True, timeout=120)


def check_erasing(data, brand, kinds, done):
    """All or nothing of the erased is there, and all of the others; with 'done' nothing, and else nothing the next time."""
    def look(erased):
        p = subprocess.run([BINARY, "verify", "--data", data], capture_output=True, text=True, timeout=120)
        assert p.returncode == 0, f"verify: exit {p.returncode}\n{p.stdout}{p.stderr}"
        for kind, count in kinds:
            wanted = [0 if erased and f"u{h % 37}" == ERASED else 1 for h in range(count)]
            got = counts(data, brand, kind)[:count]
            assert got == wanted, f"{kind}: {'not ' if not erased else ''}erased, but {got} is there"
    at_first = counts(data, brand, kinds[0][0])[int(ERASED[1:])] == 0
    assert at_first or not done, "the erasure was acknowledged and is undone"
    look(at_first)
    p = erase(data, brand)
    assert p.returncode == (1 if at_first else 0), f"erase: exit {p.returncode}\n{p.stdout}{p.stderr}"
    look(True)
    events = pathlib.Path(data, "brands", brand, "events")
    assert not list(events.glob("*.tmp")), "a draft is left"


def fill_for_erasing(t):
    """Parts, some of which hold the one who goes, and a tail that does; [(kind, messages)]."""
    kinds = [(f"bulk_{i}", BULK_ROWS) for i in range(3)] + [("few", 5), ("tail", 60)]
    for kind, count in kinds:
        assert t.load(kind, count).returncode == 0
    return kinds


def look_at_erasing(data, brand, kinds, done):
    try:
        check_erasing(data, brand, kinds, done)
        return None
    except AssertionError as e:
        return str(e)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def test_a_cut_while_a_member_is_erased_leaves_all_of_them_or_nothing():
    with Traced() as t:
        with unittest.mock.patch.object(t, "environment", lambda fail=None: {}):
            kinds = fill_for_erasing(t)
        t.start()
        with unittest.mock.patch.dict(os.environ, t.environment()):
            p = erase(t.store.dir, t.store.brand)
        assert p.returncode == 0, p.stderr
        try_cuts(t, lambda to, end: look_at_erasing(to, t.store.brand, kinds, end == os.path.getsize(t.trace)))


def test_an_erasing_whose_disk_fails_or_fills_says_so_and_can_go_on():
    chance = random.Random(SEED)
    failed = 0
    with Traced() as t:
        with unittest.mock.patch.object(t, "environment", lambda fail=None: {}):
            kinds = fill_for_erasing(t)
        for n in range(1, 130) if LONG else sorted(chance.sample(range(1, 118), 16)):
            for code in (errno.EIO, errno.ENOSPC):
                to = os.path.join(t.store.folder, "copy")
                shutil.copytree(t.store.dir, to)
                shutil.copy(t.store.dir + ".key", to + ".key")
                with unittest.mock.patch.dict(os.environ, dict(t.environment((n, code)), TRACE_DIR=to)):
                    p = erase(to, t.store.brand)
                if p.returncode != 0:
                    assert p.returncode == 1 and p.stderr.strip(), f"change {n}: exit {p.returncode}, {p.stderr!r}"
                    failed += 1
                finding = look_at_erasing(to, t.store.brand, kinds, p.returncode == 0)
                assert not finding, f"change {n}, errno {code}: {finding}"
    print(f"seed {SEED}: {failed} trials met their failing change")
    assert failed > 5


def import_with_failing_change(n, code, rows):
    """True when change n exists: the import failed, said so, and going on afterwards gives every row once."""
    with Traced() as t:
        t.store.load("--format", "segment", "-", stdin="".join(json.dumps(message("before", h)) + "\n" for h in range(9)))
        p = t.load("bulk", rows, (n, code))
        all_there = [("before", 0, 9), ("bulk", 0, rows)]
        if p.returncode == 0:
            check_store(t.store.dir, t.store.brand, all_there, ["before", "bulk"])
            return False
        assert p.returncode == 1 and p.stderr.strip(), f"change {n}, errno {code}: exit {p.returncode}, {p.stderr!r}"
        check_store(t.store.dir, t.store.brand, all_there[:1], ["before", "bulk"])
        subprocess.run(import_command(t.store, "bulk", rows), check=True, capture_output=True, timeout=120)
        check_store(t.store.dir, t.store.brand, all_there, ["before", "bulk"])
        return True


def test_an_import_whose_disk_fails_or_fills_says_so_and_can_go_on():
    chance = random.Random(SEED)
    trials = [(n, code, rows) for rows in (200, BULK_ROWS) for code in (errno.EIO, errno.ENOSPC)
              for n in (range(1, 200) if LONG else sorted(chance.sample(range(1, 60), 12)))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        failed = sum(pool.map(lambda trial: import_with_failing_change(*trial), trials))
    print(f"seed {SEED}: {failed} of {len(trials)} trials met their failing change")
    assert failed > 10


def test_a_server_whose_disk_fails_stops_and_keeps_what_it_acknowledged():
    chance = random.Random(SEED)
    for n in range(1, 160) if LONG else sorted(chance.sample(range(1, 100), 12)):
        with Traced() as t:
            try:
                t.serve((n, errno.EIO))
            except AssertionError:
                continue  # it did not start, and said so
            acked = []
            for hour in range(60):
                try:
                    if post(t.store, [message("live", hour)]) != 200:
                        break
                    acked.append(("live", hour, 1))
                except OSError:
                    break
            t.store.server.terminate()
            code = t.store.server.wait(timeout=60)
            t.store.server = None
            assert len(acked) == 60 or code == 1, f"change {n} failed and the server ended with {code}"
            check_store(t.store.dir, t.store.brand, acked, ["live"])


if __name__ == "__main__":
    build_tracer()
    try:
        run(globals())
    finally:
        shutil.rmtree(TOOLS, ignore_errors=True)
