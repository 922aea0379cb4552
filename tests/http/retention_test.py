#!/usr/bin/env python3
"""How long what is kept: what would go is said before, goes when asked or at the next opening, and nothing else changes."""
import datetime
import functools
import json
import pathlib
import random
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402

PEOPLE = 30
DAYS = 400
MANY = 3000
RIGHTS = "members.read members.write members.privacy settings.read insight.read boards.write audit.read"


def events(per_day, days=DAYS):
    """Page views with a device each, orders now and then, at the noon of each of the last days in Shanghai."""
    shanghai = datetime.timezone(datetime.timedelta(hours=8))
    noon = datetime.datetime.now(shanghai).replace(hour=12, minute=0, second=0, microsecond=0)
    for day in range(1, days + 1):
        for n in range(per_day):
            at = (noon - datetime.timedelta(days=day, seconds=n % 600)).isoformat()
            order = n % 10 == 0
            yield json.dumps({"at": at, "kind": "order.paid" if order else "page.viewed",
                              "identities": {"user": f"u{(day * 7 + n) % PEOPLE}"}, **({"amount": 100} if order else {}),
                              "props": {"device": f"pad{n % 3}", "size": n, **({"order": f"o{day}-{n}"} if order else {})}}) + "\n"


def filled(per_day, days=DAYS):
    s = Store("shop")
    s.load("--format", "jsonl", "-", stdin="".join(events(per_day, days)))
    s.key = s.add_token(99, RIGHTS)
    s.viewer = s.add_token(98, "members.read settings.read")
    return s


@functools.cache
def store():
    return filled(5).serve()


def call(method, path, body=None, status=None, who=None, of=None, **query):
    s = of or store()
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, headers = http(method, url, data, {"Authorization": "Bearer " + (who or s.key), "Content-Type": "application/json"})
    assert code == status if status else code < 300, (method, url, code, text)
    return json.loads(text) if "json" in headers.get("Content-Type", "") else text


def class_of(name, of=None):
    return next(c for c in call("GET", "/privacy/retention", of=of)["items"] if c["class"] == name)


def purged(of=None, after=0):
    """The newest record, once one behind 'after' has ended."""
    deadline = time.monotonic() + 60
    while True:
        newest = call("GET", "/privacy/purges", of=of)["items"][:1]
        if newest and newest[0]["ended_at"] and newest[0]["id"] > after:
            return newest[0]
        assert time.monotonic() < deadline, newest
        time.sleep(0.05)


def figures():
    """What is asked of the brand most, and must not move."""
    ask = lambda q: call("POST", "/query", q)
    span = {"from": (datetime.date.today() - datetime.timedelta(days=DAYS + 2)).isoformat(), "to": (datetime.date.today() + datetime.timedelta(days=1)).isoformat()}
    trend = ask({"trend": {"kind": "order.paid", "by": "month", "measure": "amount", **span}})
    everybody = call("GET", "/members", limit=200)["items"]
    return trend["points"], sorted((m["id"], m["stage"], m["orders"], m["spent"]) for m in everybody)


def counted(where, of=None):
    s = of or store()
    span = {"from": (datetime.date.today() - datetime.timedelta(days=DAYS + 2)).isoformat(), "to": (datetime.date.today() + datetime.timedelta(days=1)).isoformat()}
    return sum(p["value"] or 0 for p in call("POST", "/query", {"trend": {"kind": "*", "by": "month", "where": where, **span}}, of=s)["points"])


def test_everything_but_messages_is_kept_until_somebody_says_otherwise():
    reply = call("GET", "/privacy/retention")
    assert reply["purge_at"] is None
    classes = {c["class"]: c for c in reply["items"]}
    assert {"notes", "traits", "consents", "conflicts", "merges", "props.device", "props.size", "props.order"} <= set(classes), classes.keys()
    assert classes.pop("messages")["days"] == 90  # what was said is kept for a season, unless the brand says otherwise
    assert all(c["days"] is None and c["gone_by"] is None for c in classes.values())
    assert classes["notes"]["table"] == "note" and classes["notes"]["personal"] and classes["notes"]["purpose"]
    assert classes["props.order"]["built_in"] and not classes["props.device"]["built_in"]
    call("GET", "/privacy/retention", status=403, who=store().viewer)


def test_what_would_go_and_whose_answers_change_is_said_before():
    call("POST", "/segments", {"code": "pads", "name": "On pads", "expression": 'did("page.viewed", where props.device = "pad1")'}, 201)
    call("POST", "/segments", {"code": "other", "name": "Devices", "expression": 'did("page.viewed", where props.device_os is null)'}, 201)
    call("POST", "/questions", {"name": "Sizes", "query": {"trend": {"kind": "page.viewed", "where": "props.size > 2"}}}, 201)
    p = call("GET", "/privacy/retention/preview", **{"class": "props.device", "days": 100})
    assert p["removed"] == 5 * (DAYS - 100) and p["gone_by"] == 110, p
    assert [(u["kind"], u["id"]) for u in p["used_by"]] == [("segment", "pads")], p
    p = call("GET", "/privacy/retention/preview", **{"class": "props.size", "days": 100})
    assert [(u["kind"], u["name"]) for u in p["used_by"]] == [("question", "Sizes")], p
    assert call("GET", "/privacy/retention/preview", **{"class": "notes", "days": 1})["removed"] == 0
    for bad in ({"class": "props.nope", "days": 3}, {"class": "x", "days": 3}):
        call("GET", "/privacy/retention/preview", status=404, **bad)
    call("GET", "/privacy/retention/preview", status=400, **{"class": "notes", "days": -1})


def test_what_is_wrong_is_told():
    for body, field in (({"class": "props.order", "days": 30}, "days"), ({"class": "consents", "days": 364}, "days"), ({"class": "notes", "days": 36501}, "days"),
                        ({"class": "notes"}, "days"), ({"days": 3}, "class"), ({"class": "props.device", "days": 3, "purpose": "x" * 201}, "purpose")):
        assert call("PUT", "/privacy/retention", body, 400)["errors"][0]["field"] == field, body
    call("PUT", "/privacy/retention", {"class": "props.nope", "days": 3}, 404)
    call("PUT", "/privacy/retention", {"class": "notes", "days": 30}, 403, who=store().viewer)
    call("POST", "/privacy/purge", status=403, who=store().viewer)


def test_what_has_passed_its_days_goes_and_figures_stay():
    before = figures()
    rows = counted("amount is null or amount is not null")
    inside = call("GET", "/segments")["items"]
    set_to = call("PUT", "/privacy/retention", {"class": "props.device", "days": 100, "purpose": "which devices to support", "personal": True})
    assert set_to["days"] == 100 and set_to["gone_by"] == 110 and set_to["changed_by"] == "key:99" and set_to["purpose"] == "which devices to support"
    assert call("GET", "/privacy/retention")["purge_at"]
    call("POST", "/privacy/purge", status=202)
    record = purged()
    assert record["who"] == "asked" and record["parts"] >= 1, record
    assert [(r["class"], r["count"]) for r in record["removed"]] == [("props.device", 5 * (DAYS - 100))], record
    assert counted("props.device is not null") == 5 * 100 and counted("props.size is not null") == 5 * DAYS
    assert counted("amount is null or amount is not null") == rows and figures() == before
    assert class_of("props.device")["cleared_to"]
    assert call("GET", "/privacy/retention/preview", **{"class": "props.device", "days": 100})["removed"] == 0
    log = call("GET", "/audit", action="retention.changed")["items"][0]
    assert log["before"]["days"] is None and log["after"]["days"] == 100, log
    log = call("GET", "/audit", action="purge.done")["items"][0]
    assert log["who"] == "timer" and log["after"]["removed"] == 5 * (DAYS - 100), log
    deadline = time.monotonic() + 30
    while any(x["state"] != "ready" for x in call("GET", "/segments")["items"]):
        assert time.monotonic() < deadline
    assert len(inside) == 2
    call("POST", "/privacy/purge", status=202)
    again = purged(after=record["id"])
    assert again["removed"] == [] and again["parts"] == 0, again
    assert call("GET", "/privacy/purges", limit=1)["next"]


def test_a_backup_is_brought_up_to_date_when_it_is_opened():
    s = filled(5, 60)
    try:
        s.serve()
        call("PUT", "/privacy/retention", {"class": "props.size", "days": 30}, of=s)
        s.stop()
        s.serve()  # as one restored: the values are there, and so is what was set; the first who asks sees none of them
        assert counted("props.size is not null", s) == 5 * 30
        record = purged(s)
        assert record["who"] == "timer" and [r["class"] for r in record["removed"]] == ["props.size"], record
        assert counted("props.size is not null", s) == 5 * 30
        s.stop()
        s.verify()
    finally:
        s.close()


def test_a_kill_midway_loses_nothing_and_the_next_start_goes_on():
    rng = random.Random(5)
    s = filled(MANY, 60)
    try:
        for days in (50, 40, 30, 20, 10):
            s.serve()
            call("PUT", "/privacy/retention", {"class": "props.device", "days": days}, of=s)
            last = max([r["id"] for r in call("GET", "/privacy/purges", of=s)["items"]], default=0)
            call("POST", "/privacy/purge", status=202, of=s)
            deadline = time.monotonic() + 30
            while not any(r["id"] > last for r in call("GET", "/privacy/purges", of=s)["items"]):
                assert time.monotonic() < deadline
            time.sleep(rng.random() * 0.3)  # anywhere from its beginning to after its end
            s.kill()
            s.serve()
            deadline = time.monotonic() + 60
            while call("GET", "/privacy/retention/preview", of=s, **{"class": "props.device", "days": days})["removed"] or not class_of("props.device", s)["cleared_to"]:
                assert time.monotonic() < deadline
            record = purged(s, last)
            assert counted("props.device is not null", s) == MANY * days and counted("props.size is not null", s) == MANY * 60, record
            s.stop()
            s.verify()
    finally:
        s.close()


def test_it_is_all_in_order():
    s = store()
    try:
        s.note_routes()
        s.stop()
        s.verify()
    finally:
        s.close()


if __name__ == "__main__":
    run(globals())
