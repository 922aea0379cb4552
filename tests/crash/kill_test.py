#!/usr/bin/env python3
"""A server killed with SIGKILL at random moments under load: what was acknowledged is there, once.

Every message has an hour of its own, so that a trend by the hour counts each single message. A round starts the
server over what the last kill left, counts, sends again what was not acknowledged (with the same message ids),
counts again, and loads until the next kill. WF_KILLS=N sets the rounds; 30, or 220 with WF_LONG=1."""
import base64
import datetime
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import BINARY, Store, http, run  # noqa: E402

KILLS = int(os.environ.get("WF_KILLS", "220" if os.environ.get("WF_LONG") else "30"))
SEED = int(os.environ.get("WF_SEED", str(random.randrange(1 << 30))))
SENDERS = 3
BATCH = 20
IMPORT_ROWS = (700, 2600)  # more than 2000 go in bulk
HOURS_MAX = 3000  # messages of one kind
EPOCH = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


def moment(hour):
    return (EPOCH + datetime.timedelta(hours=hour)).strftime("%Y-%m-%dT%H:30:00Z")


class Batch:
    """Messages sent, and acknowledged, together."""

    def __init__(self, kind, first, count):
        self.kind, self.first, self.count = kind, first, count
        self.acked = False

    def messages(self):
        return [{"type": "track", "event": self.kind, "messageId": f"{self.kind}-{h}", "userId": f"u{h % 97}",
                 "timestamp": moment(h), "properties": {"hour": h, "half": h / 2, "text": f"text {h % 13}"}}
                for h in range(self.first, self.first + self.count)]


class Load:
    """One round's traffic: senders, a reader, now and then an import."""

    def __init__(self, store, number, chance):
        self.store, self.number, self.chance = store, number, chance
        self.kind = f"Round {number}"
        self.batches, self.next_hour = [], 0
        self.lock, self.stopping = threading.Lock(), False
        self.problems, self.importer, self.file = [], None, None
        key = base64.b64encode((store.keys["secret write key"] + ":").encode()).decode()
        self.headers = {"Authorization": "Basic " + key, "Content-Type": "application/json"}

    def send(self, batch):
        body = json.dumps({"batch": batch.messages()}).encode()
        status, reply = http("POST", self.store.url + "/v1/batch", body, self.headers)[:2]
        if status == 200:
            batch.acked = True
        elif status not in (429, 503):  # busy, or stopping
            self.problems.append(f"status {status}: {reply!r}")

    def sender(self):
        while not self.stopping:
            with self.lock:
                if self.next_hour + BATCH > HOURS_MAX:
                    return
                batch = Batch(self.kind, self.next_hour, BATCH)
                self.next_hour += BATCH
                self.batches.append(batch)
            try:
                self.send(batch)
            except OSError:
                return

    def reader(self):
        while not self.stopping:
            try:
                self.store.ask({"trend": {"kind": "*", "by": "month"}})
                self.store.ask({"segment": {"expr": 'did("' + kind_name(self.kind) + '", count >= 1)'}})
            except OSError:
                return
            except Exception as e:
                if not self.stopping:
                    self.problems.append(repr(e))

    def start_import(self):
        batch = Batch(f"Import {self.number}", 0, self.chance.choice(IMPORT_ROWS))
        self.file = os.path.join(self.store.folder, f"import-{self.number}.jsonl")
        with open(self.file, "w") as f:
            f.writelines(json.dumps(m) + "\n" for m in batch.messages())
        self.batches.append(batch)
        self.imported = batch
        self.importer = subprocess.Popen(self.import_command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def import_command(self):
        return [BINARY, "import", "--data", self.store.dir, "--brand", self.store.brand, "--format", "segment",
                self.file]

    def run_until_killed(self, seconds):
        threads = [threading.Thread(target=self.sender) for _ in range(SENDERS)]
        threads.append(threading.Thread(target=self.reader))
        for t in threads:
            t.start()
        if self.chance.random() < 0.4:
            self.start_import()
        time.sleep(seconds)
        self.stopping = True  # before the kill: what breaks from here on is no finding
        self.store.kill()
        for t in threads:
            t.join()
        if self.importer:
            self.importer.communicate()
            self.imported.acked = self.importer.returncode == 0

    def send_again(self):
        for batch in self.batches:
            if batch.acked:
                continue
            if self.importer and batch is self.imported:
                subprocess.run(self.import_command(), capture_output=True, check=True, timeout=120)
                batch.acked = True
                continue
            for _ in range(200):
                self.send(batch)
                if batch.acked:
                    break
                time.sleep(0.02)
            assert batch.acked, "a batch is refused for seconds"


def kind_name(event):
    return event.lower().replace(" ", "_")


def count_each(store, kind):
    """How often each hour's message is in the log."""
    to = EPOCH + datetime.timedelta(hours=HOURS_MAX)
    question = {"trend": {"kind": kind_name(kind), "by": "hour", "from": EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ"),
                          "to": to.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    points = store.ask(question)["points"]
    assert len(points) == HOURS_MAX, len(points)
    return [p["value"] for p in points]


def check(store, load):
    """Acknowledged: exactly once. Not acknowledged: at most once, and a batch is there whole or not at all."""
    counts = {k: count_each(store, k) for k in {b.kind for b in load.batches}}
    for batch in load.batches:
        got = counts[batch.kind][batch.first:batch.first + batch.count]
        where = f"{batch.kind} from hour {batch.first}"
        assert max(got) <= 1, f"doubled: {where}: {got}"
        assert not batch.acked or min(got) == 1, f"lost: {where}: {got}"
        assert batch.count != BATCH or min(got) == max(got), f"torn: {where}: {got}"
    for kind, each in counts.items():
        sent = max(b.first + b.count for b in load.batches if b.kind == kind)
        assert not any(each[sent:]), f"{kind}: messages that nobody sent"


def verified_parts(store):
    text = store.cli("verify", "--data", store.dir).stdout
    return int(re.search(r"(\d+) parts checked", text)[1])


def test_nothing_acknowledged_is_lost_or_doubled_by_kills():
    print(f"seed {SEED}, {KILLS} kills")
    chance = random.Random(SEED)
    recoveries, loads, acked = [], [], 0
    with Store() as s:
        load = None
        for number in range(KILLS + 1):
            started = time.monotonic()
            s.serve()
            recoveries.append(time.monotonic() - started)
            if load:
                check(s, load)
                acked += sum(b.count for b in load.batches if b.acked)
                load.send_again()
                check(s, load)
                assert not load.problems, load.problems[:3]
                loads.append(load)
            if number == KILLS:
                break
            load = Load(s, number, chance)
            load.run_until_killed(chance.uniform(0.0, 0.5))
            if number % 15 == 14:
                s.verify()
        for old in loads:
            check(s, old)
        s.kill()
        parts = verified_parts(s)
        total = sum(b.count for o in loads for b in o.batches)
        print(f"{KILLS} kills, {total} messages, {acked} acknowledged before a kill, {parts} parts; ready again after "
              f"{1000 * sum(recoveries) / len(recoveries):.0f} ms on average, {1000 * max(recoveries):.0f} ms at most")
        assert acked > 0 and total > acked


run(globals())
