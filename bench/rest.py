"""What it costs to stand ready: memory of an idle server with a simulated year of 20,000 members, the speed of that
simulation, and the size of the binary."""
import json
import os
import re
import subprocess
import time

from common import rate


def memory_mib(p):
    with open(f"/proc/{p.pid}/status") as f:
        status = f.read()
    return {name: int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1]) / 1024 for name in ("VmRSS", "RssAnon")}


def run(bench):
    members = bench.sized(20_000)
    bench.init("idle")
    seconds, out = bench.timed([bench.binary, "simulate", "--data", bench.path("idle"), "--brand", "bench", "--members",
                                str(members), "--days", "365", "--seed", "1"])
    events = json.loads(out.splitlines()[-1])["stored"]
    bench.add(f"simulate {members:,} members, 365 days: {events:,} events", rate(events, seconds), "≥ 500 k/s")
    p, _, _ = bench.serve("idle")
    time.sleep(10)
    used = memory_mib(p)
    bench.stop(p)
    bench.note("wellfield serve --data $D/idle …   # VmRSS after 10 s")
    bench.add(f"idle memory, {members:,} members", f"{used['VmRSS']:.1f} MiB ({used['RssAnon']:.1f} anonymous)", "< 30 MiB")
    subprocess.run(["strip", "-o", bench.path("stripped"), bench.binary], check=True)
    bench.note("strip -o $D/stripped wellfield")
    bench.add("binary, stripped", f"{os.path.getsize(bench.path('stripped')) / 2**20:.2f} MiB", "< 8 MiB")
