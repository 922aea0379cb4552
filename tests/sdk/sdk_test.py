#!/usr/bin/env python3
"""Unmodified SDKs against a server that is killed and started again: every event is there once.

SDK_EVENTS sets how many each SDK sends (100,000), in thousands."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
from wellfield import BINARY, Skip, Store, http, npm_install, run, total  # noqa: E402

COUNT = int(os.environ.get("SDK_EVENTS", "100000")) // 1000 * 1000
MEMBERS = 1000  # as in sdk_test.mjs


def need_node():
    if not shutil.which("node") or not shutil.which("npm"):
        raise Skip("node or npm is absent")
    npm_install(HERE)


def restart(s):
    """Kill -9 and start again at the same address."""
    s.kill()
    time.sleep(0.5)
    s.server = subprocess.Popen([BINARY, "serve", "--data", s.dir, "--listen", f"127.0.0.1:{s.port}"], stdout=s.log, stderr=s.log)
    for _ in range(600):
        try:
            if http("GET", s.url + "/ready")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not come back:\n" + s.server_log())


def send(s, sdk, kills):
    """Run the SDK over COUNT events, killing the server when it has acknowledged each of the given shares."""
    env = dict(os.environ, WELLFIELD_URL=s.url, WELLFIELD_KEY=s.keys["secret write key"])
    marks = [COUNT * share for share in kills]
    last = ""
    with subprocess.Popen(["node", str(HERE / "sdk_test.mjs"), sdk, str(COUNT)], env=env, stdout=subprocess.PIPE, text=True) as node:
        for line in node.stdout:
            last = line
            if marks and line.startswith("acked ") and int(line.split()[1]) >= marks[0]:
                marks.pop(0)
                time.sleep(0.05)  # into the next requests
                restart(s)
    assert node.returncode == 0, f"{sdk}: node ended with {node.returncode}"
    assert not marks, "the server was not killed as often as planned"
    return json.loads(last)


def check(s, sdk):
    kind = "sdk_" + sdk
    got = total(s.ask({"trend": {"kind": kind, "by": "day"}}))
    assert got == COUNT, (sdk, got, COUNT)
    members = s.ask({"segment": {"expr": f'did("{kind}")'}})["members"]
    assert members == MEMBERS, (sdk, members)
    # with as many different events as events, each is there once
    each = COUNT // MEMBERS
    exact = s.ask({"segment": {"expr": f'did("{kind}", distinct(props.i) = {each}, count = {each})'}})["members"]
    assert exact == MEMBERS, (sdk, exact)


def one(sdk):
    need_node()
    with Store("shop") as s:
        s.serve()
        print(sdk, send(s, sdk, [0.3, 0.6]), flush=True)
        check(s, sdk)
        s.stop()
        s.verify()


def test_segment_events_are_there_once():
    one("segment")


def test_posthog_events_are_there_once():
    one("posthog")


if __name__ == "__main__":
    run(globals())
