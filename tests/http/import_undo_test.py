#!/usr/bin/env python3
"""An import undone: what it brought goes, what others brought stays, whatever came in between."""
import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from imports_test import ask, audit, look, run_import, settled, upload, want  # noqa: E402
from wellfield import Skip, Store, run  # noqa: E402

CANARY = "灰背隼"


def undo(s, number):
    began = want(202, ask(s, "POST", f"/imports/{number}/undo"))
    assert began["state"] in ("queued", "undoing", "undone"), began
    return settled(s, number)


def files_below(folder, text):
    return [str(f) for f in pathlib.Path(folder).rglob("*") if f.is_file() and text.encode() in f.read_bytes()]


def people(rows, first=0):
    return "昵称,手机号,城市,备注\n" + "".join(f"人{i},{13900000000 + i},城{i % 7},b{i}\n" for i in range(first, first + rows))


def test_all_of_an_import_goes_and_the_same_file_comes_again():
    with Store("shop").serve() as s:
        for rows in (40, 5000):
            number = upload(s, "people.csv", people(rows, 10000 * rows))
            done = run_import(s, number, format="csv")
            assert done["counts"]["members_created"] == rows, done
            there = want(200, ask(s, "GET", f"/imports/{number}/undo"))
            assert there["members"] == rows and there["staying"] == 0 and there["identities"] == rows, there
            assert there["events"] == 2 * rows and there["traits"] == 3 * rows, there
            gone = undo(s, number)
            assert gone["state"] == "undone" and gone["undone"] == there and gone["counts"] is None and gone["file"], gone
            assert members(s) == {}
            want(409, ask(s, "GET", f"/imports/{number}/undo"))
            want(409, ask(s, "POST", f"/imports/{number}/undo"))
            again = run_import(s, number, format="csv")
            assert again["state"] == "done" and again["counts"]["members_created"] == rows and again["counts"]["duplicate"] == 0, again
            assert again["undone"] is None and undo(s, number)["undone"] == there
        assert [e["after"]["state"] for e in audit(s, "import.undone")] == ["undone"] * 4
        s.stop()
        s.verify()


def test_nobody_owns_who_is_gone():
    def owned(s):
        s.verify()  # writes everything back
        told = {o["staff"]: o["members"] for o in want(200, ask(s, "GET", "/owners"))["items"]}
        listed = {staff: want(200, ask(s, "GET", f"/members?owner={staff}&limit=1")) for staff in ("rose", "lily")}
        return {staff: (told.get(staff, 0), row["total"], len(row["items"])) for staff, row in listed.items()}

    with Store("shop").serve() as s:
        for rows in (40, 5000):
            names = (("rose", "lily")[i % 2] for i in range(rows))
            text = "手机号,添加时间,所属员工\n" + "".join(f"{13900000000 + 10000 * rows + i},2026-01-05 10:00,{staff}\n" for i, staff in enumerate(names))
            number = upload(s, "list.csv", text)
            for _ in range(2):
                run_import(s, number, format="csv")
                assert owned(s) == {staff: (rows // 2, rows // 2, 1) for staff in ("rose", "lily")}, owned(s)
                assert undo(s, number)["undone"]["members"] == rows
                assert owned(s) == {"rose": (0, 0, 0), "lily": (0, 0, 0)}, owned(s)
        s.stop()
        s.verify()


def members(s):
    """All of them, without what says when and how they came into the list, by their lowest identity."""
    s.verify()  # writes everything back
    out = {}
    for row in want(200, ask(s, "GET", "/members?limit=200"))["items"]:
        m = want(200, ask(s, "GET", f"/members/{row['id']}"))
        line = want(200, ask(s, "GET", f"/members/{row['id']}/timeline?limit=200"))["items"]
        known = sorted((i["kind"], i["value"]) for i in m["identities"])
        out[known[-1]] = {
            **{k: v for k, v in m.items() if k not in ("id", "identities", "traits", "why", "personas")},
            "identities": known,
            "traits": [(t["name"], t["value"]) for t in m["traits"]],
            "why": [w["text_en"] for w in m["why"]],
            "line": sorted((e["at"], e["kind"], e.get("amount"), json.dumps(e["props"])) for e in line),
        }
    return out


def fact(kind, at, **more):
    return {"kind": kind, "at": f"2026-0{at}T10:00:00+08:00", **more}


def lines(facts):
    return "".join(json.dumps(f) + "\n" for f in facts)


# Who was there before, who is in the file, and who is heard of since, of both.
BEFORE = [fact("order.paid", "1-05", identities={"user": f"u{i}", "email": f"u{i}@example.com"}, amount=1000 + i, traits={"city": "旧城", "age": i}) for i in range(30)]
BEFORE += [fact("page.viewed", "1-06", identities={"phone": f"+8613800{i:06}"}) for i in range(10)]
FILE = [fact("order.paid", "2-01", identities={"user": f"u{i}", "phone": f"+8613800{i:06}"}, amount=5, traits={"vip": True, "city": "新城"}, group="g1") for i in range(15)]
FILE += [fact("message.sent", "2-02", identities={"user": f"n{i}"}, group="g1", props={"question": True}, traits={"nickname": f"新人{i}"}) for i in range(20)]
FILE += [fact("message.sent", "2-02", identities={"user": "u25"}, other={"user": "u24", "openid": "o24"}, group="g1")]
FILE += [fact("order.paid", "1-01", identities={"user": "u20"}, amount=7)]
FILE += [fact("member.consented", "2-03", identities={"user": "u21"}, props={"purpose": "marketing", "channel": "sms"})]
SINCE = [fact("order.paid", "3-01", identities={"user": f"u{i}"}, amount=2000, traits={"age": 90 + i}) for i in range(0, 30, 3)]
SINCE += [fact("page.viewed", "3-02", identities={"user": f"n{i}"}) for i in range(5)]
SINCE += [fact("page.viewed", "3-03", identities={"phone": f"+8613800{i:06}"}) for i in range(8)]


def undone_and_never_done(bulk):
    filler = [fact("lesson.done", "2-05", identities={"user": f"filler{i}"}) for i in range(3000 if bulk else 0)]
    with Store("shop").serve() as s, Store("shop").serve() as never:
        for x in (s, never):
            x.load("--format", "jsonl", "-", stdin=lines(BEFORE))
        number = upload(s, "facts.jsonl", lines(FILE + filler))
        done = run_import(s, number, format="jsonl")
        assert done["counts"]["rejected"] == 0 and done["counts"]["merged"] == 10, done
        for x in (s, never):
            x.load("--format", "jsonl", "-", stdin=lines(SINCE))
        there = want(200, ask(s, "GET", f"/imports/{number}/undo"))
        assert there["merges"] == 10 and there["members"] == 15 + len(filler) and there["consents"] == 1, there
        gone = undo(s, number)
        assert gone["state"] == "undone" and gone["undone"] == there, (gone, there)
        assert len(members(never)) == 45 and members(s) == members(never)
        s.stop()
        s.verify()
        s.serve()
        assert members(s) == members(never)


def test_members_are_as_if_it_had_never_been():
    undone_and_never_done(bulk=False)


def test_so_they_are_after_one_that_wrote_parts_of_the_log():
    undone_and_never_done(bulk=True)


def test_nothing_of_it_is_left_on_the_disk():
    with Store("shop").serve() as s:
        if s.store:
            raise Skip("the files are PostgreSQL's")
        s.load("--format", "jsonl", "-", stdin=lines(BEFORE))
        number = upload(s, "people.csv", "昵称,手机号,城市\n" + "".join(f"{CANARY}{i},{13900000000 + i},{CANARY}市\n" for i in range(3000)))
        run_import(s, number, format="csv")
        s.verify()
        assert files_below(s.dir, CANARY)
        assert undo(s, number)["undone"]["members"] == 3000
        want(204, ask(s, "DELETE", f"/imports/{number}"))
        s.note_routes()
        s.stop()
        assert not files_below(s.dir, CANARY), files_below(s.dir, CANARY)
        s.verify()


def test_cut_off_at_any_moment_it_has_happened_or_not():
    with Store("shop").serve() as s:
        s.load("--format", "jsonl", "-", stdin=lines(BEFORE))
        before = members(s)
        seen = set()
        for round, patience_s in enumerate((0, 0.03, 0.1, 0.3, 0.6, None)):
            number = upload(s, f"people{round}.csv", people(6000))
            assert run_import(s, number, format="csv")["counts"]["members_created"] == 6000
            want(202, ask(s, "POST", f"/imports/{number}/undo"))
            if patience_s is None:
                settled(s, number)
            else:
                time.sleep(patience_s)
            s.kill()
            s.serve()
            state = look(s, number)["state"]
            assert state in ("done", "undone"), state
            seen.add(state)
            if state == "done":
                assert undo(s, number)["state"] == "undone"
            want(409, ask(s, "POST", f"/imports/{number}/undo"))
            assert members(s) == before
        assert len(seen) == 2, seen
        s.stop()
        s.verify()


def test_segments_follow():
    with Store("shop").serve() as s:
        s.load("--format", "jsonl", "-", stdin=lines(BEFORE))
        made = s.cli("key", "add", "--data", s.dir, "--brand", "shop", "--name", "all", "--scopes", "members.read,insight.read,boards.write,imports.write").stdout
        s.keys["api token"] = re.search(r"\bwf_live_\w+", made)[0]
        want(201, ask(s, "POST", "/segments", {"code": "often", "name": "常买", "expression": 'did("order.paid", count >= 2)'}))
        number = upload(s, "facts.jsonl", lines(FILE))
        run_import(s, number, format="jsonl")
        await_members(s, "often", 16)
        undo(s, number)
        await_members(s, "often", 0)
        s.stop()
        s.verify()


def await_members(s, code, count):
    deadline = time.monotonic() + 20
    while (seen := want(200, ask(s, "GET", f"/segments/{code}"))["members"]) != count:
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


def test_an_import_at_work_is_not_undone():
    with Store("shop").serve() as s:
        number = upload(s, "people.csv", people(60000))
        want(409, ask(s, "POST", f"/imports/{number}/undo"))
        want(409, ask(s, "GET", f"/imports/{number}/undo"))
        want(202, ask(s, "POST", f"/imports/{number}/run", {"format": "csv"}))
        want(409, ask(s, "POST", f"/imports/{number}/undo"))
        want(404, ask(s, "POST", "/imports/77/undo"))
        assert settled(s, number)["counts"]["members_created"] == 60000
        assert undo(s, number)["undone"]["members"] == 60000
        s.stop()
        s.verify()


if __name__ == "__main__":
    run(globals())
