/* jsonl.c - an event a line, as an object of JSON; docs/import.md lists its members.
 *
 * One pass with the streaming reader: strings are borrowed from the line. Lists are gathered in
 * scratch arrays of their greatest size and copied into the batch at their true one. An unknown or
 * repeated name rejects the row: better loud than a column silently lost. Most lines name the same
 * members in the same order, so each is first looked for where it stood the last time. */
#include "base/json_reader.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/parse.h"

enum member {
    M_ID,
    M_AT,
    M_KIND,
    M_IDENTITIES,
    M_OTHER,
    M_GROUP,
    M_TOUCHPOINT,
    M_CAMPAIGN,
    M_CONTENT,
    M_STAFF,
    M_AMOUNT,
    M_PROPS,
    M_TRAITS,
    M_COUNT
};

static const struct str names[M_COUNT] = {
    {"id", 2},     {"at", 2},          {"kind", 4},     {"identities", 10}, {"other", 5},
    {"group", 5},  {"touchpoint", 10}, {"campaign", 8}, {"content", 7},     {"staff", 5},
    {"amount", 6}, {"props", 5},       {"traits", 6},
};

/* As they are written when nobody adds white space. */
static const struct str keys[M_COUNT] = {
    {"\"id\":", 5},       {"\"at\":", 5},    {"\"kind\":", 7},        {"\"identities\":", 13},
    {"\"other\":", 8},    {"\"group\":", 8}, {"\"touchpoint\":", 13}, {"\"campaign\":", 11},
    {"\"content\":", 10}, {"\"staff\":", 8}, {"\"amount\":", 9},      {"\"props\":", 8},
    {"\"traits\":", 9},
};

struct row {
    struct parse *p;
    struct json_reader r;
    struct fact fact;
    uint32_t seen;                  /* members met, a bit each */
    enum member after[M_COUNT + 1]; /* what came behind each the last time, and first: a guess */
    bool foreign;                   /* props.currency is another */
    struct why why;
    struct identity ids[LIMIT_IDENTITIES_PER_EVENT];
    struct fact_value values[LIMIT_PROPS_PER_EVENT];
};

static enum err wrong(struct row *row, const char *field, const char *wanted)
{
    return why_fail(&row->why, ERR_INVALID, MSG_WRONG_TYPE, field, "%s", wanted);
}

static enum err broken(struct row *row)
{
    enum err err = json_reader_error(&row->r, &row->why);
    return err == ERR_OK ? wrong(row, "", "an object") : err;
}

static enum err read_text(struct row *row, const char *field, struct str *out)
{
    enum json_type type;
    if (json_take_string(&row->r, out)) return ERR_OK;
    if (!json_peek(&row->r, &type)) return broken(row);
    if (type != JSON_STRING) return wrong(row, field, "a string");
    return json_read_string(&row->r, out) ? ERR_OK : broken(row);
}

static enum err open_object(struct row *row, const char *field)
{
    enum json_type type;
    if (!json_peek(&row->r, &type)) return broken(row);
    if (type != JSON_OBJECT) return wrong(row, field, "an object");
    return json_enter_object(&row->r) ? ERR_OK : broken(row);
}

static enum err read_at(struct row *row)
{
    enum json_type type;
    struct str text;
    double d;
    if (json_take_int(&row->r, &row->fact.at)) return ERR_OK;
    if (!json_peek(&row->r, &type)) return broken(row);
    if (type == JSON_INT)
        return json_read_number(&row->r, &type, &row->fact.at, &d, NULL) ? ERR_OK : broken(row);
    if (type != JSON_STRING) return wrong(row, "at", "a time of RFC 3339 or whole milliseconds");
    TRY(read_text(row, "at", &text));
    if (time_parse_rfc3339(text, &row->fact.at)) return ERR_OK;
    return why_fail(&row->why, ERR_INVALID, MSG_BAD_TIME, "at", STR_FMT,
                    STR_ARG(utf8_cut(text, 80)));
}

static enum err read_amount(struct row *row)
{
    enum json_type type;
    double d;
    if (json_take_int(&row->r, &row->fact.amount)) return ERR_OK;
    if (!json_peek(&row->r, &type)) return broken(row);
    if (type == JSON_NULL) return json_read_null(&row->r) ? ERR_OK : broken(row);
    if (type != JSON_INT) return wrong(row, "amount", "a whole number of minor units");
    return json_read_number(&row->r, &type, &row->fact.amount, &d, NULL) ? ERR_OK : broken(row);
}

/* ---- identities ---- */

static enum err add_identity(struct row *row, const char *field, struct identity id,
                             uint32_t *count)
{
    if (*count == LIMIT_IDENTITIES_PER_EVENT)
        return why_fail(&row->why, ERR_TOO_LARGE, MSG_TOO_MANY, field, "%d",
                        LIMIT_IDENTITIES_PER_EVENT);
    row->ids[(*count)++] = id;
    return ERR_OK;
}

static enum err read_values_of(struct row *row, const char *field, enum identity_kind kind,
                               uint32_t *count)
{
    struct identity id = {.kind = kind};
    enum json_type type;
    if (json_take_string(&row->r, &id.value)) return add_identity(row, field, id, count);
    if (!json_peek(&row->r, &type)) return broken(row);
    if (type == JSON_NULL) return json_read_null(&row->r) ? ERR_OK : broken(row);
    if (type == JSON_STRING) {
        TRY(read_text(row, field, &id.value));
        return add_identity(row, field, id, count);
    }
    if (type != JSON_ARRAY) return wrong(row, field, "a string or a list of strings");
    if (!json_enter_array(&row->r)) return broken(row);
    while (json_next_item(&row->r)) {
        TRY(read_text(row, field, &id.value));
        TRY(add_identity(row, field, id, count));
    }
    return row->r.error ? broken(row) : ERR_OK;
}

static enum err read_identities(struct row *row, const char *field, struct identity **out,
                                uint32_t *out_count)
{
    struct str key;
    uint32_t count = 0;
    TRY(open_object(row, field));
    while (json_next_key(&row->r, &key)) {
        enum identity_kind kind;
        if (!identity_kind_parse(key, &kind)) {
            return why_fail(&row->why, ERR_INVALID, MSG_MAP_IDENTITY, field, STR_FMT,
                            STR_ARG(utf8_cut(key, 80)));
        }
        TRY(read_values_of(row, field, kind, &count));
    }
    if (row->r.error) return broken(row);
    *out_count = count;
    if (count) *out = arena_copy(parse_arena(row->p), row->ids, count * sizeof(row->ids[0]));
    return ERR_OK;
}

/* ---- properties and traits ---- */

/* The two that are most. */
static bool take_scalar(struct row *row, struct fact_value *v)
{
    int64_t i;
    v->type = PROP_TEXT;
    if (json_take_string(&row->r, &v->text)) return true;
    if (!json_take_int(&row->r, &i)) return false;
    v->type = PROP_NUMBER;
    v->number = (double)i;
    return true;
}

static enum err read_scalar(struct row *row, const char *field, struct fact_value *v, bool *some)
{
    enum json_type type;
    int64_t i;
    bool flag;
    *some = true;
    if (take_scalar(row, v)) return ERR_OK;
    if (!json_peek(&row->r, &type)) return broken(row);
    switch (type) {
    case JSON_STRING:
        v->type = PROP_TEXT;
        return json_read_string(&row->r, &v->text) ? ERR_OK : broken(row);
    case JSON_INT:
    case JSON_DOUBLE:
        v->type = PROP_NUMBER;
        return json_read_number(&row->r, &type, &i, &v->number, NULL) ? ERR_OK : broken(row);
    case JSON_BOOL:
        if (!json_read_bool(&row->r, &flag)) return broken(row);
        v->type = PROP_BOOL;
        v->number = flag;
        return ERR_OK;
    case JSON_NULL:
        *some = false;
        return json_read_null(&row->r) ? ERR_OK : broken(row);
    default:
        return wrong(row, field, "flat: strings, numbers, true and false");
    }
}

static enum err read_list(struct row *row, const char *field, struct fact_value **out,
                          uint32_t *out_count)
{
    struct str key;
    uint32_t count = 0;
    TRY(open_object(row, field));
    while (json_next_key(&row->r, &key)) {
        struct fact_value v = {.name = key};
        bool some;
        TRY(read_scalar(row, field, &v, &some));
        if (!some) continue;
        if (count == LIMIT_PROPS_PER_EVENT)
            return why_fail(&row->why, ERR_TOO_LARGE, MSG_TOO_MANY, field, "%d",
                            LIMIT_PROPS_PER_EVENT);
        row->values[count++] = v;
    }
    if (row->r.error) return broken(row);
    *out_count = count;
    if (count) *out = arena_copy(parse_arena(row->p), row->values, count * sizeof(row->values[0]));
    return ERR_OK;
}

static enum err read_props(struct row *row)
{
    struct fact *f = &row->fact;
    TRY(read_list(row, "props", &f->props, &f->prop_count));
    for (uint32_t i = 0; i < f->prop_count; i++) {
        const struct fact_value *v = &f->props[i];
        if (v->type != PROP_TEXT || !str_is(v->name, "currency")) continue;
        row->foreign = !str_is(v->text, row->p->currency);
    }
    return ERR_OK;
}

/* ---- the row ---- */

static enum err read_member(struct row *row, enum member m)
{
    struct fact *f = &row->fact;
    switch (m) {
    case M_ID:
        return read_text(row, "id", &f->id);
    case M_AT:
        return read_at(row);
    case M_KIND:
        return read_text(row, "kind", &f->kind);
    case M_IDENTITIES:
        return read_identities(row, "identities", &f->who, &f->who_count);
    case M_OTHER:
        return read_identities(row, "other", &f->other, &f->other_count);
    case M_AMOUNT:
        return read_amount(row);
    case M_PROPS:
        return read_props(row);
    case M_TRAITS:
        return read_list(row, "traits", &f->traits, &f->trait_count);
    default:
        return read_text(row, names[m].p, &f->code[DIM_GROUP + (m - M_GROUP)]);
    }
}

static enum err find_member(struct row *row, struct str key, enum member *out)
{
    for (int m = 0; m < M_COUNT; m++) {
        if (!str_eq(key, names[m])) continue;
        *out = (enum member)m;
        return ERR_OK;
    }
    char field[96];
    struct str shown = utf8_cut(key, 80);
    memcpy(field, shown.p, shown.len);
    field[shown.len] = '\0';
    return why_fail(&row->why, ERR_INVALID, MSG_UNKNOWN_FIELD, field, NULL);
}

/* M_COUNT at the end of the row, or at an error of the reader. */
static enum err next_member(struct row *row, enum member last, enum member *out)
{
    struct str key;
    enum member m = row->after[last];
    *out = M_COUNT;
    if (!json_take_key(&row->r, keys[m])) {
        if (!json_next_key(&row->r, &key)) return ERR_OK;
        TRY(find_member(row, key, &m));
        row->after[last] = m;
    }
    if (row->seen & 1u << m) return why_fail(&row->why, ERR_INVALID, MSG_TWICE, names[m].p, NULL);
    row->seen |= 1u << m;
    *out = m;
    return ERR_OK;
}

static enum err read_row(struct row *row)
{
    enum member m = M_COUNT;
    TRY(open_object(row, ""));
    for (;;) {
        TRY(next_member(row, m, &m));
        if (m == M_COUNT) break;
        TRY(read_member(row, m));
    }
    if (row->r.error || !json_read_end(&row->r)) return broken(row);
    if (!(row->seen & 1u << M_AT)) return why_fail(&row->why, ERR_INVALID, MSG_MISSING, "at", NULL);
    if (row->seen & 1u << M_KIND) return ERR_OK;
    row->fact.kind = row->p->options->as ? str_of(row->p->options->as) : STR("member.identified");
    return ERR_OK;
}

static void take_line(struct row *row, const struct line *line)
{
    struct parse *p = row->p;
    parse_row(p, line->number, line->text);
    row->fact = (struct fact){.amount = HISTORY_NO_AMOUNT};
    row->seen = 0;
    row->foreign = false;
    json_reader_init(&row->r, parse_arena(p), line->text);
    enum err err = ERR_OK;
    if (line->too_long) {
        err = why_fail(&row->why, ERR_INVALID, MSG_TOO_LONG, "", "%d", LIMIT_LINE_BYTES);
    } else {
        err = read_row(row);
    }
    if (err != ERR_OK) {
        size_t at = row->r.error ? row->r.error_at : row->r.pos;
        parse_reject(p, (uint32_t)at + 1, &row->why);
        return;
    }
    if (row->foreign && row->fact.amount != HISTORY_NO_AMOUNT)
        parse_foreign_amount(p, &row->fact, (double)row->fact.amount);
    parse_fact(p, &row->fact);
}

static bool is_blank(struct str s)
{
    return str_trim(s).len == 0;
}

enum err jsonl_parse(struct parse *p, struct why *why)
{
    struct row *row = arena_alloc(p->arena, sizeof(*row));
    struct line line;
    bool more;
    row->p = p;
    while (parse_room(p)) {
        TRY(window_line(&p->rows, &line, &more, why));
        if (!more) break;
        if (!is_blank(line.text)) take_line(row, &line);
    }
    return ERR_OK;
}
