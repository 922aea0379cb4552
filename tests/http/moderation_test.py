#!/usr/bin/env python3
"""Order in groups over HTTP: a rule is made, a message is found, staff decide, and all of it is told."""
import datetime
import functools
import json
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402

SCOPES = "overview.read members.read members.write groups.write imports.write audit.read members.privacy"


@functools.cache
def store():
    s = Store("shop")
    s.owner = s.add_token(91, SCOPES)
    s.reader = s.add_token(92, "members.read")
    return s.serve()


def call(s, method, path, body=None, status=200, token=None, headers=None, **query):
    url = f"{s.url}/api/v1/shop/moderation{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, _ = http(method, url, data, {"Authorization": "Bearer " + (token or s.owner), "Content-Type": "application/json", **(headers or {})})
    assert code == status, (method, url, code, text)
    return json.loads(text) if text else None


def ago(**span):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**span)).isoformat(timespec="milliseconds")


def say(s, user, text, group="g1", at=None, **extra):
    """What somebody writes in a group; returns when it is stored."""
    body = {"type": "track", "userId": user, "event": "message.sent", "timestamp": at or ago(seconds=1), "context": {"groupId": group},
            "properties": {"group": group, "text": text, **extra}}
    status, answer, _ = http("POST", s.url + "/v1/track", json.dumps(body).encode(),
                             {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"})
    assert status == 200, answer


def rule(s, kind, action, name="r", **more):
    return call(s, "POST", "/rules", {"kind": kind, "action": action, "name": name, **more}, status=201)


def drop(s, *rules):
    for r in rules:
        call(s, "DELETE", f"/rules/{r['id']}", status=204)


def found(s, rule, **query):
    return call(s, "GET", "/cases", rule=rule["id"], **query)["items"]


def test_a_brand_begins_without_a_rule_and_with_nothing_to_do():
    s = Store("shop")
    try:
        s.owner = s.add_token(91, SCOPES)
        s.serve()
        assert call(s, "GET", "/rules") == {"items": [], "next": None}
        assert call(s, "GET", "/cases") == {"items": [], "next": None, "open": 0, "appealed": 0, "tasks": 0}
        say(s, "u1", "刷单日结，加微信 abcdefg，http://ads.example/x")
        assert call(s, "GET", "/cases", state="all")["items"] == []
        tried = call(s, "POST", "/try", {"text": "刷单"})
        assert tried["items"] == [] and tried["action"] is None and tried["ad"] is None, tried
        starter = call(s, "GET", "/starter")["terms"]
        assert "刷单\n" in starter and starter.startswith("#"), starter
    finally:
        s.close()


def test_a_word_is_found_however_it_is_written_and_staff_decide():
    s = store()
    r = rule(s, "terms", "warn", "ads", terms="# ads\n刷单\n/v(x|信)[:： ]?\\w{5,}/\n", exempt=["staff"])
    assert (r["words"], r["patterns"], r["version"], r["exempt"]) == (1, 1, 1, ["staff"]), r
    say(s, "a1", "招人刷\u200b单，日结")
    say(s, "a2", "好的，谢谢")
    say(s, "a3", "找我 ＶＸ：ABC_123")
    cases = found(s, r)
    assert [c["what"] for c in cases] == ["v(x|信)[:： ]?\\w{5,}", "刷单"], cases
    one = cases[1]
    assert one["text"] == {"before": "招人", "found": "刷\u200b单", "after": "，日结"}, one
    assert one["group"] == "g1" and one["rule_name"] == "ads" and one["action"] == "warn" and one["state"] == "open" and one["task"] == "todo", one
    assert call(s, "GET", f"/cases/{one['id']}") == one
    call(s, "POST", f"/cases/{one['id']}/decide", {"verdict": "done", "note": "warned"}, status=204)
    one = call(s, "GET", f"/cases/{one['id']}")
    assert (one["state"], one["task"], one["note"]) == ("confirmed", "done", "warned") and one["by"] and one["task_by"], one
    call(s, "POST", f"/cases/{one['id']}/decide", {"verdict": "appeal", "note": "it was a joke"}, status=204)
    assert call(s, "GET", "/cases")["appealed"] == 1
    call(s, "POST", f"/cases/{one['id']}/decide", {"verdict": "dismiss"}, status=204)
    one = call(s, "GET", f"/cases/{one['id']}")
    assert (one["state"], one["task"]) == ("dismissed", "lift"), one
    assert one["id"] in [c["id"] for c in found(s, r, state="tasks")]
    call(s, "POST", f"/cases/{one['id']}/decide", {"verdict": "lifted"}, status=204)
    assert call(s, "GET", f"/cases/{one['id']}")["task"] == "lifted"
    call(s, "POST", f"/cases/{one['id']}/decide", {"verdict": "lifted"}, status=409)
    call(s, "POST", f"/cases/{one['id']}/decide", {"verdict": "appeal"}, status=409)
    result = call(s, "GET", f"/rules/{r['id']}")["result"]
    assert result == {"open": 1, "confirmed": 0, "dismissed": 1, "counted": 0}, result
    audit = http("GET", f"{s.url}/api/v1/shop/audit?limit=20", None, {"Authorization": "Bearer " + s.owner})[1].decode()
    assert '"moderation.decided"' in audit and '"moderation.rule.added"' in audit and f"case:{one['id']}" in audit, audit
    drop(s, r)


def test_a_case_found_again_at_once_is_the_same_and_an_old_message_makes_none():
    s = store()
    r = rule(s, "terms", "note", terms="抽奖码")
    for _ in range(3):
        say(s, "b1", "抽奖码在此")
    say(s, "b1", "抽奖码在此", group="g2")
    say(s, "b2", "抽奖码在此", at=ago(hours=3))
    cases = found(s, r)
    assert [(c["group"], c["times"], c["task"]) for c in cases] == [("g2", 1, "none"), ("g1", 3, "none")], cases
    assert call(s, "GET", f"/rules/{r['id']}")["result"]["counted"] == 1
    assert found(s, r, group="g2")[0]["id"] == cases[0]["id"] and found(s, r, group="nowhere") == []
    assert len(found(s, r, member=cases[0]["member"])) == 2
    page = call(s, "GET", "/cases", rule=r["id"], limit=1)
    assert page["next"] and [c["id"] for c in found(s, r, limit=1, cursor=page["next"])] == [cases[1]["id"]]
    drop(s, r)


def test_a_code_in_a_picture_is_judged_by_what_it_says():
    s = store()
    links = rule(s, "links", "hide", "codes", traces=["link", "qr"], allow=["shop.example"])
    say(s, "q1", "", type="image", qr="https://a.shop.example/join")
    say(s, "q2", "", type="image", qr="https://evil.example/g/1\nhttps://shop.example")
    say(s, "q3", "看这里", links="https://shop.example/1\nhttps://hidden.example/x")
    say(s, "q4", "付款码", type="image", qr="wxp://f2f0abc")
    cases = found(s, links)
    assert [(c["what"], c["text"]["before"] + c["text"]["found"] + c["text"]["after"], c["text"]["found"]) for c in cases] == [
        ("qr", "wxp://f2f0abc", ""), ("link", "看这里\nhttps://shop.example/1\nhttps://hidden.example/x", "https://hidden.example/x"),
        ("qr", "https://evil.example/g/1\nhttps://shop.example", "")], cases
    kept = call(s, "POST", "/try", {"text": "", "qr": "https://evil.example"})
    assert [i["what"] for i in kept["items"]] == ["qr"] and kept["action"] == "hide", kept
    assert call(s, "POST", "/try", {"text": "hi", "qr": "https://shop.example/x"})["items"] == []
    drop(s, links)


def test_ways_out_floods_copies_and_newcomers_are_found():
    s = store()
    links = rule(s, "links", "hide", "links", traces=["link", "code"], allow=["shop.example", "weixin.qq.com"])
    contacts = rule(s, "contacts", "note", "contacts", traces=["phone", "wechat", "mail", "qq"])
    say(s, "c1", "看 https://a.shop.example/x 和 http://evil.example/y")
    say(s, "c2", "https://shop.example 好")
    say(s, "c3", "电话 138-0013-8000")
    say(s, "c4", "订单号 2025010112345678 已发货 3.14")
    say(s, "c5", "微信号：zhang_san88")
    assert [c["text"]["found"] for c in found(s, links)] == ["http://evil.example/y"]
    assert [(c["what"], c["text"]["found"]) for c in found(s, contacts)] == [("wechat", "微信号：zhang_san88"), ("phone", "138-0013-8000")]
    drop(s, links, contacts)
    flood = rule(s, "flood", "mute", number=4, seconds=60, mute_hours=2)
    for i in range(4):
        say(s, "f1", f"消息 {i}")
        say(s, f"f2{i}", "一人一条")
    cases = found(s, flood)
    assert [(c["what"], c["mute_hours"], c["times"]) for c in cases] == [("flood", 2, 1)], cases
    drop(s, flood)
    copies = rule(s, "copies", "hide", number=3, seconds=600)
    for i in range(4):
        say(s, f"d{i}", f"新店开业全场五折，前一百名到店顾客送精美礼品一份，欢迎大家光临！{i}", group=f"copy{i}")
    assert [c["group"] for c in found(s, copies)] == ["copy3", "copy2"]
    drop(s, copies)
    new = rule(s, "links", "remove", traces=["link"], newcomer_hours=24, groups=["young"])
    say(s, "n1", "大家好", group="young", at=ago(hours=30))
    say(s, "n1", "看 http://x.example/1", group="young")
    say(s, "n2", "看 http://x.example/2", group="young")
    say(s, "n3", "看 http://x.example/3", group="old")
    assert [c["text"]["found"] for c in found(s, new)] == ["http://x.example/2"]
    drop(s, new)


def test_the_gravest_rule_makes_the_case_and_the_box_shows_all():
    s = store()
    a, b = rule(s, "terms", "note", "a", terms="代购"), rule(s, "terms", "remove", "b", terms="代购\n高仿", groups=["g1"])
    off = rule(s, "terms", "remove", "c", terms="代购", on=False)
    say(s, "e1", "高仿代购")
    assert found(s, a) == [] and [(c["others"], c["action"]) for c in found(s, b)] == [(1, "remove")]
    tried = call(s, "POST", "/try", {"text": "高仿ＡＢ代购"})
    assert [(x["rule"], x["what"], x["text"]["found"]) for x in tried["items"]] == [(b["id"], "高仿", "高仿"), (b["id"], "代购", "代购"), (a["id"], "代购", "代购")], tried
    assert tried["action"] == "remove"
    assert [x["rule"] for x in call(s, "POST", "/try", {"text": "代购", "group": "g2"})["items"]] == [a["id"]]
    assert off["on"] is False
    changed = call(s, "PUT", f"/rules/{a['id']}", {"name": "a2", "action": "hide", "exempt": ["bot"]}, headers={"If-Match": '"1"'})
    assert changed["version"] == 2 and changed["terms"] == "代购" and changed["name"] == "a2", changed
    call(s, "PUT", f"/rules/{a['id']}", {"name": "a3", "action": "hide"}, status=412, headers={"If-Match": '"1"'})
    assert call(s, "POST", "/try", {"text": "代购", "role": "bot", "group": "g2"})["items"] == []
    before = call(s, "GET", f"/rules/{a['id']}/versions")["items"]
    assert [(v["version"], v["name"], v["action"]) for v in before] == [(1, "a", "note")], before
    drop(s, a, b, off)
    call(s, "GET", f"/rules/{a['id']}", status=404)


def test_an_account_that_a_person_called_a_bot_is_not_judged():
    s = store()
    r = rule(s, "terms", "note", terms="每日播报", exempt=["staff", "bot"])
    say(s, "robot", "每日播报：一", group="g7")
    member = found(s, r)[0]["member"]
    headers = {"Authorization": "Bearer " + s.owner, "Content-Type": "application/json"}
    groups = json.loads(http("GET", f"{s.url}/api/v1/shop/groups", None, headers)[1])["items"]
    g7 = next(g["id"] for g in groups if "g7" in (g["name"], g.get("code")))
    status, text, _ = http("PUT", f"{s.url}/api/v1/shop/groups/{g7}/accounts/{member}", json.dumps({"role": "bot"}).encode(), headers)
    assert status in (200, 204), (status, text)
    say(s, "robot", "每日播报：二", group="g7")
    say(s, "person", "每日播报：三", group="g7")
    got = [(c["text"]["after"], c["times"]) for c in found(s, r)]
    assert got == [("：三", 1), ("：一", 1)], got
    drop(s, r)


def test_the_past_says_what_a_rule_would_have_found():
    s = store()
    say(s, "p1", "往日词一", group="past", at=ago(days=3))
    say(s, "p2", "没有", group="past", at=ago(days=2))
    say(s, "p3", "往日词二", group="past2", at=ago(days=40))
    body = {"kind": "terms", "name": "x", "action": "mute", "terms": "往日词"}
    got = call(s, "POST", "/past", body)
    assert got["found"] == 1 and got["messages"] >= 2 and not got["more"], got
    assert [(i["group"], i["what"], i["text"]) for i in got["items"]] == [("past", "往日词", {"before": "", "found": "往日词", "after": "一"})], got
    assert call(s, "POST", "/past", {**body, "days": 60})["found"] == 2
    assert call(s, "POST", "/past", {**body, "days": 60, "groups": ["past2"]})["found"] == 1
    problem = call(s, "POST", "/past", {**body, "kind": "flood", "number": 3, "seconds": 5}, status=400)
    assert problem["errors"][0]["field"] == "kind", problem
    assert call(s, "GET", "/rules")["items"] == [] and call(s, "GET", "/cases", state="all", group="past")["items"] == []


def test_the_sieve_learns_from_people_and_says_how_good_it_is():
    s = store()
    r = rule(s, "ads", "hide", "sieve")
    ads = [f"{n}块钱一单，{w}，日结工资，私聊我带你赚钱" for n in range(10, 16) for w in ("在家可做", "手机就行", "不用押金", "轻松上手")]
    talk = [f"{w}今天第{n}天打卡，{v}" for n in range(1, 7) for w, v in (("宝宝", "吃得很好"), ("群主", "谢谢分享"), ("我家", "天气不错"), ("大家", "早上好"))]
    assert call(s, "GET", "/lesson")["ready"] is False
    say(s, "s0", "20块钱一单，在家可做，日结工资，私聊我带你赚钱")
    assert found(s, r) == []
    for x, y in zip(ads, talk):
        call(s, "POST", "/lesson", {"text": x, "ad": True}, status=204)
        call(s, "POST", "/lesson", {"text": y, "ad": False}, status=204)
    lesson = call(s, "GET", "/lesson")
    assert lesson["ready"] and lesson["ads"] == lesson["others"] == 24 and lesson["trial"]["precision"] >= 0.9, lesson
    assert sum(lesson["trial"][k] for k in ("found", "missed", "wrong", "cleared")) == 48, lesson
    say(s, "s1", "30块钱一单，手机就行，日结工资，私聊我")
    say(s, "s2", "今天打卡，谢谢大家分享")
    cases = found(s, r)
    assert [c["what"] for c in cases] == ["ad"], cases
    call(s, "POST", f"/cases/{cases[0]['id']}/decide", {"verdict": "confirm"}, status=204)
    assert call(s, "GET", "/lesson")["ads"] == 25
    call(s, "POST", "/lesson", {"case": cases[0]["id"], "ad": True}, status=204)
    assert call(s, "GET", "/lesson")["ads"] == 26
    assert 0 <= call(s, "POST", "/try", {"text": "今天打卡"})["ad"] < 0.5
    call(s, "POST", "/lesson", {"ad": True}, status=400)
    call(s, "POST", "/lesson", {"ad": True, "case": 999999}, status=404)
    call(s, "DELETE", "/lesson", status=204)
    assert call(s, "GET", "/lesson")["ads"] == 0
    drop(s, r)


def test_what_cannot_be_a_rule_is_refused_by_name():
    s = store()

    def refused(body, field, status=400):
        problem = call(s, "POST", "/rules", {"name": "x", "action": "note", **body}, status=status)
        assert problem["errors"][0]["field"] == field, problem

    refused({"kind": "terms", "terms": "好\n/a*/"}, "terms, line 2")
    refused({"kind": "terms", "terms": "/(a/"}, "terms, line 1")
    refused({"kind": "terms", "terms": "x" * 300}, "terms, line 1", 413)
    refused({"kind": "terms", "terms": "\n".join(f"t{i}" for i in range(50001))}, "terms", 413)
    refused({"kind": "terms", "terms": "\n".join(f"/t{i}/" for i in range(501))}, "terms", 413)
    refused({"kind": "links"}, "traces")
    refused({"kind": "links", "traces": ["fax"]}, "traces")
    refused({"kind": "flood", "number": 1, "seconds": 5}, "number")
    refused({"kind": "flood", "number": 31, "seconds": 5}, "number")
    refused({"kind": "copies", "number": 3}, "seconds")
    refused({"kind": "terms", "name": " "}, "name")
    refused({"kind": "poems"}, "kind")
    refused({"kind": "terms", "exempt": ["king"]}, "exempt")
    assert call(s, "GET", "/rules")["items"] == []
    zh = call(s, "POST", "/rules", {"name": "x", "action": "note", "kind": "terms", "terms": "/(a/"}, status=400, headers={"Accept-Language": "zh-CN"})
    assert "括号" in zh["detail"], zh
    call(s, "GET", "/cases/77777", status=404)
    call(s, "POST", "/cases/77777/decide", {"verdict": "confirm"}, status=404)
    call(s, "GET", "/cases", status=400, cursor="x")
    call(s, "GET", "/cases", status=400, member="x")
    call(s, "POST", "/rules", {"name": "x", "action": "note", "kind": "terms"}, status=403, token=s.reader)


def test_rules_and_cases_are_there_again_after_a_crash_and_a_list_of_twenty_thousand_is_used():
    s = Store("shop")
    try:
        s.owner = s.add_token(91, SCOPES)
        s.serve()
        r = rule(s, "terms", "note", terms="\n".join(f"禁词{i:05d}号" for i in range(20000)))
        assert r["words"] == 20000
        say(s, "u1", "这里有禁词12345号吗")
        assert [c["what"] for c in found(s, r)] == ["禁词12345号"]
        s.note_routes()
        s.kill()
        s.serve()
        say(s, "u2", "这里有禁词00007号吗")
        assert [c["what"] for c in found(s, r)] == ["禁词00007号", "禁词12345号"]
        s.stop()
        s.verify()
    finally:
        s.close()


def test_who_is_erased_leaves_no_case():
    s = store()
    r = rule(s, "terms", "note", terms="隐私词")
    say(s, "gone1", "隐私词一")
    say(s, "stays1", "隐私词二")
    member = found(s, r)[1]["member"]
    status, text, _ = http("POST", f"{s.url}/api/v1/shop/members/{member}/erase", json.dumps({"reason": "asked", "confirm": member}).encode(),
                           {"Authorization": "Bearer " + s.owner, "Content-Type": "application/json"})
    assert status in (200, 201, 202), (status, text)
    assert [c["text"]["after"] for c in found(s, r)] == ["二"]
    drop(s, r)


def test_finish():
    store().close()


if __name__ == "__main__":
    run(globals())
