#!/usr/bin/env python3
"""CDNOW through the public commands, beside an independent recount."""
import collections
import datetime
import gzip
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from drill import moved, stood  # noqa: E402
from wellfield import DATA, Skip, Store, run, total  # noqa: E402

FILE = DATA / "cdnow_sample.txt.gz"
MAP = "member=name:$1,at=date:$3:%Y%m%d,amount=decimal:$5,kind=const:order.paid,props.cds=number:$4"


def rows():
    if not FILE.exists():
        raise Skip("shared data is absent")
    with gzip.open(FILE, "rt") as f:
        return [line.split() for line in f if line.strip()]


def loaded():
    rows()
    s = Store("cdnow", None, "--tz", "UTC", "--currency", "USD")
    counts = s.load("--format", "columns", "--map", MAP, str(FILE))
    assert counts["read"] == 6919 and counts["stored"] == 6919 and counts["rejected"] == 0, counts
    assert counts["members_created"] == 2357, counts
    return s


STORE = None


def store():
    global STORE
    if STORE is None:
        STORE = loaded()
    return STORE


def test_counts_orders_and_members():
    s = store()
    assert total(s.query({"trend": {"kind": "order.paid", "by": "month"}})) == 6919
    reply = s.query({"segment": {"expr": 'did("order.paid")'}})
    assert reply["members"] == 2357, reply


def test_amounts_add_up_to_the_cent():
    s = store()
    want = sum(round(float(r[4]) * 100) for r in rows())
    assert total(s.query({"trend": {"kind": "order.paid", "measure": "amount", "by": "month"}})) == want


def test_importing_again_adds_nothing():
    s = store()
    counts = s.load("--format", "columns", "--map", MAP, str(FILE))
    assert counts["stored"] == 0 and counts["duplicate"] == 6919, counts
    assert total(s.query({"trend": {"kind": "order.paid", "by": "month"}})) == 6919


def test_bgnbd_is_within_one_percent_of_the_published_estimates():
    reply = store().query({"repeat": {"kind": "order.paid", "as_of": "1997-10-01", "unit": "week"}})
    for name, published in {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "log_likelihood": -9582.4}.items():
        got = reply["bgnbd"][name]
        assert abs(got - published) <= abs(published) * 0.01, (name, got, published)


def test_who_stood_where_at_the_end_of_a_week_or_of_the_history_is_found():
    """The console leads from the stages of a past week, and of a history that ended, to the members behind them."""
    s, end, since = store(), "1998-06-30T00:00:00.001Z", "1998-06-02T00:00:00.001Z"
    reply = s.query({"lifecycle": {"by": "week", "flow_from": since, "from": "1997-01-01", "to": end}})
    found = lambda expression: s.query({"segment": {"expr": expression}})["members"]  # noqa: E731
    stages = ("effective", "dormant", "churned")
    for week in reply["stock"][20], reply["stock"][60], reply["stock"][-1]:
        before = min(str(datetime.date.fromisoformat(week["at"][:10]) + datetime.timedelta(days=7)), end)
        assert [found(stood(stage, before)) for stage in stages] == [week[stage] for stage in stages], week
    for row, was in (2, "effective"), (5, "dormant"), (6, "churned"):
        assert [found(moved(was, now, since, end)) for now in stages] == [reply["flow"][row][i] for i in (2, 5, 6)], was
    assert found(moved(None, "effective", since, end)) == reply["arrived"][2]


def month(text):
    d = datetime.datetime.strptime(text, "%Y%m%d")
    return d.year * 12 + d.month - 1


def test_retention_by_month_of_first_order_equals_a_recount():
    months = collections.defaultdict(list)
    for r in rows():
        months[r[0]].append(month(r[2]))
    last = max(month(r[2]) for r in rows())
    size, back = collections.Counter(), collections.defaultdict(set)
    repeats = collections.Counter()
    for member, all_months in months.items():
        first = min(all_months)
        size[first] += 1
        repeats[first] += all_months.count(first) > 1
        for m in all_months:
            back[first, m - first].add(member)
    reply = store().query({"retention": {"birth": {"kind": "order.paid"}, "return": {"kind": "order.paid"},
                                         "first": "ever", "by": "month", "periods": 12, "align": "calendar"}})
    got = {c["at"][:7]: c for c in reply["cohorts"]}
    for first, count in size.items():
        c = got[f"{first // 12:04}-{first % 12 + 1:02}"]
        assert c["size"] == count, (c, count)
        assert c["returned"][0] == repeats[first], (c, repeats[first])
        for k in range(1, 12):
            if first + k <= last:
                assert c["returned"][k] == len(back[first, k]), (c, k)


def test_verify_finds_nothing():
    store().verify()


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if STORE:
            STORE.close()
