"""What the parts of the bench share: a folder, the compiled generators, timing, and the rows of the table."""
import dataclasses
import os
import re
import resource
import signal
import subprocess
import sys
import time
import urllib.request

from wellfield import free_port


@dataclasses.dataclass
class Row:
    what: str
    value: str
    goal: str = ""
    ratio: str = ""


class Bench:
    def __init__(self, binary, folder, source, scale):
        self.binary, self.folder, self.source, self.scale = binary, folder, source, scale
        self.rows, self.commands, self.running = [], [], []
        self.cpu_s = 0.0

    # ---- files and programs ----

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self):
        flags = ["-O2", "-std=c11", "-D_GNU_SOURCE"]
        postgres = subprocess.run(["pkg-config", "--cflags", "libpq"], capture_output=True, text=True).stdout.split()
        for name, extra in (("gen_csv", ["-lm"]), ("gen_talk", []), ("intake", []), ("moves", []), ("copy", [*postgres, "-lpq", "-lpthread"])):
            subprocess.run(["cc", *flags, str(self.source / f"{name}.c"), "-o", self.path(name), *extra], check=True)

    def sized(self, count):
        return max(1000, int(count * self.scale))

    def generate(self, form, rows, members):
        file = self.path(f"events.{form}")
        with open(file, "wb") as out:
            subprocess.run([self.path("gen_csv"), form, str(rows), str(members)], stdout=out, check=True)
        self.note(f"gen_csv {form} {rows} {members} >$D/events.{form}")
        return file

    # ---- measuring ----

    def note(self, command):
        self.commands.append(command.replace(self.folder, "$D").replace(self.binary, "wellfield"))

    def timed(self, command, stdin=None, shown=None):
        """Seconds that a command takes; it must succeed. 'cpu_s' is then what it used of processors."""
        self.note(shown or " ".join(f"'{c}'" if re.search(r"[ {}(),;]", c) else c for c in map(str, command)))
        used = cpu_of_children()
        began = time.monotonic()
        with open(stdin, "rb") if stdin else open(os.devnull, "rb") as source:
            p = subprocess.run(command, stdin=source, capture_output=True, text=True)
        seconds = time.monotonic() - began
        self.cpu_s = cpu_of_children() - used
        if p.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}: exit {p.returncode}\n{p.stdout}\n{p.stderr}")
        return seconds, p.stdout

    def add(self, what, value, goal="", ratio=""):
        row = Row(what, value, goal, ratio)
        self.rows.append(row)
        print(f"{what}: {value} {ratio}", file=sys.stderr)

    # ---- the product ----

    def init(self, name):
        """A new data directory with the brand 'bench'; its keys by name."""
        out = subprocess.run([self.binary, "init", "--data", self.path(name), "--brand", "bench", "--name", "Bench"],
                             capture_output=True, text=True, check=True).stdout
        return dict(re.findall(r"^(api token|public write key|secret write key)\s+(\S+)$", out, re.M))

    def serve(self, name):
        """Start a server; returns (process, port, seconds until it was ready)."""
        port = free_port()
        began = time.monotonic()
        with open(self.path("serve.log"), "ab") as log:
            p = subprocess.Popen([self.binary, "serve", "--data", self.path(name), "--listen", f"127.0.0.1:{port}"],
                                 stdout=subprocess.DEVNULL, stderr=log)
        self.running.append(p)
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5).read()
                return p, port, time.monotonic() - began
            except OSError:
                if p.poll() is not None or time.monotonic() - began > 120:
                    raise SystemExit("the server does not start; see serve.log") from None
                time.sleep(0.001)

    def stop(self, p):
        if p.poll() is None:
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(60)
            except subprocess.TimeoutExpired:
                print("a server did not stop within a minute; it was killed", file=sys.stderr)
                p.kill()
                p.wait()
        if p in self.running:
            self.running.remove(p)

    def close(self):
        for p in list(self.running):
            self.stop(p)


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rate(count, seconds):
    return f"{count / seconds / 1000:,.0f} k/s"


def ratio(ours, theirs):
    return f"{ours / theirs:.2f}"
