#!/usr/bin/env python3
"""The console as people use it, on the real binary: the whole way from the first account to the audit, in both languages,
and every screen on laptop and phone, light and dark. CONSOLE_SHOTS=DIR keeps the pictures.

Chromium walks (console_walk.mjs) and says what it saw; the tests judge it."""
import functools
import json
import os
import re

from walks import HERE, SHOTS, by_step, judged, quiet, sent, serve
from wellfield import BINARY, DATA, Skip, Store, http, need_browser, run

FIRST_LOAD = 350 * 1024
GUEST = "another long enough phrase"
WORDS = {"zh-CN": {"reveal": "显示完整内容", "question": "入群到下单", "board": "我的看板"},
         "en": {"reveal": "Show in clear", "question": "From joining to buying", "board": "My board"}}
stores = []


def started():
    """A server on a simulated brand that nobody has an account for, and its setup code."""
    need_browser(HERE)
    s = Store("shop", None, "--name", "山泉 Shop")
    stores.append(s)
    s.run("simulate", "--members", "2000", "--days", "180", "--seed", "7")
    serve(s)
    s.simulated = sum(p["value"] for p in s.ask({"trend": {"by": "month"}})["points"])  # the walk adds to them
    found = re.search(r"/console/setup#(\S+)", s.server_log())
    assert found, s.server_log()
    return s, found.group(1)


@functools.cache
def outcome(lang):
    """A walk, or why there is none: one that failed is not tried again by every test."""
    try:
        return walk(lang), None
    except Exception as e:  # noqa: BLE001
        return None, e


def walked(lang):
    seen, failed = outcome(lang)
    if failed:
        raise failed
    return seen


def walk(lang):
    s, code = started()
    words = WORDS[lang]
    cdnow = DATA / "cdnow_sample.txt.gz"
    seen = sent("console_walk.mjs", s, 580, lang=lang, code=code, words=words, guestPassword=GUEST, question=words["question"], boardName=words["board"],
                paint=lang == "zh-CN", cdnow=str(cdnow) if cdnow.exists() else None,
                linkCommand=[BINARY, "link", "--data", s.dir, "--name", "owner", "--url", s.url])
    return s, by_step(seen), seen


def number(text):
    return int(re.sub(r"\D", "", text))


def each():
    for lang in WORDS:
        yield (lang, *walked(lang))


def test_the_first_load_is_small():
    for lang, _, steps, _ in each():
        assert 20_000 < steps["first"]["bytes"] <= FIRST_LOAD, (lang, steps["first"]["bytes"])


def test_the_first_account_needs_its_code_and_a_long_password():
    for lang, s, steps, _ in each():
        assert "8" in steps["refused"]["text"]
        assert http("GET", s.url + "/api/v1/setup")[1] == b'{"needed":false}'


def test_the_overview_shows_the_figures_of_queries():
    for lang, s, steps, _ in each():
        members, active, today, events = map(number, steps["setup"]["kpis"])
        stock = list(map(number, steps["setup"]["stock"]))
        assert members == sum(stock) and 0 < active and events == s.simulated


def test_saving_an_opened_question_changes_it():
    for lang, _, steps, _ in each():
        assert steps["saved anew"]["kept"] == [{"version": 2, "asks": "trend"}], steps["saved anew"]


def test_members_are_listed_masked_and_only_those_in_sight():
    for lang, _, steps, _ in each():
        seen = steps["members"]
        assert number(seen["total"]) > 1500 and seen["drawn"] < 80, seen
        assert any("*" in v for v in seen["masked"]) and not any(re.search(r"1\d{10}", v) for v in seen["masked"])


def test_a_filter_is_built_counted_and_applied():
    for lang, s, steps, _ in each():
        seen = steps["filter"]
        members = s.ask({"segment": {"expr": "orders >= 2"}})["members"]
        assert seen["expression"] == "orders >= 2" and number(seen["count"]) == members == number(seen["total"])
        assert seen["orders"] and all(int(o) >= 2 for o in seen["orders"])
        assert "10" in seen["wrong"], seen["wrong"]  # the column


def test_figures_say_what_they_mean_and_lead_to_as_many_members():
    for lang, s, steps, _ in each():
        seen = steps["drill"]
        assert len(seen["means"]) > 20, seen["means"]
        kpi = [link for link in seen["links"] if link["selector"] == ".kpi a"]
        assert [number(k["total"]) for k in kpi[:2]] == [number(k["figure"]) for k in kpi[:2]], kpi
        for link in seen["links"]:
            if link["selector"] == ".stock a":
                assert number(link["total"]) == number(link["figure"]), link
        cells = [link for link in seen["links"] if link["selector"].startswith(".heat")]
        assert len(cells) > 3 and number(cells[0]["total"]) == seen["size"] == number(cells[1]["total"]), cells
        for cell in cells[2:]:
            members = 0 if cell["empty"] else number(cell["total"])
            assert round(100 * members / seen["size"]) == number(cell["figure"]), (cell, seen["size"])


def test_a_file_whose_headers_map_themselves_is_imported_but_for_its_bad_row():
    for lang, _, steps, _ in each():
        seen = steps["rejects"]
        assert {"at", "amount", "member:phone"} <= set(seen["targets"]), seen["targets"]
        assert seen["counts"]["counts.read"] == "3" and seen["counts"]["counts.stored"] == "2" and seen["counts"]["counts.rejected"] == "1", seen["counts"]
        assert seen["table"][0] == "4" and seen["name"] == "orders-rejects.csv" and seen["text"].startswith("\ufeff") and "昨天" in seen["text"], seen
        assert "left.csv" in steps["past"]["asked"] and "left.csv" in steps["past"]["other"] and "left.csv" not in steps["past"]["names"]


def test_a_dry_run_shows_rows_and_leads_to_members():
    for lang, _, steps, _ in each():
        seen = steps["tried"]
        assert [number(x) for x in seen["tabs"]] == [7, 1, 0, 0, 1], seen["tabs"]
        assert len(seen["made"]) == 5 and all(f"T{i + 1}," in row for i, row in enumerate(seen["made"])), seen["made"]
        assert len(seen["none"]) == 1 and not number("0" + seen["none"][0]) and seen["refused"][0] == "10", seen
        assert "13800138001" in seen["known"][0] and seen["member"] in seen["known"][0], seen


def test_a_mapping_is_kept_and_offered_and_an_import_undone():
    for lang, _, steps, _ in each():
        seen = steps["undone"]
        assert {k: seen["sums"][k] for k in ("events", "members", "identities", "tags")} == {"events": "120", "members": "30", "identities": "30", "tags": "60"}, (lang, seen)
        assert "会员表" in seen["offered"] and not seen["faultsBefore"], (lang, seen)


def test_cdnow_is_mapped_tried_and_imported():
    for lang, s, steps, _ in each():
        if "import" not in steps:
            raise Skip("../shared/data holds no cdnow_sample.txt.gz")
        seen = steps["import"]
        figures = ("read", "stored", "rejected", "members_created")
        assert [number(seen["tried"]["tried." + f]) for f in figures] == [6919, 6919, 0, 2357], seen["tried"]
        assert [number(seen["counts"]["counts." + f]) for f in figures] == [6919, 6919, 0, 2357], seen["counts"]
        assert "order.paid" in seen["sample"] and "2933" in seen["sample"], seen["sample"]
        assert s.ask({"trend": {"kind": "order.paid", "measure": "events", "by": "month", "to": "1998-07-01"}})["points"][0]["at"].startswith("1997-01")


def test_the_export_asks_for_the_password_and_is_a_table_of_members():
    for lang, s, steps, _ in each():
        seen = steps["export"]
        members = s.ask({"segment": {"expr": "orders >= 2"}})["members"]
        assert seen["name"] == "shop-members.csv" and seen["text"].lstrip("\ufeff").startswith("id,name,stage,created"), seen
        assert seen["lines"] == members + 1 and not seen["faults"], (seen["lines"], members, seen["faults"])
        assert ",owner,p_alive," in seen["text"].split("\r\n")[0], seen["text"]
        assert (seen["xlsx"], seen["magic"]) == ("shop-members.xlsx", "PK")


def test_a_deleted_question_comes_back_when_that_is_undone():
    for lang, _, steps, _ in each():
        seen = steps["undo"]
        assert WORDS[lang]["question"] in seen["asked"] and not seen["gone"] and seen["back"], seen


def test_the_first_event_of_a_key_is_seen_beside_it_and_the_counter_ticks():
    for lang, _, steps, _ in each():
        assert steps["arrival"]["key"] in steps["arrival"]["snippet"]
        assert number(steps["ticks"]["after"]) > number(steps["ticks"]["before"])


def test_a_token_may_reach_one_store_alone():
    for lang, s, steps, _ in each():
        assert len(steps["reach"]["tags"]) == 1 and "west" in steps["reach"]["tags"][0], steps["reach"]


def test_the_first_screen_is_there_before_the_application_and_hands_over_what_was_typed():
    for lang, _, steps, _ in each():
        door, desk = steps["firstDoor"], steps["firstDesk"]
        assert door["address"].endswith("/console/overview") and door["left"] == 0 and door["dark"], door
        assert len(desk["kpis"]) == 4 == len([k for k in desk["kpis"] if number(k)]) and len(desk["places"]) == 9, desk
        assert desk["kpis"][:2] == desk["then"][:2], desk
        assert "SignIn" in door["fetched"] and "Overview" not in door["fetched"], door
        assert not {"SignIn", "Members"} & set(steps["firstOne"]["fetched"]), steps["firstOne"]
        rows = steps["firstList"]
        assert len(rows["early"]) == 8 and rows["early"] == rows["then"] and rows["left"] == 0 and rows["h1"] == ["Members" if lang == "en" else "用户"], rows
        for seen in (door, desk, rows):
            assert not seen["faults"] and not seen["violations"] and not seen["troubles"] and seen["lang"] == lang and seen["overflow"] <= 0, seen


def test_how_soon_something_is_seen():
    _, steps, _ = walked("zh-CN")
    print("first paint and first use, ms, at a quarter of the speed behind Fast 3G:", json.dumps(steps["paint"]))


def test_a_profile_says_why_and_reveals_on_request():
    for lang, _, steps, _ in each():
        assert steps["profile"]["why"] and steps["profile"]["events"] > 0
        hidden, clear = steps["profile"]["ids"], steps["reveal"]["ids"]
        assert any("*" in v for v in hidden) and not any("*" in v for v in clear) and len(hidden) == len(clear)
        assert not steps["reveal"]["faults"], steps["reveal"]["faults"]


def test_what_staff_keep_of_a_member_stands_in_the_profile():
    for lang, _, steps, _ in each():
        assert {"爱喝茶", "金卡", "银卡"} <= set(steps["tags"]["chips"]), steps["tags"]["chips"]  # beside those of the imports
        assert len(steps["consent"]["words"]) == 1, steps["consent"]
        kept = steps["kept"]
        assert sorted(kept["held"]) == ["爱喝茶", "银卡"] and kept["notes"] == ["下午三点后联系"], kept  # the group is exclusive
        assert any({"zh-CN": "短信", "en": "Text message"}[lang] in a for a in kept["allowed"]), kept["allowed"]


def test_many_are_tagged_and_it_is_undone():
    for lang, s, steps, _ in each():
        members = s.ask({"segment": {"expr": "orders >= 2"}})["members"]
        changed, same = map(number, re.split("[;；]", steps["tagged"]["done"]))
        assert changed + same == members and number(steps["tagged"]["undone"]) == changed, (members, steps["tagged"])
        assert s.ask({"segment": {"expr": 'tag("爱喝茶")'}})["members"] == 1


def test_a_member_decides_on_a_phone_without_scripts():
    for lang, s, steps, _ in each():
        seen = steps["preferences"]
        assert seen["before"] == {"sms": True, "news": True}, seen
        assert seen["saved"]["email"] and not seen["saved"]["news"], seen
        assert not [b for b in seen["stopped"] if not b.startswith("list.")], seen
        assert s.ask({"segment": {"expr": 'consented("sms", "marketing")'}})["members"] == 0


def test_a_tag_is_given_by_a_rule_and_taken_with_it():
    for lang, s, steps, _ in each():
        members = s.ask({"segment": {"expr": "orders >= 3"}})["members"]
        seen = steps["rule"]
        assert number(seen["count"]) == members > 0 and "orders >= 3" in seen["shown"], (members, seen)
        assert seen["refused"].strip() and steps["rule segment"]["edits"] == 1, steps["rule segment"]
        assert number(steps["rule segment"]["members"]) == members, steps["rule segment"]
        assert "rule gone" in steps and s.ask({"segment": {"expr": 'tag("老客")'}})["members"] == 0


def test_a_buyers_scores_stand_in_the_profile():
    for lang, _, steps, _ in each():
        shown, kept = steps["scores"]["shown"], steps["scores"]["kept"]
        assert shown["p_alive"] == f"{100 * kept['p_alive']:.0f}%" and number(shown["expected_value"]) == round(kept["expected_value"]), (shown, kept)
        assert [shown[k][0] for k in ("rfm_r", "rfm_f", "rfm_m")] == [str(kept[k]) for k in ("rfm_r", "rfm_f", "rfm_m")], (shown, kept)
        assert float(shown["expected_orders"]) == round(kept["expected_orders"], 2) and kept["as_of"][:10] in steps["scores"]["head"], steps["scores"]


def test_links_to_the_preference_page_are_recalled():
    for lang, _, steps, _ in each():
        seen = steps["recalled"]
        assert seen["before"] == seen["held"] == 200 and 400 <= seen["one"] < 500 and 400 <= seen["all"] < 500, seen


def test_a_number_of_the_stages_is_changed_and_changed_back():
    for lang, _, steps, _ in each():
        seen = steps["numbers"]
        assert int(seen["changed"]) == int(seen["usual"]) + 7 and seen["filled"] == seen["now"] == seen["usual"], seen
        assert seen["moved"][0] == seen["moved"][1] > 0 and seen["stored"] == 2, seen


def test_a_funnel_is_kept_on_a_board():
    for lang, s, steps, _ in each():
        rows = steps["funnel"]["rows"]
        figures = [number(r[1]) for r in rows]
        assert len(rows) == 3 and figures == sorted(figures, reverse=True) and figures[0] > 0
        assert steps["board"]["pinned"] == [WORDS[lang]["question"]]


def test_an_analyst_comes_by_link_and_cannot_export():
    for lang, s, steps, _ in each():
        assert steps["invite"]["link"].startswith(s.url + "/console/link#")
        assert "#" not in steps["link"]["address"]
        seen = steps["analyst"]
        assert seen["exportButtons"] == 0 and seen["status"] == 403 and seen["tabs"] == ["/console/settings/me", "/console/settings/today"], seen


def test_who_is_revoked_is_out_and_the_audit_tells():
    for lang, _, steps, _ in each():
        assert "ann" in steps["revoked"]["asked"] and "/console/signin" in steps["revoked"]["address"]
        actions = steps["audit"]["actions"]
        for wanted in ("staff.removed", "staff.added", "staff.link_made", "member.revealed", "members.exported", "session.began"):
            assert wanted in actions, (wanted, actions)
        name, lines = steps["audit"]["name"], steps["audit"]["lines"]
        assert name == "shop-audit.jsonl" and len(lines) >= len(actions) and lines == sorted(set(lines), reverse=True), (name, lines)


def test_the_keyboard_reaches_every_place():
    for lang, _, steps, _ in each():
        assert steps["keyboard"]["skip"] == "skip"
        for place in ("overview", "members", "insight", "boards", "settings"):
            assert f"/console/{place}" in steps["keyboard"]["reached"], steps["keyboard"]


def test_no_screen_has_a_serious_fault():
    for lang, _, steps, seen in each():
        for name, v in steps.items():
            if "h1" in v:
                judged((lang, name), v)
                assert v["lang"] == lang
        quiet(seen, "status of 400")


def test_pictures():
    """Every screen, laptop and phone, light and dark."""
    if not SHOTS:
        raise Skip("CONSOLE_SHOTS names no folder (make screenshots)")
    os.makedirs(SHOTS, exist_ok=True)
    s, steps, _ = walked("zh-CN")
    seen = sent("console_walk.mjs", s, 580, pictures=True, lang="zh-CN", words=WORDS["zh-CN"], board=steps["board"]["board"],
                imported=steps.get("import", {}).get("id"), rejected=steps.get("rejects", {}).get("id"), only=os.environ.get("CONSOLE_ONLY"))
    pictures = [v for v in seen if v["step"] == "picture"]
    assert len(pictures) > 100 or os.environ.get("CONSOLE_ONLY")
    for v in pictures:
        judged((v["name"], v["size"], v["scheme"]), v)
    quiet(seen, "status of 400")


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        for store in stores:
            store.close()
