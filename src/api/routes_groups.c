/* routes_groups.c - the groups of a brand: their records, with figures of each.
 *
 * Nothing here is of any single member, so that callers of narrow reach may ask, too. */
#include "api/groups.h"

#include <inttypes.h>

#include "api/internal.h"
#include "api/put.h"

/* ---- a record ---- */

/* What is empty was not said. */
static void put_said(struct json_writer *w, const char *key, struct str s)
{
    put_str(w, key, s.len ? s : (struct str){NULL, 0});
}

static void put_lines(struct json_writer *w, const char *key, struct str lines)
{
    put_array(w, key);
    while (lines.len)
        json_str(w, str_cut(&lines, '\n'));
    json_end_array(w);
}

static void put_record(const struct call *c, struct json_writer *w, const struct group_record *r)
{
    put_text(w, "id", arena_printf(c->arena, "g%" PRIu32, r->code));
    put_str(w, "code", r->key);
    put_str(w, "name", r->name);
    put_said(w, "use", str_of(group_use_names[r->use]));
    put_said(w, "channel", r->channel);
    put_said(w, "channel_id", r->channel_id);
    put_said(w, "owner", r->owner);
    put_lines(w, "helpers", r->helpers);
    put_int(w, "capacity", r->capacity);
    put_known(w, "hard_limit", r->hard_limit);
    put_lines(w, "tags", r->tags);
    put_object(w, "charter");
    for (int i = 0; i < CHARTERS; i++)
        put_said(w, group_charter_names[i], r->charter[i]);
    put_known(w, "target", r->target);
    json_end_object(w);
    put_time(c, w, "archived_at", r->archived_at);
    put_int(w, "version", (int64_t)r->version);
    put_time(c, w, "created_at", r->created_at);
    put_time(c, w, "changed_at", r->changed_at);
    put_said(w, "changed_by", r->changed_by);
}

static void put_figures(const struct call *c, struct json_writer *w, const struct group_row *g)
{
    put_object(w, "figures");
    put_int(w, "members", (int64_t)g->members);
    put_int(w, "speakers", (int64_t)g->speakers);
    put_int(w, "messages", (int64_t)g->messages);
    put_int(w, "recent_messages", (int64_t)g->recent_messages);
    put_int(w, "joined", (int64_t)g->joined);
    put_int(w, "left", (int64_t)g->left);
    put_time(c, w, "last_message_at", g->last_message_at);
    put_array(w, "daily");
    for (int i = 0; i < GROUP_RECENT_DAYS; i++)
        json_int(w, g->daily[i]);
    json_end_array(w);
    json_end_object(w);
}

/* ---- lists ---- */

static enum err read_figures(const struct call *c, struct group_row **out, size_t *count,
                             struct why *why)
{
    return groups_list(c->brand, env_now(brand_env(c->brand)), c->arena, out, count, why);
}

static const struct group_row *figures_of(const struct group_row *rows, size_t count, uint32_t code)
{
    static const struct group_row none = {.last_message_at = TIME_NONE};
    for (size_t i = 0; i < count; i++) {
        if (rows[i].code == code) return &rows[i];
    }
    return &none;
}

static void put_group(const struct call *c, struct json_writer *w, const struct group_record *r,
                      const struct group_row *g)
{
    json_begin_object(w);
    put_record(c, w, r);
    put_figures(c, w, g);
    json_end_object(w);
}

static bool is_wanted(const struct call *c, const struct group_record *r)
{
    struct str use = call_str(c, "use"), tag = call_str(c, "tag"), tags = r->tags;
    bool archived = r->archived_at != TIME_NONE;
    if (str_is(call_str(c, "state"), archived ? "open" : "archived")) return false;
    if (use.len && !str_is(use, group_use_names[r->use])) return false;
    if (!tag.len) return true;
    while (tags.len) {
        if (str_eq(str_cut(&tags, '\n'), tag)) return true;
    }
    return false;
}

/* The liveliest first, as the figures are; then those without any. */
static enum err get_groups(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct group_record *records;
    struct group_row *rows;
    size_t record_count, row_count;
    TRY(call_reader(c, &db, why));
    TRY(group_record_list(c->brand, db, c->arena, &records, &record_count, why));
    TRY(read_figures(c, &rows, &row_count, why));
    bool *listed = arena_alloc_array(c->arena, record_count + 1, sizeof(*listed));
    put_items(w);
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].code > record_count) continue; /* came just now */
        const struct group_record *r = &records[rows[i].code - 1];
        listed[rows[i].code - 1] = true;
        if (is_wanted(c, r)) put_group(c, w, r, &rows[i]);
    }
    for (size_t i = 0; i < record_count; i++) {
        if (!listed[i] && is_wanted(c, &records[i]))
            put_group(c, w, &records[i], figures_of(rows, row_count, records[i].code));
    }
    put_items_end(w);
    return ERR_OK;
}

static enum err get_group(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct group_record r;
    struct group_row *rows;
    size_t count;
    TRY(groups_find(c, &db, &r, why));
    TRY(read_figures(c, &rows, &count, why));
    put_group(c, w, &r, figures_of(rows, count, r.code));
    return ERR_OK;
}

static enum err get_templates(struct call *c, struct json_writer *w, struct why *why)
{
    enum lang lang = call_lang(c);
    (void)why;
    put_items(w);
    for (const struct group_template *t = group_templates; t->code; t++) {
        json_begin_object(w);
        put_text(w, "code", t->code);
        put_text(w, "name", t->name[lang]);
        put_text(w, "use", group_use_names[t->use]);
        put_int(w, "capacity", t->capacity);
        put_object(w, "charter");
        for (int i = 0; i < CHARTERS; i++)
            put_text(w, group_charter_names[i], t->charter[lang][i]);
        json_end_object(w);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- changing ---- */

static enum group_use use_of(struct str name)
{
    for (int i = 1; i < GROUP_USES; i++) {
        if (str_is(name, group_use_names[i])) return (enum group_use)i;
    }
    return USE_NONE;
}

/* A list of texts as lines; each trimmed, once, and without line ends of its own. */
static enum err read_lines(const struct call *c, const char *name, struct str *out, struct why *why)
{
    const struct json *list = call_json(c, name);
    struct strbuf text = {0};
    if (!list) return ERR_OK;
    for (size_t i = 0; i < list->count; i++) {
        const struct json *j = &list->items[i];
        struct str item = j->type == JSON_STRING ? str_trim(j->string) : STR("");
        bool sound =
            item.len > 0 && item.len <= LIMIT_CODE_BYTES && str_find_char(item, '\n') == SIZE_MAX;
        if (!sound) {
            strbuf_finish(&text);
            return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE,
                            arena_printf(c->arena, "%s[%zu]", name, i), "%s", "\"text\"");
        }
        if (text.len) strbuf_add_char(&text, '\n');
        strbuf_add_str(&text, item);
    }
    *out = text.len ? arena_str(c->arena, strbuf_str(&text)) : STR("");
    strbuf_finish(&text);
    return ERR_OK;
}

static void read_text(const struct call *c, const char *name, struct str *out)
{
    if (!call_has(c, name)) return;
    *out = str_trim(call_str(c, name));
    if (!out->p) *out = STR("");
}

static void read_charter(const struct call *c, struct group_record *r)
{
    const struct json *charter = call_json(c, "charter");
    const struct json *target = json_get(charter, "target");
    for (int i = 0; i < CHARTERS; i++) {
        const struct json *j = json_get(charter, group_charter_names[i]);
        if (j && j->type == JSON_STRING) r->charter[i] = str_trim(j->string);
        if (!r->charter[i].len) r->charter[i] = STR("");
    }
    if (target && target->type == JSON_INT) r->target = (int)target->integer;
}

/* What is not given stays as it is. */
static enum err read_record(const struct call *c, struct group_record *r, struct why *why)
{
    read_text(c, "name", &r->name);
    read_text(c, "channel", &r->channel);
    read_text(c, "channel_id", &r->channel_id);
    read_text(c, "owner", &r->owner);
    if (!r->name.len) r->name = r->key;
    if (call_has(c, "use")) r->use = use_of(call_str(c, "use"));
    if (call_has(c, "capacity")) r->capacity = (int)call_int(c, "capacity");
    if (call_has(c, "hard_limit")) r->hard_limit = (int)call_int(c, "hard_limit");
    if (r->hard_limit && r->capacity > r->hard_limit)
        return why_fail(why, ERR_INVALID, MSG_GROUP_CAPACITY, "capacity", "%d", r->hard_limit);
    TRY(read_lines(c, "helpers", &r->helpers, why));
    TRY(read_lines(c, "tags", &r->tags, why));
    read_charter(c, r);
    if (!call_has(c, "archived")) return ERR_OK;
    if (!call_bool(c, "archived")) r->archived_at = TIME_NONE;
    if (call_bool(c, "archived") && r->archived_at == TIME_NONE)
        r->archived_at = env_now(brand_env(c->brand));
    return ERR_OK;
}

/* The record as it is told of, in the arena. */
static struct str told(const struct call *c, const struct group_record *r)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    put_record(c, &w, r);
    json_end_object(&w);
    struct str out = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return out;
}

static void put_bare(const struct call *c, struct json_writer *w, const struct group_record *r)
{
    json_begin_object(w);
    put_record(c, w, r);
    json_end_object(w);
}

static enum err add_group(struct call *c, struct json_writer *w, struct why *why)
{
    const struct str none = STR("");
    struct group_record r = {.key = str_trim(call_str(c, "code")),
                             .name = none,
                             .channel = none,
                             .channel_id = none,
                             .owner = none,
                             .helpers = none,
                             .tags = none,
                             .capacity = GROUP_CAPACITY,
                             .archived_at = TIME_NONE,
                             .changed_by = str_of(c->who->name)};
    if (!r.key.len) return why_fail(why, ERR_INVALID, MSG_MISSING, "code", NULL);
    TRY(read_record(c, &r, why));
    TRY(group_record_add(c->brand, &r, why));
    TRY(groups_tell(c, r.code, (struct str){NULL, 0}, told(c, &r), why));
    c->status = 201;
    call_etag(c, r.version);
    put_bare(c, w, &r);
    return ERR_OK;
}

static enum err change_group(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct group_record r;
    TRY(groups_find(c, &db, &r, why));
    TRY(call_if_match(c, r.version, why));
    struct str before = told(c, &r);
    TRY(read_record(c, &r, why));
    r.changed_by = str_of(c->who->name);
    TRY(group_record_save(c->brand, &r, why));
    TRY(groups_tell(c, r.code, before, told(c, &r), why));
    call_etag(c, r.version);
    put_bare(c, w, &r);
    return ERR_OK;
}

/* ---- the table ---- */

static const struct spec_field list_query[] = {
    {.name = "state",
     .type = SPEC_ENUM,
     .choices = "open|archived|all",
     .fallback = "open",
     .doc = "in use, archived, or both"},
    {.name = "use",
     .type = SPEC_ENUM,
     .choices = "sharing|sales|enabling|converting|caring",
     .doc = "only of this use"},
    {.name = "tag", .type = SPEC_TEXT, .min = 1, .max = LIMIT_CODE_BYTES, .doc = "only with it"},
    {0},
};

static const struct spec_field charter_fields[] = {
    {.name = "purpose", .type = SPEC_TEXT, .max = LIMIT_GROUP_TEXT_BYTES, .doc = "what it is for"},
    {.name = "audience", .type = SPEC_TEXT, .max = LIMIT_GROUP_TEXT_BYTES, .doc = "for whom"},
    {.name = "gain",
     .type = SPEC_TEXT,
     .max = LIMIT_GROUP_TEXT_BYTES,
     .doc = "what members get out of it"},
    {.name = "about",
     .type = SPEC_TEXT,
     .max = LIMIT_GROUP_TEXT_BYTES,
     .doc = "the goods, topic, place or person it turns around"},
    {.name = "rhythm", .type = SPEC_TEXT, .max = LIMIT_GROUP_TEXT_BYTES, .doc = "how often what"},
    {.name = "rules", .type = SPEC_TEXT, .max = LIMIT_GROUP_TEXT_BYTES, .doc = "what is allowed"},
    {.name = "ending",
     .type = SPEC_TEXT,
     .max = LIMIT_GROUP_TEXT_BYTES,
     .doc = "when it is closed or merged"},
    {.name = "target",
     .type = SPEC_INT,
     .min = 0,
     .max = LIMIT_GROUP_CAPACITY,
     .doc = "members wanted; 0 = not said"},
    {0},
};

#define RECORD_FIELDS                                                                              \
    {.name = "name",                                                                               \
     .type = SPEC_TEXT,                                                                            \
     .max = LIMIT_CODE_BYTES,                                                                      \
     .doc = "to be shown; empty = as its code"},                                                   \
        {.name = "use",                                                                            \
         .type = SPEC_ENUM,                                                                        \
         .choices = "none|sharing|sales|enabling|converting|caring",                               \
         .doc = "what it is for"},                                                                 \
        {.name = "channel",                                                                        \
         .type = SPEC_TEXT,                                                                        \
         .max = 64,                                                                                \
         .doc = "where it is: wecom, wechat, telegram, irc ..."},                                  \
        {.name = "channel_id",                                                                     \
         .type = SPEC_TEXT,                                                                        \
         .max = LIMIT_CODE_BYTES,                                                                  \
         .doc = "the channel's own id of it"},                                                     \
        {.name = "owner", .type = SPEC_TEXT, .max = LIMIT_CODE_BYTES, .doc = "staff code"},        \
        {.name = "helpers",                                                                        \
         .type = SPEC_LIST,                                                                        \
         .max = LIMIT_GROUP_HELPERS,                                                               \
         .doc = "staff codes of who helps"},                                                       \
        {.name = "capacity",                                                                       \
         .type = SPEC_INT,                                                                         \
         .min = 1,                                                                                 \
         .max = LIMIT_GROUP_CAPACITY,                                                              \
         .doc = "members it is meant to hold"},                                                    \
        {.name = "hard_limit",                                                                     \
         .type = SPEC_INT,                                                                         \
         .min = 0,                                                                                 \
         .max = LIMIT_GROUP_CAPACITY,                                                              \
         .doc = "what its channel can hold; 0 = unknown"},                                         \
        {.name = "tags", .type = SPEC_LIST, .max = LIMIT_GROUP_TAGS, .doc = "the brand's own"},    \
        {.name = "charter",                                                                        \
         .type = SPEC_OBJECT,                                                                      \
         .fields = charter_fields,                                                                 \
         .doc = "what is settled before it opens"},                                                \
    {                                                                                              \
        .name = "archived", .type = SPEC_BOOL, .doc = "out of use: left out of lists"              \
    }

static const struct spec_field add_body[] = {
    {.name = "code",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_CODE_BYTES,
     .doc = "what events call the group; never changes"},
    RECORD_FIELDS,
    {0},
};

static const struct spec_field change_body[] = {RECORD_FIELDS, {0}};

#define RECORD                                                                                                    \
    "\"id\":\"g3\",\"code\":\"mothers-1\",\"name\":\"辣妈一群\",\"use\":\"caring\","                          \
    "\"channel\":\"wecom\",\"channel_id\":\"wrOg01\",\"owner\":\"rose\",\"helpers\":[\"lily\"],"                  \
    "\"capacity\":300,\"hard_limit\":500,\"tags\":[\"华东\"],\"charter\":{"                                     \
    "\"purpose\":\"让顾客愿意再来\",\"audience\":\"到店买过的人\",\"gain\":\"专享福利\","        \
    "\"about\":\"门店\",\"rhythm\":\"每天两条\",\"rules\":\"不发广告\",\"ending\":\"闭店时关闭\"," \
    "\"target\":250},\"archived_at\":\"2025-03-01T08:00:00+08:00\",\"version\":2,"                                \
    "\"created_at\":\"2025-01-31T08:00:00+08:00\",\"changed_at\":\"2025-03-01T08:00:00+08:00\","                  \
    "\"changed_by\":\"lily\""
#define BARE                                                                                       \
    "\"use\":null,\"channel\":null,\"channel_id\":null,\"owner\":null,\"hard_limit\":null,"        \
    "\"charter\":{\"purpose\":null,\"audience\":null,\"gain\":null,\"about\":null,"                \
    "\"rhythm\":null,\"rules\":null,\"ending\":null,\"target\":null},\"archived_at\":null,"        \
    "\"changed_by\":null"
#define FIGURES                                                                                    \
    ",\"figures\":{\"members\":212,\"speakers\":61,\"messages\":18211,\"recent_messages\":903,"    \
    "\"joined\":14,\"left\":3,\"last_message_at\":\"2025-03-01T09:30:00+08:00\","                  \
    "\"daily\":[31,40]}"
#define NO_FIGURES ",\"figures\":{\"last_message_at\":null}"

const struct spec group_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups",
     .scope = SCOPE_MEMBERS_READ,
     .query = list_query,
     .flags = SPEC_QUESTION | SPEC_ANY_REACH,
     .handle = get_groups,
     .summary = "The groups with figures of the last 28 days, the liveliest first",
     .reply =
         "{\"items\":[{" RECORD FIGURES "}],\"next\":null}\n~{\"items\":[{" BARE NO_FIGURES "}]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/groups",
     .scope = SCOPE_GROUPS_WRITE,
     .body = add_body,
     .body_max = 65536,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_group,
     .audit = "group.added",
     .summary = "A group that no event has named yet",
     .reply = "{" RECORD "}\n~{" BARE "}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/group-templates",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_templates,
     .summary = "Charters to begin with, in the caller's language",
     .reply = "{\"items\":[{\"code\":\"store\",\"name\":\"门店群\",\"use\":\"caring\","
              "\"capacity\":195,\"charter\":{\"purpose\":\"让顾客愿意再来\","
              "\"audience\":\"到店买过的人\",\"gain\":\"专享福利\",\"about\":\"门店\","
              "\"rhythm\":\"每天两条\",\"rules\":\"不发广告\",\"ending\":\"闭店时关闭\"}}],"
              "\"next\":null}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_QUESTION | SPEC_ANY_REACH,
     .handle = get_group,
     .summary = "One group with its figures",
     .reply = "{" RECORD FIGURES "}\n~{" BARE NO_FIGURES "}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/groups/{id}",
     .scope = SCOPE_GROUPS_WRITE,
     .body = change_body,
     .body_max = 65536,
     .handle = change_group,
     .audit = "group.changed",
     .summary = "Change what is given of a record; If-Match names the version meant",
     .reply = "{" RECORD "}\n~{" BARE "}"},
    {0},
};
