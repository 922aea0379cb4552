"""DuckDB, ClickHouse and SQLite on the file of `wellfield bench`. Each is loaded into the layouts that are best for it (by
member, and by time where the engine can skip by it), every form of a question is run once on each, and the fastest is timed.

An engine gives {"version", "load": {"seconds", "bytes"} (the layout by member), "answers": {name: Answer}, "commands"}."""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import time
import urllib.parse
import urllib.request

import questions
from clickhouse import ClickHouse

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Answer:
    texts: list  # of every form, as `wellfield bench --rows` writes them
    median: float
    min: float
    peak: int = 0  # bytes
    form: str = ""


def on(table, sql):
    return re.sub(r"\bFROM e\b", f"FROM {table}", sql)


def memory_of_machine():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


# ---- DuckDB ----

COLUMNS = ("{'member': 'UINTEGER', 'ts': 'UINTEGER', 'kind': 'UTINYINT', 'channel': 'UTINYINT', 'campaign': 'UTINYINT', "
           "'grp': 'USMALLINT', 'amount': 'UINTEGER'}")


def install_duckdb():
    """From npm, at the version that package-lock.json names; not by `npm ci`, which wants every other platform's too."""
    if not (HERE / "node_modules/@duckdb/node-api").exists():
        subprocess.run(["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True, capture_output=True)


def duckdb(file, folder, threads, runs, by_time=True):
    install_duckdb()
    read = f"SELECT * FROM read_csv('{file}', header = false, columns = {COLUMNS})"
    tables = {"e": read + " ORDER BY member, ts", **({"t": read} if by_time else {})}
    forms = {name: [(f"{table} {i + 1}", on(table, sql)) for i, sql in enumerate(list_) for table in tables]
             for name, list_ in questions.DUCKDB.items()}
    config = {
        "file": f"{folder}/duck.db", "temp": f"{folder}/duck.tmp", "threads": threads, "runs": runs,
        "memory": f"{memory_of_machine() * 3 // 4 >> 20}MB",
        "load": [{"table": t, "sql": sql} for t, sql in tables.items()],
        "questions": {name: [sql for _, sql in list_] for name, list_ in forms.items()},
    }
    pathlib.Path(folder, "duck.json").write_text(json.dumps(config))
    p = subprocess.run(["node", str(HERE / "duckdb.mjs"), f"{folder}/duck.json"], capture_output=True, text=True, cwd=HERE)
    if p.returncode != 0:
        raise SystemExit(f"duckdb: {p.stderr}")
    out = json.loads(p.stdout)
    for name in ("duck.db", "duck.db.wal"):
        if os.path.exists(f"{folder}/{name}"):
            os.remove(f"{folder}/{name}")
    answers = {name: Answer([questions.text_of(name, rows) for rows in a["rows"]], a["median"], a["min"], a["peak"],
                            forms[name][a["form"]][0]) for name, a in out["answers"].items()}
    commands = [f"duckdb: CREATE TABLE {t} AS {sql.replace(file, '$D/events.csv').replace(COLUMNS, '{…}')}; CHECKPOINT"
                for t, sql in tables.items()]
    return {"version": f"DuckDB {out['version']}", "load": out["load"]["e"], "answers": answers, "commands": commands}


# ---- ClickHouse ----

CLICKHOUSE_COLUMNS = ("member UInt32, ts DateTime, kind UInt8, channel UInt8, campaign UInt8, grp UInt16, amount UInt32")
CLICKHOUSE_TABLES = {
    "e": "PARTITION BY tuple() ORDER BY (member, ts)",
    "t": "PARTITION BY toYYYYMM(ts) ORDER BY (toDate(ts), kind, member, ts)",
}


class Click:
    def __init__(self, threads):
        self.server = ClickHouse()
        self.threads = threads

    def ask(self, sql):
        settings = {"max_threads": self.threads, "max_memory_usage": memory_of_machine() * 3 // 4}
        url = f"http://127.0.0.1:{self.server.port}/?" + urllib.parse.urlencode(settings)
        with urllib.request.urlopen(urllib.request.Request(url, data=sql.encode()), timeout=3600) as r:
            return [line.split("\t") for line in r.read().decode().splitlines()]

    def load(self, table, file):
        """Seconds of the insertion, until the rows are in, and of bringing them into one sorted part a partition."""
        self.ask(f"CREATE TABLE {table} ({CLICKHOUSE_COLUMNS}) ENGINE = MergeTree {CLICKHOUSE_TABLES[table]}")
        began = time.monotonic()
        with open(file, "rb") as source:
            subprocess.run(["clickhouse-client", "--port", str(self.server.tcp), "-q", f"INSERT INTO {table} FORMAT CSV"],
                           stdin=source, check=True, capture_output=True)
        inserted = time.monotonic() - began
        self.ask(f"OPTIMIZE TABLE {table} FINAL")
        return inserted, time.monotonic() - began

    def peak(self):
        with open(f"/proc/{self.server.process.pid}/status") as f:
            status = f.read()
        sizes = [int(re.search(rf"{name}:\s+(\d+)", status)[1]) << 10 for name in ("VmHWM", "RssFile", "RssShmem")]
        return sizes[0] - sizes[1] - sizes[2]

    def reset(self):
        with open(f"/proc/{self.server.process.pid}/clear_refs", "w") as f:
            f.write("5")


def timed(ask, sql):
    began = time.monotonic()
    rows = ask(sql)
    return time.monotonic() - began, rows


def best_of(name, forms, ask, runs, reset=None, peak=None):
    """Run each form once, then time the fastest."""
    first = {form: timed(ask, sql) for form, sql in forms.items()}
    texts = [questions.text_of(name, rows) for _, rows in first.values()]
    form = min(first, key=lambda f: first[f][0])
    if reset:
        reset()
    seconds = [timed(ask, forms[form])[0] for _ in range(runs)] or [first[form][0]]
    return Answer(texts, statistics.median(seconds), min(seconds), peak() if peak else 0, form)


def clickhouse(file, _folder, threads, runs, by_time=True):
    c = Click(threads)
    try:
        tables = [t for t in CLICKHOUSE_TABLES if by_time or t == "e"]
        seconds = {t: c.load(t, file) for t in tables}
        size = c.ask("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'e'")
        answers = {name: best_of(name, {t: on(t, sql) for t in tables}, c.ask, runs, c.reset, c.peak)
                   for name, sql in questions.CLICKHOUSE.items()}
        version = c.ask("SELECT version()")[0][0]
    finally:
        c.server.close()
    commands = [f"clickhouse: CREATE TABLE {t} ({CLICKHOUSE_COLUMNS}) ENGINE = MergeTree {CLICKHOUSE_TABLES[t]}" for t in tables]
    commands += ["clickhouse-client --port $P -q 'INSERT INTO e FORMAT CSV' <$D/events.csv   # then OPTIMIZE TABLE e FINAL"]
    return {"version": f"ClickHouse {version}", "load": {"seconds": seconds["e"][0], "sorted": seconds["e"][1], "bytes": int(size[0][0])},
            "answers": answers, "commands": commands}


# ---- SQLite ----

def sqlite(file, folder, _threads, runs):
    """One table, clustered by member and time. Runs no question again that takes more than ten seconds."""
    path = f"{folder}/lite.db"
    script = (f"PRAGMA journal_mode = OFF;\nPRAGMA synchronous = OFF;\nPRAGMA cache_size = -1000000;\nCREATE TABLE raw ({questions.TABLE});\n"
              f".import --csv {file} raw\n"
              f"CREATE TABLE e ({questions.TABLE}, PRIMARY KEY (member, ts)) WITHOUT ROWID;\n"
              "INSERT INTO e SELECT * FROM raw ORDER BY member, ts;\nDROP TABLE raw;\nVACUUM;\n")
    began = time.monotonic()
    subprocess.run(["sqlite3", path], input=script, text=True, check=True, capture_output=True)
    seconds = time.monotonic() - began
    db = sqlite3.connect(path)
    db.execute("PRAGMA cache_size = -1000000")
    db.execute("PRAGMA temp_store = MEMORY")

    def ask(sql):
        return db.execute(sql).fetchall()

    answers = {}
    for name, sql in questions.SQLITE.items():
        once = best_of(name, {"e": sql}, ask, 0)
        answers[name] = once if once.median > 10 else best_of(name, {"e": sql}, ask, runs)
    db.close()
    size = os.path.getsize(path)
    os.remove(path)
    return {"version": f"SQLite {sqlite3.sqlite_version}", "load": {"seconds": seconds, "bytes": size}, "answers": answers,
            "commands": ["sqlite3 $D/lite.db '.import --csv $D/events.csv raw'   # then INSERT INTO e, WITHOUT ROWID, "
                         "PRIMARY KEY (member, ts), ORDER BY member, ts"]}


def free(folder):
    return shutil.disk_usage(folder).free
