/* jsonl.c - an event a line, as an object of JSON; docs/import.md lists its members.
 *
 * A line that is built like one before it (shape.h) needs its values read only. Any other is read
 * in one pass with the streaming reader, and its shape learned when it is sound; both ways read
 * values by the same functions. Strings are copied out of the line; lists are gathered in scratch
 * arrays of their greatest size and copied into the batch at their true one. An unknown or repeated
 * name rejects the row: better loud than a column silently lost.
 *
 * Invariant: a value that read_value takes for a slot is one that the pass would take there, with
 * the same meaning. What it refuses is left to the pass, which knows what to say of it. */
#include "base/json_reader.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/parse.h"
#include "intake/shape.h"
#include "intake/spoken.h"

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

struct id_list {
    struct identity items[LIMIT_IDENTITIES_PER_EVENT];
    uint32_t count;
};

struct value_list {
    struct fact_value items[LIMIT_PROPS_PER_EVENT];
    uint32_t count;
};

struct row {
    struct parse *p;
    struct json_reader r;
    struct fact fact; /* but for its lists */
    struct id_list who, other;
    struct value_list props, traits;
    uint32_t seen; /* members met, a bit each */
    struct why why;
    struct shapes shapes;
    struct shape_mark marks[SHAPE_VALUES]; /* values met by the pass */
    size_t mark_count;                     /* if beyond the array, those have no mark */
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

/* ---- values ---- */

static enum err read_text(struct row *row, const char *field, struct str *out)
{
    enum json_type type;
    if (json_take_string(&row->r, out)) return ERR_OK;
    row->fact.plain = false;
    if (!json_peek(&row->r, &type)) return broken(row);
    if (type != JSON_STRING) return wrong(row, field, "a string");
    return json_read_string(&row->r, out) ? ERR_OK : broken(row);
}

/* A text of which there are few. */
static enum err read_code(struct row *row, const char *field, struct str *out)
{
    TRY(read_text(row, field, out));
    *out = parse_keep(row->p, *out);
    return ERR_OK;
}

static enum err read_id(struct row *row)
{
    TRY(read_text(row, "id", &row->fact.id));
    row->fact.id = arena_str(parse_arena(row->p), row->fact.id);
    return ERR_OK;
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

static enum err read_identity(struct row *row, const struct shape_slot *slot, struct id_list *list)
{
    const char *field = names[slot->member].p;
    struct identity id = {.kind = (enum identity_kind)slot->kind};
    enum json_type type;
    if (!json_take_string(&row->r, &id.value)) {
        if (!json_peek(&row->r, &type)) return broken(row);
        if (type == JSON_NULL && !slot->listed)
            return json_read_null(&row->r) ? ERR_OK : broken(row);
        TRY(read_text(row, field, &id.value));
    }
    if (list->count == LIMIT_IDENTITIES_PER_EVENT)
        return why_fail(&row->why, ERR_TOO_LARGE, MSG_TOO_MANY, field, "%d",
                        LIMIT_IDENTITIES_PER_EVENT);
    list->items[list->count++] = id;
    return ERR_OK;
}

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
        row->fact.plain = false;
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

static enum err read_property(struct row *row, const struct shape_slot *slot,
                              struct value_list *list)
{
    const char *field = names[slot->member].p;
    struct fact_value v = {.name = slot->name};
    bool some;
    TRY(read_scalar(row, field, &v, &some));
    if (!some) return ERR_OK;
    if (list->count == LIMIT_PROPS_PER_EVENT)
        return why_fail(&row->why, ERR_TOO_LARGE, MSG_TOO_MANY, field, "%d", LIMIT_PROPS_PER_EVENT);
    if (v.type == PROP_TEXT) v.text = parse_keep(row->p, v.text);
    if (list == &row->props && slot->sound) row->fact.sound_props |= UINT64_C(1) << list->count;
    list->items[list->count++] = v;
    return ERR_OK;
}

static enum err read_value(struct row *row, const struct shape_slot *slot)
{
    struct fact *f = &row->fact;
    switch (slot->member) {
    case M_ID:
        return read_id(row);
    case M_AT:
        return read_at(row);
    case M_KIND:
        return read_code(row, "kind", &f->kind);
    case M_IDENTITIES:
        return read_identity(row, slot, &row->who);
    case M_OTHER:
        return read_identity(row, slot, &row->other);
    case M_AMOUNT:
        return read_amount(row);
    case M_PROPS:
        return read_property(row, slot, &row->props);
    case M_TRAITS:
        return read_property(row, slot, &row->traits);
    default:
        return read_code(row, names[slot->member].p,
                         &f->code[DIM_GROUP + (slot->member - M_GROUP)]);
    }
}

/* ---- the pass ---- */

/* Read a value, and remember where it stood. */
static enum err pass_value(struct row *row, const struct shape_slot *slot)
{
    size_t start = row->r.pos;
    TRY(read_value(row, slot));
    if (row->mark_count < SHAPE_VALUES)
        row->marks[row->mark_count] = (struct shape_mark){start, row->r.pos, *slot};
    row->mark_count++;
    return ERR_OK;
}

static enum err open_object(struct row *row, const char *field)
{
    enum json_type type;
    if (!json_peek(&row->r, &type)) return broken(row);
    if (type != JSON_OBJECT) return wrong(row, field, "an object");
    return json_enter_object(&row->r) ? ERR_OK : broken(row);
}

static enum err pass_ids_of(struct row *row, struct shape_slot *slot)
{
    enum json_type type;
    slot->listed = false;
    if (!json_peek(&row->r, &type)) return broken(row);
    if (type == JSON_STRING || type == JSON_NULL) return pass_value(row, slot);
    if (type != JSON_ARRAY)
        return wrong(row, names[slot->member].p, "a string or a list of strings");
    if (!json_enter_array(&row->r)) return broken(row);
    slot->listed = true;
    while (json_next_item(&row->r))
        TRY(pass_value(row, slot));
    return row->r.error ? broken(row) : ERR_OK;
}

static enum err pass_identities(struct row *row, enum member m)
{
    struct str key;
    TRY(open_object(row, names[m].p));
    while (json_next_key(&row->r, &key)) {
        struct shape_slot slot = {.member = (uint8_t)m};
        enum identity_kind kind;
        if (!identity_kind_parse(key, &kind)) {
            return why_fail(&row->why, ERR_INVALID, MSG_MAP_IDENTITY, names[m].p, STR_FMT,
                            STR_ARG(utf8_cut(key, 80)));
        }
        slot.kind = (uint8_t)kind;
        TRY(pass_ids_of(row, &slot));
    }
    return row->r.error ? broken(row) : ERR_OK;
}

static enum err pass_properties(struct row *row, enum member m)
{
    struct shape_slot slot = {.member = (uint8_t)m};
    TRY(open_object(row, names[m].p));
    while (json_next_key(&row->r, &slot.name)) {
        slot.name = parse_keep(row->p, slot.name);
        slot.sound = fact_name_sound(slot.name);
        TRY(pass_value(row, &slot));
    }
    return row->r.error ? broken(row) : ERR_OK;
}

static enum err pass_member(struct row *row, enum member m)
{
    struct shape_slot slot = {.member = (uint8_t)m};
    if (m == M_IDENTITIES || m == M_OTHER) return pass_identities(row, m);
    if (m == M_PROPS || m == M_TRAITS) return pass_properties(row, m);
    return pass_value(row, &slot);
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

static enum err pass(struct row *row)
{
    struct str key;
    enum member m = M_COUNT;
    TRY(open_object(row, ""));
    while (json_next_key(&row->r, &key)) {
        TRY(find_member(row, key, &m));
        if (row->seen & 1u << m)
            return why_fail(&row->why, ERR_INVALID, MSG_TWICE, names[m].p, NULL);
        row->seen |= 1u << m;
        TRY(pass_member(row, m));
    }
    return row->r.error || !json_read_end(&row->r) ? broken(row) : ERR_OK;
}

/* ---- the row ---- */

static void begin_row(struct row *row, struct str line)
{
    row->fact = (struct fact){.amount = HISTORY_NO_AMOUNT, .plain = true};
    row->who.count = row->other.count = 0;
    row->props.count = row->traits.count = 0;
    row->seen = 0;
    row->mark_count = 0;
    json_reader_init(&row->r, parse_arena(row->p), line);
}

/* False, with the row half read: no path fits, or a value does not. */
static bool follow_shape(struct row *row)
{
    const struct shape *s = row->shapes.first;
    while ((s = shape_at(s, row->r.text, row->r.pos))) {
        row->r.pos += s->text.len;
        row->seen = s->total;
        if (s->last) return true;
        if (read_value(row, &s->slot) != ERR_OK) return false;
        s = s->behind;
    }
    return false;
}

static enum err read_members(struct row *row, struct str line)
{
    begin_row(row, line);
    if (!shapes_pay(&row->shapes)) return pass(row);
    row->shapes.met++;
    if (follow_shape(row)) {
        row->shapes.followed++;
        return ERR_OK;
    }
    begin_row(row, line);
    TRY(pass(row));
    if (row->mark_count <= SHAPE_VALUES)
        shapes_learn(&row->shapes, line, row->marks, row->mark_count, row->seen);
    return ERR_OK;
}

static void copy_ids(struct row *row, struct id_list *list, struct identity **out, uint32_t *count)
{
    struct arena *a = parse_arena(row->p);
    *count = list->count;
    for (uint32_t i = 0; i < list->count; i++)
        list->items[i].value = arena_str(a, list->items[i].value);
    if (list->count) *out = arena_copy(a, list->items, list->count * sizeof(list->items[0]));
}

/* One alone is copied by parse_fact, if at all. */
static void take_who(struct row *row)
{
    struct fact *f = &row->fact;
    if (row->who.count != 1) {
        copy_ids(row, &row->who, &f->who, &f->who_count);
        return;
    }
    f->who = row->who.items;
    f->who_count = 1;
}

static void copy_values(struct row *row, const struct value_list *list, struct fact_value **out,
                        uint32_t *count)
{
    *count = list->count;
    if (list->count)
        *out = arena_copy(parse_arena(row->p), list->items, list->count * sizeof(list->items[0]));
}

/* Quick to say no. */
static bool speaks(struct str kind)
{
    return str_starts(kind, STR("message.")) || str_starts(kind, STR("dm."));
}

static enum err read_row(struct row *row, struct str line)
{
    struct fact *f = &row->fact;
    TRY(read_members(row, line));
    take_who(row);
    copy_ids(row, &row->other, &f->other, &f->other_count);
    copy_values(row, &row->props, &f->props, &f->prop_count);
    copy_values(row, &row->traits, &f->traits, &f->trait_count);
    if (!(row->seen & 1u << M_AT)) return why_fail(&row->why, ERR_INVALID, MSG_MISSING, "at", NULL);
    if (!(row->seen & 1u << M_KIND))
        f->kind = row->p->options->as ? str_of(row->p->options->as) : STR("member.identified");
    if (f->prop_count && speaks(f->kind)) spoken_take(f, parse_arena(row->p));
    return ERR_OK;
}

/* Is props.currency, the last of them, another than the brand's? */
static bool is_foreign(const struct row *row)
{
    const struct fact *f = &row->fact;
    for (uint32_t i = f->prop_count; i-- > 0;) {
        const struct fact_value *v = &f->props[i];
        if (v->type == PROP_TEXT && str_eq(v->name, STR("currency")))
            return !str_is(v->text, row->p->currency);
    }
    return false;
}

static void take_line(struct row *row, const struct line *line)
{
    struct parse *p = row->p;
    enum err err;
    parse_row(p, line->number, line->text);
    if (line->too_long) {
        begin_row(row, line->text);
        err = why_fail(&row->why, ERR_INVALID, MSG_TOO_LONG, "", "%d", LIMIT_LINE_BYTES);
    } else {
        err = read_row(row, line->text);
    }
    if (err != ERR_OK) {
        size_t at = row->r.error ? row->r.error_at : row->r.pos;
        parse_reject(p, (uint32_t)at + 1, &row->why);
        return;
    }
    if (row->fact.amount != HISTORY_NO_AMOUNT && is_foreign(row))
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
    shapes_init(&row->shapes, p->arena);
    window_reuse(&p->rows, p->arena);
    while (parse_room(p)) {
        TRY(window_line(&p->rows, &line, &more, why));
        if (!more) break;
        if (!is_blank(line.text)) take_line(row, &line);
    }
    return ERR_OK;
}
