#!/usr/bin/env python3
"""Random sequences of events, merges, erasures, definitions and clock steps: every fact kept of a member is what a naive
model (fold.py, people.py, expressions.py) makes of the log.

    python3 tests/model/model_test.py                     all of it: cases/*.txt first, then random sequences
    python3 tests/model/model_test.py tests/model/cases/late.txt    one script
    MODEL_SEED=7 MODEL_SEQUENCES=200 python3 …            others, or as many

A sequence that fails is played alone, shrunk and printed as a script. WF_STORE=postgresql runs on that store."""
import concurrent.futures
import os
import pathlib
import random
import re
import sys
import time

import generate
import script
from run import Difference, Driver, Run

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ.get("MODEL_DRIVER", str(HERE.parent.parent / "build/model/driver"))
POSTGRES = os.environ.get("WF_STORE") == "postgresql"
SEED = int(os.environ.get("MODEL_SEED", "20261123"))
SEQUENCES = int(os.environ.get("MODEL_SEQUENCES", "500" if POSTGRES else "10000"))
TOGETHER = 100   # sequences in one brand
ORDERS = 30      # sets of facts in one brand, each in three orders; as many brands as thousands of sequences
SHRINK_S = 60    # no longer than this
FAILED_MAX = 3   # no more are looked for
totals = {}


def play(ops, zone):
    """The difference that a script shows, or None."""
    driver = Driver(PROGRAM)
    try:
        run = Run(driver, zone, 1)
        for op in ops:
            run.do(op, 0)
        run.check()
        run.do(("changes",))
        run.do(("verify",))
        return None
    except Difference as e:
        return str(e)
    finally:
        driver.close()


def sort_of(difference):
    """What a difference is about: without numbers, and what was said."""
    return re.sub(r"\d+", "", difference or "")[:24]


def shrink(ops, zone, wanted, until):
    """Fewer operations that still show the same sort of difference: pieces are left out, halves first."""
    size = len(ops) // 2
    while size >= 1 and time.time() < until:
        at = len(ops)
        while at > 0 and time.time() < until:
            fewer = ops[: max(0, at - size)] + ops[at:]
            if sort_of(play(fewer, zone)) == wanted:
                ops = fewer
            at -= size
        size //= 2
    return ops


def report(ops, zone, seed, difference):
    print(difference)
    alone = play(ops, zone)
    if not alone:
        print("only beside the others of its brand")
        return
    ops = shrink(ops, zone, sort_of(alone), time.time() + SHRINK_S)
    print(f"{play(ops, zone)}\n---- a script to keep in tests/model/cases ----\n# zone {zone}\n# seed {seed}")
    print("\n".join(map(script.line, ops)), flush=True)


def batch(seed, count):
    """Play 'count' sequences side by side. What was compared, and the difference that was found: (script, zone, seed,
    difference), or None."""
    r = random.Random(seed)
    zone = r.choice(generate.ZONES)
    everyone = [generate.People(r, i) for i in range(count)]
    scripts = [[] for _ in everyone]
    driver = Driver(PROGRAM)
    run = Run(driver, zone, count)

    def do(op, index=None):
        for ops in scripts if index is None else [scripts[index]]:
            ops.append(op)
        run.do(op, index)
    try:
        for common, facts, send, hands, selects in generate.ticks(r, everyone, r.randrange(4, 12)):
            for op in common:
                do(op)
            for index, own in enumerate(facts):
                for op in own:
                    do(op, index)
            do(send)
            for index, own in enumerate(hands):
                for op in own:
                    do(op, index)
            do(("check",))
            for op in selects:
                do(op)
        run.do(("changes", 3))
        run.do(("verify",))
        return run.checked, None
    except Difference as e:
        text = f"seed {seed}, sequence {e.index}: {e}"
        return run.checked, (scripts[e.index if e.index is not None else 0], zone, seed, text)
    finally:
        driver.close()


def orders(seed, count):
    """The same facts, in three orders of arrival, of people who differ in name only: everything is the same of all."""
    r = random.Random(seed)
    zone, now = r.choice(generate.ZONES), generate.START + 100 * generate.fold.DAY
    twins = [[generate.People(random.Random(seed * 1000 + i), 3 * i + k) for k in range(3)] for i in range(count)]
    driver = Driver(PROGRAM)
    run = Run(driver, zone, 3 * count)
    try:
        for i in range(6):
            run.do(("segment", f"s{i}", generate.Expressions(r, (), False, False).member()))
        run.do(("now", now))
        waiting = []
        for same in twins:
            size = same[0].r.choice((2, 4, 8, 14))
            for k, people in enumerate(same):
                if k:
                    people.r.choice((2, 4, 8, 14))
                facts = people.plain_facts(now, size)
                people.links = [f for _, f in facts]
                r.shuffle(facts)
                waiting.append((people.index, facts))
        while waiting:
            for index, facts in waiting:
                for op in [facts.pop() for _ in range(min(len(facts), r.choice((0, 1, 3))))]:
                    run.do(op, index)
            run.do(r.choice((("send",), ("send",), ("bulk",))))
            waiting = [w for w in waiting if w[1]]
        run.check()
        for same in twins:
            said = [run.told(people.index, people.name) for people in same]
            if said[0] != said[1] or said[0] != said[2]:
                raise Difference(f"the same facts in other orders are not the same: {said}", same[0].index)
        return None
    except Difference as e:
        return f"orders, seed {seed}: {e}"
    finally:
        driver.close()


def case(path):
    text = path.read_text(encoding="utf-8")
    zone = next((line.split()[2] for line in text.splitlines() if line.startswith("# zone ")), generate.ZONES[0])
    found = play(script.parse(text), zone)
    print(f"{path.name}: {found or 'as the model says'}")
    return found is None


def brands(pool):
    """Every brand with its sequences: what failed, as far as that was found."""
    sizes = [min(TOGETHER, SEQUENCES - at) for at in range(0, SEQUENCES, TOGETHER)]
    for checked, found in pool.map(batch, range(SEED, SEED + len(sizes)), sizes):
        for name, n in checked.items():
            totals[name] = totals.get(name, 0) + n
        if found:
            report(*found)
        yield found
    seeds = range(SEED, SEED + SEQUENCES // 1000)
    for found in pool.map(orders, seeds, [ORDERS] * len(seeds)):
        if found:
            print(found)
        yield found


def main():
    named = [pathlib.Path(a) for a in sys.argv[1:]]
    passed = failed = 0
    for path in named or sorted(HERE.glob("cases/*.txt")):
        passed, failed = (passed + 1, failed) if case(path) else (passed, failed + 1)
    if not named:
        pool = concurrent.futures.ProcessPoolExecutor(int(os.environ.get("MODEL_JOBS", os.cpu_count())))
        for found in brands(pool):
            passed, failed = (passed, failed + 1) if found else (passed + 1, failed)
            if failed == FAILED_MAX:
                break
        pool.shutdown(cancel_futures=True)
        print(f"{SEQUENCES} sequences from seed {SEED}: " + ", ".join(f"{n} {name}" for name, n in totals.items()))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
