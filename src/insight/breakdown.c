/* breakdown.c - keys are numbers while counting; only those shown become texts again. */
#include "insight/breakdown.h"

#include <stdio.h>

static const char field_list[] =
    "kind, at, hour, weekday, day, group, touchpoint, campaign, content, "
    "staff, other, amount, props.NAME";

struct named_field {
    const char *name;
    enum key_source source;
    enum dim dim;     /* KEYS_DIM */
    uint32_t columns; /* that the scan must bring */
};

static const struct named_field named_fields[] = {
    {"kind", KEYS_KIND, 0, 0},
    {"at", KEYS_AT, 0, 0},
    {"hour", KEYS_HOUR, 0, 0},
    {"weekday", KEYS_WEEKDAY, 0, 0},
    {"day", KEYS_DAY, 0, 0},
    {"group", KEYS_DIM, DIM_GROUP, COLUMN_DIM0 << DIM_GROUP},
    {"touchpoint", KEYS_DIM, DIM_TOUCHPOINT, COLUMN_DIM0 << DIM_TOUCHPOINT},
    {"campaign", KEYS_DIM, DIM_CAMPAIGN, COLUMN_DIM0 << DIM_CAMPAIGN},
    {"content", KEYS_DIM, DIM_CONTENT, COLUMN_DIM0 << DIM_CONTENT},
    {"staff", KEYS_DIM, DIM_STAFF, COLUMN_DIM0 << DIM_STAFF},
    {"other", KEYS_OTHER, 0, COLUMN_OTHER},
    {"amount", KEYS_AMOUNT, 0, COLUMN_AMOUNT},
};

/* The name behind "props.", with or without quotes; {NULL, 0} when it is none. */
static struct str prop_name(struct str text)
{
    if (!str_starts(text, STR("props."))) return (struct str){NULL, 0};
    struct str name = {text.p + 6, text.len - 6};
    if (name.len >= 2 && name.p[0] == '"' && name.p[name.len - 1] == '"') {
        name = (struct str){name.p + 1, name.len - 2};
    }
    return name.len > 0 && name.len <= LIMIT_PROP_NAME_BYTES ? name : (struct str){NULL, 0};
}

static enum err parse_prop(struct breakdown *b, struct plan *p, struct form *f, struct str name)
{
    bool known = false;
    b->field.source = KEYS_PROP;
    for (int type = PROP_TEXT; type <= PROP_BOOL; type++) {
        const struct expr_catalog *c = &p->catalog;
        uint32_t id = c->prop ? c->prop(c->ctx, name, (enum prop_type)type) : 0;
        if (id == 0) continue;
        if (!plan_prop(p, id, (enum prop_type)type)) {
            return why_fail(f->why, ERR_INVALID, MSG_QUERY_PROPS, "", "%d", 64);
        }
        b->props[type] = id;
        known = true;
    }
    if (!known) plan_warn(p, MSG_QUERY_NO_PROP, name);
    return ERR_OK;
}

static bool parse_named(struct breakdown *b, struct plan *p)
{
    for (size_t i = 0; i < sizeof(named_fields) / sizeof(named_fields[0]); i++) {
        const struct named_field *field = &named_fields[i];
        if (!str_is(b->name, field->name)) continue;
        b->field.source = field->source;
        b->field.dim = field->dim;
        p->columns.mask |= field->columns;
        return true;
    }
    return false;
}

enum err breakdown_parse(struct breakdown *b, struct plan *p, struct form *f)
{
    *b = (struct breakdown){.field = {.source = KEYS_NONE, .zone = p->in->zone}};
    TRY(form_text(f, "breakdown", &b->name));
    if (!b->name.p) return ERR_OK;
    struct str prop = prop_name(b->name);
    if (prop.p) {
        TRY(parse_prop(b, p, f, prop));
    } else if (!parse_named(b, p)) {
        return why_fail(f->why, ERR_INVALID, MSG_QUERY_EVENT_FIELD, form_path(f, "breakdown"),
                        "%s|%s", field_list, form_quote(f->arena, b->name));
    }
    json_key(&p->echo, "breakdown");
    json_str(&p->echo, b->name);
    return ERR_OK;
}

void breakdown_place(struct breakdown *b, const struct plan *p)
{
    for (int type = PROP_TEXT; type <= PROP_BOOL; type++) {
        b->field.place[type] = plan_place(p, b->props[type]);
    }
}

/* The text that stands for a whole number; {NULL, 0} when the number itself is the key. */
static struct str text_of(const struct breakdown *b, const struct plan *p, int64_t v, char *buffer,
                          size_t size)
{
    const struct expr_catalog *c = p->in->catalog;
    struct str text = {NULL, 0};
    int year, month, day, len = 0;
    if (b->field.source == KEYS_KIND && c->kind_text) text = c->kind_text(c->ctx, (int)v);
    if (b->field.source == KEYS_DIM && c->code_text) {
        text = c->code_text(c->ctx, b->field.dim, (uint32_t)v);
    }
    if (text.p) return text;
    if (b->field.source == KEYS_KIND || b->field.source == KEYS_DIM) {
        len = snprintf(buffer, size, "#%lld", (long long)v);
    } else if (b->field.source == KEYS_OTHER) {
        len = snprintf(buffer, size, "m%lld", (long long)v);
    } else if (b->field.source == KEYS_DAY) {
        civil_from_day((int32_t)v, &year, &month, &day);
        len = snprintf(buffer, size, "%04d-%02d-%02d", year, month, day);
    } else if (b->field.source == KEYS_AT) {
        len = (int)time_format(b->field.zone, v, buffer, size);
    } else {
        return text;
    }
    return (struct str){buffer, (size_t)len};
}

/* Null first, then by type, then by value; codes by their text. */
static int compare(const struct breakdown *b, const struct plan *p, const struct key *x,
                   const struct key *y)
{
    char left[64], right[64];
    bool coded = b->field.source == KEYS_KIND || b->field.source == KEYS_DIM;
    if (x->type != y->type) return x->type < y->type ? -1 : 1;
    if (x->type == KEY_TEXT) return str_cmp(x->text, y->text);
    if (x->type == KEY_NUMBER) return (x->number > y->number) - (x->number < y->number);
    if (coded && x->integer != y->integer) {
        return str_cmp(text_of(b, p, x->integer, left, sizeof(left)),
                       text_of(b, p, y->integer, right, sizeof(right)));
    }
    return (x->integer > y->integer) - (x->integer < y->integer);
}

uint32_t breakdown_top(const struct breakdown *b, const struct plan *p, const struct keys *keys,
                       const wide *totals, uint32_t top[BREAKDOWN_TOP])
{
    uint32_t count = 0;
    for (uint32_t id = 1; id < keys_count(keys); id++) {
        uint32_t at = count;
        while (at > 0) {
            uint32_t other = top[at - 1];
            if (totals[other] > totals[id]) break;
            if (totals[other] == totals[id] &&
                compare(b, p, keys_get(keys, other), keys_get(keys, id)) < 0) {
                break;
            }
            at--;
        }
        if (at == BREAKDOWN_TOP) continue;
        if (count < BREAKDOWN_TOP) count++;
        memmove(top + at + 1, top + at, (count - at - 1) * sizeof(top[0]));
        top[at] = id;
    }
    return count;
}

void breakdown_reply(const struct breakdown *b, const struct plan *p, struct reply *r,
                     const struct keys *keys, uint32_t id)
{
    if (id == KEYS_REST) {
        reply_text(r, "key", STR("$rest"));
        return;
    }
    char buffer[64];
    const struct key *key = keys_get(keys, id);
    struct str text = key->text;
    if (key->type == KEY_INT) text = text_of(b, p, key->integer, buffer, sizeof(buffer));
    if (key->type == KEY_NULL) {
        reply_null(r, "key");
    } else if (text.p) {
        reply_text(r, "key", text);
    } else if (key->type == KEY_BOOL) {
        reply_bool(r, "key", key->integer != 0);
    } else if (key->type == KEY_NUMBER) {
        reply_double(r, "key", key->number);
    } else {
        reply_int(r, "key", key->integer);
    }
}
