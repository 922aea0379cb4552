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
    s.owner = s.add_token(99, "members.read members.write groups.write settings.read audit.read members.privacy members.merge boards.write insight.read")
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
    return facts + sale() + planted() + tea()


def sale():
    """Eight in since day 70. rose posts the same at 10:00 on days 9, 8 and 2 before today, something else on day 3. s0 leaves at 11:00 on day 9,
    s1 deletes the contact at 10:30 on day 2, s2 takes back a consent then, s3 is too late at 12:01. A week before day 2 (day 9) one was lost.
    Every member acts on day 69, s4 alone on day 30: months of 28 days end with days 43 and 15, with 8 in."""
    facts = []
    for i in range(8):
        facts.append(fact(f"s{i}", "group.joined", clock(70, 9, i), group="sale"))
        facts.append(fact(f"s{i}", "message.sent", clock(69, 9, i), group="sale", props={"text": "在"}))
    facts.append(fact("s4", "message.sent", clock(30, 9, 0), group="sale", props={"text": "还在"}))
    for day, text in ((9, "今晚八点，秒杀！"), (8, "今晚八点秒杀"), (3, "早安"), (2, "今晚八点 秒杀")):
        facts.append(fact(None, "message.sent", clock(day, 10, 0), group="sale", staff="rose", props={"promotion": True, "text": text, **({"department": "销售"} if day > 3 else {})}))
    facts.append(fact("s0", "group.left", clock(9, 11, 0), group="sale"))
    facts.append(fact("s1", "contact.deleted", clock(2, 10, 30), staff="rose"))
    facts.append(fact("s2", "member.revoked", clock(2, 10, 30), props={"purpose": "marketing"}))
    facts.append(fact("s3", "group.left", clock(2, 12, 1), group="sale"))
    facts.append(fact("u5", "contact.deleted", clock(2, 10, 40), staff="rose"))  # of no member of the group
    return facts


def tea():
    """tea is promoted in teahouse (t1 to t5) 10 and 6 days ago at 10:00, by rose and by t5, whom somebody says to be of staff; and in tearoom (t6 to t9) 10 days
    ago. t1 speaks of it two hours later and t2 shares it with the campaign of an order. Who pays when is in the test."""
    about = {"product": "明前龙井"}
    facts = [fact(f"t{i}", "group.joined", clock(39, 9, i), group="teahouse" if i <= 5 else "tearoom") for i in range(1, 10)]
    facts += [fact(None, "message.sent", clock(10, 10, 0), group=g, staff="rose", props={"promotion": True, **about}) for g in ("teahouse", "tearoom")]
    facts.append(fact("t5", "message.sent", clock(6, 10, 0), group="teahouse", props={"promotion": True, **about}))
    facts.append(fact("t1", "message.sent", clock(10, 12, 0), group="teahouse", props={"text": "这茶我回购三次了", **about}))
    facts.append(fact("t2", "content.shared", clock(10, 11, 0), group="teahouse", campaign="春茶节"))
    for i, (who, days, hour, minute) in enumerate([("t2", 10, 11, 30), ("t3", 10, 13, 0), ("t6", 10, 13, 30), ("t4", 9, 11, 59), ("t3", 6, 11, 59), ("t2", 6, 20, 0)]):
        facts.append(fact(who, "order.paid", clock(days, hour, minute), amount=1000, props={"order": f"T{i}", **about}, **({"campaign": "春茶节"} if who == "t3" and days == 10 else {})))
    return facts


def planted():
    """deals: rose promotes on five days, and each time d1 to d6 speak within the half hour, in an order that never comes again. d1 wrote one of
    its lines in group swap before; d2 and d3 have one props.device; d4 came with a device identity that is d5's; d6 came within the hour of
    d2 and d3 through the same poster, d1 an hour and a half later; d4 and d5 without one."""
    facts = [fact(f"d{i}", "group.joined", clock(30, 9, 90 if i == 1 else i), group="deals", **({} if i in (4, 5) else {"touchpoint": "poster"})) for i in range(1, 7)]
    facts += [{**fact(None, "page.viewed", clock(29, 8, i)), "identities": {"user": f"d{i}", "device": "ffee-0011-2233"}} for i in (5, 4)]
    facts.append(fact("d1", "message.sent", clock(6, 9, 0), group="swap", props={"text": "@掌柜 上次那款酱我家吃了三罐，真的离不开"}))
    for day in range(1, 6):
        facts.append(fact(None, "message.sent", clock(day, 15, 0), group="deals", staff="rose", props={"promotion": True, "text": "拼团开始"}))
        for k in range(1, 7):
            i = k * day % 7
            words = "上次那款酱我家吃了三罐真的离不开" if (i, day) == (1, 3) else "好" * i + str(day)
            more = {"device": "a1b2c3d4e5"} if i in (2, 3) else {}
            facts.append(fact(f"d{i}", "message.sent", clock(day, 15, k), group="deals", props={"text": words, **more}))
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
    assert (glance["archetype"], glance["messages"], glance["trend"][-1]) == ("self_driven", 61, 61) and glance["scores"]["self_driven"] > 0.8, glance


def test_the_past_of_a_group_is_made_and_made_again():
    """friends joined 40 days ago: its days go back to then. A message of 50 days ago brings days from there on, with the figures that it changes."""
    s = store()
    g = group(s, "friends")

    def days():
        return call(s, "GET", f"/groups/{g}/health", days=100)["history"]

    until(lambda: len(days()) == 41)
    assert (days()[0]["day"], days()[0]["messages"]) == (clock(40, 0, 0).date().isoformat(), 0)
    then = call(s, "GET", f"/groups/{g}/health", days=10, at=clock(20, 12, 0).isoformat())["history"]
    assert [d["day"] for d in then] == [clock(d, 0, 0).date().isoformat() for d in range(29, 19, -1)], then  # none of later
    s.load("--format", "jsonl", "-", stdin=json.dumps(fact("u3", "message.sent", clock(50, 10, 0), group="friends")))
    until(lambda: len(days()) == 51 and [d["messages"] for d in days()[:29]] == [1] * 28 + [0])
    assert days()[0]["day"] == clock(50, 0, 0).date().isoformat()


def test_a_post_costs_the_members_who_go_after_it():
    """Day 2: 7 in; 2 lost; the weeks before: day 9 one, days 16, 23, 30 none, so usual = 0: 2 / 7 * 1000. Day 9: one of 8: 125. Day 8: none of 7.
    The template: (1 + 0 + 2) / (8 + 7 + 7) * 1000 = 3 / 22 * 1000; with day 3's nothing of 7, all: 3 / 29 * 1000."""
    s = store()
    g = group(s, "sale")
    x = call(s, "GET", f"/groups/{g}/pushes")
    posts = {p["message"]["text"]: p for p in x["posts"]}
    assert [round(p["cost"], 6) for p in x["posts"]] == [round(2000 / 7, 6), 0, 0, 125], x["posts"]
    last = posts["今晚八点 秒杀"]
    assert (last["reached"], last["left"], last["deleted"], last["unsubscribed"], last["usual"], last["weeks"]) == (7, 0, 1, 1, 0, 4), last
    assert [(m["what"], bool(m["id"])) for m in last["lost"]] == [("deleted", True), ("unsubscribed", True)], last
    assert posts["早安"]["lost"] == [] and last["message"]["promotion"] and last["message"]["account"]["staff"] == "rose"
    assert (x["all"]["posts"], x["all"]["reached"], x["all"]["lost"]) == (4, 29, 3) and abs(x["all"]["cost"] - 3000 / 29) < 1e-9, x["all"]
    [t] = x["templates"]
    assert (t["text"], t["posts"], t["lost"]) == ("今晚八点 秒杀", 3, 3) and abs(t["cost"] - 3000 / 22) < 1e-9, t
    asked = feature(call(s, "GET", f"/groups/{g}/health"), "departments")
    assert (asked["value"], asked["hits"], asked["of"], asked["known"]) == (1, 2, 4, True), asked  # one department asked for two of four posts
    before = call(s, "GET", f"/groups/{g}/pushes", at=clock(2, 11, 0).isoformat())["posts"]
    assert (before[0]["cost"], before[0]["deleted"]) == (None, 1), before[0]  # its two hours were not over
    assert call(s, "GET", f"/groups/{group(s, 'friends')}/pushes")["posts"][0]["lost"] == []
    call(s, "GET", f"/groups/{g}/pushes", at="soon", status=400)
    call(s, "GET", "/groups/g99/pushes", status=404)


def test_a_day_is_one_text_to_copy():
    """Three days ago in the group diary. It has y0, y1 (came that day by the poster), y2 (that day, invited), y3 (130 days before), y4 to y6 (20 days before).
    rose posts at 10:00; y4 leaves at 11:59, y5 at 12:01, so that one of two is put down to the post; y0 and y3 speak, y6 only looks: active 2, opened 3
    of the 5 who are left. y3 pays 100.00, y0 50.50, and u1, who is not in it, 10: of the group's 150.50 old members paid 66 %. The day before: y6 spoke."""
    s = store()
    facts = [fact(f"y{i}", "group.joined", clock(3, 9, i), group="diary", touchpoint="海报") for i in (0, 1)]
    facts += [fact("y2", "group.joined", clock(3, 9, 2), group="diary", other={"user": "y3"}), fact("y3", "group.joined", clock(133, 9, 0), group="diary")]
    facts += [fact(f"y{i}", "group.joined", clock(23, 9, i), group="diary") for i in (4, 5, 6)]
    facts += [fact(None, "message.sent", clock(3, 10, 0), group="diary", staff="rose"), fact("y4", "group.left", clock(3, 11, 59), group="diary"),
              fact("y5", "group.left", clock(3, 12, 1), group="diary")]
    facts += [fact(f"y{i}", "message.sent", clock(3, 13, i), group="diary") for i in (0, 3)] + [fact("y6", "content.viewed", clock(3, 13, 0), group="diary")]
    facts += [fact(u, "order.paid", clock(3, 14, i), amount=amount, props={"order": f"D{i}"}) for i, (u, amount) in enumerate([("y3", 10000), ("y0", 5050), ("u1", 1000)])]
    facts.append(fact("y6", "message.sent", clock(4, 13, 0), group="diary"))
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in facts))
    g, day = group(s, "diary"), clock(3, 0, 0).date().isoformat()
    x = call(s, "GET", "/daily", group=g, day=day, lang="zh")
    assert x["text"] == f"【diary】{day} 新增 3（海报 2）｜退群 2，其中群发后2小时 1｜活跃 2/5｜打开 3/5｜成交 2 单 ￥150.50，老用户 66%", x["text"]
    assert x["figures"] == {"joined": 3, "left": 2, "left_after_post": 1, "members": 5, "active": 2, "opened": 3, "orders": 2, "amount": 15050, "amount_old": 10000}, x
    assert (x["before"]["active"], x["before"]["members"], x["waiting"], x["sources"]) == (1, 4, None, [{"touchpoint": "海报", "joined": 2}]), x
    x = call(s, "GET", "/daily", group=g, day=day, lang="en")
    assert x["text"] == f"[diary] {day} new 3 (海报 2) | left 2, 1 of them within 2 h of a post | active 2/5 | opened 3/5 | orders 2, ￥150.50, 66% from old members", x["text"]
    brand = call(s, "GET", "/daily", day=day, lang="zh")
    assert (brand["figures"]["orders"], brand["figures"]["joined"], brand["figures"]["left_after_post"]) == (3, 3, 1), brand
    now = call(s, "GET", "/daily", lang="zh")
    assert "未回复 " in now["text"] and now["waiting"] is not None and "要帮的群：news（自说自话）" in now["text"], now["text"]
    week = call(s, "GET", "/daily", span="week", lang="zh", day=day)
    assert datetime.date.fromisoformat(week["from"]).weekday() == 0 and week["figures"]["joined"] >= 3 and "（上周 " in week["text"], week
    for wrong in ({"group": "g999"}, {"group": "x"}, {"span": "year"}, {"day": "soon"}, {"lang": "fr"}):
        call(s, "GET", "/daily", status=400, **wrong)


def test_who_goes_with_whom_is_told_with_what_is_behind_it():
    """t3's first order is of the tea and of the campaign: t1 spoke of the one, t2 shared the other: half a credit each; t4's is t1's alone. Without the role, t5
    promotes nothing, but acts as members do: both orders of day 6 are t5's, and t1's round of day 10 has only tearoom to compare with. With it: after t1's
    act t3 and t4 pay, 2 of 2 (t2 had paid); at the same hours of day 6 t2 pays and t3 has paid, 1 of t2, t4; in tearoom t6 of four: lift = (2/2) / (2/6) = 3."""
    s = store()
    g = group(s, "teahouse")
    ids = {i: call(s, "GET", "/members", q=f"user:t{i}")["items"][0]["id"] for i in (1, 2, 3, 4, 5)}
    x = call(s, "GET", f"/groups/{g}/along")
    assert [(i["member"]["id"], i["credits"]) for i in x["items"]] == [(ids[5], 2), (ids[1], 1.5), (ids[2], 0.5)] and (x["purchases"], x["credited"]) == (5, 4), x
    assert (x["items"][1]["after"]["people"], x["items"][1]["without"]) == (3, {"hits": 1, "people": 4, "rounds": 1}), x["items"][1]
    call(s, "PUT", f"/groups/{g}/accounts/{ids[5]}", {"role": "staff", "person": "rose"}, status=204)
    [one, two] = call(s, "GET", f"/groups/{g}/along")["items"]
    assert (one["after"], one["without"], round(one["lift"], 9)) == ({"hits": 2, "people": 2, "rounds": 1}, {"hits": 2, "people": 6, "rounds": 2}, 3), one
    assert one["low"] < 3 < one["high"] and (two["lift"], two["after"]["people"]) == (None, 0), (one, two)
    [last, first] = one["evidence"]
    assert (last["act"], last["text"], last["then"], last["member"]["id"], last["shared_by"], last["product"]) == ("message", "这茶我回购三次了", "paid", ids[4], 1, "明前龙井"), last
    assert (first["member"]["id"], first["shared_by"], first["campaign"]) == (ids[3], 2, "春茶节") and first["at"] < first["then_at"], first
    assert [e["act"] for e in two["evidence"]] == ["share"] and two["evidence"][0]["text"] is None, two
    assert call(s, "GET", f"/groups/{g}/along", at=clock(10, 12, 30).isoformat())["items"] == []
    assert call(s, "GET", f"/groups/{group(s, 'news')}/along")["items"] == []
    call(s, "GET", f"/groups/{g}/along", at="soon", status=400)
    call(s, "GET", "/groups/g99/along", status=404)


def test_a_life_is_told_by_months_of_28_days():
    s = store()
    life = call(s, "GET", f"/groups/{group(s, 'sale')}/life")
    assert [(m["members"], m["active"]) for m in life["months"]] == [(8, 8), (8, 1)], life
    assert (life["half_life"], life["cliff"], life["running"]["month"]) == (2, 2, 3) and abs(life["fall"] - 7 / 8) < 1e-9, life
    assert life["months"][0]["from"] == clock(70, 0, 0).date().isoformat() and (life["running"]["members"], life["running"]["active"]) == (6, 0), life
    early = call(s, "GET", f"/groups/{group(s, 'sale')}/life", at=clock(60, 0, 0).isoformat())
    assert (early["months"], early["half_life"], early["cliff"], early["running"]["active"]) == ([], None, None, 8), early
    call(s, "GET", "/groups/g99/life", status=404)


def test_suspects_are_shown_with_what_is_outside_of_the_group():
    """Hard signs: d1 same text (its own elsewhere), d2 and d3 device, d4 and d5 device (a conflict of identities), d6 arrival; soft: all."""
    s = store()
    ids = {i: call(s, "GET", "/members", q=f"user:d{i}")["items"][0]["id"] for i in range(1, 7)}
    by = {x["account"]["id"]: x for x in call(s, "GET", f"/groups/{group(s, 'deals')}/suspects")["items"]}
    hard = {i: sorted(set(by[ids[i]]["signs"]) & {"same_text", "same_order", "device", "arrival"}) for i in ids}
    assert hard == {1: ["same_text"], 2: ["device"], 3: ["device"], 4: ["device"], 5: ["device"], 6: ["arrival"]}, hard
    [proof] = by[ids[1]]["proofs"]
    assert (proof["sign"], proof["other"], proof["other_group"]) == ("same_text", None, "swap") and proof["text"].startswith("上次那款酱"), proof
    assert proof["other_text"].startswith("@掌柜") and proof["at"] and proof["other_at"] < proof["at"], proof
    assert [p["other"]["id"] for p in by[ids[2]]["proofs"]] == [ids[3]] and [p["other"]["id"] for p in by[ids[4]]["proofs"]] == [ids[5]], by
    assert sorted(p["other"]["id"] for p in by[ids[6]]["proofs"]) == sorted([ids[2], ids[3]]), by[ids[6]]


def circle(s, g):
    """Members of a group by circle, as the list has them."""
    by = {}
    for m in call(s, "GET", f"/groups/{g}/members", limit=100)["items"]:
        by.setdefault(m["circle"], []).append(m["member"]["id"])
    return by


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        time.sleep(0.1)
    return found


def holds(s, code, members):
    """Wait until a segment, which may have been made just now and not be followed yet, holds exactly these."""
    url = f"{s.url}/api/v1/shop/members?" + urllib.parse.urlencode({"segment": code, "limit": 50})

    def who():
        status, text, _ = http("GET", url, None, {"Authorization": "Bearer " + s.owner})
        return sorted(m["id"] for m in json.loads(text)["items"]) if status == 200 else None
    until(lambda: who() == sorted(members), 30)


def test_circles_are_a_field_and_its_changes_events():
    """friends: messages on five days, so that nobody has eight, and nobody has bought: no core. All but u11 were answered: influence. news:
    one day of messages each: periphery. Then u0 and u1 answer each other on nine days more: a chain with one thick edge has shell 1, still no core;
    with u2, who answers both, it is a triangle of shell 2, and of 12 members 1 may be core: the first by PageRank."""
    s = store()
    friends, news = group(s, "friends"), group(s, "news")
    until(lambda: None not in circle(s, friends) and None not in circle(s, news))
    by = circle(s, friends)
    assert (len(by["influence"]), len(by["periphery"])) == (11, 1) and set(circle(s, news)) == {"periphery"}, by
    last = by["periphery"][0]
    for code, text in (("reached", 'circle = "influence"'), ("edge", 'circle("friends") = "periphery"'), ("nobody", 'circle = "core"'), ("risen", 'did("circle.changed", where props.to = "core" and group = "friends")')):
        call(s, "POST", "/segments", {"code": code, "name": code, "expression": text}, 201)
    holds(s, "reached", by["influence"])
    holds(s, "edge", [last])
    holds(s, "nobody", [])
    assert len(call(s, "GET", f"/groups/{friends}/members", circle="influence", limit=100)["items"]) == 11
    call(s, "GET", f"/groups/{friends}/members", circle="centre", status=400)
    more = []
    for day in range(10, 19):
        more += [fact("u0", "message.sent", clock(day, 21, 0), group="friends", other={"user": "u1"}), fact("u1", "message.sent", clock(day, 21, 1), group="friends", other={"user": "u0"}),
                 fact("u2", "message.sent", clock(day, 21, 2), group="friends", other={"user": "u0"}), fact("u2", "message.sent", clock(day, 21, 3), group="friends", other={"user": "u1"})]
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in more))
    until(lambda: "core" in circle(s, friends))  # who looks at groups does so every ten seconds
    by = circle(s, friends)
    [core] = by["core"]
    holds(s, "nobody", [core])
    holds(s, "risen", [core])
    [change] = call(s, "GET", f"/members/{core}/timeline", kind="circle.changed", limit=1)["items"]
    assert (change["props"], change["group"]) == ({"from": "influence", "to": "core"}, "friends"), change
    counted = call(s, "POST", "/query", {"trend": {"kind": "circle.changed", "measure": "members", "breakdown": "props.to"}})
    assert counted["points"], counted
    s.kill()
    s.serve()
    assert circle(s, friends) == by
    holds(s, "nobody", [core])
    merged = call(s, "POST", f"/members/{last}/merge", {"with": core, "over_caps": True})["member"]
    holds(s, "nobody", [merged])
    call(s, "POST", f"/members/{merged}/erase", {"confirm": merged, "reason": "asked"})
    holds(s, "nobody", [])
    assert "core" not in circle(s, friends)


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
