#!/usr/bin/env python3
"""Files uploaded over HTTP: piece by piece, looked at, tried, imported, stopped, cut off, removed."""
import functools
import gzip
import json
import os
import pathlib
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import DATA, Skip, Store, http, run, total  # noqa: E402

CDNOW = DATA / "cdnow_sample.txt.gz"
CDNOW_MAP = "member=name:$1,at=date:$3:%Y%m%d,amount=decimal:$5,kind=const:order.paid,props.cds=number:$4"
PIECE = 4 << 20
AT_WORK = ("queued", "trying", "running")
ORDERS = ("订单编号,付款时间,实付金额(元),手机号,昵称,备注\n"
          "A1,2025-01-05 09:03,12.50,13800138000,小王,ok\n"
          "A2,2025-01-06 10:00,7.00,13800138001,小李,\n"
          "A3,昨天,7.00,13800138001,小李,=1+1\n")


@functools.cache
def store():
    return Store("shop").serve()


def ask(s, method, path, body=None, headers=None):
    """(status, JSON or bytes, headers)"""
    headers = {"Authorization": "Bearer " + s.token, **(headers or {})}
    if isinstance(body, dict):
        body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    status, answer, got = http(method, f"{s.url}/api/v1/{s.brand}{path}", body, headers)
    if status >= 400:
        assert got["Content-Type"] == "application/problem+json", (path, status, answer)
    if "json" in (got["Content-Type"] or ""):
        answer = json.loads(answer)
    return status, answer, got


def want(code, answer):
    status, body, _ = answer
    assert status == code, (status, body)
    return body


def piece(s, number, offset, data, kind="application/octet-stream"):
    return ask(s, "PUT", f"/imports/{number}/content?offset={offset}", data, {"Content-Type": kind})


def upload(s, name, data, step=PIECE):
    """A whole file; its number."""
    data = data.encode() if isinstance(data, str) else data
    made = want(201, ask(s, "POST", "/imports", {"name": name, "bytes": len(data)}))
    assert made["state"] == "uploading" and made["received"] == 0 and made["bytes"] == len(data), made
    for at in range(0, len(data), step):
        got = want(200, piece(s, made["id"], at, data[at:at + step]))
        assert got == {"received": min(at + step, len(data))}, got
    assert look(s, made["id"])["state"] == "ready"
    return made["id"]


def look(s, number):
    return want(200, ask(s, "GET", f"/imports/{number}"))


def settled(s, number, patience_s=120):
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        seen = look(s, number)
        if seen["state"] not in AT_WORK:
            return seen
        time.sleep(0.02)
    raise AssertionError(f"still at work: {seen}")


def run_import(s, number, **options):
    began = want(202, ask(s, "POST", f"/imports/{number}/run", options))
    assert began["state"] in (*AT_WORK, "done", "ready", "failed"), began
    return settled(s, number)


def rejects(s, number):
    return want(200, ask(s, "GET", f"/imports/{number}/rejects")).decode()


def events(s):
    return total(s.ask({"trend": {"kind": "order.paid", "by": "month"}}))


def audit(s, action):
    return [e for e in want(200, ask(s, "GET", f"/audit?action={action}&limit=200"))["items"]]


# ---- what is sound ----


def test_a_table_of_orders_is_uploaded_tried_and_imported():
    with Store("shop").serve() as s:
        number = upload(s, "订单 一月.csv", ORDERS, step=100)
        tried = run_import(s, number, format="csv", dry_run=True)
        assert tried["state"] == "ready" and tried["dry_run"] and tried["counts"] is None, tried
        assert tried["tried"]["stored"] == 2 and tried["tried"]["rejected"] == 1 and tried["tried"]["members_created"] == 2, tried
        assert events(s) == 0
        done = run_import(s, number, format="csv")
        assert done["state"] == "done" and not done["dry_run"] and done["file"], done
        assert {k: v for k, v in done["counts"].items() if v} == {k: v for k, v in done["tried"].items() if v}, done
        assert done["options"] == {"format": "csv", "dry_run": False, "strict": False}, done
        assert done["progress"]["share"] == 1 and done["progress"]["rows"] == 3, done
        assert [(r["line"], r["column"]) for r in done["rejects"]] == [(4, 2)] and "昨天" in done["rejects"][0]["reason"], done
        assert done["reason"] is None and done["finished"] >= done["created"] and done["by"].startswith("key:"), done
        assert events(s) == 2
        text = rejects(s, number)
        assert text.startswith("\ufefffile,line,column,reason,row\r\n") and '"订单 一月.csv",4,2,' in text, text
        again = run_import(s, number, format="csv")
        assert again["counts"]["duplicate"] == 2 and again["counts"]["stored"] == 0 and events(s) == 2, again
        assert [i["id"] for i in want(200, ask(s, "GET", "/imports"))["items"]] == [number]
        assert [e["after"]["state"] for e in audit(s, "import.ended")] == ["done", "done", "tried"]
        assert [e["after"]["options"]["dry_run"] for e in audit(s, "import.started")] == [False, False, True]
        s.stop()
        s.verify()


def test_cdnow_is_imported_as_the_command_line_does_it():
    if not CDNOW.exists():
        raise Skip("shared data is absent")
    with Store("cdnow", None, "--tz", "UTC", "--currency", "USD").serve() as s:
        number = upload(s, CDNOW.name, CDNOW.read_bytes(), step=9999)
        done = run_import(s, number, format="columns", map=CDNOW_MAP)
        assert done["state"] == "done", done
        assert done["counts"]["read"] == done["counts"]["stored"] == 6919 and done["counts"]["members_created"] == 2357, done
        again = json.loads(s.run("import", "--format", "columns", "--map", CDNOW_MAP, str(CDNOW)).stdout)
        assert again["duplicate"] == 6919 and again["stored"] == 0, again
        s.stop()
        s.verify()


def orders(count):
    """A table in order of time; by its size it is imported in batches of 500,000 rows."""
    rows = ["order,at,amount,member"]
    rows += [f"o{i},{1700000000 + i},1.00,u{i % 5000}" for i in range(count)]
    return "\n".join(rows) + "\n"


def until(s, number, holds, patience_s=120):
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        seen = look(s, number)
        if holds(seen):
            return seen
        time.sleep(0.01)
    raise AssertionError(f"never came: {seen}")


def test_what_is_stopped_or_cut_off_goes_on_where_it_was():
    count = 600000
    with Store("shop").serve() as s:
        number, other = upload(s, "orders.csv", orders(count)), upload(s, "more.csv", ORDERS)
        want(202, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
        waiting = want(202, ask(s, "POST", f"/imports/{other}/run", {"format": "csv"}))
        assert waiting["state"] == "queued", waiting
        want(409, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
        want(409, ask(s, "DELETE", f"/imports/{number}"))
        want(202, ask(s, "POST", f"/imports/{other}/stop"))
        seen = until(s, number, lambda i: i["progress"]["rows_total"])
        assert seen["state"] == "running" and seen["progress"]["rows_total"] == count + 1, seen
        want(202, ask(s, "POST", f"/imports/{number}/stop"))
        stopped = settled(s, number)
        assert stopped["state"] == "stopped" and stopped["counts"]["stored"] == 500000 and stopped["reason"], stopped
        assert settled(s, other)["state"] == "stopped"
        want(202, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
        s.kill()
        s.serve()
        assert look(s, number)["state"] == "stopped", look(s, number)
        done = run_import(s, number, format="csv")
        assert done["state"] == "done" and done["counts"]["stored"] + done["counts"]["duplicate"] == count, done
        assert events(s) == count
        want(409, ask(s, "POST", f"/imports/{number}/stop"))
        want(204, ask(s, "DELETE", f"/imports/{number}"))
        want(404, ask(s, "GET", f"/imports/{number}"))
        want(404, ask(s, "GET", f"/imports/{number}/rejects"))
        assert events(s) == count and [e["subject"] for e in audit(s, "import.removed")] == [f"import:{number}"]
        assert sorted(os.listdir(f"{s.dir}/brands/shop/uploads")) == [f"{other}"], os.listdir(f"{s.dir}/brands/shop/uploads")
        assert upload(s, "next.csv", ORDERS) == other + 1
        s.stop()
        s.verify()


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
