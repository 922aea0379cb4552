#!/usr/bin/env python3
"""100,000 random questions over random small worlds, each answered by us and by SQLite inside one process.

Two processes at once, each with a seed of its own; WF_SEED replays, WF_LONG=1 takes five times as many. The program is
tests/unit/insight/peer_test.c."""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import BINARY, ROOT, run  # noqa: E402

QUESTIONS = 500_000 if os.environ.get("WF_LONG") else 100_000
PROCESSES = 2


def test_every_answer_is_that_of_sqlite():
    build = os.path.relpath(pathlib.Path(BINARY).parent, ROOT)
    program = f"{build}/unit/insight/peer_test"
    subprocess.run(["make", "-s", f"BUILD={build}", program], cwd=ROOT, check=True)
    first = int(os.environ.get("WF_SEED", "1"))
    started = []
    for i in range(PROCESSES):
        env = dict(os.environ, WF_SEED=str(first + i), WF_QUERIES=str(QUESTIONS // PROCESSES))
        started.append(subprocess.Popen([program], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    for i, process in enumerate(started):
        out, _ = process.communicate()
        print(f"seed {first + i}:", next((line for line in out.splitlines() if line.endswith("queries")), "failed"))
        assert process.returncode == 0, out


if __name__ == "__main__":
    run(globals())
