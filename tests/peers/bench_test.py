#!/usr/bin/env python3
"""The answers of `wellfield bench` on 200,000 events beside SQLite's and, where npm has brought it, DuckDB's; and
the same with any number of threads and of parts."""
import csv
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent.parent / "bench")]
import bounds  # noqa: E402
import engines  # noqa: E402
import questions  # noqa: E402
import results  # noqa: E402
import steady  # noqa: E402
from common import Bench  # noqa: E402
from wellfield import BINARY, Skip, run  # noqa: E402

EVENTS, MEMBERS, SEED = 200_000, 2_000, 7
FOLDER = tempfile.mkdtemp(prefix="wellfield-bench-test-")


def bench(*args, check=True):
    env = dict(os.environ, TMPDIR=FOLDER)
    p = subprocess.run([BINARY, "bench", "--runs", "1", *map(str, args)], capture_output=True, text=True, timeout=300, env=env)
    if check:
        assert p.returncode == 0, f"bench {args}: exit {p.returncode}\n{p.stderr}"
    return p


def report(*args):
    return json.loads(bench("--format", "json", *args).stdout)


def made():
    """The first run: a kept directory 'data', the file of events, and the rows of each answer."""
    if not hasattr(made, "report"):
        made.report = report("--events", EVENTS, "--members", MEMBERS, "--seed", SEED, "--data", f"{FOLDER}/data",
                             "--csv", f"{FOLDER}/e.csv", "--rows", f"{FOLDER}/rows", "--threads", 2, "--more")
    return made.report


def hashes(found):
    return {q["name"]: q["result_hash"] for q in found["queries"]}


def agree(name, theirs, peer):
    ours = pathlib.Path(FOLDER, "rows", name).read_text()
    assert ours == theirs, f"{name}: {peer} differs\n ours   {ours[:300]}\n theirs {theirs[:300]}"


def test_the_file_is_what_was_asked_for():
    found = made()
    with open(f"{FOLDER}/e.csv") as f:
        rows = [tuple(map(int, row)) for row in csv.reader(f)]
    assert len(rows) == EVENTS and found["events"] == EVENTS
    assert rows == sorted(rows, key=lambda row: row[1]), "not in order of time"
    assert {row[0] for row in rows} <= set(range(1, MEMBERS + 1))
    assert len({(row[0], row[1]) for row in rows}) == EVENTS, "two events of a member in one second"
    assert all((row[6] > 0) == (row[2] == 7) for row in rows)
    assert found["load"]["rows_per_s"] > 0 and 0 < found["bytes_per_event"] < 8
    assert [q["name"] for q in found["queries"]] == questions.NAMES + ["funnel20", "month"]


def test_sqlite_gives_the_same_answers():
    made()
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE TABLE e ({questions.TABLE})")
    with open(f"{FOLDER}/e.csv") as f:
        db.executemany("INSERT INTO e VALUES (?,?,?,?,?,?,?)", csv.reader(f))
    for name, sql in questions.SQLITE.items():
        agree(name, questions.text_of(name, db.execute(sql).fetchall()), "SQLite")


def test_duckdb_gives_the_same_answers():
    made()
    if not (engines.HERE / "node_modules/@duckdb/node-api").exists() or not shutil.which("node"):
        raise Skip("DuckDB is not installed: make bench-peers brings it")
    for name, answer in engines.duckdb(f"{FOLDER}/e.csv", FOLDER, 2, 1)["answers"].items():
        for theirs in answer.texts:
            agree(name, theirs, "DuckDB")


def test_results_keep_each_others_sections():
    results.FILE = pathlib.Path(FOLDER, "RESULTS.md")
    results.write("make bench", "## One\n\nold")
    results.write("make bench-peers", "## Two\n")
    results.write("make bench", "## One\n\nnew")
    assert results.read() == {"make bench": "## One\n\nnew\n", "make bench-peers": "## Two\n"}
    text = results.FILE.read_text()
    assert text.startswith("# What was measured\n") and text.index("## Two") < text.index("## One") and "old" not in text


def test_threads_and_parts_change_no_answer():
    want = hashes(made())
    for threads in (1, 7):
        assert hashes(report("--data", f"{FOLDER}/data", "--threads", threads, "--more")) == want, threads
    one = report("--events", EVENTS, "--members", MEMBERS, "--seed", SEED, "--parts", 1, "--threads", 1, "--more")
    assert hashes(one) == want and one["parts"] == 1


def test_more_questions_agree_with_the_others():
    made()
    rows = {name: [tuple(map(int, line.split(","))) for line in pathlib.Path(FOLDER, "rows", name).read_text().splitlines()]
            for name in ("trend", "month", "funnel", "funnel20")}
    assert rows["month"] == [row for row in rows["trend"] if row[0] >= questions.MONTH // questions.DAY]
    assert rows["funnel20"][:4] == rows["funnel"] and len(rows["funnel20"]) == 20


def test_days_are_the_last_ones():
    bench("--events", 2000, "--members", 40, "--days", 30, "--csv", f"{FOLDER}/month.csv")
    with open(f"{FOLDER}/month.csv") as f:
        at = [int(row[1]) for row in csv.reader(f)]
    assert len(at) == 2000 and questions.END - 30 * questions.DAY <= min(at) and max(at) < questions.END


def test_another_seed_is_other_data():
    other = report("--events", 1000, "--members", 10, "--seed", SEED + 1)
    same = report("--events", 1000, "--members", 10, "--seed", SEED)
    assert hashes(other)["trend"] != hashes(same)["trend"]


def test_a_kept_directory_is_asked_again_and_not_taken_for_another():
    want = hashes(made())
    found = report("--data", f"{FOLDER}/data", "--only", "rfm")
    assert found["load"] is None and hashes(found) == {"rfm": want["rfm"]} and found["events"] == EVENTS
    p = bench("--data", f"{FOLDER}/data", "--events", EVENTS + 1, check=False)
    assert p.returncode == 1 and f"{EVENTS} events" in p.stderr, p.stderr


def test_a_directory_of_a_brand_is_left_alone():
    subprocess.run([BINARY, "init", "--data", f"{FOLDER}/shop", "--brand", "shop"], check=True, capture_output=True)
    p = bench("--data", f"{FOLDER}/shop", "--events", 1000, check=False)
    assert p.returncode == 1 and "something else" in p.stderr, p.stderr


def test_what_makes_no_sense_is_refused():
    for args, field in ((["--events", "0"], "--events"), (["--events", "ten"], "--events"), (["--members", "0"], "--members"),
                        (["--threads", "99"], "--threads"), (["--runs", "0"], "--runs"), (["--parts", "4"], "--parts"),
                        (["--only", "tea"], "--only"), (["--days", "29"], "--days"), (["--format", "xml"], "--format"), (["more"], "more"),
                        (["--tail", "0"], "--tail"), (["--tail", "130001"], "--tail"),
                        (["--events", "10000000", "--members", "1"], "--events")):
        p = bench(*args, check=False)
        assert p.returncode == 2 and field in p.stderr, (args, p.returncode, p.stderr)


def test_an_empty_cache_and_a_tail_change_no_answer():
    args = ("--events", 30000, "--members", 300, "--data", f"{FOLDER}/tailed", "--cold", "--tail", 3000, "--more")
    found = report(*args)
    assert found["disk_bytes_per_s"] > 0
    for q in found["queries"]:
        assert q["cold_s"] > 0 and q["tail_s"] > 0 and q["sealed_s"] > 0, q
    same = report("--events", 30000, "--members", 300, "--more")
    assert hashes(found) == hashes(same) and found["bytes_per_event"] == same["bytes_per_event"]
    assert not {"cold_s", "tail_s", "sealed_s", "disk_bytes_per_s"} & {*same, *same["queries"][0]}
    p = bench("--data", f"{FOLDER}/tailed", check=False)  # it has events now that no seed makes
    assert p.returncode == 1 and "something else" in p.stderr, p.stderr


def run_of(events, disk, **answer):
    return types.SimpleNamespace(events=events, report={"disk_bytes_per_s": disk}, answers={"q": answer})


def test_bounds_are_those_of_the_issue():
    small = run_of(10, 1e9, median_s=0.010)
    full = run_of(100, 1e9, median_s=0.105, cold_s=0.120, bytes_touched=10_000_000, tail_s=0.1049, sealed_s=0.100)
    row = bounds.rows(small, full, ["q"])[0]
    assert row == ("q", "10.5×", "≤ 10.5×", "goal", "120.0", "≤ 120.0", "goal", "4.9", "≤ 10.0", "goal"), row
    full.answers["q"].update(median_s=0.0051, cold_s=0.021, tail_s=0.0073)
    row = bounds.rows(full, full, ["q"])[0]
    assert row == ("q", "", "", "", "21.0", "≤ 20.1", "**short**", "2.2", "≤ 2.0", "**short**"), row
    assert len(row) == len(bounds.heads(small, full))


def test_percentiles_and_the_parts_there_were():
    assert [steady.percentile(range(1, 101), p) for p in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert steady.percentile([3, 1, 2], 95) == 3 and steady.percentile([7], 50) == 7
    log = ('{"event":"part_written","file":3,"parts":0,"events":5,"rows":5,"bytes":100}\n{"event":"part_written","file":5,"parts":1,"events":4,"rows":9,"bytes":300}\n'
           '{"event":"request","rows":7}\nbrand parts_merged file=9 parts=2 rows=14 bytes=350\n')
    done = steady.changes(log)
    assert done == [("part_written", 0, 5, 5), ("part_written", 1, 9, 4), ("parts_merged", 2, 14, 0)], done
    assert steady.parts_over_time(1, done) == [1, 2, 2, 1] and steady.changes("") == []


def test_other_work_on_the_machine_is_told():
    per_second = os.sysconf("SC_CLK_TCK")
    before = results.times_of("cpu  0 0 0 0 0 0 0 0 0 0")
    ticks = [20, 0, 10, 60, 5, 0, 1, 4, 7, 7]  # user, nice, system, idle, iowait, irq, softirq, steal, guests within user
    after = results.times_of("cpu  " + " ".join(str(n * per_second) for n in ticks))
    busy, stolen = results.shares(before, after)
    assert abs(busy - 0.35) < 1e-9 and abs(stolen - 0.04) < 1e-9, (busy, stolen)
    assert results.shares(before, before) == (0.0, 0.0)
    assert "Other work was" not in results.sentence(0.05, 0.05, 0.01)
    for crowded in ((0.2, 0, 0), (0, 0.2, 0), (0, 0, 0.1)):
        assert "Other work was" in results.sentence(*crowded), crowded


def test_a_steady_stream_is_counted_to_the_last_event():
    folder = tempfile.mkdtemp(dir=FOLDER)
    bench_ = Bench(BINARY, folder, HERE.parent.parent / "bench", 0.001)
    steady.PACE_SECONDS = 0
    bench_.compile()
    try:
        found = steady.measured(bench_, 5000)
    finally:
        bench_.close()
    assert found["lost"] == 0 and found["sent"]["events"] == 3000, found["sent"]
    assert found["memory"] > 1 and found["bytes_per_event"] > 0
    assert all(found["idle"].values()) and all(found["busy"].values())


def test_nothing_is_left_behind():
    bench("--events", 500)
    left = [name for name in os.listdir(FOLDER) if name.startswith("wellfield-bench-")]
    assert not left, left
    assert sorted(os.listdir(f"{FOLDER}/data")) == ["brands", "lock", "server.db", "store"], os.listdir(f"{FOLDER}/data")


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
