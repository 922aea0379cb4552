#!/usr/bin/env python3
"""What a run of the suites says of those that failed: tools/suites on a tree with suites that fail in each way."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))
from wellfield import run  # noqa: E402

MAKEFILE = "unit:\n\t@tools/run-unit tests/sums tests/leaks\n"
SUMS = """#!/bin/sh
echo '[ RUN      ] sums_are_even'
echo '[       OK ] sums_are_even'
echo '[ RUN      ] sums_are_odd'
echo '[  ERROR   ] --- 0x1 != 0x2'
echo '[   LINE   ] --- tests/sums.c:9: error: Failure!'
echo '[  FAILED  ] sums_are_odd'
exit 1
"""
LEAKS = """#!/bin/sh
echo '[ RUN      ] nothing_is_lost'
echo '==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x7 at pc 0x8'
echo '    #0 0x7 in memset ../../../../src/libsanitizer/common/interceptors.inc:799'
echo '    #1 0x7 in keep /tree/src/base/kept.c:11'
echo '    #2 0x7 in main /tree/src/main/main.c:12'
exit 1
"""
DOORS = """import sys
sys.path.insert(0, %r)
from wellfield import run
def test_doors_open():
    pass
def test_doors_close():
    print("a thousand lines of other things\\n" * 1000)
    raise AssertionError("the door is open\\nand so is the window")
run(globals())
""" % str(ROOT / "tests/lib")
SILENT = "print('about to begin')\nraise SystemExit(3)\n"


def said(folder, files):
    """What tools/suites prints there, and how it exits."""
    for name in ("suites", "failures", "run-unit"):
        (folder / "tools").mkdir(exist_ok=True)
        shutil.copy(ROOT / "tools" / name, folder / "tools")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    p = subprocess.run(["bash", "tools/suites", "build", "fast"], cwd=folder, capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout


GOOD = {"Makefile": "unit:\n\t@echo '4 passed, 0 failed'\n", "tests/model/model_test.py": "print('1 passed, 0 failed')\n",
        "tools/fuzz": "#!/bin/sh\necho '2 passed, 0 failed'\n"}


def test_what_failed_is_said_right_above_the_sum():
    with tempfile.TemporaryDirectory() as folder:
        code, out = said(pathlib.Path(folder), {**GOOD, "Makefile": MAKEFILE, "tests/sums": SUMS, "tests/leaks": LEAKS,
                                                "tests/e2e/doors_test.py": DOORS, "tests/e2e/silent_test.py": SILENT})
    assert code == 1
    end = out[out.index("failed: "):].splitlines()
    assert [line.strip() for line in end] == [
        "failed: build/logs/unit.log",
        "[ RUN      ] sums_are_odd", "[  ERROR   ] --- 0x1 != 0x2", "[   LINE   ] --- tests/sums.c:9: error: Failure!",
        "tests/sums: exit 1",
        "[ RUN      ] nothing_is_lost", "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x7 at pc 0x8",
        "#1 0x7 in keep /tree/src/base/kept.c:11",
        "tests/leaks: exit 1",
        "failed: build/logs/e2e_doors_test.log",
        "FAILED  test_doors_close", end[11].strip(), "AssertionError: the door is open", "and so is the window",
        "failed: build/logs/e2e_silent_test.log",
        "about to begin",
        "5 passed, 4 failed, 0 skipped"], end
    assert end[11].endswith("line 8, in test_doors_close"), end[11]


def test_a_run_in_which_nothing_failed_says_nothing_of_failures():
    with tempfile.TemporaryDirectory() as folder:
        code, out = said(pathlib.Path(folder), GOOD)
    assert code == 0 and "failed:" not in out and out.endswith("\n7 passed, 0 failed, 0 skipped\n"), out


if __name__ == "__main__":
    run(globals())
