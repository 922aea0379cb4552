#!/usr/bin/env python3
"""Groups over HTTP: records, who is in them and how they came, what accounts are, how they grew."""
import datetime
import functools
import html
import io
import json
import pathlib
import sys
import time
import urllib.parse
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402


@functools.cache
def store():
    s = Store("shop")
    s.owner = s.add_token(99, "staff.manage members.read members.write members.export groups.write settings.read settings.write audit.read members.privacy")
    s.reader = s.add_token(98, "members.read")
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in talk()))
    return s.serve()


def ago(**span):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**span)).isoformat(timespec="milliseconds")


def call(s, method, path, body=None, status=200, token=None, headers=None, **query):
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, _ = http(method, url, data, {"Authorization": "Bearer " + (token or s.owner), "Content-Type": "application/json", **(headers or {})})
    assert code == status, (method, url, code, text)
    return json.loads(text) if text else None


def track(s, user, event, at, **properties):
    body = json.dumps({"type": "track", "userId": user, "event": event, "timestamp": at, "properties": properties}).encode()
    status, answer, _ = http("POST", s.url + "/v1/track", body, {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})
    assert status == 200, answer


def talk():
    """tea: ann (6 messages), bob (brought by ann, silent), cat (came and left), dan (spoke only); cake: bob too."""
    def fact(user, kind, at, **more):
        return {"at": at, "kind": kind, "identities": {"user": user}, **more}
    return [fact("ann", "group.joined", ago(days=9), group="tea"),
            fact("bob", "group.joined", ago(days=8), group="tea", other={"user": "ann"}),
            fact("bob", "group.joined", ago(days=8), group="cake"),
            fact("cat", "group.joined", ago(days=40), group="tea", touchpoint="shop-1"),
            fact("cat", "group.left", ago(days=2), group="tea"),
            *(fact("ann", "message.sent", ago(days=3, minutes=i), group="tea") for i in range(6)),
            fact("dan", "message.sent", ago(days=1), group="tea")]


def group(s, code):
    return next(g for g in call(s, "GET", "/groups", state="all")["items"] if g["code"] == code)


def members(s, code, **query):
    return call(s, "GET", f"/groups/{group(s, code)['id']}/members", **query)


def names(page):
    return [m["member"]["id"] for m in page["items"]]


def id_of(s, user):
    """Rows of members lag the log by a moment."""
    deadline = time.monotonic() + 30
    while not (found := call(s, "GET", "/members", q="user:" + user)["items"]):
        assert time.monotonic() < deadline
    return found[0]["id"]


def test_a_group_that_an_event_names_has_a_record_and_figures():
    s = store()
    items = call(s, "GET", "/groups")["items"]
    assert [g["code"] for g in items] == ["tea", "cake"], items
    tea = items[0]
    assert (tea["name"], tea["use"], tea["capacity"], tea["version"], tea["owner"]) == ("tea", None, 300, 1, None), tea
    f = tea["figures"]
    assert (f["members"], f["speakers"], f["messages"], f["recent_messages"], f["joined"], f["left"]) == (3, 2, 7, 7, 3, 1), f
    assert len(f["daily"]) == 28 and sum(f["daily"]) == 7, f
    assert call(s, "GET", f"/groups/{tea['id']}") == tea
    call(s, "GET", "/groups/g99", status=404)
    call(s, "GET", "/groups/tea", status=404)


def test_a_record_is_changed_by_version_and_told_in_the_audit():
    s = store()
    g = group(s, "cake")
    path = f"/groups/{g['id']}"
    body = {"name": "蛋糕群", "use": "caring", "channel": "wecom", "channel_id": "wrOg", "owner": "rose", "helpers": ["lily", " kim "], "capacity": 150,
            "hard_limit": 200, "tags": ["华东"], "charter": {"purpose": "回头客", "target": 120}}
    call(s, "PUT", path, body, status=412, headers={"If-Match": '"9"'})
    new = call(s, "PUT", path, body, headers={"If-Match": f'"{g["version"]}"'})
    assert (new["name"], new["use"], new["owner"], new["helpers"], new["capacity"], new["hard_limit"], new["tags"]) == ("蛋糕群", "caring", "rose", ["lily", "kim"], 150, 200, ["华东"]), new
    assert new["charter"]["purpose"] == "回头客" and new["charter"]["target"] == 120 and new["charter"]["rules"] is None, new
    assert new["version"] == g["version"] + 1 and new["changed_by"], new
    assert call(s, "GET", "/groups", use="caring", tag="华东")["items"][0]["code"] == "cake"
    assert call(s, "GET", "/groups", use="sales")["items"] == []
    # what is not given stays, what is empty goes
    new = call(s, "PUT", path, {"owner": "", "charter": {"rules": "不发广告"}})
    assert new["owner"] is None and new["charter"]["purpose"] == "回头客" and new["charter"]["rules"] == "不发广告" and new["capacity"] == 150, new
    call(s, "PUT", path, {"archived": True})
    assert [g["code"] for g in call(s, "GET", "/groups")["items"] if g["code"] == "cake"] == []
    assert group(s, "cake")["archived_at"]
    call(s, "PUT", path, {"archived": False})
    actions = [a["action"] for a in call(s, "GET", "/audit")["items"]]
    assert actions.count("group.changed") >= 4, actions


def test_what_a_record_cannot_be_is_refused():
    s = store()
    path = f"/groups/{group(s, 'tea')['id']}"
    problem = call(s, "PUT", path, {"capacity": 300, "hard_limit": 200}, status=400)
    assert problem["errors"][0]["field"] == "capacity" and "200" in problem["errors"][0]["message"], problem
    call(s, "PUT", path, {"capacity": 0}, status=400)
    call(s, "PUT", path, {"use": "war"}, status=400)
    call(s, "PUT", path, {"helpers": ["a\nb"]}, status=400)
    call(s, "PUT", path, {"helpers": [7]}, status=400)
    call(s, "PUT", path, {"charter": {"rules": "x" * 2001}}, status=400)
    call(s, "PUT", path, {"capacity": 10}, status=403, token=s.reader)
    assert group(s, "tea")["version"] == 1


def test_a_group_is_made_before_there_is_any_event():
    s = store()
    new = call(s, "POST", "/groups", {"code": "bread", "use": "sales"}, status=201)
    assert new["code"] == "bread" and new["use"] == "sales" and new["name"] == "bread", new
    call(s, "POST", "/groups", {"code": "bread"}, status=409)
    assert group(s, "bread")["figures"]["messages"] == 0
    track(s, "eve", "message.sent", ago(minutes=1), group="bread")
    assert group(s, "bread")["figures"]["members"] == 1


def test_members_come_with_how_they_came_and_lists_narrow_them():
    s = store()
    ann, bob, cat, dan = (id_of(s, u) for u in ("ann", "bob", "cat", "dan"))
    page = members(s, "tea", show="all")
    by = {m["member"]["id"]: m for m in page["items"]}
    assert set(by) == {ann, bob, cat, dan} and page["total"] == 4, page
    assert by[bob]["way"] == "invited" and by[bob]["inviter"]["id"] == ann and by[bob]["groups"] == 2 and by[bob]["messages"] == 0, by[bob]
    assert by[cat]["way"] == "scanned" and by[cat]["touchpoint"] == "shop-1" and not by[cat]["in"] and by[cat]["left_at"], by[cat]
    assert by[dan]["way"] == "spoke" and by[dan]["messages"] == 1, by[dan]
    assert by[ann]["way"] == "unknown" and by[ann]["recent_messages"] == 6, by[ann]
    assert names(members(s, "tea")) == [dan, bob, ann]
    assert names(members(s, "tea", show="silent")) == [bob]
    assert names(members(s, "tea", show="several")) == [bob]
    assert names(members(s, "tea", show="left", sort="left")) == [cat]
    assert names(members(s, "tea", sort="messages")) == [ann, dan, bob]
    # pages
    seen, cursor = [], {}
    while True:
        page = members(s, "tea", limit=1, **cursor)
        seen += names(page)
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [dan, bob, ann], seen
    members_of_tea = f"/groups/{group(s, 'tea')['id']}/members"
    call(s, "GET", members_of_tea, status=400, cursor="zz")
    call(s, "GET", members_of_tea, status=400, show="some")


def test_members_leave_as_a_file():
    s = store()
    url = f"{s.url}/api/v1/shop/groups/{group(s, 'tea')['id']}/members/export?show=left"
    code, text, headers = http("GET", url, None, {"Authorization": "Bearer " + s.owner})
    lines = text.decode("utf-8-sig").splitlines()
    assert code == 200 and headers["Content-Type"].startswith("text/csv") and lines[0].startswith("id,name,role,in,circle,joined_at"), (code, lines)
    assert len(lines) == 2 and lines[1].startswith(id_of(s, "cat") + ",") and ",scanned,,shop-1," in lines[1], lines
    assert http("GET", url, None, {"Authorization": "Bearer " + s.reader})[0] == 403
    code, book, headers = http("GET", url + "&format=xlsx", None, {"Authorization": "Bearer " + s.owner})
    with zipfile.ZipFile(io.BytesIO(book)) as z:
        texts = html.unescape(z.read("xl/worksheets/sheet1.xml").decode())
    assert code == 200 and headers["Content-Disposition"].endswith('group.xlsx"') and headers["Content-Type"].endswith("spreadsheetml.sheet"), headers
    assert all(f">{cell}<" in texts for cell in lines[0].split(",") + [id_of(s, "cat"), "scanned", "shop-1"]), texts
    call(s, "GET", url.split("/shop")[1].replace("show=left", "format=pdf"), status=400)


def test_a_group_without_staff_asks_who_runs_it_and_remembers_the_answer():
    s = store()
    ann, dan = id_of(s, "ann"), id_of(s, "dan")
    path = f"/groups/{group(s, 'tea')['id']}/accounts"
    a = call(s, "GET", path)
    assert a["items"] == [] and not a["staff_known"], a
    assert [(p["member"]["id"], p["reason"], p["number"], p["of"]) for p in a["proposed"]] == [(ann, "top", 6, 7)], a
    call(s, "PUT", f"{path}/{ann}", {"role": "staff", "person": "rose"}, status=204)
    a = call(s, "GET", path)
    assert a["staff_known"] and a["proposed"] == [] and [(i["member"]["id"], i["role"], i["person"], i["everywhere"]) for i in a["items"]] == [(ann, "staff", "rose", False)], a
    assert next(m for m in members(s, "tea")["items"] if m["member"]["id"] == ann)["role"] == "staff"
    # of all groups, unless the group says otherwise
    call(s, "PUT", f"{path}/{ann}", {"role": "bot", "everywhere": True}, status=204)
    call(s, "PUT", f"{path}/{dan}", {"role": "partner", "everywhere": True}, status=204)
    assert {(i["member"]["id"], i["role"], i["everywhere"]) for i in call(s, "GET", path)["items"]} == {(ann, "staff", False), (dan, "partner", True)}
    call(s, "DELETE", f"{path}/{ann}", status=204)
    assert {(i["member"]["id"], i["role"]) for i in call(s, "GET", path)["items"]} == {(ann, "bot"), (dan, "partner")}
    call(s, "DELETE", f"{path}/{ann}", status=204, everywhere="true")
    call(s, "DELETE", f"{path}/{ann}", status=404)
    # whom a person has judged is not proposed again
    call(s, "PUT", f"{path}/{ann}", {"role": "member"}, status=204)
    assert call(s, "GET", path)["proposed"] == []
    call(s, "PUT", f"{path}/m999", {"role": "staff"}, status=404)
    call(s, "PUT", f"{path}/{ann}", {"role": "king"}, status=400)
    call(s, "PUT", f"{path}/{ann}", {"role": "staff"}, status=403, token=s.reader)


def test_growth_is_given_day_by_day_and_adds_up():
    s = store()
    path = f"/groups/{group(s, 'tea')['id']}/growth"
    days = call(s, "GET", path)["items"]
    assert len(days) == 28
    assert sum(d["joined"] for d in days) == 3 and sum(d["left"] for d in days) == 1 and sum(d["messages"] for d in days) == 7, days
    assert days[0]["members"] == 1 and days[-1]["members"] == 3, days
    for before, day in zip(days, days[1:]):
        assert day["members"] == before["members"] + day["joined"] - day["left"], (before, day)
    assert all(d["speakers"] == (d["messages"] > 0) for d in days), days  # never two of them on a day
    long = call(s, "GET", path, **{"from": ago(days=60)[:10]})["items"]
    assert sum(d["joined"] for d in long) == 4 and long[0]["members"] == 0, long[0]
    call(s, "GET", path, status=400, **{"from": "2025-01-02", "to": "2025-01-01"})
    call(s, "GET", path, status=413, **{"from": "2001-01-01"})


def test_a_family_leads_to_the_first_with_room_and_wants_the_next_before_it_is_full():
    s = store()
    one, two = (call(s, "POST", "/groups", {"code": c, "capacity": 4}, status=201)["id"] for c in ("row-1", "row-2"))
    for i in range(3):
        track(s, f"r{i}", "group.joined", ago(hours=i + 1), group="row-1")
    made = call(s, "POST", "/group-families", {"name": "Row", "groups": [one, two], "hours": 1, "share": 75}, status=201)
    assert made["entrance"] == one and not made["next_wanted"] and made["because"] is None, made
    assert made["full_in_hours"] == 5 / (3 / 24), made
    track(s, "r3", "group.joined", ago(minutes=1), group="row-1")  # full at exactly four
    for i in range(4, 6):
        track(s, f"r{i}", "group.joined", ago(minutes=1), group="row-2")

    def row():
        return next(f for f in call(s, "GET", "/group-families")["items"] if f["id"] == made["id"])
    f = row()
    assert f["entrance"] == two and [g["full"] for g in f["groups"]] == [True, False] and not f["next_wanted"], f
    track(s, "r6", "group.joined", ago(minutes=1), group="row-2")  # three of four are the share
    assert row()["next_wanted"] and row()["because"] == "share", row()

    def tasks(**query):
        return [(t["name"], t["because"], t["last"]["id"]) for t in call(s, "GET", "/family-tasks", **query)["items"]]
    assert tasks() == [("Row", "share", two)], tasks()  # nobody owns the groups: whoever sees all
    call(s, "PUT", f"/groups/{two}", {"owner": "rose", "helpers": ["lily", "mei"]})
    refused = call(s, "GET", "/family-tasks", status=403, token=s.reader, staff="rose")
    assert refused["errors"][0]["field"] == "staff", refused
    assert tasks() == [] and tasks(staff="rose") == tasks(staff="lily") == tasks(staff="mei") == [("Row", "share", two)] and tasks(staff="ros") == []
    call(s, "POST", f"/group-families/{made['id']}/put-off", status=204)
    assert tasks(staff="rose") == [] and row()["next_wanted"]
    track(s, "r61", "group.joined", ago(minutes=1), group="row-2")
    assert tasks(staff="rose") == [("Row", "full", two)]  # nothing has room any more
    call(s, "POST", f"/group-families/{made['id']}/put-off", status=204)
    assert tasks(staff="rose") == []
    track(s, "r61", "group.left", ago(seconds=1), group="row-2")
    call(s, "POST", "/group-families/999/put-off", status=404)
    three = call(s, "POST", f"/group-families/{made['id']}/open", status=201)
    assert three["code"] == "row-3", three
    f = row()
    assert [g["id"] for g in f["groups"]] == [one, two, three["id"]] and f["entrance"] == two and not f["next_wanted"], f
    assert group(s, "row-3")["capacity"] == 4
    call(s, "POST", "/group-families", {"name": "Other", "groups": [two]}, status=409)
    call(s, "POST", "/group-families", {"name": "Other", "groups": ["x"]}, status=400)
    call(s, "POST", "/group-families", {"name": "Other", "groups": ["g999"]}, status=404)
    call(s, "POST", "/group-families", {"name": "Other", "hours": 0}, status=400)
    call(s, "PUT", f"/group-families/{made['id']}", {"qr": True}, status=412, headers={"If-Match": '"1"'})
    changed = call(s, "PUT", f"/group-families/{made['id']}", {"hours": 2, "groups": [two, three["id"]]})
    assert changed["hours"] == 2 and changed["share"] == 75 and changed["version"] == 3 and changed["entrance"] == two, changed
    own = call(s, "PUT", f"/group-families/{made['id']}", {"opens": True, "hours": 1})
    assert own["opens"] and not own["next_wanted"], own
    track(s, "r7", "group.joined", ago(minutes=1), group="row-2")  # full; the last has room for two of its three
    for i in range(8, 10):
        track(s, f"r{i}", "group.joined", ago(minutes=1), group="row-3")
    assert len(row()["groups"]) == 2 and not row()["next_wanted"], row()
    track(s, "r10", "group.joined", ago(minutes=1), group="row-3")
    deadline = time.monotonic() + 40
    while len((f := row())["groups"]) < 3:  # looked at every ten seconds
        assert f["next_wanted"] and time.monotonic() < deadline, f
        time.sleep(0.1)
    assert f["groups"][2]["name"] == "row-4" and f["changed_by"] == "family" and not f["next_wanted"], f
    assert [a for a in call(s, "GET", "/audit", action="family.opened")["items"] if a["subject"] == f"family:{made['id']}"], "not audited"
    call(s, "DELETE", f"/group-families/{made['id']}", status=204)
    call(s, "DELETE", f"/group-families/{made['id']}", status=404)
    assert call(s, "GET", "/group-families")["items"] == []


def test_templates_speak_the_callers_language():
    s = store()
    en = call(s, "GET", "/group-templates")["items"]
    zh = call(s, "GET", "/group-templates", headers={"Accept-Language": "zh-CN"})["items"]
    assert [t["code"] for t in en] == [t["code"] for t in zh] == ["fans", "course", "network", "store", "deals"]
    assert zh[3]["name"] == "门店群" and en[3]["name"] == "Customers of a store" and zh[3]["capacity"] == 195


def test_who_is_erased_is_gone_from_the_group_and_its_roles():
    s = store()
    track(s, "zed", "message.sent", ago(minutes=2), group="bread2")
    zed = id_of(s, "zed")
    path = f"/groups/{group(s, 'bread2')['id']}"
    call(s, "PUT", f"{path}/accounts/{zed}", {"role": "bot"}, status=204)
    s.stop()
    s.run("erase", "user:zed")
    s.serve()
    assert zed not in [i["member"]["id"] for i in call(s, "GET", f"{path}/accounts")["items"]]
    assert call(s, "GET", f"{path}/members", show="all")["items"] == []


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        store().close()
