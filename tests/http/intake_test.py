#!/usr/bin/env python3
"""Every address of intake, the short ones and those without the last slash too, does what its name says."""
import functools
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402


@functools.cache
def store():
    return Store("shop").serve()


def post(path, body, key="secret write key"):
    headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + store().keys[key]} if key else {})}
    status, answer, _ = http("POST", store().url + path, json.dumps(body).encode(), headers)
    return status, json.loads(answer)


def events():
    return int(re.search(r'^wellfield_events_total\{brand="shop"\} (\d+)', http("GET", store().url + "/metrics")[1].decode(), re.M)[1])


def test_every_address_of_segment_stores_what_it_is_sent():
    call = {"userId": "u1", "anonymousId": "a1", "name": "Home", "event": "lesson.done", "groupId": "g1", "previousId": "a1", "traits": {"age": 3}}
    for name in ("track", "identify", "page", "screen", "group", "alias"):
        for path in ("/v1/" + name, "/v1/" + name[0]):
            before = events()
            assert post(path, call) == (200, {"success": True}), path
            assert events() >= before + 1 or name in ("group", "alias"), path
    for path in ("/v1/batch", "/v1/b", "/v1/import"):
        before = events()
        status, answer = post(path, {"batch": [{"type": "track", "userId": "u2", "event": "x.y"}] * 3})
        assert status == 200 and answer["success"] and events() >= before + 3, (path, answer)
    assert post("/v1/m", {"series": []}, key=None) == (200, {"success": True})


def test_every_address_of_posthog_stores_what_it_is_sent():
    event = {"api_key": store().keys["secret write key"], "event": "lesson done", "distinct_id": "u3"}
    for path in ("/batch/", "/batch", "/capture/", "/capture", "/e/", "/e", "/i/v0/e/", "/i/v0/e"):
        before = events()
        assert post(path, event, key=None)[1]["status"] == 1, path
        assert events() >= before + 1, path
    for path in ("/decide/", "/decide", "/flags/", "/flags"):
        status, answer = post(path, {}, key=None)
        assert status == 200 and answer["featureFlags"] == {}
        assert json.loads(http("GET", store().url + path)[1]) == answer


def test_the_words_of_a_message_are_no_property():
    words = "几号发货？" * 300
    call = {"userId": "speaker", "event": "message.sent", "messageId": "said-1", "properties": {"group": "茶友", "text": words, "message": 71, "reply_to": "70", "n": 2}}
    assert post("/v1/track", call) == (200, {"success": True})
    assert post("/v1/track", call)[0] == 200  # known
    assert post("/v1/track", {**call, "messageId": "said-2", "properties": {"group": "茶友", "text": "x\u0000"}})[0] == 400
    members = lambda where: store().query({"segment": {"expr": f'did("message.sent", where {where})'}})["members"]  # noqa: E731
    assert members('props.length = 1500 and props.question = true and props.type = "text" and props.lang = "zh" and props.n = 2') == 1
    assert members("props.text is not null or props.message is not null or props.reply_to is not null") == 0


def test_settings_are_for_who_knows_the_key():
    s = store()
    status, answer, headers = http("GET", f"{s.url}/v1/projects/{s.keys['public write key']}/settings")
    settings = json.loads(answer)
    assert status == 200 and settings["integrations"]["Segment.io"]["apiHost"] == f"127.0.0.1:{s.port}/v1", settings
    assert headers["Access-Control-Allow-Origin"] == "*"
    for key in ("garbage", s.token, "wf_pub_" + "0" * 48):
        assert http("GET", f"{s.url}/v1/projects/{key}/settings")[0] == 404, key


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
