#!/usr/bin/env python3
"""Health of groups over HTTP: what kind a group is, why, the messages behind it, its graph, its days, and verdicts."""
import datetime
import functools
import json
import pathlib
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


@functools.cache
def store():
    s = Store("shop")
    s.owner = s.add_token(99, "members.read members.write groups.write settings.read audit.read members.privacy")
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in talk()))
    return s.serve()


def call(s, method, path, body=None, status=200, **query):
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, _ = http(method, url, data, {"Authorization": "Bearer " + s.owner, "Content-Type": "application/json"})
    assert code == status, (method, url, code, text)
    return json.loads(text) if text else None


def fact(user, kind, at, **more):
    return {"at": at.isoformat(), "kind": kind, **({"identities": {"user": user}} if user else {}), **more}


def clock(days, hour, minute):
    today = datetime.datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - datetime.timedelta(days=days) + datetime.timedelta(hours=hour, minutes=minute)


def talk():
    """news: on each of the last 20 days the shop's rose posts at 10:00, and on one day u1 and u2 answer each other.
    friends: twelve members who speak in turn on five days, each answering the one before; rose posts once."""
    facts = []
    for i in range(12):
        facts += [fact(f"u{i}", "group.joined", clock(40, 9, i), group=g) for g in ("news", "friends")]
    for day in range(1, 21):
        facts.append(fact(None, "message.sent", clock(day, 10, 0), group="news", staff="rose", props={"length": 80, "promotion": True}))
    facts.append(fact("u1", "message.sent", clock(3, 10, 5), group="news", props={"question": True}))
    facts.append(fact("u2", "message.sent", clock(3, 10, 6), group="news", other={"user": "u1"}))
    for day in range(1, 6):
        for i in range(12):
            more = {"other": {"user": f"u{i - 1}"}} if i else {}
            facts.append(fact(f"u{i}", "message.sent", clock(day, 20, i), group="friends", **more))
    facts.append(fact(None, "message.sent", clock(7, 10, 0), group="friends", staff="rose"))
    return facts


def group(s, code):
    return next(g for g in call(s, "GET", "/groups", state="all")["items"] if g["code"] == code)["id"]


def feature(health, name):
    return next(f for f in health["features"] if f["feature"] == name)


def test_a_group_where_only_staff_speak_is_a_monologue_and_says_why():
    """posts 22, of staff 20: s = 20/22; threads 20, one with two members: e = 1/20; u = 0; one slot on all days: r = 1.
    monologue = 20/22 * 19/20 * 1 * 1 = 0.8636"""
    s = store()
    h = call(s, "GET", f"/groups/{group(s, 'news')}/health")
    assert (h["archetype"], h["unclear"]) == ("monologue", None), h
    assert abs(h["scores"]["monologue"] - 20 / 22 * 19 / 20) < 1e-9, h["scores"]
    staff = feature(h, "staff")
    assert (staff["hits"], staff["of"], staff["known"]) == (20, 22, True), staff
    assert h["counts"]["members"] == 12 and h["counts"]["questions"] == 1 and h["counts"]["unanswered"] == 0, h["counts"]
    assert len(h["leads"]) == 2 and h["remedy"], h
    behind = call(s, "GET", f"/groups/{group(s, 'news')}/evidence", feature="echo", hit="false")["items"]
    assert len(behind) == 19 and all(m["account"]["staff"] == "rose" and m["promotion"] for m in behind), behind
    behind = call(s, "GET", f"/groups/{group(s, 'news')}/evidence", feature="dialogue")["items"]
    assert [m["link"] for m in behind] == ["reply"] and behind[0]["account"]["id"], behind
    call(s, "GET", f"/groups/{group(s, 'news')}/evidence", feature="mood", status=400)
    call(s, "GET", f"/groups/{group(s, 'news')}/evidence", status=400)
    call(s, "GET", "/groups/g99/health", status=404)


def test_members_who_answer_each_other_are_self_driven_and_a_graph():
    s = store()
    g = group(s, "friends")
    h = call(s, "GET", f"/groups/{g}/health")
    assert h["archetype"] == "self_driven", h
    assert h["counts"]["replies"] == h["counts"]["member_replies"] == 55, h["counts"]
    graph = call(s, "GET", f"/groups/{g}/graph")
    assert graph["members"] == len(graph["nodes"]) == 12 and len(graph["edges"]) == graph["edge_count"] == 11, graph
    assert all(e["weight"] == 15 and e["replies"] == 5 for e in graph["edges"]), graph["edges"]
    assert len(call(s, "GET", f"/groups/{g}/graph", limit=3)["nodes"]) == 3
    call(s, "GET", f"/groups/{g}/graph", limit=0, status=400)


def test_days_are_kept_and_groups_are_seen_at_a_glance():
    s = store()
    g = group(s, "friends")
    deadline = time.monotonic() + 60
    while len(history := call(s, "GET", f"/groups/{g}/health", days=10)["history"]) < 10:  # days are made oldest first
        assert time.monotonic() < deadline, history
    assert [d["messages"] for d in history] == [0, 0, 1, 1, 13, 25, 37, 49, 61, 61], history
    [glance] = [x for x in call(s, "GET", "/group-health")["items"] if x["id"] == g]
    assert (glance["archetype"], glance["messages"], glance["trend"][-1]) == ("self_driven", 61, 61), glance


def test_a_verdict_is_remembered_and_taken_back():
    s = store()
    g = group(s, "friends")
    node = call(s, "GET", f"/groups/{g}/graph")["nodes"][0]["account"]["id"]
    path = f"/groups/{g}/suspects"
    assert call(s, "GET", path)["items"] == []
    call(s, "PUT", f"{path}/{node}", {"verdict": "confirmed", "note": "同事"}, status=204)
    [x] = call(s, "GET", path)["items"]
    assert (x["account"]["id"], x["verdict"], x["note"], x["flagged"], x["proofs"]) == (node, "confirmed", "同事", True, []), x
    call(s, "PUT", f"{path}/{node}", {"verdict": "cleared"}, status=204)
    [x] = call(s, "GET", path)["items"]
    assert (x["verdict"], x["flagged"]) == ("cleared", False), x
    call(s, "PUT", f"{path}/{node}", {"verdict": "none"}, status=204)
    assert call(s, "GET", path)["items"] == []
    call(s, "PUT", f"{path}/m99999", {"verdict": "cleared"}, status=404)
    call(s, "PUT", f"{path}/{node}", {"verdict": "maybe"}, status=400)
    actions = [a["action"] for a in call(s, "GET", "/audit")["items"]]
    assert actions.count("group.suspect_judged") >= 3, actions


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        store().close()
