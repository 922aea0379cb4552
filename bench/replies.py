#!/usr/bin/env python3
"""Inferred replies beside those that people linked by hand.

    replies.py [--gate] PROGRAM [NAME=POINTS ...]

Feeds the logs of ../shared/data/irc and gitter to the program (replies.c) and prints a table. Of IRC only part of each
log is linked by hand; the lines before it are fed and not counted. What is no message (joins, renames) is not counted
either. 'links' are those between two messages; 'exact' are the messages that answer what the hand says and nothing
else, or begin a conversation as it says. Weights were chosen on the files of half A; B was not looked at for that. A
room of gitter is cut by hand into dialogs that lie beside each other: dialogs are fed as they overlap in time, and
'same dialog' is the share of links that stay in one, 'joined' the share of messages, but for the first of each dialog,
that are linked into their own. With --gate it fails below F1 0.6 on either half or below 100,000 messages a second.
"""
import collections
import datetime
import glob
import gzip
import os
import re
import subprocess
import sys

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared", "data")
IRC_LINE = re.compile(r"\[(\d\d):(\d\d)\] (?:<([^>]*)>|\* (\S+)) ?(.*)")
IRC_NAME = re.compile(r"=== (\S+) is now known as (\S+)")
GITTER_LINE = re.compile(r"(?:\d+ )?\[(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)\] <([^>]*)> ?(.*)")
BEGINS = None


def lines_of(path):
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as f:
        return f.read().split("\n")


def irc(path):
    """Messages as (line, text for the program), renames with line None; links by hand of messages."""
    rows, links, days, above = [], collections.defaultdict(set), 0, -1
    log = lines_of(path)
    for number, line in enumerate(log):
        said, renamed = IRC_LINE.match(line), IRC_NAME.match(line)
        if said:
            minute = int(said[1]) * 60 + int(said[2])
            days += minute + 60 < above
            above = minute
            text = said[5].replace("\t", " ").strip()
            rows.append((number, f"{(days * 1440 + minute) * 60000}\t{said[3] or said[4]}\t{text}\n"))
        elif renamed:
            rows.append((None, f"\t{renamed[1]}\t{renamed[2]}\n"))
    messages = {number for number, _ in rows if number is not None}
    for line in lines_of(path.replace(".ascii.", ".annotation.")):
        if not line.strip():
            continue
        a, b = sorted(int(n) for n in line.split()[:2])
        if b in messages:
            links[b].add(a if a != b else BEGINS)
    return rows, links


def gitter(path):
    """Messages as (dialog, text for the program) in order of time."""
    rows, dialog = [], 0
    for line in lines_of(path):
        said = GITTER_LINE.match(line)
        if line.startswith("---"):
            dialog += 1
        elif said:
            at = datetime.datetime.fromisoformat(f"{said[1]}T{said[2]}+00:00")
            rows.append((at, dialog, f"{int(at.timestamp()) * 1000}\t{said[3]}\t{said[4]}\n".replace("\t\n", "\t \n")))
    rows.sort(key=lambda row: row[0])
    return [(dialog, text) for _, dialog, text in rows]


def infer(program, weights, rows):
    """What each message answers, as its index among messages or BEGINS; and the seconds it took."""
    text = "".join(row[1] for row in rows)
    out = subprocess.run([program, *weights], input=text, capture_output=True, text=True, check=True).stdout.split("\n")
    count, seconds = out[-2].split("\t")
    answers = [line.split("\t")[0] for line in out[:-2]]
    if int(count) != len(answers) or len(answers) != sum(row[0] is not None for row in rows):
        raise SystemExit("replies.py: the program read another number of messages")
    return [BEGINS if a == "-" else int(a) for a in answers], float(seconds)


class Score:
    def __init__(self):
        self.right = self.given = self.wanted = self.exact = self.messages = self.agreed = self.all_wanted = 0

    def add(self, other):
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def f1(self):
        return 2 * self.right / max(1, self.given + self.wanted)

    def row(self, name):
        precision, recall = self.right / max(1, self.given), self.right / max(1, self.wanted)
        begun = 2 * self.agreed / max(1, self.messages + self.all_wanted)
        return (f"{name:22}{self.messages:9}{self.wanted:7}{precision:10.3f}{recall:8.3f}{self.f1():8.3f}"
                f"{begun:13.3f}{self.exact / max(1, self.messages):8.3f}")


def measure(program, weights, path):
    rows, links = irc(path)
    numbers = [number for number, _ in rows if number is not None]
    answers, seconds = infer(program, weights, rows)
    score = Score()
    for number, answer in zip(numbers, answers):
        if number not in links:
            continue
        hand = links[number]
        ours = BEGINS if answer is BEGINS else numbers[answer]
        score.messages += 1
        score.wanted += len(hand - {BEGINS})
        score.given += ours is not BEGINS
        score.right += ours is not BEGINS and ours in hand
        score.agreed += ours in hand
        score.all_wanted += len(hand)
        score.exact += hand == {ours}
    return score, len(numbers), seconds


def halves(program, weights):
    """Scores by file, and of the halves."""
    files, half, fed, seconds = [], {"A": Score(), "B": Score()}, 0, 0.0
    for i, path in enumerate(sorted(glob.glob(os.path.join(DATA, "irc", "*.ascii.txt.gz")))):
        score, messages, took = measure(program, weights, path)
        files.append((os.path.basename(path).split(".")[0], "AB"[i % 2], score))
        half["AB"[i % 2]].add(score)
        fed, seconds = fed + messages, seconds + took
    return files, half, fed, seconds


def main():
    gate = sys.argv[1:2] == ["--gate"]
    program, *weights = sys.argv[1 + gate:]
    if not os.path.isdir(DATA):
        print("eval-replies: skipped, there is no ../shared/data")
        return
    files, half, fed, seconds = halves(program, weights)
    print(f"{'channel':22}{'messages':>9}{'links':>7}{'precision':>10}{'recall':>8}{'F1':>8}{'F1 + starts':>13}{'exact':>8}")
    for name, which, score in files:
        print(score.row(f"{name} {which}"))
    total = Score()
    for which in half:
        total.add(half[which])
        print(score_line(half[which], which))
    print(total.row("all"))
    for path in sorted(glob.glob(os.path.join(DATA, "gitter", "*.txt.gz"))):
        rows = gitter(path)
        answers, took = infer(program, weights, rows)
        linked = [(rows[i][0], rows[a][0]) for i, a in enumerate(answers) if a is not BEGINS]
        same = sum(a == b for a, b in linked)
        later = len(rows) - len({dialog for dialog, _ in rows})
        print(f"{'gitter ' + os.path.basename(path).split('.')[0]:22}{len(rows):9}{len(linked):7}{same / max(1, len(linked)):10.3f} same dialog"
              f"{same / max(1, later):8.3f} joined")
        fed, seconds = fed + len(rows), seconds + took
    print(f"{fed} messages in {seconds:.3f} s: {fed / max(seconds, 1e-9):,.0f} a second")
    if gate and (min(half["A"].f1(), half["B"].f1()) < 0.6 or fed / seconds < 100_000):
        raise SystemExit("eval-replies: below the gate")


def score_line(score, which):
    return score.row("half A (weights)" if which == "A" else "half B (kept apart)")


if __name__ == "__main__":
    main()
