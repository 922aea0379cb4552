/* mapping.c - reading the map language.
 *
 * An entry is cut in two steps: commas and line ends that are not escaped separate entries; then
 * the first '=' and the next two ':' that are not escaped separate its parts. The escapes are
 * undone last, in each part by itself. */
#include "intake/mapping.h"

#include "base/limits.h"
#include "base/mem.h"
#include "people/kinds.h"

struct parser {
    struct arena *arena;
    struct mapping *map;
    struct str entry; /* for messages */
    struct why *why;
};

static enum err refuse(const struct parser *p, enum msg msg, struct str what)
{
    return why_fail(p->why, ERR_INVALID, msg, "--map", STR_FMT,
                    (int)(what.len < 200 ? what.len : 200), what.p ? what.p : "");
}

/* Cut at the first unescaped 'c', as str_cut. */
static struct str cut(struct str *s, char c)
{
    struct str whole = *s;
    for (size_t i = 0; i < whole.len; i++) {
        if (whole.p[i] == '\\') {
            i++;
            continue;
        }
        if (whole.p[i] != c) continue;
        *s = (struct str){whole.p + i + 1, whole.len - i - 1};
        return (struct str){whole.p, i};
    }
    *s = (struct str){NULL, 0};
    return whole;
}

static enum err unescape(const struct parser *p, struct str *s)
{
    if (str_find_char(*s, '\\') == SIZE_MAX) return ERR_OK;
    char *out = arena_alloc(p->arena, s->len);
    size_t len = 0;
    for (size_t i = 0; i < s->len; i++) {
        bool escape = s->p[i] == '\\';
        if (escape && (++i == s->len || !strchr(",:=\\", s->p[i]) || s->p[i] == '\0'))
            return refuse(p, MSG_MAP_ESCAPE, p->entry);
        out[len++] = s->p[i];
    }
    *s = (struct str){out, len};
    return ERR_OK;
}

static bool target_code(struct str name, enum dim *dim)
{
    static const char *const names[] = {"group", "touchpoint", "campaign", "content", "staff"};
    for (int d = 0; d < DIM_ORIGIN; d++) {
        if (!str_is(name, names[d])) continue;
        *dim = (enum dim)d;
        return true;
    }
    return false;
}

static bool target_plain(struct str name, enum target *target)
{
    static const struct {
        const char *name;
        enum target target;
    } list[] = {{"id", TARGET_ID},
                {"at", TARGET_AT},
                {"kind", TARGET_KIND},
                {"amount", TARGET_AMOUNT},
                {"member", TARGET_MEMBER},
                {"other", TARGET_OTHER},
                {"tags", TARGET_TAGS},
                {"created", TARGET_CREATED},
                {"person", TARGET_PERSON},
                {"refund", TARGET_REFUND},
                {"message", TARGET_MESSAGE},
                {"message_type", TARGET_MESSAGE_TYPE},
                {"speaker", TARGET_SPEAKER},
                {"birthday", TARGET_BIRTHDAY},
                {"message_subtype", TARGET_MESSAGE_SUBTYPE},
                {"message_id", TARGET_MESSAGE_ID},
                {"reply_to", TARGET_REPLY_TO},
                {"owner", TARGET_OWNER},
                {"contacts", TARGET_CONTACTS},
                {"links", TARGET_LINKS},
                {"qr", TARGET_QR}};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (!str_is(name, list[i].name)) continue;
        *target = list[i].target;
        return true;
    }
    return false;
}

static enum err parse_target(const struct parser *p, struct str text, struct mapping_entry *e)
{
    if (target_plain(text, &e->target)) return ERR_OK;
    if (target_code(text, &e->dim)) {
        e->target = TARGET_CODE;
        return ERR_OK;
    }
    bool prop = str_starts(text, STR("props.")), trait = str_starts(text, STR("trait."));
    if ((!prop && !trait) || text.len == 6) return refuse(p, MSG_MAP_TARGET, text);
    e->target = prop ? TARGET_PROP : TARGET_TRAIT;
    e->name = (struct str){text.p + 6, text.len - 6};
    if (e->name.len <= LIMIT_PROP_NAME_BYTES) return ERR_OK;
    return refuse(p, MSG_MAP_TARGET, text);
}

static bool type_of(struct str text, enum value_type *out)
{
    static const char *const names[] = {"text", "integer", "number", "decimal",
                                        "date", "const",   "status"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!str_is(text, names[i])) continue;
        *out = (enum value_type)i;
        return true;
    }
    return false;
}

/* Which types a target takes. */
static bool type_fits(enum target target, enum value_type type)
{
    switch (target) {
    case TARGET_ID:
        return type == VALUE_TEXT || type == VALUE_INTEGER;
    case TARGET_AT:
    case TARGET_CREATED:
    case TARGET_BIRTHDAY:
        return type == VALUE_DATE;
    case TARGET_TAGS:
    case TARGET_PERSON:
    case TARGET_MESSAGE:
    case TARGET_MESSAGE_TYPE:
    case TARGET_MESSAGE_SUBTYPE:
    case TARGET_MESSAGE_ID:
    case TARGET_REPLY_TO:
    case TARGET_SPEAKER:
    case TARGET_LINKS:
    case TARGET_QR:
        return type == VALUE_TEXT;
    case TARGET_REFUND:
        return type == VALUE_DECIMAL;
    case TARGET_OWNER:
    case TARGET_CONTACTS:
        return type == VALUE_TEXT || type == VALUE_CONST;
    case TARGET_KIND:
        return type == VALUE_TEXT || type == VALUE_CONST || type == VALUE_STATUS;
    case TARGET_AMOUNT:
        return type == VALUE_DECIMAL || type == VALUE_INTEGER;
    case TARGET_CODE:
        return type == VALUE_TEXT || type == VALUE_INTEGER || type == VALUE_CONST;
    default:
        return type != VALUE_STATUS;
    }
}

static enum err parse_type(const struct parser *p, struct str text, struct mapping_entry *e)
{
    if (e->target == TARGET_MEMBER || e->target == TARGET_OTHER) {
        e->type = VALUE_IDENTITY;
        if (identity_kind_parse(text, &e->identity)) return ERR_OK;
        return refuse(p, MSG_MAP_IDENTITY, text);
    }
    if (!type_of(text, &e->type)) return refuse(p, MSG_MAP_TYPE, text);
    if (type_fits(e->target, e->type)) return ERR_OK;
    return refuse(p, MSG_MAP_TYPE_HERE, p->entry);
}

/* "$12" is column 12. */
static enum err parse_source(const struct parser *p, struct str text, struct mapping_entry *e)
{
    uint64_t n;
    e->source = text;
    if (e->type == VALUE_CONST && e->target == TARGET_KIND && !kind_valid(text))
        return refuse(p, MSG_BAD_KIND, text);
    if (e->type == VALUE_CONST) return ERR_OK;
    if (text.len == 0) return refuse(p, MSG_MAP_SYNTAX, p->entry);
    if (text.p[0] != '$') return ERR_OK;
    if (!str_to_u64((struct str){text.p + 1, text.len - 1}, &n)) return ERR_OK;
    if (n < 1 || n > LIMIT_CSV_COLUMNS) return refuse(p, MSG_MAP_COLUMN, text);
    e->column = (uint32_t)n;
    return ERR_OK;
}

static bool may_repeat(enum target target)
{
    return target == TARGET_MEMBER || target == TARGET_OTHER;
}

static enum err check_once(const struct parser *p, const struct mapping_entry *e)
{
    for (uint32_t i = 0; i < p->map->count; i++) {
        const struct mapping_entry *o = &p->map->entries[i];
        bool same = o->target == e->target && o->dim == e->dim && str_eq(o->name, e->name);
        if (same && !may_repeat(e->target) && !e->instead)
            return refuse(p, MSG_MAP_TWICE, p->entry);
    }
    return ERR_OK;
}

static enum err parse_entry(struct parser *p, struct str text)
{
    struct mapping_entry e = {.target = TARGET_ID};
    struct str rest = text;
    p->entry = text;
    struct str target = str_trim(cut(&rest, '='));
    if (!rest.p) return refuse(p, MSG_MAP_SYNTAX, text);
    struct str type = cut(&rest, ':');
    if (!rest.p) return refuse(p, MSG_MAP_SYNTAX, text);
    struct str source = cut(&rest, ':');
    struct str format = rest;
    e.instead = target.len && target.p[target.len - 1] == '?';
    target.len -= e.instead;
    TRY(unescape(p, &target));
    TRY(unescape(p, &type));
    TRY(unescape(p, &source));
    TRY(unescape(p, &format));
    TRY(parse_target(p, str_trim(target), &e));
    TRY(parse_type(p, str_trim(type), &e));
    TRY(parse_source(p, str_trim(source), &e));
    if (format.p && e.type != VALUE_DATE) return refuse(p, MSG_MAP_NO_FORMAT, text);
    if (format.p && !date_format_parse(p->arena, format, &e.format))
        return refuse(p, MSG_MAP_FORMAT, format);
    TRY(check_once(p, &e));
    if (p->map->count == LIMIT_MAP_ENTRIES)
        return why_fail(p->why, ERR_INVALID, MSG_TOO_MANY, "--map", "%d", LIMIT_MAP_ENTRIES);
    p->map->has_kind |= e.target == TARGET_KIND;
    p->map->has_at |= e.target == TARGET_AT;
    p->map->entries[p->map->count++] = e;
    return ERR_OK;
}

static enum err add_kind(struct parser *p, const char *as)
{
    struct mapping_entry e = {.target = TARGET_KIND, .type = VALUE_CONST, .source = str_of(as)};
    if (p->map->has_kind) return why_fail(p->why, ERR_INVALID, MSG_MAP_AS, "--as", NULL);
    if (!kind_valid(e.source))
        return why_fail(p->why, ERR_INVALID, MSG_BAD_KIND, "--as", "%.80s", as);
    if (p->map->count == LIMIT_MAP_ENTRIES)
        return why_fail(p->why, ERR_INVALID, MSG_TOO_MANY, "--map", "%d", LIMIT_MAP_ENTRIES);
    p->map->has_kind = true;
    p->map->entries[p->map->count++] = e;
    return ERR_OK;
}

static bool stands_for(const struct mapping_entry *e, const struct mapping_entry *of)
{
    return e->target == of->target && e->dim == of->dim && e->identity == of->identity &&
           str_eq(e->name, of->name);
}

/* Those that stand in for another come right behind it, in the order in which they stood. */
static void put_behind(struct mapping *m)
{
    struct mapping_entry *sorted = mem_alloc_array((size_t)m->count + 1, sizeof(*sorted));
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        struct mapping_entry *e = &m->entries[i];
        if (e->instead) continue;
        sorted[count++] = *e;
        bool last = true; /* of those that may repeat */
        for (uint32_t k = i + 1; k < m->count; k++)
            last &= m->entries[k].instead || !stands_for(&m->entries[k], e);
        for (uint32_t k = last ? 0 : m->count; k < m->count; k++) {
            if (!m->entries[k].instead || !stands_for(&m->entries[k], e)) continue;
            sorted[count++] = m->entries[k];
        }
    }
    memcpy(m->entries, sorted, count * sizeof(*sorted));
    m->count = count;
    mem_free(sorted);
}

/* The first that stands in for none is the one that counts. */
static void settle_instead(struct mapping *m)
{
    bool any = false;
    for (uint32_t i = 0; i < m->count; i++) {
        struct mapping_entry *e = &m->entries[i];
        bool found = false;
        for (uint32_t k = 0; k < m->count && !found; k++)
            found = !m->entries[k].instead && stands_for(e, &m->entries[k]);
        e->instead &= found;
        any |= e->instead;
    }
    if (any) put_behind(m);
}

enum err mapping_parse(struct arena *a, struct str text, const char *as, struct mapping *out,
                       struct why *why)
{
    struct parser p = {.arena = a, .map = out, .why = why};
    *out = (struct mapping){.count = 0};
    if (str_starts(text, STR("\xEF\xBB\xBF"))) text = (struct str){text.p + 3, text.len - 3};
    for (struct str lines = text; lines.p && lines.len;) {
        struct str line = str_trim(str_cut(&lines, '\n'));
        if (line.len && line.p[0] == '#') continue;
        while (line.p && line.len) {
            struct str entry = str_trim(cut(&line, ','));
            if (entry.len) TRY(parse_entry(&p, entry));
        }
    }
    if (as) TRY(add_kind(&p, as));
    settle_instead(out);
    return ERR_OK;
}

void mapping_set_kind(struct mapping *m, const char *kind)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        if (m->entries[i].target != TARGET_KIND) m->entries[kept++] = m->entries[i];
    }
    m->count = kept;
    if (m->count == LIMIT_MAP_ENTRIES) m->count--;
    m->entries[m->count++] =
        (struct mapping_entry){.target = TARGET_KIND, .type = VALUE_CONST, .source = str_of(kind)};
    m->has_kind = true;
}

bool mapping_wants_headers(const struct mapping *m)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (m->entries[i].type != VALUE_CONST && m->entries[i].column == 0) return true;
    }
    return false;
}
