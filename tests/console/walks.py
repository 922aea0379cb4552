"""What the walks through the console share: a shop to walk in, Chromium sent along a script of steps, and what holds of every
screen it saw. CONSOLE_SHOTS=DIR keeps the pictures."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE.parent / "http"))
from account_test import Browser  # noqa: E402
from wellfield import Skip, Store, http, need_browser  # noqa: E402

PASSWORD = "correct horse battery staple"
SHOTS = os.environ.get("CONSOLE_SHOTS")
# what the browser tells of every walk: replies before anybody has signed in, and styles that a busy machine
# applies late (walk_first.mjs sees which are fetched at all)
TOLD = ("status of 401", "was preloaded using link preload")


@contextlib.contextmanager
def shop(facts=()):
    """A brand in which these have happened, without accounts; what it keeps is in order after the walk as well."""
    need_browser(HERE)
    with Store("shop", None, "--name", "山泉 Shop") as s:
        lines = "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in facts)
        if lines:
            s.load("--format", "jsonl", "-", stdin=lines)
        yield s
        s.verify()


def serve(s):
    s.serve()
    if http("GET", s.url + "/console/")[0] == 404:
        raise Skip("built without the console")


def owned(s):
    """Serve it, and make its first account: whom the scripts sign in."""
    serve(s)
    boss = Browser(s)
    boss.ok("POST", "/setup", {"code": s.setup_code(), "name": "owner", "password": PASSWORD}, 201)
    return boss


def member_of(s, user):
    head = {"Authorization": "Bearer " + s.token}
    return json.loads(http("GET", f"{s.url}/api/v1/shop/members?q=user:{user}", headers=head)[1])["items"][0]["id"]


def sent(script, s, wait_s=300, **plan):
    """What Chromium said, step by step, on its way along a script, which is handed the plan."""
    plan = {"url": s.url, "brand": s.brand, "words": {}, "name": "owner", "password": PASSWORD, "shots": SHOTS, **plan}
    listed = pathlib.Path(s.folder, f"plan-{time.monotonic_ns()}.json")
    listed.write_text(json.dumps(plan))
    p = subprocess.run(["node", str(HERE / script), need_browser(HERE), str(listed)], capture_output=True, text=True, timeout=wait_s)
    seen = [json.loads(line) for line in p.stdout.splitlines()]
    assert p.returncode == 0, (p.stderr[-1500:], [v["step"] for v in seen], [v for v in seen if v["step"] == "visitor"])
    return seen


def by_step(seen):
    """What was seen, by the name of its step; of pictures and visitors there are many."""
    return {v["step"]: v for v in seen if v["step"] not in ("picture", "visitor")}


def judged(name, v):
    """A screen that troubles nobody."""
    assert not v["faults"], (name, v["faults"])
    assert not v["violations"], (name, v["violations"])
    assert v["overflow"] <= 0, (name, v["overflow"])
    assert v["h1"] and not v["keys"], (name, v["h1"], v["keys"])


def quiet(seen, *expected):
    """Nothing went wrong for a visitor but what is expected: the browser itself tells of a reply that a step provokes."""
    for v in seen:
        if v["step"] == "visitor":
            loud = [t for t in v["troubles"] if not any(e in t for e in (*TOLD, *expected))]
            assert not loud, (v.get("name"), loud)
            assert not v["foreign"] and not v["failed"], (v.get("name"), v["foreign"], v["failed"])


def in_order(seen, pictures, *expected):
    """As many pictures as there should be, each of a screen that troubles nobody, and quiet visitors."""
    found = [v for v in seen if v["step"] == "picture"]
    assert len(found) == pictures, len(found)
    for v in found:
        judged((v["name"], v["size"], v["scheme"]), v)
    quiet(seen, *expected)
