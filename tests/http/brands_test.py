#!/usr/bin/env python3
"""Nothing crosses between brands of one server: not for a person of one, not for a token of one, not in what is listed, streamed or counted."""
import functools
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from account_test import OWNER, ROSE, Browser, code_of  # noqa: E402
from stream_test import Watcher, send_event  # noqa: E402
from wellfield import Store, http, run  # noqa: E402

CANARY = "canary"  # in every name that shop has given, and in none of the other's


@functools.cache
def world():
    """Shop, full of things whose names tell where they are from, and another brand, owned by Olga, who has no role in shop."""
    s = Store("shop")
    out = s.cli("init", "--data", s.dir, "--brand", "other").stdout
    s.other = re.search(r"^api token\s+(\S+)$", out, re.M)[1]
    fact = {"at": "2026-01-05T08:00:00+08:00", "kind": CANARY + ".done", "identities": {"user": CANARY, "phone": "13800138000"}, "group": CANARY + "-group",
            "traits": {CANARY + "_trait": CANARY}, "props": {CANARY + "_prop": 1}}
    counts = s.load("--format", "jsonl", "-", stdin=json.dumps(fact) + "\n")
    assert counts["stored"] == 1, counts
    s.serve()
    s.lily = Browser(s)
    s.lily.ok("POST", "/setup", {"code": code_of(s), "name": "Lily", "password": OWNER}, 201)
    made = s.lily.ok("POST", "/other/staff", {"name": "olga", "role": "owner"}, 201)
    s.olga = Browser(s)
    s.olga.ok("POST", "/session/link", {"token": made["link"].split("#")[1], "password": ROSE})
    s.lily.ok("POST", "/shop/staff", {"name": CANARY + "-staff", "role": "analyst"}, 201)
    s.ids = {
        "questions": s.lily.ok("POST", "/shop/questions", {"name": CANARY, "query": {"trend": {"kind": "*"}}}, 201)["id"],
        "boards": s.lily.ok("POST", "/shop/boards", {"name": CANARY}, 201)["id"],
        "imports": s.lily.ok("POST", "/shop/imports", {"name": CANARY + ".csv", "bytes": 10}, 201)["id"],
        "keys": s.lily.ok("POST", "/shop/keys", {"kind": "token", "name": CANARY}, 201)["id"],
        "members": "m1",
        "staff": 3,
    }
    return s


def operations():
    paths = json.loads(http("GET", world().url + "/api/openapi.json")[1])["paths"]
    return [(method.upper(), path.replace("/api/v1", ""), op) for path, methods in paths.items() if "/{brand}/" in path for method, op in methods.items()]


def test_a_person_of_one_brand_finds_the_other_nowhere():
    s, asked = world(), 0
    for method, path, op in operations():
        if not op["security"]:
            continue
        body = {} if "requestBody" in op else None
        at = path.replace("{id}", "1")
        absent = s.olga.call(method, at.replace("{brand}", "absent"), body)
        assert s.olga.call(method, at.replace("{brand}", "shop"), body) == absent and absent[0] == 404, (method, path, absent)
        asked += 1
    assert asked >= 40, asked


def test_ids_of_one_brand_are_none_of_the_others():
    s, asked = world(), 0
    for method, path, op in operations():
        kind = path.split("/")[2]
        if "{id}" not in path or kind not in s.ids:
            continue
        of_kind = {"staff": {"role": "analyst"}, "questions": {"name": "x", "query": {"trend": {"kind": "*"}}}, "boards": {"name": "x"}, "imports": {"format": "csv"}}
        of_last = {"reveal": {"fields": "all", "reason": "a reason"}, "merge": {"with": "m99"}, "unmerge": {"merge": 1}, "judge": {"decision": "later"}, "place": {"reach": "own"}, "owner": {"to": "", "reason": "near"},
                   "erase": {"confirm": str(s.ids[kind]), "reason": "asked"}, "notes": {"text": "x"}, "{note}": {"text": "x"}, "{name}": {"value": "x"},
                   "consents": {"purpose": "service", "granted": False, "way": "phone"}}
        body = of_last.get(path.split("/")[-1], of_kind.get(kind, {})) if "requestBody" in op else None
        if "mappings" in path and body is not None:
            body = {"name": "x", "format": "csv", "map": "member=user:id"}
        if "content" in path:
            continue  # its body is not JSON; the next line asks for the import itself
        at = path.replace("{brand}", "other").replace("{id}", str(s.ids[kind])).replace("{tag}", "1").replace("{note}", "1").replace("{name}", "city")
        needed = [q["name"] + "=m99" for q in op.get("parameters", []) if q["in"] == "query" and q.get("required")]
        status, reply = s.olga.call(method, at + "?" * bool(needed) + "&".join(needed), body)
        assert status == 404, (method, path, status, reply)
        asked += 1
    assert asked >= 15, asked
    # and all is there still
    for kind in ("questions", "boards", "imports", "members"):
        s.lily.ok("GET", f"/shop/{kind}/{s.ids[kind]}")


def test_nothing_of_one_brand_is_in_what_the_other_reads():
    s, asked, seen_by_shop = world(), 0, 0
    for method, path, op in operations():
        if method != "GET" or "{id}" in path or "stream" in path:
            continue
        for headers in ({"Cookie": s.olga.cookie}, {"Authorization": "Bearer " + s.other}):
            status, text, _ = http("GET", s.url + "/api/v1" + path.replace("{brand}", "other"), headers=headers)
            assert CANARY.encode() not in text, (path, text[:500])
            asked += status == 200
        status, text, _ = http("GET", s.url + "/api/v1" + path.replace("{brand}", "shop"), headers={"Cookie": s.lily.cookie})
        seen_by_shop += CANARY.encode() in text
    assert asked >= 15 and seen_by_shop >= 7, (asked, seen_by_shop)
    assert [b["slug"] for b in s.olga.ok("GET", "/session")["brands"]] == ["other"]
    assert [b["slug"] for b in s.olga.ok("GET", "/system")["brands"]] == ["other"]
    assert s.olga.ok("POST", "/other/query", {"trend": {"kind": "*", "by": "month", "from": "2026-01-01"}})["as_of_seq"] == 0


def test_a_stream_tells_of_its_own_brand_alone():
    s = world()
    theirs, ours = Watcher(s, path="/api/v1/other/stream", token=s.other), Watcher(s)
    assert theirs.event() == 0
    before = ours.event()
    send_event(s)
    assert ours.event() > before
    theirs.read_until(r": beat")  # what shop has done was told to shop by then, and to nobody else
    assert "event:" not in theirs.text, theirs.text
    theirs.close()
    ours.close()


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if world.cache_info().currsize:
            world().close()
