"""bench/RESULTS.md: a section for each target that measures, between marks, so that neither overwrites the other's."""
import datetime
import os
import pathlib
import platform
import re
import subprocess
import time

FILE = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
SECTIONS = ("make bench-peers", "make bench", "make bench-segments", "make bench-groups")  # as they stand in the file
HEAD = "# What was measured\n"


def text_of(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, shell=True).stdout.strip()
    except OSError:
        return ""


def machine():
    cpu = text_of("sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1")
    memory = int(text_of("sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo")) / 2**20
    return f"{os.cpu_count()} × {cpu}, {memory:.0f} GiB, Linux {platform.release()}"


def today():
    return datetime.date.today().isoformat()


def cpu_times():
    """Seconds of all processors since the start of the machine: all, idle, taken by the host."""
    with open("/proc/stat") as f:
        return times_of(f.readline())


def times_of(line):
    ticks = [int(cell) for cell in line.split()[1:]]
    per_second = os.sysconf("SC_CLK_TCK")
    return sum(ticks[:8]) / per_second, (ticks[3] + ticks[4]) / per_second, ticks[7] / per_second


def shares(before, after):
    """Of the time between: what was busy, what the host took; 0 to 1."""
    all_, idle, stolen = (b - a for a, b in zip(before, after))
    return (0.0, 0.0) if all_ <= 0 else (1 - idle / all_, stolen / all_)


class Quiet:
    """Whether other work was on the machine: what runs while nothing of ours does, right before the run and right after it, and
    what the host took away meanwhile."""
    SECONDS, BUSY, STOLEN = 3, 0.10, 0.03

    def __init__(self):
        self.before = self.look()
        self.began = cpu_times()

    def look(self):
        before = cpu_times()
        time.sleep(self.SECONDS)
        return shares(before, cpu_times())[0]

    def said(self):
        return sentence(self.before, self.look(), shares(self.began, cpu_times())[1])


def sentence(before, after, stolen):
    text = (f"Other work took {100 * before:.0f} % of the processors right before the run and {100 * after:.0f} % right after it; the host "
            f"took {100 * stolen:.1f} % meanwhile.")
    crowded = max(before, after) > Quiet.BUSY or stolen > Quiet.STOLEN
    return text + ("\n**Other work was on the machine: run it again on a quiet one.**" if crowded else "")


def table(heads, rows):
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def read():
    """The sections by name."""
    text = FILE.read_text() if FILE.exists() else ""
    return {name: body for name, body in re.findall(r"<!-- (.+?) -->\n(.*?)<!-- end -->\n", text, re.S) if name in SECTIONS}


def write(name, body):
    """Replace one section; the others stay as they are."""
    sections = read()
    sections[name] = body.strip() + "\n"
    parts = [f"<!-- {n} -->\n{sections[n]}<!-- end -->\n" for n in SECTIONS if n in sections]
    FILE.write_text(HEAD + "\n" + "\n".join(parts))
