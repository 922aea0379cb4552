#!/usr/bin/env python3
"""Excel workbooks imported as CSV files are: their cells, what is wrong with them, and the product's own."""
import functools
import json
import pathlib
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from imports_test import ask, preview, rejects, run_import, upload, want  # noqa: E402
from wellfield import Store, run  # noqa: E402
from workbook import CLOCK, DATE, HEAD, MAIN, MOMENT, MONEY, packed, parts, shared, sheet, workbook  # noqa: E402

HEADERS = ["订单编号", "付款时间", "实付金额(元)", "手机号", "昵称", "商品名称"]
DAY = 45296  # 2024-01-05


@functools.cache
def store():
    return Store("shop").serve()


def orders(name):
    return [["一月订单"], None, HEADERS,
            [f"{name}1", (DAY + 0.377083333333333, MOMENT), (12.5, MONEY), 13800138000, "小王", '茶, "大"\n第二行'],
            None,
            [f"{name}2", (DAY, DATE), 7, "13800138001", "小李", None],
            [f"{name}3", "昨天", 7, b"1.3800138002E10", "小赵", True],
            ["合计", None, 26.5]]


def test_a_sheet_is_uploaded_looked_at_tried_and_imported():
    s = store()
    number = upload(s, "一月.xlsx", workbook(orders("X")))
    p = want(200, preview(s, number))
    assert (p["format"], p["guessed"], p["encoding"], p["kind"]) == ("xlsx", True, "utf-8", "order.paid"), p
    assert [c["header"] for c in p["columns"]] == HEADERS, p["columns"]
    assert p["columns"][1]["samples"][:2] == ["2024-01-05 09:03:00", "2024-01-05"], p["columns"]
    assert p["rows"][0] == ["X1", "2024-01-05 09:03:00", "12.5", "13800138000", "小王", '茶, "大"\n第二行'], p["rows"]
    assert p["events"][0]["at"] == "2024-01-05T09:03:00+08:00" and p["events"][0]["amount"] == 1250, p["events"]
    assert [(x["line"], x["column"]) for x in p["problems"]] == [(7, 2)], p["problems"]
    tried = run_import(s, number, format="xlsx", dry_run=True)
    assert tried["state"] == "ready" and tried["tried"]["stored"] == 2 and tried["tried"]["rejected"] == 1, tried
    done = run_import(s, number, format="xlsx")
    assert done["state"] == "done" and done["options"]["format"] == "xlsx", done
    counts = done["counts"]
    assert (counts["read"], counts["stored"], counts["rejected"], counts["skipped"], counts["members_created"]) == (3, 2, 1, 1, 2), counts
    assert [(r["line"], r["column"]) for r in done["rejects"]] == [(7, 2)], done["rejects"]
    assert '"一月.xlsx",7,2,' in rejects(s, number)
    again = run_import(s, upload(s, "一月 (1).xlsx", workbook(orders("X"))), format="csv")
    assert again["counts"]["stored"] == 0 and again["counts"]["duplicate"] == 2, again


def test_many_rows_come_as_those_of_a_csv_do():
    rows = 30000
    table = [["手机号", "昵称", "付款时间", "实付金额", "备注"]] + [
        [13900000000 + i % 5000, f"人{i % 5000}", (DAY + i / 1000, MOMENT), i % 100 + 0.5, "a\nb" if i % 7 == 0 else None] for i in range(rows)]
    table[20001][2] = "?"
    with Store("shop").serve() as s, Store("shop").serve() as other:
        done = run_import(s, upload(s, "many.xlsx", workbook(table)), format="xlsx")
        lines = ["手机号,昵称,付款时间,实付金额,备注"] + [
            f"{r[0]},{r[1]},{'?' if isinstance(r[2], str) else r[2][0]},{r[3]}," + ('"a\nb"' if r[4] else "") for r in table[1:]]
        peer = run_import(other, upload(other, "many.csv", "\n".join(lines) + "\n"), format="csv")
        assert done["state"] == peer["state"] == "done", (done, peer)
        assert done["counts"] == peer["counts"] and done["counts"]["stored"] == rows - 1, (done, peer)
        assert done["rejects"][0]["line"] == 20002, done["rejects"]
        question = {"trend": {"kind": "order.paid", "by": "day"}}
        assert s.ask(question)["points"] == other.ask(question)["points"]


def cells(s, rows, **options):
    """What a preview shows of one sheet's rows; the first is the header."""
    p = want(200, preview(s, upload(s, "cells.xlsx", workbook(rows, **options)), map="member=user:a"))
    return p["rows"]


def test_cells_are_what_a_person_sees():
    s = store()
    values = [
        (b"13800138000", "13800138000"), (b"1.3800138E10", "13800138000"), (b"123456789012345678", "123456789012345678"),
        (b"1.23456789012345E+17", "123456789012345000"), (b"0.10000000000000001", "0.1"), (b"-2.5", "-2.5"), (b"1E-3", "0.001"),
        (b"1.5E+30", "1.5E+30"), (True, "TRUE"), (False, "FALSE"), ("0012", "0012"), ("_x000D_a_x005F_b", "a_b"), ("&<>\"", '&<>"'),
        ((DAY, DATE), "2024-01-05"), ((DAY + 0.5, DATE), "2024-01-05 12:00:00"), ((0.25, CLOCK), "06:00:00"), ((59, DATE), "1900-02-28"),
        ((61, DATE), "1900-03-01"), ((-1, DATE), "-1"), ((3000000, DATE), "3000000"), ((1234.5, MONEY), "1234.5"), (("x", DATE), "x"), (None, "")]
    rows = cells(s, [["a", "b"]] + [["id", value] for value, _ in values])
    for (value, shown), row in zip(values, rows):
        assert row == ["id", shown] or (not shown and row == ["id"]), (value, shown, row)
    assert cells(s, [["a", "b"], ["id", (0, DATE)], ["id", (DAY - 1462, DATE)]], from1904=True) == [["id", "1904-01-01"], ["id", "2024-01-05"]]


def test_sheets_rows_and_columns_are_found_where_they_are():
    s = store()
    one, two = sheet([["a", "b"], ["1", "hidden"]]), sheet([["a", "b"], ["2", "shown"]])

    def rows(data):
        return want(200, preview(s, upload(s, "w.xlsx", data), map="member=user:a"))["rows"]

    assert rows(packed(parts([one, two], states=["hidden", None]))) == [["2", "shown"]]
    assert rows(packed(parts([one, two], states=["veryHidden", "visible"]))) == [["2", "shown"]]
    chart = parts([one, two])
    chart["xl/_rels/workbook.xml.rels"] = chart["xl/_rels/workbook.xml.rels"].replace("worksheet\" Target=\"worksheets/sheet1", "chartsheet\" Target=\"worksheets/sheet1")
    assert rows(packed(chart)) == [["2", "shown"]]
    rooted = parts([one])
    rooted["xl/_rels/workbook.xml.rels"] = rooted["xl/_rels/workbook.xml.rels"].replace('Target="', 'Target="/xl/')
    assert rows(packed(rooted)) == [["1", "hidden"]]
    # prefixes, rich text with its reading, formulas with and without a value, errors, no references
    odd = HEAD + ('<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c>'
                  '<x:c t="inlineStr"><x:is><x:t>b</x:t></x:is></x:c><x:c/><x:c t="str"><x:f>"c"</x:f><x:v>c</x:v></x:c></x:row>'
                  '<x:row r="4"><x:c r="A4" t="s"><x:v>0</x:v></x:c><x:c r="D4"><x:f>1+1</x:f><x:v>2</x:v></x:c></x:row>'
                  '<x:row r="5"><x:c r="A5" t="inlineStr"><x:is><x:t>z</x:t></x:is></x:c><x:c r="B5" t="e"><x:v>#N/A</x:v></x:c><x:c r="D5"><x:f>1+1</x:f></x:c></x:row></x:sheetData></x:worksheet>')
    entries = parts([odd], ["?"])
    entries["xl/sharedStrings.xml"] = HEAD + f"<sst {MAIN}><si><r><t>東</t></r><r><rPr><b/></rPr><t>京</t></r><rPh sb=\"0\" eb=\"1\"><t>トウ</t></rPh></si></sst>"
    assert rows(packed(entries)) == [["東京", "", "", "2"], ["z"]], rows(packed(entries))
    assert rows(packed(parts([sheet([["a"], ["stored"]])]), zipfile.ZIP_STORED)) == [["stored"]]
    empty = want(200, preview(s, upload(s, "empty.xlsx", packed(parts([sheet([])]))), map="member=user:a"))
    assert empty["rows"] == [] and empty["format"] == "xlsx", empty


def test_a_sheet_is_chosen_by_its_name():
    s = store()
    people = sheet([["手机号", "昵称"], ["13900007001", "甲"]])
    more = sheet([["手机号", "昵称"], ["13900007002", "乙"], ["13900007003", "丙"]])
    entries = parts([people, more, sheet([["手机号"], ["13900007004"]])], states=[None, None, "hidden"])
    entries["xl/workbook.xml"] = entries["xl/workbook.xml"].replace('name="S1"', 'name="会员 &amp; 客户"').replace('name="S2"', 'name="二月"')
    data = packed(entries)
    number = upload(s, "book.xlsx", data)
    first, second = want(200, preview(s, number)), want(200, preview(s, number, sheet=" 二月 "))
    assert (first["sheets"], first["sheet"]) == (["会员 & 客户", "二月"], "会员 & 客户"), first
    assert second["sheet"] == "二月" and [r[1] for r in second["rows"]] == ["乙", "丙"], second
    assert want(200, preview(s, number, sheet="s3"))["sheets"] == ["会员 & 客户", "二月", "S3"]
    csv = upload(s, "plain.csv", "手机号\n13900007009\n")
    assert want(200, preview(s, csv))["sheets"] == [] and want(200, preview(s, csv))["sheet"] is None
    for of, options, told in ((number, {"sheet": "三月"}, "二月"), (number, {"sheet": "x" * 500}, ""), (csv, {"sheet": "S1"}, "Excel")):
        status, body, _ = preview(s, of, **options)
        assert status == 400 and body["errors"][0]["field"] == "sheet" and told in body["errors"][0]["message"], (options, body)
    failed = run_import(s, number, format="xlsx", sheet="三月")
    assert failed["state"] == "failed" and "二月" in failed["reason"], failed
    done = run_import(s, number, format="xlsx", sheet="二月")
    assert done["counts"]["stored"] == 2 and done["options"]["sheet"] == "二月", done
    assert run_import(s, number, format="xlsx")["counts"]["stored"] == 1
    kept = want(201, ask(s, "POST", "/imports/mappings", {"name": "book", "format": "csv", "map": "member=phone:手机号", "sheet": "二月"}))
    assert kept["sheet"] == "二月" and kept in want(200, ask(s, "GET", "/imports/mappings"))["items"], kept
    plain = want(200, ask(s, "PUT", f"/imports/mappings/{kept['id']}", {"name": "book", "format": "csv", "map": kept["map"]}))
    assert plain["sheet"] is None and want(204, ask(s, "DELETE", f"/imports/mappings/{kept['id']}")) == b""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "book.xlsx"
        path.write_bytes(data)
        got = s.load("--format", "xlsx", "--sheet", "S3", str(path))
        assert got["stored"] == 1 and got["duplicate"] == 0, got
        refused = s.run("import", "--format", "jsonl", "--sheet", "S3", str(path), check=False)
        assert refused.returncode != 0 and "--sheet" in refused.stderr, refused


def test_ids_that_excel_damaged_are_told():
    s = store()
    number = upload(s, "ids.xlsx", workbook([["手机号", "会员编号"], [b"1.38E+30", "坏"], [None, b"1.23456789012345E+17"], [13800138077, b"123456789012345678"]]))
    done = run_import(s, number, format="xlsx")
    assert done["counts"]["stored"] == 1 and done["counts"]["rejected"] == 2, done
    assert [r["line"] for r in done["rejects"]] == [2, 3] and "Excel" in done["rejects"][0]["reason"], done["rejects"]


# ---- hostile ----


def refused(s, name, data, *words):
    """A look, and an import, end with a reason that says these words."""
    number = upload(s, name, data)
    said = json.dumps(want(400 if "large" not in words else 413, preview(s, number)), ensure_ascii=False)
    assert all(w in said for w in words if w != "large"), (name, words, said)
    failed = run_import(s, number, format="xlsx")
    assert failed["state"] == "failed" and all(w in failed["reason"] for w in words if w != "large"), (name, words, failed)


def test_files_that_are_no_workbook_of_cells_say_what_they_are():
    s = store()
    good = workbook([["手机号"], ["13800138000"]])
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)
    refused(s, "old.xls", ole, ".xls")
    refused(s, "locked.xlsx", ole + "EncryptedPackage".encode("utf-16-le") + bytes(512), "password")
    refused(s, "other.zip", packed({"a.txt": "a,b\n1,2\n"}), "ZIP without a workbook")
    refused(s, "binary.xlsb", packed({"xl/workbook.bin": b"\0"}), "ZIP without a workbook")
    for cut in (len(good) - 1, len(good) - 30, len(good) // 2, 30):
        refused(s, "cut.xlsx", good[:cut], "damaged")
    swapped = bytearray(good)
    at = good.index(b"xl/worksheets/sheet1.xml") + 40
    swapped[at:at + 8] = bytes(8)
    number = upload(s, "swapped.xlsx", bytes(swapped))
    assert run_import(s, number, format="xlsx")["state"] == "failed"
    refused(s, "none.xlsx", packed(parts([sheet([["a"]])], states=["hidden"])), "no visible sheet")
    lacking = parts([sheet([["a"]])])
    del lacking["xl/worksheets/sheet1.xml"]
    refused(s, "lacking.xlsx", packed(lacking), "xl/worksheets/sheet1.xml")
    plain = upload(s, "a.xlsx", "手机号\n13800138000\n")
    assert want(200, preview(s, plain))["format"] == "csv"
    assert "no Excel workbook" in want(400, preview(s, plain, format="xlsx"))["detail"]
    assert "import it as xlsx" in want(400, preview(s, upload(s, "g.xlsx", good), format="jsonl"))["detail"]
    locked = bytearray(good)
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag that an entry is encrypted
        at = -1
        while (at := locked.find(mark, at + 1)) >= 0:
            locked[at + offset] |= 1
    number = upload(s, "flag.xlsx", bytes(locked))
    assert "password" in want(400, preview(s, number))["detail"]


def test_bombs_and_entities_are_refused_by_name_of_the_limit():
    s = store()
    one = sheet([["手机号"], ["13800138000"]])

    def with_sheet(text):
        return packed(parts([text]))

    refused(s, "ratio.xlsx", with_sheet(one.replace("</sheetData>", "<row/>" * (4 << 20) + "</sheetData>")), "large", "200 times")
    laughs = '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    refused(s, "laughs.xlsx", with_sheet(one.replace("<worksheet", laughs + "<worksheet")), "document type")
    outside = '<!DOCTYPE w SYSTEM "file:///etc/passwd">'
    refused(s, "outside.xlsx", with_sheet(one.replace("<worksheet", outside + "<worksheet")), "document type")
    styled = parts([one])
    styled["xl/styles.xml"] = styled["xl/styles.xml"].replace("<styleSheet", laughs + "<styleSheet")
    refused(s, "styled.xlsx", packed(styled), "document type")
    refused(s, "parts.xlsx", packed({**parts([one]), **{f"x{i}": "" for i in range(5000)}}), "large", "4096")
    many = bytearray(packed(parts([one])))
    many[-14:-10] = b"\xff\xff\xff\xff"  # so many entries, its end says
    refused(s, "count.xlsx", bytes(many), "large", "4096")
    deep = "".join(f"<a{i}>" for i in range(300000))
    refused(s, "deep.xlsx", with_sheet(one.replace("<sheetData>", deep + "<sheetData>")), "large", "memory")
    tag = "<row " + "".join(f'a{i}="{i * 7919 % 1000003}" ' for i in range(800000))
    refused(s, "tag.xlsx", with_sheet(one.replace("<sheetData>", "<sheetData>" + tag)), "large", "memory")
    refused(s, "open.xlsx", with_sheet(one.replace("</worksheet>", "").replace("</sheetData>", "")), "broken in line")
    refused(s, "index.xlsx", packed(parts([one.replace('t="inlineStr"><is><t xml:space="preserve">13800138000</t></is>', 't="s"><v>7</v>')], ["x"])), "names a text")
    for rows in ('<row r="3"/><row r="2"/>', '<row r="1048577"/>', '<row r="0"/>', '<row r="x"/>'):
        refused(s, "rows.xlsx", with_sheet(one.replace("</sheetData>", rows + "</sheetData>")), "rows are not in order")
    for place in ("ZZZZZZZ3", "XFE3", "3"):
        cell = f'<row r="3"><c r="{place}"><v>1</v></c></row>'
        refused(s, "columns.xlsx", with_sheet(one.replace("</sheetData>", cell + "</sheetData>")), "XFD")


def test_wide_and_long_rows_are_rejected_alone():
    s = store()
    far = '<row r="3"><c r="XFD3"><v>1</v></c></row><row r="4"><c r="A4"><v>13800138444</v></c></row>'
    styled = '<row r="5"><c r="A5"><v>13800138445</v></c><c r="XFD5" s="1"/></row>'
    number = upload(s, "far.xlsx", packed(parts([sheet([["手机号"], [13800138443]]).replace("</sheetData>", far + styled + "</sheetData>")])))
    done = run_import(s, number, format="xlsx")
    assert (done["counts"]["stored"], done["counts"]["rejected"]) == (3, 1) and done["rejects"][0]["line"] == 3, done
    assert "4096" in done["rejects"][0]["reason"], done
    long = "换\n行" * (1 << 20)
    for data in (workbook([["手机号", "昵称"], [13800138446, long], [13800138447, "b"]]),
                 packed(parts([sheet([["手机号", "昵称"], [13800138446, long], [13800138447, "b"]])]))):
        number = upload(s, "long.xlsx", data)
        assert len(json.dumps(want(200, preview(s, number)))) < 100000
        done = run_import(s, number, format="xlsx")
        assert done["counts"]["rejected"] == 1 and [r["line"] for r in done["rejects"]] == [2], done
    # a cell of 64 kB named a million times: told as it goes, and not held
    texts = ["x" * 60000 + str(i) for i in range(3)]
    cells = "".join(f'<row r="{r}">' + "".join(f'<c r="{c}{r}" t="s"><v>{(r + i) % 3}</v></c>' for i, c in enumerate("ABCDEFGH")) + "</row>" for r in range(3, 60000))
    entries = parts([sheet([["手机号"], [13800138448]]).replace("</sheetData>", cells + "</sheetData>")], texts)
    entries["xl/sharedStrings.xml"] = shared(texts)
    number = upload(s, "named.xlsx", packed(entries))
    want(200, preview(s, number))
    failed = run_import(s, number, format="xlsx")
    assert failed["state"] == "failed" and "unpacks to more than" in failed["reason"], failed


# ---- the product's own, and the command line ----


def test_an_export_comes_back():
    s = Store("shop")
    owner = s.add_token(99, "overview.read members.read members.export members.reveal")
    with s.serve():
        rows = "昵称,手机号\n\"=1+1, x\",13900000001\n小李,13900000002\n"
        assert run_import(s, upload(s, "people.csv", rows), format="csv")["counts"]["members_created"] == 2
        deadline = time.monotonic() + 30
        while len(want(200, ask(s, "GET", "/members"))["items"]) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        status, data, _ = ask(s, "GET", "/members/export?format=xlsx&columns=name,phone", headers={"Authorization": "Bearer " + owner})
        assert status == 200 and type(data) is bytes and data[:2] == b"PK", (status, data[:100])
        p = want(200, preview(s, upload(s, "export.xlsx", data), map="member=phone:phone"))
        shown = {tuple(row[-2:]) for row in p["rows"]}
        assert shown == {("=1+1, x", "+8613900000001"), ("小李", "+8613900000002")}, p


def test_the_command_line_reads_them_too():
    s = store()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "orders.xlsx"
        path.write_bytes(workbook(orders("C")))
        got = s.run("import", "--format", "xlsx", "--rejects", f"{folder}/rejects.csv", str(path))
        counts = json.loads(got.stdout)
        assert counts["stored"] == 2 and counts["rejected"] == 1, counts
        assert '"orders.xlsx",7,2,' in (pathlib.Path(folder) / "rejects.csv").read_text()
        again = s.load("--format", "csv", str(path))
        assert again["stored"] == 0 and again["duplicate"] == 2, again
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
        refused = s.run("import", "--format", "xlsx", str(path), check=False)
        assert refused.returncode != 0 and ".xls" in refused.stderr, refused


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
