"""Messages of chats imported by the binary, with their words, beside SQLite: the same texts in a table with one index and
in its full-text index, by the default tokenizer and by the one that finds pieces of Chinese; then a look at one busy group."""
import json
import os
import shutil
import subprocess

from common import rate, ratio

GOAL = 100_000
LOOK_MS = 50


def generated(bench, form, rows):
    file = bench.path(f"talk.{form}")
    with open(file, "wb") as out:
        subprocess.run([bench.path("gen_talk"), form, str(rows)], stdout=out, check=True)
    bench.note(f"gen_talk {form} {rows} >$D/talk.{form}")
    return file


def imported(bench, file, rows):
    bench.init("chat")
    command = [bench.binary, "import", "--data", bench.path("chat"), "--brand", "bench", "--format", "messages", file]
    seconds, out = bench.timed(command)
    counts = json.loads(out.splitlines()[-1])
    if counts["stored"] != rows or counts["rejected"]:
        raise SystemExit(f"import of {file}: {out}")
    texts = subprocess.run(["sqlite3", os.path.join(bench.path("chat"), "brands/bench/text.db"), "SELECT COUNT(*) FROM said"],
                           capture_output=True, text=True, check=True).stdout
    if int(texts) != rows:
        raise SystemExit(f"{rows} messages, {texts.strip()} with words")
    shutil.rmtree(bench.path("chat"))
    return rows / seconds


def by_sqlite(bench, file, rows, tokenizer):
    """Rows a second into a WAL file in one transaction, by the sqlite3 shell."""
    db, script = bench.path("peer.db"), bench.path("import.sql")
    option = f", tokenize='{tokenizer}'" if tokenizer else ""
    sql = ("CREATE TABLE said (message TEXT, at INTEGER, grp INTEGER, sender INTEGER, text TEXT); "
           "CREATE INDEX said_group ON said (grp, at); "
           f"CREATE VIRTUAL TABLE said_index USING fts5(text, content=''{option}); ")
    after = "INSERT INTO said_index (rowid, text) SELECT rowid, text FROM said;"
    with open(script, "w") as f:
        f.write(f"PRAGMA journal_mode=WAL;\nPRAGMA synchronous=FULL;\nPRAGMA cache_size=-65536;\n{sql}\nBEGIN;\n"
                f".import --csv {file} said\n{after}\nCOMMIT;\n")
    seconds, _ = bench.timed(["sqlite3", db], script, f"sqlite3 $D/peer.db   # WAL; {sql}BEGIN; .import --csv $D/talk.csv said; {after} COMMIT")
    found = subprocess.run(["sqlite3", db, "SELECT COUNT(*) FROM said"], capture_output=True, text=True, check=True).stdout
    os.remove(db)
    if int(found) != rows:
        raise SystemExit("sqlite lost rows")
    return rows / seconds


def looker(bench):
    program = os.path.join(os.path.dirname(bench.binary), "bench", "health")
    if not os.path.exists(program):
        raise SystemExit(f"{program} is not there; make bench-health builds it")
    return program


def look(bench, program):
    _, out = bench.timed([program], shown="make bench-health")
    for line in map(json.loads, out.splitlines()):
        bench.add(f"{line['what']} of a group of {line['members']}, {line['messages']:,} messages in 28 days",
                  f"{line['median_ms']:.0f} ms of CPU", f"< {LOOK_MS} ms")


def run(bench):
    program = looker(bench)  # before what takes long
    rows = bench.sized(1_000_000)
    file = generated(bench, "messages", rows)
    ours = imported(bench, file, rows)
    bench.add(f"import of {rows:,} messages of 5,000 members, with words",
              f"{rate(ours, 1)}, {bench.cpu_s / rows * 1e6:.1f} µs of CPU each", f"≥ {GOAL // 1000} k/s")
    os.remove(file)
    file = generated(bench, "csv", rows)
    for what, tokenizer in (("default tokenizer: a clause of Chinese is one word", ""),
                            ("trigrams: pieces of three characters are found", "trigram")):
        theirs = by_sqlite(bench, file, rows, tokenizer)
        bench.add(f"– SQLite, a table, an index and FTS5 by {what}",
                  f"{rate(theirs, 1)}, {bench.cpu_s / rows * 1e6:.1f} µs", "", ratio(ours, theirs))
    os.remove(file)
    look(bench, program)
