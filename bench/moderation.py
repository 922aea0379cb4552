#!/usr/bin/env python3
"""Judging messages against 20,000 terms, beside npm's mint-filter and SQLite's full-text queries, in one run.

    moderation.py [--gate] PROGRAM

Makes a list of terms and messages of 200 bytes (WF_BENCH_MESSAGES, 20,000; two of five hold a term, seed 7) and asks the
program (moderation.c), mint-filter (bench/filter, installed by npm when it is not there), and SQLite: an FTS5 index of
the messages with trigrams, to which every term is a query; a message costs a share of building the index and of all
queries. With --gate it fails when terms take more than 2 µs a message, or when the engines disagree."""
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TERMS, BYTES, GATE_NS = 20_000, 200, 2000


def made(rng):
    """Terms of three to six characters, three of four Chinese; messages around them."""
    han = [chr(c) for c in range(0x4E00, 0x4E00 + 3000)]
    letters = "abcdefghijklmnopqrstuvwxyz"
    terms = set()
    while len(terms) < TERMS:
        if rng.random() < 0.75:
            terms.add("".join(rng.choice(han) for _ in range(rng.randint(3, 6))))
        else:
            terms.add("".join(rng.choice(letters) for _ in range(rng.randint(6, 12))))
    terms = sorted(terms)
    messages = []
    for _ in range(int(os.environ.get("WF_BENCH_MESSAGES", "20000"))):
        text = ""
        while len(text.encode()) < BYTES - 12:
            text += rng.choice(han) if rng.random() < 0.7 else rng.choice(["，", "。", "！", " ok ", " 123 ", "Hello ", "😀", "ＶＩＰ"])
        if rng.random() < 0.4:
            at = rng.randrange(len(text))
            text = text[:at] + " " + rng.choice(terms) + " " + text[at:]
        messages.append(text)
    return terms, messages


def by_sqlite(terms, messages):
    db = sqlite3.connect(":memory:")
    began = time.perf_counter()
    db.execute("CREATE VIRTUAL TABLE m USING fts5 (text, tokenize = 'trigram')")
    db.executemany("INSERT INTO m VALUES (?)", ((m,) for m in messages))
    found = set()
    for term in terms:
        found.update(r[0] for r in db.execute("SELECT rowid FROM m WHERE m MATCH ?", ('"' + term + '"',)))
    return (time.perf_counter() - began) * 1e9 / len(messages), len(found)


def by_mint(files):
    if not shutil.which("node"):
        return None
    if not (HERE / "filter/node_modules/mint-filter").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE / "filter", check=True)
    p = subprocess.run(["node", str(HERE / "filter/filter.mjs"), *files], capture_output=True, text=True, check=True)
    return json.loads(p.stdout)


def main():
    gate = "--gate" in sys.argv
    program = sys.argv[-1]
    terms, messages = made(random.Random(7))
    folder = tempfile.mkdtemp(prefix="wellfield-bench-")
    try:
        files = [os.path.join(folder, n) for n in ("terms", "messages")]
        for path, lines in zip(files, (terms, messages)):
            pathlib.Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
        ours = {r["what"]: r for r in map(json.loads, subprocess.run([program, *files], capture_output=True, text=True, check=True).stdout.splitlines())}
        mint, sqlite_ = by_mint(files), by_sqlite(terms, messages)
    finally:
        shutil.rmtree(folder)
    size = sum(len(m.encode()) for m in messages) / len(messages)
    print(f"{len(terms):,} terms, {len(messages):,} messages of {size:.0f} bytes on average\n")
    print("| | µs a message | times | messages with a term |\n| --- | ---: | ---: | ---: |")
    base = ours["terms"]["ns"]
    rows = [(f"Wellfield: {k}", r["ns"], r["found"]) for k, r in ours.items() if not k.endswith(", made")]
    if mint:
        rows.append(("mint-filter 4.0.3 (Node.js)", mint["ns"], mint["found"]))
    rows.append((f"SQLite {sqlite3.sqlite_version}, FTS5 trigrams, a query a term", *sqlite_))
    for name, ns, found in rows:
        print(f"| {name} | {ns / 1000:.2f} | {ns / base:.1f} | {found:,} |")
    print(f"\nThe list is made in {ours['terms, made']['ns'] / 1e6:.0f} ms" + (f", by mint-filter in {mint['made'] / 1e6:.0f} ms" if mint else "") + ".")
    same = ours["terms"]["found"] == ours["terms, our own engine"]["found"]
    if gate and (base > GATE_NS or not same):
        sys.exit(f"{base:.0f} ns a message against {GATE_NS}, engines agree: {same}")


if __name__ == "__main__":
    main()
