"""Excel workbooks made by hand, so that each part can be as right or as wrong as a test wants it."""
import io
import zipfile
from xml.sax.saxutils import escape

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
DATE, MOMENT, CLOCK, MONEY = 1, 2, 3, 4  # styles of cells
STYLES = (HEAD + f'<styleSheet {MAIN}><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>'
          '<numFmt numFmtId="165" formatCode="[$-804]yyyy/m/d h:mm:ss"/><numFmt numFmtId="166" formatCode="&quot;￥&quot;#,##0.00;[Red]-#,##0.00"/></numFmts>'
          '<cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs>'
          '<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="20"/><xf numFmtId="166"/></cellXfs></styleSheet>')


def column(n):
    name = ""
    while n:
        n, rest = divmod(n - 1, 26)
        name = chr(65 + rest) + name
    return name


def shared(texts):
    return HEAD + f"<sst {MAIN}>" + "".join(f'<si><t xml:space="preserve">{escape(t)}</t></si>' for t in texts) + "</sst>"


def sheet(rows, texts=None, first=1):
    """Cells are None, bool, a number or digits of one as bytes, (value, style), or text: into 'texts' where there are some, else inline."""
    out, places = [], {}
    for r, row in enumerate(rows, first):
        cells = []
        for c, value in enumerate(row or (), 1):
            style = ""
            if isinstance(value, tuple):
                value, style = value[0], f' s="{value[1]}"'
            if value is None:
                continue
            at = f'<c r="{column(c)}{r}"{style}'
            if isinstance(value, bool):
                cells.append(f'{at} t="b"><v>{int(value)}</v></c>')
            elif isinstance(value, (int, float, bytes)):
                cells.append(f"{at}><v>{value.decode() if isinstance(value, bytes) else repr(value)}</v></c>")
            elif texts is not None:
                if value not in places:
                    places[value] = len(texts)
                    texts.append(value)
                cells.append(f'{at} t="s"><v>{places[value]}</v></c>')
            else:
                cells.append(f'{at} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>')
        if row is not None:
            out.append(f'<row r="{r}">{"".join(cells)}</row>')
    return HEAD + f'<worksheet {MAIN}><cols><col min="1" max="3" width="9"/></cols><sheetData>{"".join(out)}</sheetData></worksheet>'


def parts(sheets, texts=None, states=None, from1904=False):
    """The entries of a workbook with these texts of sheets."""
    names = "".join(f'<sheet name="S{i}" sheetId="{i}"{" state=" + chr(34) + states[i - 1] + chr(34) if states and states[i - 1] else ""} r:id="rId{i}"/>' for i in range(1, len(sheets) + 1))
    made = {
        "[Content_Types].xml": HEAD + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": HEAD + f'<workbook {MAIN}><workbookPr{" date1904=" + chr(34) + "1" + chr(34) if from1904 else ""}/><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": HEAD + f"<Relationships {RELATIONS}>" + "".join(
            f'<Relationship Id="rId{i}" Type="{KIND}worksheet" Target="worksheets/sheet{i}.xml"/>' for i in range(1, len(sheets) + 1)) + "</Relationships>",
        "xl/styles.xml": STYLES,
    }
    made.update({f"xl/worksheets/sheet{i}.xml": text for i, text in enumerate(sheets, 1)})
    if texts is not None:
        made["xl/sharedStrings.xml"] = shared(texts)
    return made


def packed(entries, how=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as z:
        for name, text in entries.items():
            z.writestr(name, text)
    return out.getvalue()


def workbook(rows, **options):
    """One sheet with its texts shared."""
    texts = []
    return packed(parts([sheet(rows, texts)], texts, **options))
