"""Bulk import end to end by the binary, beside clickhouse-client and SQLite's .import of the same file; then the time
that a server needs to start on what was imported."""
import json
import os
import shutil

from clickhouse import ClickHouse
from common import rate, ratio

MAP = ("member=user:member,at=date:at:epoch,kind=text:kind,touchpoint=text:channel,campaign=text:campaign,"
       "group=text:group,amount=integer:amount")
TABLE = "member UInt32, at DateTime, kind String, channel String, campaign String, group_name String, amount UInt32"


def imported(bench, name, form, file, rows, *extra):
    """Rows a second of an import into a new directory."""
    bench.init(name)
    command = [bench.binary, "import", "--data", bench.path(name), "--brand", "bench", "--format", form, *extra, file]
    seconds, out = bench.timed(command)
    counts = json.loads(out.splitlines()[-1])
    if counts["stored"] != rows or counts["rejected"]:
        raise SystemExit(f"import of {file}: {out}")
    return rows / seconds


def by_clickhouse(bench, file, rows):
    server = ClickHouse()
    try:
        server.query(f"CREATE TABLE e ({TABLE}) ENGINE = MergeTree ORDER BY (member, at)")
        command = ["clickhouse-client", "--port", str(server.tcp), "-q", "INSERT INTO e FORMAT CSVWithNames"]
        seconds, _ = bench.timed(command, file, "clickhouse-client --port $P -q 'INSERT INTO e FORMAT CSVWithNames' "
                                                "<$D/events.csv   # MergeTree ORDER BY (member, at)")
        if int(server.query("SELECT count() FROM e")[0][0]) != rows:
            raise SystemExit("clickhouse lost rows")
    finally:
        server.close()
    return rows / seconds


def by_sqlite(bench, file, rows):
    db = bench.path("peer.db")
    script = ("CREATE TABLE e (member INTEGER, at INTEGER, kind TEXT, channel TEXT, campaign TEXT, grp TEXT, amount "
              f"INTEGER);\n.import --csv --skip 1 {file} e\n")
    with open(bench.path("import.sql"), "w") as f:
        f.write(script)
    seconds, _ = bench.timed(["sqlite3", db], bench.path("import.sql"), "sqlite3 $D/peer.db '.import --csv --skip 1 "
                                                                        "$D/events.csv e'   # typed columns, no index")
    _, out = bench.timed(["sqlite3", db, "SELECT COUNT(*) FROM e"], shown="")
    bench.commands.pop()
    os.remove(db)
    if int(out) != rows:
        raise SystemExit("sqlite lost rows")
    return rows / seconds


def rate_and_cpu(bench, events_s, rows):
    """The processors' time does not depend on who else is on the machine."""
    return f"{rate(events_s, 1)}, {bench.cpu_s / rows * 1e6:.1f} µs of CPU each"


def run(bench):
    rows, members = bench.sized(10_000_000), bench.sized(100_000)
    file = bench.generate("csv", rows, members)
    ours = imported(bench, "csv", "csv", file, rows, "--map", MAP)
    bench.add(f"bulk import, csv, {rows:,} events", rate_and_cpu(bench, ours, rows), "≥ 1,000 k/s")
    theirs = by_clickhouse(bench, file, rows)
    bench.add("– clickhouse-client INSERT, the same file", rate(theirs, 1), "", ratio(ours, theirs))
    theirs = by_sqlite(bench, file, rows)
    bench.add("– sqlite3 .import, the same file", rate(theirs, 1), "", ratio(ours, theirs))
    os.remove(file)

    seconds = []
    for _ in range(5):
        p, _, took = bench.serve("csv")
        seconds.append(took)
        bench.stop(p)
    bench.note("wellfield serve --data $D/csv --listen 127.0.0.1:$P   # until GET /ready answers 200, median of 5")
    bench.add(f"start with {rows:,} events stored", f"{sorted(seconds)[2] * 1000:.0f} ms", "< 200 ms")
    shutil.rmtree(bench.path("csv"))

    rows = bench.sized(2_000_000)
    file = bench.generate("jsonl", rows, members)
    ours = imported(bench, "jsonl", "jsonl", file, rows)
    bench.add(f"bulk import, jsonl, {rows:,} events", rate_and_cpu(bench, ours, rows), "≥ 300 k/s")
    shutil.rmtree(bench.path("jsonl"))
    os.remove(file)
