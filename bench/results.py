"""bench/RESULTS.md: a section for each target that measures, between marks, so that neither overwrites the other's."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

FILE = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
SECTIONS = ("make bench-peers", "make bench")  # as they stand in the file
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


def crowded(load_before):
    """A warning for a run on a machine that had other work."""
    return "\n**Other work was on the machine: run it again on a quiet one.**" if load_before > 1 else ""


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
