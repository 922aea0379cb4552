#!/usr/bin/env python3
"""What many rows at once leave behind is what the log says, beside events that came one by one."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, run, total  # noqa: E402

PEOPLE = 2500  # more than are stored one by one
FEW = "".join(json.dumps({"at": f"2025-01-0{d}T08:00:00Z", "kind": "message.sent", "group": "tea", "identities": {"user": f"u{d}"}}) + "\n" for d in range(1, 6))


def said(store):
    return total(store.query({"trend": {"kind": "message.sent", "by": "month", "measure": "events"}}))


def test_a_long_list_with_tags_is_folded_as_the_log_says():
    rows = "昵称,手机号,添加时间,标签\n" + "".join(f"用户{i},{13000000000 + i * 7},2025-01-01 09:00:00,老客、标签{i % 7}\n" for i in range(PEOPLE))
    store = Store()
    try:
        store.load("--format", "jsonl", "-", stdin=FEW)
        counts = store.load("--format", "csv", "-", stdin=rows)
        assert counts["stored"] == counts["members_created"] == PEOPLE, counts
        assert said(store) == 5
        store.verify()
    finally:
        store.close()


def test_simulated_groups_stand_beside_what_was_there():
    store = Store()
    try:
        store.load("--format", "jsonl", "-", stdin=FEW)
        counts = json.loads(store.run("simulate", "--groups", "6", "--seed", "3").stdout.splitlines()[-1])
        assert counts["stored"] == counts["read"] > 1000 and counts["rejected"] == 0, counts
        store.verify()
        first = said(store)
        again = json.loads(store.run("simulate", "--groups", "6", "--seed", "3").stdout.splitlines()[-1])
        assert again["members_created"] == 0, again
        assert 0 <= said(store) - first < 50, (first, said(store))  # what time has brought since
        store.verify()
    finally:
        store.close()


if __name__ == "__main__":
    run(globals())
