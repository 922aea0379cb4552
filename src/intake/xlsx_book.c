/* xlsx_book.c - workbook.xml names the sheets and the ids of their relations; the relations say
 * where a sheet lies, and whether it is one of cells. */
#include "intake/xlsx_book.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/utf8.h"

#define ID_BYTES 64
#define FORMATS 65536 /* ids of formats; styles */

struct sheets {
    struct xlsx_book *book;
    struct str wanted; /* {NULL, 0} = the first */
    size_t count;
    struct sheet {
        char id[ID_BYTES], name[XLSX_NAME_BYTES], path[256];
        bool wanted;
    } list[XLSX_SHEETS];
};

static void on_nothing(void *ctx, const char *name)
{
    (void)ctx, (void)name;
}

static bool is_true(struct str s)
{
    return str_is(s, "1") || str_is(s, "true") || str_is(s, "on");
}

/* ---- which sheet ---- */

static void on_sheet(void *ctx, const char *name, const char *const *attributes)
{
    struct sheets *s = ctx;
    if (xml_is(name, "workbookPr"))
        s->book->from1904 = is_true(xml_attribute(attributes, "date1904"));
    struct str id = xml_attribute(attributes, "id"), state = xml_attribute(attributes, "state");
    struct str title = utf8_cut(str_trim(xml_attribute(attributes, "name")), XLSX_NAME_BYTES - 1);
    bool wanted = s->wanted.p && str_eq_fold(title, s->wanted);
    if (!xml_is(name, "sheet") || id.len == 0 || id.len >= ID_BYTES) return;
    if (!wanted && (s->count == XLSX_SHEETS || (state.len && !str_is(state, "visible")))) return;
    if (s->count == XLSX_SHEETS) s->count--; /* one beyond those told of, but asked for */
    struct sheet *one = &s->list[s->count++];
    *one = (struct sheet){.wanted = wanted};
    memcpy(one->id, id.p, id.len);
    memcpy(one->name, title.p, title.len);
}

static void on_relation(void *ctx, const char *name, const char *const *attributes)
{
    struct sheets *s = ctx;
    struct str id = xml_attribute(attributes, "Id"), to = xml_attribute(attributes, "Target");
    if (!xml_is(name, "Relationship") || to.len == 0 || to.len >= 200) return;
    if (!str_ends(xml_attribute(attributes, "Type"), STR("/worksheet"))) return;
    for (size_t i = 0; i < s->count; i++) {
        struct sheet *one = &s->list[i];
        if (!str_is(id, one->id)) continue;
        const char *root = to.p[0] == '/' ? "" : "xl/";
        snprintf(one->path, sizeof(one->path), "%s%s", root, to.p + (*root == '\0'));
    }
}

/* Those that hold cells, and of them the one to read. */
static enum err choose(const struct sheets *s, struct xlsx_book *b, struct why *why)
{
    struct strbuf names = {0};
    for (size_t i = 0; i < s->count; i++) {
        const struct sheet *one = &s->list[i];
        if (!one->path[0]) continue;
        if (!b->sheet[0] && (one->wanted || !s->wanted.p)) {
            memcpy(b->sheet, one->path, sizeof(b->sheet));
            b->sheets.read = b->sheets.count;
        }
        strbuf_addf(&names, b->sheets.count ? ", %s" : "%s", one->name);
        memcpy(b->sheets.names[b->sheets.count++], one->name, sizeof(one->name));
    }
    enum err err = b->sheet[0] ? ERR_OK : ERR_INVALID;
    if (err != ERR_OK && b->sheets.count) {
        (void)why_fail(why, err, MSG_XLSX_NO_SHEET, "sheet", "%.100s|%.200s", s->wanted.p, names.p);
    } else if (err != ERR_OK) {
        (void)why_fail(why, err, MSG_XLSX_SHEETS, "", NULL);
    }
    strbuf_finish(&names);
    return err;
}

static enum err find_sheet(struct package *p, const char *sheet, struct xlsx_book *b,
                           struct xml **reader, struct why *why)
{
    struct sheets *s = mem_alloc(sizeof(*s));
    const struct xml_handlers names = {on_sheet, on_nothing, NULL, s};
    const struct xml_handlers places = {on_relation, on_nothing, NULL, s};
    s->book = b;
    if (sheet) s->wanted = str_trim(str_of(sheet));
    enum err err = entry_parse(p, "xl/workbook.xml", &names, reader, why);
    if (err == ERR_OK) err = entry_parse(p, "xl/_rels/workbook.xml.rels", &places, reader, why);
    if (err == ERR_OK) err = choose(s, b, why);
    mem_free(s);
    return err;
}

/* ---- styles ---- */

struct styles {
    struct xlsx_book *book;
    bool inside; /* cellXfs */
    uint8_t form[FORMATS];
};

static void on_style(void *ctx, const char *name, const char *const *attributes)
{
    struct styles *s = ctx;
    uint64_t id = 0;
    if (xml_is(name, "cellXfs")) s->inside = true;
    bool format = xml_is(name, "numFmt"), style = s->inside && xml_is(name, "xf");
    if (!format && !style) return;
    if (!str_to_u64(xml_attribute(attributes, "numFmtId"), &id) || id >= FORMATS) id = 0;
    if (format) s->form[id] = (uint8_t)cell_form_of(xml_attribute(attributes, "formatCode"));
    if (style && s->book->styles.count < FORMATS) VEC_PUSH(&s->book->styles, s->form[id]);
}

static void on_style_end(void *ctx, const char *name)
{
    struct styles *s = ctx;
    if (xml_is(name, "cellXfs")) s->inside = false;
}

static enum err read_styles(struct package *p, struct xlsx_book *b, struct xml **reader,
                            struct why *why)
{
    if (!package_has(p, "xl/styles.xml")) return ERR_OK;
    struct styles *s = mem_alloc(sizeof(*s));
    const struct xml_handlers handlers = {on_style, on_style_end, NULL, s};
    s->book = b;
    for (uint64_t id = 0; id < 164; id++)
        s->form[id] = (uint8_t)cell_form_known(id);
    enum err err = entry_parse(p, "xl/styles.xml", &handlers, reader, why);
    mem_free(s);
    return err;
}

/* ---- shared texts ---- */

struct texts {
    struct xlsx_book *book;
    struct xml **reader;
    bool inside; /* of a t that counts */
    bool phonetic;
    bool over;
};

static void on_text_open(void *ctx, const char *name, const char *const *attributes)
{
    struct texts *t = ctx;
    (void)attributes;
    if (xml_is(name, "rPh")) t->phonetic = true;
    if (xml_is(name, "t")) t->inside = !t->phonetic;
}

/* Each text costs the place of its end, too. */
static void check_texts(struct texts *t)
{
    const struct xlsx_book *b = t->book;
    if (b->texts.len + b->ends.count * sizeof(uint32_t) <= LIMIT_XLSX_TEXT_BYTES) return;
    t->over = true;
    xml_stop(*t->reader);
}

static void on_text_close(void *ctx, const char *name)
{
    struct texts *t = ctx;
    if (xml_is(name, "t")) t->inside = false;
    if (xml_is(name, "rPh")) t->phonetic = false;
    if (!xml_is(name, "si")) return;
    VEC_PUSH(&t->book->ends, (uint32_t)t->book->texts.len);
    check_texts(t);
}

static void on_text(void *ctx, struct str text)
{
    struct texts *t = ctx;
    if (!t->inside) return;
    strbuf_add_str(&t->book->texts, text);
    check_texts(t);
}

static enum err read_texts(struct package *p, struct xlsx_book *b, struct xml **reader,
                           struct why *why)
{
    struct texts t = {.book = b, .reader = reader};
    const struct xml_handlers handlers = {on_text_open, on_text_close, on_text, &t};
    if (!package_has(p, "xl/sharedStrings.xml")) return ERR_OK;
    TRY(entry_parse(p, "xl/sharedStrings.xml", &handlers, reader, why));
    if (!t.over) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_XLSX_TEXTS, "", "%d", LIMIT_XLSX_TEXT_BYTES);
}

enum err xlsx_book_read(struct package *p, const char *sheet, struct xlsx_book *out,
                        struct why *why)
{
    struct xml *reader = NULL;
    TRY(find_sheet(p, sheet, out, &reader, why));
    TRY(read_styles(p, out, &reader, why));
    return read_texts(p, out, &reader, why);
}

void xlsx_book_finish(struct xlsx_book *b)
{
    VEC_FINISH(&b->styles);
    VEC_FINISH(&b->ends);
    strbuf_finish(&b->texts);
}

bool xlsx_book_text(const struct xlsx_book *b, uint64_t at, struct str *out)
{
    if (at >= b->ends.count) return false;
    uint32_t from = at ? b->ends.items[at - 1] : 0;
    *out = (struct str){b->texts.p + from, b->ends.items[at] - from};
    return true;
}
