#!/usr/bin/env python3
"""What staff keep of members: tags, notes, traits by hand, consent; and the page where members decide themselves."""
import functools
import html.parser
import io
import json
import pathlib
import re
import sys
import time
import urllib.parse
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402

PEOPLE = 40


@functools.cache
def store():
    s = Store("shop")
    events = [{"type": "identify", "userId": f"u{i}", "messageId": f"m{i}", "timestamp": "2026-01-01T00:00:00Z",
               "traits": {"city": "杭州" if i % 2 else "上海", "phone": f"138123400{i:02d}"}} for i in range(PEOPLE)]
    s.load("--format", "segment", "-", stdin="".join(json.dumps(e) + "\n" for e in events))
    read = "members.read members.write insight.read audit.read"
    s.lily, s.rose = s.add_token(97, read), s.add_token(98, read)
    s.owner = s.add_token(99, read + " members.reveal settings.write settings.read staff.manage")
    s.viewer = s.add_token(96, "members.read")
    return s.serve()


def call(method, path, body=None, status=None, who=None, **query):
    s = store()
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, headers = http(method, url, data, {"Authorization": "Bearer " + (who or s.owner), "Content-Type": "application/json"})
    assert code == status if status else code < 300, (method, url, code, text)
    return json.loads(text) if "json" in headers.get("Content-Type", "") else text


def member(i):
    return call("GET", "/members", q=f"user:u{i}")["items"][0]["id"]


def count(expr):
    return call("POST", "/members/count", {"filter": expr})["members"]


def audited(action):
    return [r for r in call("GET", "/audit", action=action, limit=200)["items"]]


def fresh(expr, wanted):
    """Filters are kept for a few seconds; another text of the same question is another filter."""
    fresh.number = getattr(fresh, "number", 0) + 1
    got = count(f"({expr}) and orders < {1000000 + fresh.number}")
    assert got == wanted, (expr, got, wanted)


# ---- tags ----

def test_tags_of_one_member():
    group = call("POST", "/tags/groups", {"name": "等级", "colour": "gold", "exclusive": True}, 201)
    gold, silver = (call("POST", "/tags", {"name": n, "group": group["id"]}, 201)["id"] for n in ("金卡", "银卡"))
    m = member(1)
    call("PUT", f"/members/{m}/tags/{gold}", {}, 204)
    held = call("GET", f"/members/{m}/tags")["items"]
    assert [(h["name"], h["colour"], h["source"], h["expires_at"]) for h in held] == [("金卡", "gold", "key:99", None)], held
    fresh('tag("金卡")', 1)
    call("PUT", f"/members/{m}/tags/{silver}", {}, 204)
    assert [h["name"] for h in call("GET", f"/members/{m}/tags")["items"]] == ["银卡"]
    fresh('tag("金卡")', 0)
    kinds = [e["kind"] for e in call("GET", f"/members/{m}/timeline", kind="member.tagged,member.untagged")["items"]]
    assert sorted(kinds) == ["member.tagged", "member.tagged", "member.untagged"], kinds
    seen = call("GET", f"/members/{m}")
    assert seen["last_seen"].startswith("2026-01-01") and seen["events"] == 2, seen  # it was staff who did that
    call("DELETE", f"/members/{m}/tags/{silver}", status=204)
    assert call("GET", f"/members/{m}/tags")["items"] == []
    assert store().ask({"trend": {"kind": "member.tagged", "by": "month"}})["points"][-1]["value"] == 2
    call("PUT", f"/tags/{gold}", {"name": "金牌", "group": group["id"]}, 200)
    call("PUT", f"/tags/groups/{group['id']}", {"name": "会员等级", "colour": "red", "exclusive": True}, 200)
    groups = call("GET", "/tags")["items"]
    assert groups[0]["name"] == "会员等级" and {t["name"] for t in groups[0]["tags"]} == {"金牌", "银卡"}, groups
    assert groups[-1]["id"] == 0 and groups[-1]["name"] is None
    call("DELETE", f"/tags/groups/{group['id']}", status=409)
    for t in (gold, silver):
        call("DELETE", f"/tags/{t}", status=204)
    call("DELETE", f"/tags/groups/{group['id']}", status=204)
    assert audited("member.tagged")[0]["subject"] == f"member:{m}"


def test_a_tag_runs_out_by_itself():
    tag = call("POST", "/tags", {"name": "限时"}, 201)["id"]
    m = member(2)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    call("PUT", f"/members/{m}/tags/{tag}", {"expires_at": at}, 204)
    assert call("GET", f"/members/{m}/tags")["items"][0]["expires_at"]
    deadline = time.monotonic() + 20
    while call("GET", f"/members/{m}/tags")["items"]:
        assert time.monotonic() < deadline, "the tag stays"
        time.sleep(0.05)
    last = call("GET", f"/members/{m}/timeline", kind="member.untagged")["items"][0]
    assert last["origin"] == "expiry" and last["props"] == {"tag": "限时"}, last


def test_many_at_once_and_undone():
    tag = call("POST", "/tags", {"name": "杭州人"}, 201)["id"]
    city = 'trait.city = "杭州"'
    wanted = count(city)
    assert wanted == PEOPLE // 2
    ones = [member(1), member(3)]
    first = call("POST", f"/tags/{tag}/apply", {"members": ones + ["m999999"]})
    assert (first["changed"], first["same"], first["missing"]) == (2, 0, 1), first
    second = call("POST", f"/tags/{tag}/apply", {"filter": city})
    assert (second["changed"], second["same"]) == (wanted - 2, 2) and second["run"] != first["run"], second
    fresh('tag("杭州人")', wanted)
    assert {t["id"]: t["members"] for t in call("GET", "/tags")["items"][-1]["tags"]}[tag] == wanted
    asked = store().ask({"trend": {"kind": "member.identified", "measure": "members", "by": "month", "who": 'tag("杭州人")'}})
    assert [p["value"] for p in asked["points"] if p["value"]] == [wanted], asked
    undone = call("POST", f"/tags/{tag}/undo", {"run": second["run"]})
    assert undone["changed"] == wanted - 2 and undone["run"] is None, undone
    fresh('tag("杭州人")', 2)
    off = call("POST", f"/tags/{tag}/apply", {"filter": city + " and orders = 0", "remove": True})
    assert (off["changed"], off["same"], off["run"]) == (2, wanted - 2, None), off
    rows = audited("tag.applied")
    assert rows and rows[0]["subject"] == f"tag:{tag}" and rows[0]["after"]["changed"] == 2, rows[:1]


def test_everybody_is_an_expression_too():
    """What the console sends where no filter is set."""
    assert count("orders >= 0") == call("GET", "/members", limit=1)["total"] == PEOPLE


def test_what_is_wrong_with_tags_is_told():
    tag = call("POST", "/tags", {"name": "错"}, 201)["id"]
    m = member(4)
    for method, path, body, status, field in (
            ("POST", "/tags", {"name": "错"}, 409, "name"),
            ("POST", "/tags", {"name": "  "}, 400, "name"),
            ("POST", "/tags", {"name": "x" * 65}, 400, "name"),
            ("POST", "/tags", {"name": "y", "group": 999}, 404, None),
            ("POST", "/tags/groups", {"name": "z", "colour": "mauve"}, 400, "colour"),
            ("PUT", f"/members/{m}/tags/{tag}", {"expires_at": "2020-01-01"}, 400, "expires_at"),
            ("PUT", f"/members/{m}/tags/99999", {}, 404, None),
            ("PUT", f"/members/m999999/tags/{tag}", {}, 404, None),
            ("GET", "/members/m999999/tags", None, 404, None),
            ("DELETE", f"/members/{m}/tags/x", None, 404, None),
            ("POST", f"/tags/{tag}/apply", {}, 400, "filter"),
            ("POST", f"/tags/{tag}/apply", {"filter": "orders = 0", "members": [m]}, 400, "filter"),
            ("POST", f"/tags/{tag}/apply", {"filter": "orders >>= 0"}, 400, "filter"),
            ("POST", f"/tags/{tag}/apply", {"members": ["12"]}, 400, "members[0]"),
            ("POST", f"/tags/{tag}/undo", {"run": 4000000}, 404, None)):
        p = call(method, path, body, status)
        assert not field or p["errors"][0]["field"] == field, (path, body, p)
    call("PUT", f"/members/{m}/tags/{tag}", {}, 204)
    call("DELETE", f"/tags/{tag}", status=409)
    call("PUT", f"/members/{m}/tags/{tag}", {}, 403, who=store().viewer)


# ---- notes, traits ----

def test_notes_are_their_authors():
    s, m = store(), member(5)
    note = call("POST", f"/members/{m}/notes", {"text": " 下午联系 "}, 201, who=s.lily)
    assert (note["text"], note["author"], note["mine"]) == ("下午联系", "key:97", True), note
    seen = call("GET", f"/members/{m}/notes", who=s.rose)["items"]
    assert len(seen) == 1 and not seen[0]["mine"]
    path = f"/members/{m}/notes/{note['id']}"
    call("PUT", path, {"text": "x"}, 403, who=s.rose)
    call("DELETE", path, status=403, who=s.rose)
    assert call("PUT", path, {"text": "上午"}, 200, who=s.lily)["text"] == "上午"
    assert call("PUT", path, {"text": "由店长改"}, 200, who=s.owner)["author"] == "key:97"
    call("PUT", f"/members/{member(6)}/notes/{note['id']}", {"text": "x"}, 404)
    call("POST", f"/members/{m}/notes", {"text": "字" * 2000}, 201)
    p = call("POST", f"/members/{m}/notes", {"text": "x" * 2001}, 413)
    assert p["errors"][0]["field"] == "text", p
    call("POST", f"/members/{m}/notes", {"text": " "}, 400)
    call("POST", "/members/m999999/notes", {"text": "x"}, 404)
    call("GET", "/members/m999999/notes", status=404)
    call("DELETE", path, status=204, who=s.lily)
    call("DELETE", path, status=404, who=s.lily)
    assert "下午" not in json.dumps(audited("note.added"), ensure_ascii=False)


def test_a_trait_by_hand():
    m = member(8)
    call("PUT", f"/members/{m}/traits/city", {"value": "苏州"}, 204)
    call("PUT", f"/members/{m}/traits/points", {"value": 12.5}, 204)
    call("PUT", f"/members/{m}/traits/email", {"value": "anna@example.com"}, 204)
    traits = {t["name"]: t for t in call("GET", f"/members/{m}")["traits"]}
    assert traits["city"]["value"] == "苏州" and traits["city"]["source"] == "key:99", traits
    assert traits["points"]["value"] == 12.5 and traits["email"]["masked"] and "anna@" not in traits["email"]["value"], traits
    fresh('trait.city = "苏州"', 1)
    assert call("PUT", f"/members/{m}/traits/city", {"value": 3}, 400)["errors"][0]["field"] == "value"
    call("PUT", f"/members/{m}/traits/city", {"value": [1]}, 400)
    call("PUT", f"/members/{m}/traits/city", {"value": "x" * 1025}, 413)
    call("PUT", "/members/m999999/traits/city", {"value": "x"}, 404)
    assert "anna@" not in json.dumps(audited("trait.set"))
    call("DELETE", f"/members/{m}/traits/email", status=204)
    call("DELETE", f"/members/{m}/traits/city", status=204)
    call("DELETE", f"/members/{m}/traits/city", status=404)
    call("DELETE", "/members/m999999/traits/city", status=404)
    call("DELETE", f"/members/{m}/traits/points", status=403, who=store().viewer)
    assert [t["name"] for t in call("GET", f"/members/{m}")["traits"]] == ["phone", "points"]
    fresh('trait.city = "苏州"', 0)
    newest = call("GET", f"/members/{m}/timeline")["items"][0]
    assert newest["kind"] == "member.identified" and newest["props"] == {"removed": "city"} and newest["origin"] == "key:99", newest
    assert [r["after"]["trait"] for r in audited("trait.removed")] == ["city", "email"]


# ---- consent ----

def answers(m):
    return {(a["purpose"], a["channel"], a["list"]): (a["allowed"], a["reason"]) for a in call("GET", f"/members/{m}/consents")["answers"]}


def test_the_ledger():
    s, m = store(), member(10)
    assert answers(m)["marketing", "sms", None] == (False, "silent") and answers(m)["service", "sms", None] == (True, "contract")
    path = f"/members/{m}/consents"
    e = call("POST", path, {"purpose": "marketing", "granted": True, "way": "phone", "evidence": "call 77"}, 201)
    assert (e["channel"], e["evidence"], e["source"]) == ("*", "call 77", "key:99"), e
    fresh('consented("sms","marketing")', 1)
    call("POST", path, {"purpose": "marketing", "channel": "sms", "granted": False, "way": "chat"}, 201)
    fresh('consented("sms","marketing")', 0)
    fresh('consented("email","marketing") and not consented("sms","marketing")', 1)
    assert answers(m)["marketing", "sms", None] == (False, "withdrawn") and answers(m)["marketing", "email", "news"] == (True, "granted")
    call("POST", path, {"purpose": "marketing", "list": "news", "granted": False, "way": "chat"}, 201)
    assert answers(m)["marketing", "email", "news"] == (False, "left") and answers(m)["marketing", "email", "offers"] == (True, "granted")
    rows = call("GET", path, who=s.viewer)["items"]
    assert len(rows) == 3 and rows[-1]["has_evidence"] and rows[-1]["evidence"] is None, rows
    kinds = [x["kind"] for x in call("GET", f"/members/{m}/timeline", kind="member.consented,member.revoked")["items"]]
    assert kinds == ["member.revoked", "member.revoked", "member.consented"], kinds
    for body, field in (({"purpose": "nope", "granted": True, "way": "x"}, "purpose"), ({"purpose": "service", "channel": "fax", "granted": True, "way": "x"}, "channel"),
                        ({"purpose": "service", "list": "news", "granted": True, "way": "x"}, "list"), ({"purpose": "service", "way": "x"}, "granted"),
                        ({"purpose": "service", "version": 9, "granted": True, "way": "x"}, "version")):
        assert call("POST", path, body, 400)["errors"][0]["field"] == field, body
    call("POST", "/members/m999999/consents", {"purpose": "service", "granted": True, "way": "x"}, 404)


def test_a_child_is_left_alone():
    m = member(11)
    call("POST", f"/members/{m}/consents", {"purpose": "marketing", "granted": True, "way": "paper"}, 201)
    call("PUT", f"/members/{m}/traits/birthday", {"value": time.strftime("%Y-01-01", time.gmtime(time.time() - 5 * 365 * 86400))}, 204)
    assert answers(m)["marketing", "sms", None] == (False, "child") and answers(m)["service", "sms", None] == (False, "child")
    call("POST", f"/members/{m}/consents", {"purpose": "marketing", "granted": True, "guardian": True, "way": "paper"}, 201)
    assert answers(m)["marketing", "sms", None] == (True, "granted")


def test_purposes_texts_and_lists():
    call("PUT", "/consent/purposes/research", {"name_zh": "调研", "name_en": "Research", "channels": ["email"]}, 204)
    assert call("POST", "/consent/purposes/research/texts", {"text_zh": "一", "text_en": "one"}, 201)["version"] == 1
    assert call("POST", "/consent/purposes/research/texts", {"text_zh": "二", "text_en": "two"}, 201)["version"] == 2
    call("PUT", "/consent/lists/panel", {"name_zh": "访谈", "name_en": "Panel", "purpose": "research"}, 204)
    p = {p["purpose"]: p for p in call("GET", "/consent")["items"]}["research"]
    assert (p["version"], p["text_zh"], p["basis"], p["channels"], p["lists"][0]["list"]) == (2, "二", "consent", ["email"], "panel"), p
    for path, body, field in (("/consent/purposes/BAD", {"name_zh": "x", "name_en": "x", "channels": []}, "purpose"),
                              ("/consent/purposes/x", {"name_zh": "x", "name_en": "x", "channels": ["fax"]}, "channels[0]"),
                              ("/consent/purposes/x", {"name_zh": "x", "name_en": "x", "channels": ["sms", "sms"]}, "channels[1]"),
                              ("/consent/lists/l", {"name_zh": "x", "name_en": "x", "purpose": "nope"}, "purpose")):
        assert call("PUT", path, body, 400)["errors"][0]["field"] == field, path
    call("POST", "/consent/purposes/nope/texts", {"text_zh": "x", "text_en": "x"}, 404)
    call("PUT", "/consent/purposes/research", {"name_zh": "x", "name_en": "x", "channels": []}, 403, who=store().lily)


def test_senders_write_the_ledger():
    s, m = store(), member(12)

    def send(event, key, status, **props):
        body = {"userId": "u12", "event": event, "properties": props}
        code, text = http("POST", s.url + "/v1/track", json.dumps(body).encode(),
                          {"Authorization": "Bearer " + s.keys[key], "Content-Type": "application/json"})[:2]
        assert code == status, (code, text)
    send("member.consented", "secret write key", 200, purpose="marketing", channel="email", way="checkout", version=0)
    assert answers(m)["marketing", "email", None] == (True, "granted")
    send("member.revoked", "secret write key", 200, purpose="marketing")
    assert answers(m)["marketing", "email", None] == (False, "withdrawn")
    send("member.consented", "public write key", 403, purpose="marketing", channel="email")
    send("member.consented", "secret write key", 400, purpose="nope")
    send("member.consented", "secret write key", 400)
    assert [e["way"] for e in call("GET", f"/members/{m}/consents")["items"]] == ["", "checkout"]


def test_what_is_kept_is_handed_out():
    s, m = store(), member(13)
    tag = call("POST", "/tags", {"name": "交出"}, 201)["id"]
    call("PUT", f"/members/{m}/tags/{tag}", {}, 204)
    call("POST", f"/members/{m}/notes", {"text": "下午联系"}, 201)
    call("POST", f"/members/{m}/consents", {"purpose": "marketing", "channel": "sms", "granted": True, "way": "paper", "evidence": "signed"}, 201)
    key = s.cli("key", "add", "--data", s.dir, "--brand", "shop", "--name", "p", "--scopes", "members.read,members.privacy").stdout
    code, body, headers = http("GET", f"{s.url}/api/v1/shop/members/{m}/export", headers={"Authorization": "Bearer " + re.search(r"\bwf_live_\w+", key)[0]})
    assert code == 200 and headers["Content-Type"] == "application/zip" and int(headers["Content-Length"]) == len(body), (code, body[:200])
    data = json.loads(zipfile.ZipFile(io.BytesIO(body)).read("data.json"))
    assert [t["tag"] for t in data["tags"]] == ["交出"] and [n["text"] for n in data["notes"]] == ["下午联系"], data["tags"]
    assert [(e["purpose"], e["channel"], e["granted"], e["evidence"]) for e in data["consents"]] == [("marketing", "sms", True, "signed")], data["consents"]


# ---- the members' page ----

class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.boxes, self.hidden, self.tags = {}, {}, set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        self.tags.add(tag)
        if tag == "input" and a["type"] == "checkbox":
            self.boxes[a["name"]] = "checked" in a
        elif tag == "input":
            self.hidden[a["name"]] = a["value"]


def page(path, form=None, status=200, headers=None):
    data = None if form is None else urllib.parse.urlencode(form).encode()
    more = {"Content-Type": "application/x-www-form-urlencoded"} if data is not None else {}
    code, text, got = http("GET" if form is None else "POST", store().url + path, data, {**more, **(headers or {})})
    assert code == status, (path, code, text)
    return Page(text.decode()), text.decode(), got


def test_the_preference_page():
    m = member(20)
    call("POST", "/consent/purposes/marketing/texts", {"text_zh": "我同意接收<b>营销</b>信息", "text_en": "I agree"}, 201)
    link = call("POST", f"/members/{m}/preference-link", {"days": 2}, 201)
    shown, text, headers = page(link["path"])
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script" not in shown.tags, policy
    assert headers["Referrer-Policy"] == "same-origin" and headers["Cache-Control"] == "no-store", headers
    assert shown.boxes["service.sms"] and not shown.boxes["marketing.sms"] and shown.boxes["list.news"], shown.boxes
    assert "&lt;b&gt;" in text and m not in text.replace(link["path"], "")
    assert "Save" in page(link["path"] + "?lang=en")[1]
    on = {k: "1" for k, v in shown.boxes.items() if v}
    saved, text, _ = page(link["path"], {**on, **shown.hidden, "marketing.sms": "1", "save": "1"})
    assert saved.boxes["marketing.sms"] and "已保存" in text
    assert answers(m)["marketing", "sms", None] == (True, "granted")
    rows = call("GET", f"/members/{m}/consents")["items"]
    assert [(r["way"], r["source"], r["version"], r["channel"]) for r in rows] == [("page", "member", 1, "sms")], rows
    page(link["path"], {**on, **shown.hidden, "marketing.sms": "1"})  # nothing new
    assert len(call("GET", f"/members/{m}/consents")["items"]) == 1
    left = {k: v for k, v in on.items() if k != "list.news"}
    saved = page(link["path"], {**left, "marketing.sms": "1"})[0]
    assert not saved.boxes["list.news"] and answers(m)["marketing", "sms", "news"] == (False, "left")
    stopped = page(link["path"], {**on, "marketing.sms": "1", "stop": "1"})[0]
    assert not any(v for k, v in stopped.boxes.items() if not k.startswith("list.")), stopped.boxes
    assert answers(m)["marketing", "email", None] == (False, "withdrawn")


def test_a_link_is_nobody_elses():
    link = call("POST", f"/members/{member(21)}/preference-link", {}, 201)["path"]
    number, until, code = link.rsplit("/", 1)[1].split("-")
    head = link.rsplit("/", 1)[0]
    for bad in (f"{int(number) + 1}-{until}-{code}", f"{number}-{int(until) + 1}-{code}", f"{number}-{until}-{code[:-1]}", f"{number}-{until}-{'0' * 32}", "x", "-", "1"):
        text = page(f"{head}/{bad}", status=404)[1]
        assert "链接已失效" in text
        page(f"{head}/{bad}", {"stop": "1"}, status=404)
    page(link.replace("/shop/", "/nobody/"), status=404)
    for origin in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        code, text, _ = http("POST", store().url + link, b"stop=1", {"Content-Type": "application/x-www-form-urlencoded", **origin})
        assert code == 403, (code, text)
    call("POST", f"/members/{member(21)}/preference-link", {"days": 91}, 400)
    call("POST", "/members/m999999/preference-link", {}, 404)
    codes = set()
    for _ in range(40):
        code, text, headers = http("POST", store().url + link, b"save=1", {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "en" if len(codes) % 2 else "zh"})
        codes.add(code)
        if code == 429:
            assert headers["Content-Type"] == "text/html; charset=utf-8" and headers["Retry-After"] and "default-src 'none'" in headers["Content-Security-Policy"]
            assert ("Too many" if b'lang="en"' in text else "操作过于频繁") in text.decode(), text
    assert codes == {200, 429}, codes


def test_a_link_is_recalled():
    one, other = (call("POST", f"/members/{member(i)}/preference-link", {}, 201)["path"] for i in (22, 23))
    call("DELETE", f"/members/{member(22)}/preference-link", status=204)
    page(one, status=404)
    page(one, {"stop": "1"}, status=404)
    page(other)
    new = call("POST", f"/members/{member(22)}/preference-link", {}, 201)["path"]
    page(new)
    call("DELETE", "/consent/links", status=403, who=store().lily)
    call("DELETE", "/consent/links", status=204)
    page(new, status=404)
    page(other, status=404)
    page(call("POST", f"/members/{member(23)}/preference-link", {}, 201)["path"])
    call("DELETE", "/members/m999999/preference-link", status=404)
    assert audited("preference.recalled")[0]["subject"].startswith("member:") and audited("preference.recalled_all")


def until(what):
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_rule_gives_a_tag_and_takes_it_and_by_hand_wins():
    level = call("POST", "/tags/groups", {"name": "城", "exclusive": True}, 201)["id"]
    tag, rival = (call("POST", "/tags", {"name": n, "group": level}, 201)["id"] for n in ("南城", "北城"))
    one, other, third = member(30), member(31), member(32)
    for m in (one, other, third):
        call("PUT", f"/members/{m}/traits/town", {"value": "南"}, 204)
    call("PUT", f"/members/{third}/tags/{rival}", {}, 204)
    has = lambda m, t=None: (t or tag) in [h["id"] for h in call("GET", f"/members/{m}/tags")["items"]]
    made = call("PUT", f"/tags/{tag}/rule", {"expression": 'trait.town="南"'})
    assert made["segment"] == f"tag-{tag}" and made["expression"] == 'trait.town = "南"', made
    until(lambda: has(one) and has(other))
    assert not has(third) and has(third, rival)  # by hand wins
    assert [h["source"] for h in call("GET", f"/members/{one}/tags")["items"] if h["id"] == tag] == ["rule"]
    call("PUT", f"/members/{one}/traits/town", {"value": "北"}, 204)
    until(lambda: not has(one))
    call("DELETE", f"/members/{other}/tags/{tag}", status=204)
    call("PUT", f"/members/{one}/traits/town", {"value": "南"}, 204)
    until(lambda: has(one))
    assert not has(other)  # taken by hand: it is not given again
    call("PUT", f"/members/{one}/tags/{tag}", {}, 204)  # given by hand now
    call("PUT", f"/members/{one}/traits/town", {"value": "北"}, 204)
    call("DELETE", f"/members/{third}/tags/{rival}", status=204)
    until(lambda: has(third))  # the place is free
    assert has(one)
    for bad in (f'tag("南城")', 'in_segment("x")', "nonsense ="):
        assert call("PUT", f"/tags/{tag}/rule", {"expression": bad}, 400)["errors"][0]["field"] == "expression", bad
    call("PUT", "/tags/999999/rule", {"expression": "orders > 1"}, 404)
    assert [r["tag"] for r in call("GET", "/tags/rules")["items"]] == [tag]
    call("DELETE", f"/tags/{tag}", status=409)
    assert call("DELETE", f"/tags/{tag}/rule")["taken"] == 1
    assert not has(third) and has(one)
    call("DELETE", f"/tags/{tag}/rule", status=404)
    assert audited("tag.rule_set") and audited("tag.rule_removed")


def test_it_is_all_in_order():
    s = store()
    s.stop()
    s.verify()


if __name__ == "__main__":
    run(globals())
