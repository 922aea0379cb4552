/* posthog.c - the keys of an event, and the SDK's own properties told from the brand's.
 *
 * What an SDK adds on its own account would fill a brand's registry of property names. */
#include "intake/posthog.h"

#include "base/time.h"

/* The SDK's own that are kept, without '$'. */
static const struct str kept[] = {
    {"$os", 3},           {"$host", 5},         {"$browser", 8},           {"$referrer", 9},
    {"$pathname", 9},     {"$utm_source", 11},  {"$session_id", 11},       {"$current_url", 12},
    {"$device_type", 12}, {"$screen_name", 12}, {"$referring_domain", 17},
};

struct posthog {
    struct message m;
    struct str distinct;  /* distinct_id */
    struct str token;     /* token or api_key */
    int64_t offset;       /* ms between the event and its sending; TIME_NONE = not said */
    struct str anonymous; /* property $anon_distinct_id */
    struct str alias;     /* property alias */
    struct str user;      /* property $user_id */
    struct str insert_id; /* property $insert_id */
    int identified;       /* property $is_identified; -1 = not said */
};

/* ---- reading ---- */

static enum err read_properties(struct posthog *p);

static enum err read_offset(struct posthog *p)
{
    struct json_reader *r = &p->m.reader;
    enum json_type type;
    double number;
    if (!json_peek(r, &type)) return message_end(&p->m);
    if (type != JSON_INT) return message_skip(&p->m);
    (void)json_read_number(r, &type, &p->offset, &number, NULL);
    return message_end(&p->m);
}

static enum err read_flag(struct posthog *p, int *out)
{
    enum json_type type;
    bool yes;
    if (!json_peek(&p->m.reader, &type)) return message_end(&p->m);
    if (type != JSON_BOOL) return message_skip(&p->m);
    (void)json_read_bool(&p->m.reader, &yes);
    *out = yes;
    return message_end(&p->m);
}

static enum err read_field(struct posthog *p, struct str key)
{
    struct message *m = &p->m;
    if (str_is(key, "event")) return message_text(m, "event", &m->name);
    if (str_is(key, "distinct_id") || str_is(key, "$distinct_id"))
        return message_text(m, "distinct_id", &p->distinct);
    if (str_is(key, "properties")) return read_properties(p);
    if (str_is(key, "timestamp")) return message_time(m, "timestamp", &m->at);
    if (str_is(key, "sent_at")) return message_time(m, "sent_at", &m->sent_at);
    if (str_is(key, "offset")) return read_offset(p);
    if (str_is(key, "uuid")) return message_text(m, "uuid", &m->id);
    if (str_is(key, "$set")) return message_values(m, "$set", &m->traits);
    if (str_is(key, "$set_once")) return message_values(m, "$set_once", &m->traits);
    if (str_is(key, "token") || str_is(key, "api_key")) return message_text(m, "token", &p->token);
    return message_skip(m);
}

static enum err read_own_property(struct posthog *p, struct str key)
{
    struct message *m = &p->m;
    if (str_is(key, "distinct_id")) return message_text(m, "distinct_id", &p->distinct);
    if (str_is(key, "token")) return message_text(m, "token", &p->token);
    if (str_is(key, "alias")) return message_text(m, "alias", &p->alias);
    if (str_is(key, "$anon_distinct_id"))
        return message_text(m, "$anon_distinct_id", &p->anonymous);
    if (str_is(key, "$user_id")) return message_text(m, "$user_id", &p->user);
    if (str_is(key, "$is_identified")) return read_flag(p, &p->identified);
    if (str_is(key, "$insert_id")) return message_text(m, "$insert_id", &p->insert_id);
    if (str_is(key, "$set")) return message_values(m, "$set", &m->traits);
    if (str_is(key, "$set_once")) return message_values(m, "$set_once", &m->traits);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (!str_eq(key, kept[i])) continue;
        struct str name = {key.p + 1, key.len - 1};
        return message_one(m, name, &m->props);
    }
    m->dropped++;
    return message_skip(m);
}

static bool is_own(struct str key)
{
    return (key.len && key.p[0] == '$') || str_is(key, "distinct_id") || str_is(key, "token") ||
           str_is(key, "alias");
}

static enum err read_properties(struct posthog *p)
{
    struct message *m = &p->m;
    struct str key;
    bool entered;
    TRY(message_enter(m, "properties", &entered));
    while (entered && json_next_key(&m->reader, &key)) {
        if (is_own(key)) {
            TRY(read_own_property(p, key));
        } else {
            TRY(message_one(m, key, &m->props));
        }
    }
    return message_end(m);
}

static enum err read_event(struct posthog *p, struct arena *a, struct str json,
                           const struct message_source *source, struct why *why)
{
    struct str key;
    bool entered;
    message_init(&p->m, a, json, source, why);
    p->distinct = p->token = (struct str){NULL, 0};
    p->anonymous = p->alias = p->user = p->insert_id = (struct str){NULL, 0};
    p->offset = TIME_NONE;
    p->identified = -1;
    TRY(message_enter(&p->m, "event", &entered));
    if (!entered) return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "event", "an object");
    while (json_next_key(&p->m.reader, &key))
        TRY(read_field(p, key));
    (void)json_read_end(&p->m.reader);
    return message_end(&p->m);
}

/* ---- understanding ---- */

static enum identity_kind kind_of_distinct(const struct posthog *p)
{
    if (p->identified == 0) return IDENTITY_ANON;
    if (p->identified == 1) return IDENTITY_USER;
    return message_id_kind(p->distinct);
}

static enum err missing(struct posthog *p, const char *field)
{
    return why_fail(p->m.why, ERR_INVALID, MSG_MISSING, field, NULL);
}

/* $identify says which of two ids is the anonymous one; $create_alias does not. */
static void join_two(struct posthog *p)
{
    struct message *m = &p->m;
    bool identify = str_is(m->name, "$identify");
    struct str second = identify ? p->anonymous : p->alias;
    m->kind = STR("member.identified");
    message_who(m, identify ? IDENTITY_USER : message_id_kind(p->distinct), p->distinct);
    message_who(m, identify ? IDENTITY_ANON : message_id_kind(second), second);
    m->alias = second.len > 0;
    if (identify) message_who_of_traits(m);
}

static bool is_ignored(struct str name)
{
    return str_is(name, "$groupidentify") || str_is(name, "$snapshot") ||
           str_is(name, "$snapshot_items") || str_is(name, "$performance_event") ||
           str_is(name, "$heatmap") || str_is(name, "$$heatmap") || str_is(name, "$web_vitals");
}

static enum err apply_event(struct posthog *p)
{
    struct message *m = &p->m;
    if (m->name.len == 0) return missing(p, "event");
    if (p->distinct.len == 0) return missing(p, "distinct_id");
    if (m->id.len == 0) m->id = p->insert_id;
    if (str_is(m->name, "$identify") || str_is(m->name, "$create_alias")) {
        if (str_is(m->name, "$create_alias") && p->alias.len == 0) return missing(p, "alias");
        join_two(p);
        return ERR_OK;
    }
    message_who(m, kind_of_distinct(p), p->distinct);
    message_who(m, IDENTITY_USER, p->user);
    if (str_is(m->name, "$set")) {
        m->kind = STR("member.identified");
        message_who_of_traits(m);
    } else if (str_is(m->name, "$pageview") || str_is(m->name, "$screen")) {
        m->kind = STR("page.viewed");
        m->page = STR("");
    }
    return ERR_OK;
}

/* Browsers say how long ago it was rather than when. */
static void use_offset(struct posthog *p)
{
    struct message *m = &p->m;
    int64_t at;
    if (m->at != TIME_NONE || p->offset < 0) return;
    if (__builtin_sub_overflow(m->source->received_at, p->offset, &at)) return;
    m->at = at;
    m->corrected = true;
}

enum err posthog_message(struct arena *a, struct str json, const struct message_source *source,
                         struct fact *out, struct why *why)
{
    struct posthog p;
    TRY(read_event(&p, a, json, source, why));
    if (is_ignored(p.m.name)) {
        *out = (struct fact){.amount = HISTORY_NO_AMOUNT};
        return ERR_OK;
    }
    use_offset(&p);
    TRY(apply_event(&p));
    return message_finish(&p.m, out);
}

struct str posthog_token(struct arena *a, struct str json)
{
    const struct message_source nobody = {.sent_at = TIME_NONE};
    struct posthog p;
    struct why why;
    bool fine = read_event(&p, a, json, &nobody, &why) == ERR_OK;
    return fine ? p.token : (struct str){NULL, 0};
}
