#!/usr/bin/env python3
"""One member is erased: nothing of them is in any file any more, and nobody else has lost anything."""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, run  # noqa: E402

CANARY = "Xanthippe"  # in names and texts of one member, and nowhere else
PEOPLE, DAYS = 30, 40
NUMBER = 7  # of the member who goes


def fact(person, day, kind="page.viewed", **more):
    name = f"{CANARY}-{person}" if person == NUMBER else f"person-{person}"
    return dict({"kind": kind, "at": f"2025-02-{1 + day % 28:02d}T{day % 24:02d}:00:00Z", "id": f"{kind}-{person}-{day}",
                 "identities": {"user": name, "name": name}, "props": {"note": f"{name} on day {day}"}}, **more)


def history(first, last):
    for day in range(first, last):
        for person in range(PEOPLE):
            yield fact(person, day)
    yield fact(1, first, "share.clicked", other={"user": f"{CANARY}-{NUMBER}"})


def load(store, facts):
    return store.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in facts))


def count(store, question):
    return sum(p["value"] or 0 for p in store.query({"trend": dict(question, by="month")})["points"])


def files_with(store, text):
    """Names of the files of the data directory that hold the text."""
    return [str(f) for f in pathlib.Path(store.dir).rglob("*") if f.is_file() and text.encode() in f.read_bytes()]


def fill(store):
    for part in range(4):
        load(store, history(part * 10, part * 10 + 10))
    load(store, [fact(NUMBER, DAYS, "order.paid", amount=12.5)])


def check_erased(store):
    assert count(store, {"kind": "page.viewed"}) == (PEOPLE - 1) * DAYS
    assert count(store, {"kind": "page.viewed", "measure": "members"}) == PEOPLE - 1
    assert count(store, {"kind": "share.clicked"}) == 4
    assert count(store, {"kind": "order.paid"}) == 0
    store.verify()


def test_a_member_goes_from_every_file():
    with Store() as store:
        fill(store)
        assert count(store, {"kind": "page.viewed"}) == PEOPLE * DAYS
        assert files_with(store, CANARY) or store.store
        said = json.loads(store.run("erase", f"user:{CANARY}-{NUMBER}").stdout)
        assert said["events"] >= DAYS + 1 and said["parts"] >= 1, said
        assert not files_with(store, CANARY)
        check_erased(store)
        again = store.run("erase", f"user:{CANARY}-{NUMBER}", check=False)
        assert again.returncode == 1 and "not found" in again.stderr, again.stderr
        assert load(store, [fact(NUMBER, 3)])["duplicate"] == 1  # their events stay known
        load(store, [fact(NUMBER, DAYS + 1)])
        assert count(store, {"kind": "page.viewed", "measure": "members"}) == PEOPLE  # somebody new
        store.verify()


def test_a_member_goes_while_it_serves():
    with Store() as store:
        store.serve()
        fill(store)
        store.run("erase", f"name:{CANARY}-{NUMBER}")
        deadline = time.monotonic() + 30
        while files_with(store, CANARY):
            assert time.monotonic() < deadline, files_with(store, CANARY)
            time.sleep(0.05)
        check_erased(store)
        store.stop()
        check_erased(store)


def test_what_is_no_identity_is_told():
    with Store() as store:
        for text, code, words in (("13800138000", 2, "KIND:VALUE"), ("colour:red", 2, "unionid"), ("phone:123", 2, "KIND:VALUE"),
                                  ("user:nobody-here", 1, "not found")):
            p = store.run("erase", text, check=False)
            assert p.returncode == code and words in p.stderr, (text, p.returncode, p.stderr)


if __name__ == "__main__":
    run(globals())
