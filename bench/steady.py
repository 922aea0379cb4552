"""Questions asked of a running server, first idle, then while events come in at a steady rate: what that does to their
time, to the number of parts, to what is written, to the server's memory, and that nothing is lost."""
import http.client
import itertools
import json
import os
import pathlib
import re
import subprocess
import time

import bulk
from intake import events_of

RATE = 50_000
SECONDS = 60
IDLE_SECONDS = 20
CONNECTIONS = 16
PACE_SECONDS = 0.5  # from the beginning of a question to that of the next
MIB = 2**20
SPAN = {"from": "2025-01-01", "to": "2027-01-01"}  # the imported year, and today
LATE = {"from": "2025-10-03", "to": "2027-01-01"}
STEPS = [{"kind": kind} for kind in ("content.viewed", "touchpoint.clicked", "checkin.done", "order.paid")]
QUESTIONS = {
    "trend": {"trend": {"breakdown": "kind", **SPAN}},
    "dau": {"trend": {"measure": "members", **SPAN}},
    "funnel": {"funnel": {"steps": STEPS, "window": "7d", **LATE}},
    "retention": {"retention": {"birth": {"kind": "*"}, "return": {"kind": "*"}, "first": "in_range", "by": "week", "periods": 12,
                                "from": "2025-10-06", "to": "2025-12-29"}},
    "segment": {"segment": {"expr": 'did("checkin.done", count >= 3, from 2025-12-02, to 2027-01-01) and '
                                    'not did("live.attended", from 2025-12-02, to 2027-01-01)'}},
    "rfm": {"rfm": {"as_of": "2027-01-01", "cuts": {"r": [7, 30, 90, 180], "f": [2, 5, 10, 20], "m": [1000, 5000, 10000, 20000]}}},
    "paths": {"paths": {"anchor": {"kind": "checkin.done"}, "depth": 3, "within": None, "top": 20, **LATE}},
    "lifecycle": {"activity": {"by": "week", "from": "2025-10-06", "to": "2025-12-29"}},
}


class Asker:
    """One connection that asks one question after the other."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.token = token

    def ask(self, query):
        """Seconds until the whole answer is here."""
        began = time.monotonic()
        self.connection.request("POST", "/api/v1/bench/query", json.dumps(query), {"Authorization": f"Bearer {self.token}"})
        reply = self.connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise SystemExit(f"{json.dumps(query)}: {reply.status} {body[:500]}")
        return time.monotonic() - began

    def ask_while(self, wanted):
        """Seconds of each asking, by question, round after round until wanted() is false, each at least once."""
        seconds = {name: [] for name in QUESTIONS}
        for name in itertools.cycle(QUESTIONS):
            if seconds[name] and not wanted():
                return seconds
            seconds[name].append(self.ask(QUESTIONS[name]))
            time.sleep(max(0.0, PACE_SECONDS - seconds[name][-1]))


class Watch:
    """What the system says of the server until the end: memory at its highest, bytes written."""

    def __init__(self, pid):
        self.pid = pid
        with open(f"/proc/{pid}/clear_refs", "w") as f:
            f.write("5")
        self.written_before = self.written()

    def written(self):
        return int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{self.pid}/io").read_text(), re.M)[1])

    def end(self):
        """MiB of memory at the highest, bytes written."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+)", status, re.M)[1]) / 1024, self.written() - self.written_before


def parts_in(folder):
    return sum(name.endswith(".part") for name in os.listdir(folder))


def percentile(values, percent):
    """The least value that 'percent' of a hundred are not above."""
    values = sorted(values)
    return values[max(0, -(-len(values) * percent // 100) - 1)]


def pooled(seconds):
    return [s for each in seconds.values() for s in each]


def changes(log):
    """What the log tells of parts, in order: (seal or merge, parts read, rows written, events that were in none before)."""
    found = []
    for line in log.splitlines():
        what = re.search(r"\b(part_written|parts_merged)\b", line)
        if what:
            number = {name: int(value) for name, value in re.findall(r"\b(events|parts|rows)\W+(\d+)", line)}
            found.append((what[1], number["parts"], number["rows"], number.get("events", 0)))
    return found


def parts_over_time(before, done):
    """How many parts a question reads, at first and after each change; those that a merge reads are there until it ends."""
    return list(itertools.accumulate((1 - read for _, read, _, _ in done), initial=before))


def imported(bench, events):
    """A brand with a year of events; its keys."""
    keys = bench.init("steady")
    file = bench.generate("csv", events, max(1, events // 100))
    command = [bench.binary, "import", "--data", bench.path("steady"), "--brand", "bench", "--format", "csv", "--map", bulk.MAP, file]
    seconds, out = bench.timed(command)
    if json.loads(out.splitlines()[-1])["stored"] != events:
        raise SystemExit(f"import: {out}")
    os.remove(file)
    return keys, seconds


def measured(bench, events):
    """Everything, as a dictionary."""
    keys, import_s = imported(bench, events)
    folder = bench.path("steady/brands/bench/events")
    size = sum(f.stat().st_size for f in pathlib.Path(folder).iterdir())
    stored, scale = events_of(bench, "steady"), min(1.0, bench.scale)
    log_from = os.path.getsize(bench.path("serve.log")) if os.path.exists(bench.path("serve.log")) else 0
    p, port, _ = bench.serve("steady")
    asker = Asker(port, keys["api token"])
    asker.ask_while(lambda: False)  # into the system's cache
    before = parts_in(folder)
    until = time.monotonic() + IDLE_SECONDS * scale
    watch = Watch(p.pid)
    idle = asker.ask_while(lambda: time.monotonic() < until)
    sent = int(RATE * SECONDS * scale)
    command = [bench.path("intake"), str(port), keys["secret write key"], str(CONNECTIONS), str(sent), "batch", str(RATE)]
    bench.note(f"intake $P KEY {CONNECTIONS} {sent} batch {RATE}   # POST /v1/batch, 100 events each, while questions are asked")
    sender = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    busy = asker.ask_while(lambda: sender.poll() is None)
    out, _ = sender.communicate()
    if sender.returncode != 0:
        raise SystemExit("the sender stopped")
    memory, written = watch.end()
    bench.stop(p)
    found = json.loads(out)
    log = pathlib.Path(bench.path("serve.log")).read_text(errors="replace")[log_from:]
    return {"import_s": import_s, "bytes_per_event": size / events, "idle": idle, "busy": busy, "sent": found, "memory": memory,
            "written": written, "before": before, "lost": stored + found["events"] - events_of(bench, "steady"), "changes": changes(log)}


def rows(bench, events):
    """Rows of the table of bench/peers: what, measured, peer, ratio, goal, at least, reached."""
    m = measured(bench, events)
    idle, busy, sent = pooled(m["idle"]), pooled(m["busy"]), m["sent"]
    times = percentile(busy, 95) / percentile(idle, 95)
    worst = max(QUESTIONS, key=lambda name: percentile(m["busy"][name], 95) / percentile(m["idle"][name], 95))
    worst_times = percentile(m["busy"][worst], 95) / percentile(m["idle"][worst], 95)
    parts = parts_over_time(m["before"], m["changes"])
    sealed = sum(new for _, _, _, new in m["changes"])
    amplified = sum(rows for _, _, rows, _ in m["changes"]) / max(1, sealed)
    merges = sum(what == "parts_merged" for what, _, _, _ in m["changes"])

    def verdict(good):
        return "goal" if good else "**short**"

    reached = sent["rate"] > 0.98 * RATE  # beside less, quick answers prove nothing
    members = max(1, events // 100)
    return [
        (f"import of {events:,} events of {members:,} members, with the folding of members", f"{events / m['import_s'] / 1e6:.2f} M/s, "
         f"{m['bytes_per_event']:.2f} bytes an event", "", "", "", "", ""),
        (f"steady intake beside questions, batches of 100, {sent['seconds']:.0f} s", f"{sent['rate'] / 1e3:,.1f} k/s, a request "
         f"{sent['p50_ms']:.1f} ms, 99th {sent['p99_ms']:.0f}", "", "", "≥ 50 k/s", "", verdict(reached)),
        ("– events acknowledged and not found", f"{m['lost']} of {sent['events']:,}", "", "", "0", "", verdict(m["lost"] == 0)),
        (f"– 95th percentile of {len(busy)} answers, × of {len(idle)} idle",
         f"{times:.2f}× ({percentile(busy, 95) * 1e3:,.0f} ms, idle {percentile(idle, 95) * 1e3:,.0f}); {worst} {worst_times:.2f}×", "", "",
         "≤ 2×", "", verdict(times <= 2 and reached)),
        ("– parts that a question reads, those under a merge among them: after half the changes / at most",
         f"{percentile(parts, 50)} / {max(parts)}", "", "", "≤ 4", "", verdict(max(parts) <= 4)),
        (f"– rows written to parts ({len(parts) - 1 - merges} seals, {merges} merges) over those that were new", f"{amplified:.1f}× "
         f"({m['written'] / sent['events']:,.0f} bytes an event by the whole server)", "", "", "", "", ""),
        (f"– memory of the server at its highest, {events:,} events, {members:,} members", f"{m['memory']:,.0f} MiB", "", "", "≤ 512 MiB",
         "", verdict(m["memory"] <= 512)),
    ]
