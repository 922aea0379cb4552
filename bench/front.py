"""The front door under load: a small GET beside nginx serving a file of the same size, what the console asks most on a large brand
from 64 connections, and what ten thousand idle streams hold."""
import http.client
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import time

from common import ratio
from wellfield import free_port

CONNECTIONS = 64
WATCHERS = 10_000
ROUNDS = 5  # of ours and of nginx in turn, so that other work hits both
SECONDS = 4
NGINX = """{user}daemon off;
master_process on;
worker_processes auto;
error_log {folder}/nginx.log crit;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=100;
    default_type application/json;
    server {{ listen 127.0.0.1:{port} reuseport; root {folder}/static; }}
}}
"""
PAGES = (  # what, path, goal in ms; {m} is a member's number
    ("member page by id", "/members?limit=50", 50), ("member page by last seen", "/members?sort=last_seen&order=desc&limit=50", 50),
    ("member page by stage", "/members?sort=stage&limit=50", 50), ("profile", "/members/m{m}", 30), ("overview", "/overview", 50))
SCRIPT = """-- every request another member, at a rate that one address is allowed; the percentiles as text
math.randomseed(1)
local path, most = "{path}", {members}
function request()
    return wrk.format("GET", (string.gsub(path, "{{m}}", tostring(math.random(1, most)))))
end
function delay()
    return math.random(40, 120)
end
function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("p50=%d p95=%d p99=%d bad=%d\\n", latency:percentile(50), latency:percentile(95), latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def wrk(*options):
    return subprocess.run(["wrk", *map(str, options)], capture_output=True, text=True, check=True).stdout


def requests_per_second(url, seconds):
    text = wrk("-t", 1, "-c", CONNECTIONS, "-d", f"{seconds}s", url)
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def cpu_s(p):
    """Processor time of a process and its children so far."""
    with open(f"/proc/{p.pid}/task/{p.pid}/children") as f:
        pids = [p.pid, *map(int, f.read().split())]
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            ticks += sum(map(int, f.read().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def costs(p, url, seconds):
    """(requests a second, microseconds of processor time a request)."""
    used = cpu_s(p)
    rate = requests_per_second(url, seconds)
    return rate, (cpu_s(p) - used) * 1e6 / (rate * seconds)


def beside_nginx(bench):
    bench.init("small")
    p, port, _ = bench.serve("small")
    path = "/health"
    body = subprocess.run(["curl", "-sf", f"http://127.0.0.1:{port}{path}"], capture_output=True, check=True).stdout
    os.mkdir(bench.path("static"))
    with open(bench.path("static/health"), "wb") as f:
        f.write(body)
    other = free_port()
    with open(bench.path("nginx.conf"), "w") as f:
        f.write(NGINX.format(folder=bench.folder, port=other, user="user root;\n" if os.geteuid() == 0 else ""))
    nginx = subprocess.Popen(["nginx", "-p", bench.folder, "-c", bench.path("nginx.conf")], stderr=subprocess.DEVNULL)
    bench.running.append(nginx)
    urls = f"http://127.0.0.1:{port}{path}", f"http://127.0.0.1:{other}{path}"
    deadline = time.monotonic() + 20
    while subprocess.run(["curl", "-sf", urls[1]], capture_output=True).stdout != body:
        if time.monotonic() > deadline:
            raise SystemExit("nginx does not serve the file")
        time.sleep(0.02)
    seconds = max(1, round(SECONDS * min(1, bench.scale)))
    found = [(costs(p, urls[0], seconds), costs(nginx, urls[1], seconds)) for _ in range(ROUNDS)]
    bench.stop(p)
    bench.stop(nginx)
    (ours, our_us), (theirs, their_us) = ([statistics.median(one) for one in zip(*all_)] for all_ in zip(*found))
    bench.note(f"wrk -t 1 -c {CONNECTIONS} -d {seconds}s http://127.0.0.1:$P{path}   # {ROUNDS} times in turn with nginx; medians")
    bench.add(f"GET {path}, {len(body)} bytes, {CONNECTIONS} connections", f"{ours / 1e3:,.1f} k/s, {our_us:.1f} µs of processor time each; nginx {theirs / 1e3:,.1f} k/s, {their_us:.1f} µs",
              "≥ 0.8× nginx", ratio(ours, theirs))


def percentiles(bench, url, token, path, members, seconds):
    script = bench.path("wrk.lua")
    with open(script, "w") as f:
        f.write(SCRIPT.format(path=path, members=members))
    text = wrk("-t", 1, "-c", CONNECTIONS, "-d", f"{seconds}s", "-s", script, "-H", f"Authorization: Bearer {token}", url)
    m = re.search(r"p50=(\d+) p95=(\d+) p99=(\d+) bad=(\d+)", text)
    if int(m[4]):
        raise SystemExit(f"{path}: {m[4]} requests failed\n{text}")
    return [int(n) / 1e3 for n in m.groups()[:3]], float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def asked_on_top(port, token, slug):
    """Milliseconds that a question's answer takes over HTTP beyond the time it says it took: 95th percentile of 500, one by one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    question = json.dumps({"trend": {"kind": "order.paid", "by": "day"}})
    found = []
    for _ in range(500):
        began = time.monotonic()
        connection.request("POST", f"/api/v1/{slug}/query", question, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        found.append((time.monotonic() - began) * 1e3 - answer["elapsed_us"] / 1e3)
    return sorted(found)[475]


def large_brand(bench):
    """WF_BENCH_BRAND names a data directory with one brand that is there already; WF_BENCH_TOKEN is its token."""
    given, slug = os.environ.get("WF_BENCH_BRAND"), "bench"
    if given:
        slug = os.listdir(os.path.join(given, "brands"))[0]
        token = os.environ["WF_BENCH_TOKEN"]
    else:
        token = bench.init("large")["api token"]
        bench.timed([bench.binary, "simulate", "--data", bench.path("large"), "--brand", "bench", "--members", str(bench.sized(1_000_000)),
                     "--days", "7", "--seed", "1"])
    p, port, _ = bench.serve(os.path.abspath(given) if given else "large")
    url = f"http://127.0.0.1:{port}/api/v1/{slug}"
    status = json.loads(subprocess.run(["curl", "-sf", "-H", f"Authorization: Bearer {token}", url + "/overview"],
                                       capture_output=True, check=True).stdout)
    bench.add("a question over HTTP: what comes on top of its own time, 95th percentile", f"{asked_on_top(port, token, slug):.1f} ms", "< 5 ms")
    seconds = max(2, round(2 * SECONDS * min(1, bench.scale)))
    for what, path, goal in PAGES:
        subprocess.run(["curl", "-sf", "-o", "/dev/null", "-H", f"Authorization: Bearer {token}", url + path.format(m=1)], check=True)
        (p50, p95, p99), rate = percentiles(bench, url, token, f"/api/v1/{slug}{path}", status["members"], seconds)
        bench.add(f"{what}, {status['members']:,} members, {status['events']:,} events, {CONNECTIONS} connections: 95th percentile",
                  f"{p95:.1f} ms (median {p50:.1f}, 99th {p99:.1f}; {rate:,.0f}/s)", f"< {goal} ms")
    bench.note(f"wrk -t 1 -c {CONNECTIONS} -d {seconds}s -s wrk.lua -H 'Authorization: …' http://127.0.0.1:$P")
    bench.stop(p)


def streams(bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(WATCHERS, hard - 1000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 10000), hard))
    token = bench.init("streams")["api token"]
    p, port, _ = bench.serve("streams")

    def resident():
        with open(f"/proc/{p.pid}/status") as f:
            return int(re.search(r"^VmRSS:\s+(\d+)", f.read(), re.M)[1]) / 1024
    before, watching = resident(), []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", port))
        s.settimeout(30)
        s.sendall(f"GET /api/v1/bench/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        watching.append(s)
    for s in watching:
        text = b""
        while b"event: events" not in text:
            text += s.recv(4096)
    after = resident()
    for s in watching:
        s.close()
    bench.stop(p)
    bench.add(f"{count:,} idle streams: memory of the server with them", f"{after:.1f} MiB ({after - before:.1f} more than before)", "< 150 MiB")


def run(bench):
    beside_nginx(bench)
    large_brand(bench)
    streams(bench)
