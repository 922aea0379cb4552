#!/usr/bin/env python3
"""Questions in groups that nobody has answered, over HTTP."""
import datetime
import functools
import json
import pathlib
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402


@functools.cache
def store():
    s = Store("shop")
    s.owner = s.add_token(99, "members.read members.write groups.write settings.read settings.write")
    s.load("--format", "jsonl", "-", stdin="".join(json.dumps(f) + "\n" for f in talk()))
    s.serve()
    call(s, "PUT", "/settings", {"name": "shop", "service_hours": "00:00-24:00"}, status=None)
    return s


def ago(**span):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**span)).isoformat(timespec="milliseconds")


def call(s, method, path, body=None, status=200, token=None, **query):
    url = f"{s.url}/api/v1/shop{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    code, text, _ = http(method, url, data, {"Authorization": "Bearer " + (token or s.owner), "Content-Type": "application/json"})
    assert status is None and code < 300 or code == status, (method, url, code, text)
    return json.loads(text) if text else None


def said(user, group, minutes, **more):
    props = {k: more.pop(k) for k in ("question", "promotion", "joins", "link") if k in more}
    who = {} if more.get("staff") else {"identities": {"user": user}}
    return {"at": ago(minutes=minutes), "kind": "message.sent", "group": group, "props": props, **who, **more}


def talk():
    """tea: ann waits 100 min, gus and cat join her; bob was answered by cat; dan by staff who spoke soon; eve by a promotion, so not
    at all. cake: ann waits 5 min. old: fay asked four days ago."""
    return [said("ann", "tea", 100, question=True), said("gus", "tea", 99, joins=True), said("cat", "tea", 98, joins=True),
            said("bob", "tea", 80, question=True), said("cat", "tea", 75, other={"user": "bob"}, link="reply"),
            said("dan", "tea", 60, question=True), said("", "tea", 55, staff="rose"),
            said("eve", "tea", 40, question=True), said("", "tea", 39, staff="rose", promotion=True),
            said("ann", "cake", 5, question=True), said("fay", "old", 4 * 24 * 60, question=True)]


def id_of(s, user):
    """Rows of members lag the log by a moment."""
    deadline = time.monotonic() + 30
    while not (found := call(s, "GET", "/members", q="user:" + user)["items"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found[0]["id"]


def waiting(s, **query):
    page = call(s, "GET", "/unanswered", **query)
    assert page["total"] == len(page["items"])
    return [(i["group"]["name"], i["member"]["id"], i["joined"]) for i in page["items"]]


def test_questions_that_nobody_answered_are_listed_longest_first():
    s = store()
    ann, eve = id_of(s, "ann"), id_of(s, "eve")
    assert waiting(s) == [("tea", ann, 2), ("tea", eve, 0)], waiting(s)
    page = call(s, "GET", "/unanswered")
    first = page["items"][0]
    assert 100 <= first["waited_minutes"] < 110 and first["waits_since"] == first["asked_at"], first
    assert page["service_hours"] == "00:00-24:00" and page["opens_at"] is None, page
    assert waiting(s, minutes=0) == [("tea", ann, 2), ("tea", eve, 0), ("cake", ann, 0)]
    assert waiting(s, minutes=60) == [("tea", ann, 2)]
    assert waiting(s, minutes=0, group=call(s, "GET", "/unanswered", minutes=0)["items"][2]["group"]["id"]) == [("cake", ann, 0)]


def test_an_answer_takes_a_question_off_the_list():
    s = store()
    body = {"type": "track", "userId": "gil", "event": "message.sent", "properties": {"group": "talk", "question": True}, "timestamp": ago(minutes=45)}
    headers = {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"}
    status, answer, _ = http("POST", s.url + "/v1/track", json.dumps(body).encode(), headers)
    assert status == 200 and b"errors" not in answer, answer
    gil = id_of(s, "gil")
    assert ("talk", gil, 0) in waiting(s)
    s.load("--format", "jsonl", "-", stdin=json.dumps(said("hal", "talk", 1, other={"user": "gil"}, link="reply")) + "\n")
    assert ("talk", gil, 0) not in waiting(s)


def test_what_was_asked_is_shown_until_it_is_taken_back():
    s = store()
    words = {"text": "这个能退吗", "message": "w1"}
    s.load("--format", "jsonl", "-", stdin=json.dumps({"at": ago(minutes=50), "kind": "message.sent", "group": "words", "identities": {"user": "ivy"}, "props": words}) + "\n")
    ivy = id_of(s, "ivy")
    mine = [i for i in call(s, "GET", "/unanswered")["items"] if i["member"]["id"] == ivy]
    assert [(i["text"], i["group"]["name"]) for i in mine] == [("这个能退吗", "words")], mine
    s.load("--format", "jsonl", "-", stdin=json.dumps({"at": ago(minutes=2), "kind": "message.recalled", "group": "words", "identities": {"user": "ivy"}, "props": {"message": "w1"}}) + "\n")
    assert ivy not in [m for _, m, _ in waiting(s)]


def say(s, user, minutes, text, group="http", **props):
    body = {"type": "track", "userId": user, "event": "message.sent", "properties": {"group": group, "text": text, **props}, "timestamp": ago(minutes=minutes)}
    headers = {"Authorization": "Bearer " + s.keys["secret write key"], "Content-Type": "application/json"}
    status, answer, _ = http("POST", s.url + "/v1/track", json.dumps(body).encode(), headers)
    assert status == 200 and b"errors" not in answer, answer


def last_said(s, user):
    id = id_of(s, user)
    entry = call(s, "GET", f"/members/{id}/timeline")["items"]
    return next(e for e in entry if e["kind"] == "message.sent")


def test_whom_a_message_over_http_is_said_to_is_named_or_inferred():
    s = store()
    say(s, "kim", 50, "这个怎么用")
    say(s, "jan", 49.5, "同问")
    assert "other" not in last_said(s, "jan") and last_said(s, "jan")["props"]["joins"] is True, last_said(s, "jan")
    say(s, "lou", 49, "先充电再开机")
    kim = id_of(s, "kim")
    entry = last_said(s, "lou")
    assert (entry["other"], entry["props"]["link"]) == (kim, "inferred"), entry
    assert kim not in [m for _, m, _ in waiting(s)]
    # a group whose messages say what they answer: by the channel's id, and nothing is inferred any more
    say(s, "max", 48, "几点开门", "ids", message="a1")
    say(s, "ned", 47, "随便说说", "ids", message="a2")
    say(s, "oda", 46, "十点", "ids", message="a3", reply_to="a1")
    assert (last_said(s, "oda")["other"], last_said(s, "oda")["props"]["link"]) == (id_of(s, "max"), "reply")
    say(s, "pia", 45, "好的", "ids", message="a4")
    assert "other" not in last_said(s, "pia"), last_said(s, "pia")


def test_an_account_that_is_of_staff_asks_nothing():
    s = store()
    eve = id_of(s, "eve")
    tea = call(s, "GET", "/unanswered")["items"][0]["group"]["id"]
    call(s, "PUT", f"/groups/{tea}/accounts/{eve}", {"role": "staff"}, status=None)
    assert eve not in [m for _, m, _ in waiting(s)]
    call(s, "DELETE", f"/groups/{tea}/accounts/{eve}", status=None)
    assert eve in [m for _, m, _ in waiting(s)]


def test_bad_questions_name_the_field():
    s = store()
    bad = [{"minutes": -1}, {"minutes": 10 ** 9}, {"minutes": "x"}, {"group": "tea"}, {"group": "g999"}, {"group": "g"}, {"group": "g0"}]
    for query in bad:
        call(s, "GET", "/unanswered", status=400, **query)


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        store().note_routes()
        store().close()
