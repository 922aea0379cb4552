"""Durable HTTP intake in batches of 100 over keep-alive connections, the generator on the same cores, beside PostgreSQL
COPY of the same rows in transactions of 100 and in one."""
import json
import os
import subprocess

from common import rate, ratio

CONNECTIONS = 32


def sent(bench, rows):
    """Rows a second into a running server, every reply after its commit; each must be there once."""
    keys = bench.init("http")
    p, port, _ = bench.serve("http")
    command = [bench.path("intake"), str(port), keys["secret write key"], str(CONNECTIONS), str(rows)]
    _, out = bench.timed(command, shown=f"intake $P KEY {CONNECTIONS} {rows}   # POST /v1/batch, 100 events each")
    bench.stop(p)
    found = json.loads(out)
    stored = events_of(bench, "http")
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


def run(bench):
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
