/* segment.c - the keys of a message; those that are not named here are for others and passed over.
 */
#include "intake/segment.h"

#include <stdio.h>

#include "base/time.h"
#include "base/utf8.h"

enum call { CALL_TRACK, CALL_IDENTIFY, CALL_PAGE, CALL_SCREEN, CALL_GROUP, CALL_ALIAS, CALL_COUNT };

static const struct str call_names[CALL_COUNT] = {
    {"track", 5}, {"identify", 8}, {"page", 4}, {"screen", 6}, {"group", 5}, {"alias", 5},
};

struct segment {
    struct message m;
    struct str type, user, anonymous, previous, group, page; /* {NULL, 0} = not said */
    int64_t original;                     /* originalTimestamp; TIME_NONE = not said */
    uint32_t context_from, context_count; /* traits that came with the context: the member's own */
};

/* ---- context ---- */

static enum err read_device(struct message *m)
{
    struct str key, id = {NULL, 0};
    bool entered;
    TRY(message_enter(m, "context.device", &entered));
    while (entered && json_next_key(&m->reader, &key)) {
        if (str_is(key, "id")) {
            TRY(message_text(m, "context.device.id", &id));
        } else {
            TRY(message_skip(m));
        }
    }
    message_who(m, IDENTITY_DEVICE, id);
    return message_end(m);
}

static enum err read_campaign(struct message *m)
{
    static const struct {
        struct str key;
        struct str prop;
    } parts[] = {{{"source", 6}, {"utm_source", 10}},
                 {{"medium", 6}, {"utm_medium", 10}},
                 {{"term", 4}, {"utm_term", 8}},
                 {{"content", 7}, {"utm_content", 11}}};
    struct str key, text;
    bool entered;
    TRY(message_enter(m, "context.campaign", &entered));
    while (entered && json_next_key(&m->reader, &key)) {
        size_t i = 0;
        while (i < sizeof(parts) / sizeof(parts[0]) && !str_eq(key, parts[i].key))
            i++;
        if (str_is(key, "name")) {
            TRY(message_text(m, "context.campaign.name", &m->campaign));
        } else if (i < sizeof(parts) / sizeof(parts[0])) {
            TRY(message_text(m, "context.campaign", &text));
            message_value(m, &m->props, parts[i].prop, text);
        } else {
            TRY(message_skip(m));
        }
    }
    return message_end(m);
}

/* {"id": "…", "type": "phone"}; types that are no identities of ours are left out. */
static enum err read_external_id(struct message *m)
{
    struct str key, id = {NULL, 0}, type = {NULL, 0};
    enum identity_kind kind;
    bool entered;
    TRY(message_enter(m, "context.externalIds", &entered));
    while (entered && json_next_key(&m->reader, &key)) {
        if (str_is(key, "id")) {
            TRY(message_text(m, "context.externalIds.id", &id));
        } else if (str_is(key, "type")) {
            TRY(message_text(m, "context.externalIds.type", &type));
        } else {
            TRY(message_skip(m));
        }
    }
    TRY(message_end(m));
    if (identity_kind_parse(type, &kind)) {
        message_who(m, kind, id);
    } else {
        m->dropped++;
    }
    return ERR_OK;
}

static enum err read_external_ids(struct message *m)
{
    enum json_type type;
    if (!json_peek(&m->reader, &type)) return message_end(m);
    if (type != JSON_ARRAY) return message_skip(m);
    (void)json_enter_array(&m->reader);
    while (json_next_item(&m->reader))
        TRY(read_external_id(m));
    return message_end(m);
}

static enum err read_context_traits(struct segment *s)
{
    uint32_t before = s->m.traits.count;
    TRY(message_values(&s->m, "context.traits", &s->m.traits));
    s->context_from = before;
    s->context_count = s->m.traits.count - before;
    return ERR_OK;
}

static enum err read_context(struct segment *s)
{
    struct message *m = &s->m;
    struct str key;
    bool entered;
    TRY(message_enter(m, "context", &entered));
    while (entered && json_next_key(&m->reader, &key)) {
        if (str_is(key, "device")) {
            TRY(read_device(m));
        } else if (str_is(key, "campaign")) {
            TRY(read_campaign(m));
        } else if (str_is(key, "traits")) {
            TRY(read_context_traits(s));
        } else if (str_is(key, "externalIds")) {
            TRY(read_external_ids(m));
        } else {
            TRY(message_skip(m));
        }
    }
    return message_end(m);
}

/* ---- the message ---- */

/* A name for each key; where its value goes. */
static struct str *text_of(struct segment *s, struct str key)
{
    if (str_is(key, "type")) return &s->type;
    if (str_is(key, "event")) return &s->m.name;
    if (str_is(key, "name")) return &s->page;
    if (str_is(key, "userId")) return &s->user;
    if (str_is(key, "anonymousId")) return &s->anonymous;
    if (str_is(key, "previousId")) return &s->previous;
    if (str_is(key, "groupId")) return &s->group;
    if (str_is(key, "messageId")) return &s->m.id;
    return NULL;
}

static enum err read_field(struct segment *s, struct str key)
{
    struct message *m = &s->m;
    struct str *text = text_of(s, key);
    char name[16];
    if (text) {
        snprintf(name, sizeof(name), STR_FMT, STR_ARG(key));
        return message_text(m, name, text);
    }
    if (str_is(key, "timestamp")) return message_time(m, "timestamp", &m->at);
    if (str_is(key, "originalTimestamp")) return message_time(m, "originalTimestamp", &s->original);
    if (str_is(key, "sentAt")) return message_time(m, "sentAt", &m->sent_at);
    if (str_is(key, "properties")) return message_values(m, "properties", &m->props);
    if (str_is(key, "traits")) return message_values(m, "traits", &m->traits);
    if (str_is(key, "context")) return read_context(s);
    /* only Segment itself adds it, when it has corrected the time */
    if (str_is(key, "receivedAt")) m->corrected = true;
    return message_skip(m);
}

static enum err read_message(struct segment *s)
{
    struct str key;
    bool entered;
    TRY(message_enter(&s->m, "message", &entered));
    if (!entered) return why_fail(s->m.why, ERR_INVALID, MSG_WRONG_TYPE, "message", "an object");
    while (json_next_key(&s->m.reader, &key))
        TRY(read_field(s, key));
    (void)json_read_end(&s->m.reader);
    return message_end(&s->m);
}

static enum err missing(const struct segment *s, const char *field)
{
    return why_fail(s->m.why, ERR_INVALID, MSG_MISSING, field, NULL);
}

static enum err find_call(const struct segment *s, enum call *out)
{
    struct str type = s->m.source->type.p ? s->m.source->type : s->type;
    if (type.len == 0) return missing(s, "type");
    for (int c = 0; c < CALL_COUNT; c++) {
        if (!str_eq(type, call_names[c])) continue;
        *out = (enum call)c;
        return ERR_OK;
    }
    struct str shown = str_cut(&type, '|'); /* which parts the arguments of a sentence */
    return why_fail(s->m.why, ERR_INVALID, MSG_UNKNOWN_VALUE, "type",
                    STR_FMT "|track, identify, page, screen, group, alias",
                    STR_ARG(utf8_cut(shown, 64)));
}

/* What is said of a group is kept with its member, under names of its own. */
static void rename_group_traits(struct segment *s)
{
    struct message *m = &s->m;
    for (uint32_t i = 0; i < m->traits.count; i++) {
        if (i - s->context_from < s->context_count) continue;
        struct str name = utf8_cut(m->traits.items[i].name, LIMIT_PROP_NAME_BYTES);
        m->traits.items[i].name = str_of(arena_printf(m->arena, "group_" STR_FMT, STR_ARG(name)));
    }
    message_value(m, &m->traits, STR("group_id"), s->group);
}

/* Whoever is renamed was known by an id of an SDK's making or by one of the brand's. */
static enum err make_alias(struct segment *s)
{
    struct message *m = &s->m;
    struct str known = s->user.len ? s->user : s->anonymous;
    if (s->previous.len == 0) return missing(s, "previousId");
    if (known.len == 0) return missing(s, "userId");
    m->who_count = 0;
    message_who(m, s->user.len ? IDENTITY_USER : IDENTITY_ANON, known);
    message_who(m, message_id_kind(s->previous), s->previous);
    m->alias = true;
    return ERR_OK;
}

static enum err apply_call(struct segment *s, enum call call)
{
    struct message *m = &s->m;
    m->kind = call == CALL_TRACK ? (struct str){NULL, 0} : STR("member.identified");
    if (call == CALL_ALIAS) return make_alias(s);
    message_who(m, IDENTITY_USER, s->user);
    message_who(m, IDENTITY_ANON, s->anonymous);
    if (m->who_count == 0) return missing(s, "userId");
    switch (call) {
    case CALL_IDENTIFY:
        message_who_of_traits(m);
        break;
    case CALL_GROUP:
        rename_group_traits(s);
        break;
    case CALL_PAGE:
    case CALL_SCREEN:
        m->kind = STR("page.viewed");
        m->page = s->page.p ? s->page : STR("");
        break;
    default:
        break;
    }
    return ERR_OK;
}

enum err segment_message(struct arena *a, struct str json, const struct message_source *source,
                         struct fact *out, struct why *why)
{
    struct segment s;
    enum call call = CALL_TRACK;
    message_init(&s.m, a, json, source, why);
    s.type = s.user = s.anonymous = s.previous = s.group = s.page = (struct str){NULL, 0};
    s.original = TIME_NONE;
    s.context_from = s.context_count = 0;
    TRY(read_message(&s));
    TRY(find_call(&s, &call));
    if (s.m.at == TIME_NONE) s.m.at = s.original;
    TRY(apply_call(&s, call));
    return message_finish(&s.m, out);
}
