"""Durable HTTP intake over keep-alive connections, the generator on the same cores: batches of 100 beside PostgreSQL COPY
of the same rows in transactions of 100 and in one, and single events beside a prepared INSERT each."""
import json
import os
import subprocess
import time

from common import rate, ratio

CONNECTIONS = 32
SINGLE_CONNECTIONS = 64


def sent(bench, rows, form="batch", connections=CONNECTIONS):
    """Rows a second into a running server, every reply after its commit; each must be there once."""
    keys = bench.init(form)
    p, port, _ = bench.serve(form)
    command = [bench.path("intake"), str(port), keys["secret write key"], str(connections), str(rows), form]
    what = "POST /v1/batch, 100 events each" if form == "batch" else "POST /v1/track"
    _, out = bench.timed(command, shown=f"intake $P KEY {connections} {rows} {form}   # {what}")
    bench.stop(p)
    found = json.loads(out)
    stored = events_of(bench, form)
    if stored != found["events"]:
        raise SystemExit(f"{found['events']} events acknowledged, {stored} stored")
    return found


def events_of(bench, name):
    """Events of the kinds that rows.h has."""
    query = {"trend": {"kind": ["content.viewed", "message.sent", "page.viewed", "checkin.done"], "by": "month"}}
    reply = subprocess.run([bench.binary, "query", "--data", bench.path(name), "--brand", "bench", json.dumps(query)],
                           capture_output=True, text=True, check=True).stdout
    return sum(point["value"] for point in json.loads(reply)["points"])


def copied(bench, rows, batch, form, connections=16):
    """Rows a second of COPY into a PostgreSQL that syncs."""
    tool = bench.source.parent / "tools" / "with-postgres"
    script = f'"{bench.path("copy")}" "$WF_TEST_POSTGRES" {connections} {rows} {batch} {form}'
    env = dict(os.environ, WF_POSTGRES_DURABLE="1")
    os.chmod(bench.folder, 0o755)
    bench.note(f"WF_POSTGRES_DURABLE=1 tools/with-postgres copy URL {connections} {rows} {batch} {form}")
    p = subprocess.run([str(tool), "sh", "-c", script], capture_output=True, text=True, env=env)
    if p.returncode != 0:
        raise SystemExit(f"copy: {p.stderr}")
    return json.loads(p.stdout.splitlines()[-1])["rate"]


def singles(bench):
    """What single events reach, and PostgreSQL with the connections that tools/with-postgres lets in."""
    found = sent(bench, bench.sized(300_000), "single", SINGLE_CONNECTIONS)
    return found, copied(bench, bench.sized(100_000), 1, "key")


def synced(bench):
    """What the disk takes to sync 4 KiB that were appended, with nothing beside it: median and 99th, ms. No answer comes sooner."""
    took = []
    fd = os.open(bench.path("synced"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for _ in range(2000):
        began = time.monotonic()
        os.write(fd, bytes(4096))
        os.fdatasync(fd)
        took.append((time.monotonic() - began) * 1e3)
    os.close(fd)
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100]


def run(bench):
    found, theirs = singles(bench)
    bench.add(f"durable HTTP intake, single events, {SINGLE_CONNECTIONS} connections", rate(found["rate"], 1), "≥ 30 k/s")
    bench.add("– time of a request, median / 99th", f"{found['p50_ms']:.1f} / {found['p99_ms']:.1f} ms", "99th < 5 ms")
    bench.add("– the disk alone: 4 KiB appended and synced, median / 99th", "%.1f / %.1f ms" % synced(bench))
    bench.add("– PostgreSQL INSERT, one a transaction, id unique", rate(theirs, 1), "", ratio(found["rate"], theirs))
    rows = bench.sized(2_000_000)
    found = sent(bench, rows)
    ours = found["rate"]
    bench.add(f"durable HTTP intake, batches of 100, {CONNECTIONS} connections", rate(ours, 1), "≥ 100 k/s")
    bench.add("– time of a request, median / 99th", f"{found['p50_ms']:.1f} / {found['p99_ms']:.1f} ms")
    for what, batch, form, connections in (
            ("– PostgreSQL COPY, batches of 100, id unique", 100, "key", 16),
            ("– PostgreSQL COPY, batches of 100, no index", 100, "plain", 16),
            ("– PostgreSQL COPY, one transaction, no index", rows, "plain", 1)):
        theirs = copied(bench, rows, batch, form, connections)
        bench.add(what, rate(theirs, 1), "", ratio(ours, theirs))
