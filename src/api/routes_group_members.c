/* routes_group_members.c - who is and was in a group, as a list and as a file.
 *
 * A cursor is the sort, the last member's key and id, in hex: the next page goes on from there even
 * if the list has moved meanwhile. */
#include <inttypes.h>
#include <stdlib.h>

#include "api/group_look.h"
#include "api/groups.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "api/table_file.h"
#include "base/hash.h"
#include "people/circle.h"

/* ---- members ---- */

static enum err put_stay(struct group_look *x, struct json_writer *w, const struct group_stay *s,
                         struct why *why)
{
    struct call *c = x->call;
    const struct group_role *role = group_look_role(x, s->member);
    json_begin_object(w);
    TRY(group_look_put(x, w, "member", s->member, why));
    put_text(w, "role", account_role_names[role ? role->role : ACCOUNT_MEMBER]);
    put_bool(w, "in", s->in);
    int circle = circle_of(c->brand, s->member, x->record.code);
    put_str(w, "circle", str_of(circle == CIRCLE_NONE ? NULL : circle_name((enum circle)circle)));
    put_time(c, w, "joined_at", s->joined_at);
    put_text(w, "way", join_way_names[s->way]);
    TRY(group_look_put(x, w, "inviter", s->inviter, why));
    put_str(w, "touchpoint",
            s->touchpoint ? registry_code_text(c->brand, DIM_TOUCHPOINT, s->touchpoint)
                          : (struct str){NULL, 0});
    put_time(c, w, "left_at", s->left_at);
    put_time(c, w, "last_message_at", s->last_message_at);
    put_int(w, "messages", s->messages);
    put_int(w, "recent_messages", s->recent_messages);
    put_int(w, "groups", s->groups);
    json_end_object(w);
    return ERR_OK;
}

/* In the circle that is asked for, if one is. */
static bool is_within(const struct group_look *x, const struct group_stay *s)
{
    if (!call_has(x->call, "circle")) return true;
    int circle = circle_of(x->call->brand, s->member, x->record.code);
    return circle != CIRCLE_NONE &&
           str_is(call_str(x->call, "circle"), circle_name((enum circle)circle));
}

static bool is_shown(const struct group_stay *s, struct str show)
{
    if (str_is(show, "in")) return s->in;
    if (str_is(show, "silent")) return s->in && s->recent_messages == 0;
    if (str_is(show, "several")) return s->in && s->groups > 1;
    if (str_is(show, "left")) return !s->in;
    return true;
}

/* What a list is in order of; the highest first. */
struct keyed {
    int64_t key;
    const struct group_stay *stay;
};

static int64_t key_of(const struct group_stay *s, struct str sort)
{
    if (str_is(sort, "messages")) return s->recent_messages;
    if (str_is(sort, "last_message")) return s->last_message_at;
    if (str_is(sort, "left")) return s->left_at;
    return s->joined_at;
}

static int higher_first(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->key != y->key) return x->key > y->key ? -1 : 1;
    return (x->stay->member > y->stay->member) - (x->stay->member < y->stay->member);
}

struct place {
    int64_t key;
    uint32_t member;
};

static enum err read_cursor(const struct call *c, struct str sort, struct place *out,
                            struct why *why)
{
    struct str hex = call_str(c, "cursor");
    char text[128];
    uint64_t member;
    size_t len = hex.len / 2;
    struct str rest = {text, len};
    bool sound = hex.len % 2 == 0 && len < sizeof(text) && hex_decode(hex, (uint8_t *)text, len) &&
                 str_eq(str_cut(&rest, ' '), sort) && str_to_i64(str_cut(&rest, ' '), &out->key) &&
                 str_to_u64(rest, &member) && member <= UINT32_MAX;
    if (!sound) return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
    out->member = (uint32_t)member;
    return ERR_OK;
}

static void put_next(const struct call *c, struct json_writer *w, struct str sort,
                     const struct keyed *last)
{
    const char *text = arena_printf(c->arena, STR_FMT " %" PRId64 " %" PRIu32, STR_ARG(sort),
                                    last->key, last->stay->member);
    char *hex = arena_alloc(c->arena, 2 * strlen(text) + 1);
    hex_encode(text, strlen(text), hex);
    put_text(w, "next", hex);
}

static bool is_behind(const struct keyed *k, const struct place *p)
{
    return k->key < p->key || (k->key == p->key && k->stay->member > p->member);
}

static enum err put_page(struct group_look *x, struct json_writer *w, const struct keyed *list,
                         size_t count, struct why *why)
{
    struct call *c = x->call;
    struct str sort = call_str(c, "sort");
    size_t limit = (size_t)call_int(c, "limit"), from = 0, i;
    struct place after = {0, 0};
    if (call_has(c, "cursor")) {
        TRY(read_cursor(c, sort, &after, why));
        while (from < count && !is_behind(&list[from], &after))
            from++;
    }
    json_begin_object(w);
    put_array(w, "items");
    for (i = from; i < count && i < from + limit; i++)
        TRY(put_stay(x, w, list[i].stay, why));
    json_end_array(w);
    if (i < count) {
        put_next(c, w, sort, &list[i - 1]);
    } else {
        put_str(w, "next", (struct str){NULL, 0});
    }
    put_int(w, "total", (int64_t)count);
    json_end_object(w);
    return ERR_OK;
}

/* Those shown, seen and in order; how many. */
static size_t choose(struct group_look *x, struct keyed **out)
{
    struct call *c = x->call;
    struct str show = call_str(c, "show"), sort = call_str(c, "sort");
    struct keyed *list = arena_alloc_array(c->arena, x->roster.count + 1, sizeof(*list));
    const struct idset *seen = sight_of(c);
    size_t count = 0;
    for (size_t i = 0; i < x->roster.count; i++) {
        const struct group_stay *s = &x->roster.stays[i];
        if (!is_shown(s, show) || (seen && !idset_has(seen, s->member))) continue;
        if (!is_within(x, s)) continue;
        list[count++] = (struct keyed){key_of(s, sort), s};
    }
    if (count) qsort(list, count, sizeof(list[0]), higher_first);
    *out = list;
    return count;
}

static enum err put_members(struct group_look *x, struct json_writer *w, struct why *why)
{
    struct keyed *list;
    size_t count = choose(x, &list);
    return put_page(x, w, list, count, why);
}

static enum err get_members(struct call *c, struct json_writer *w, struct why *why)
{
    struct group_look x;
    enum err err = group_look_begin(c, &x, why);
    if (err == ERR_OK) err = put_members(&x, w, why);
    group_look_end(&x);
    return err;
}

/* ---- members as a file ---- */

#define FILE_HEADER                                                                                \
    "id,name,role,in,circle,joined_at,way,inviter,touchpoint,left_at,last_message_at,messages,"    \
    "recent_messages,groups"

static void put_id(const struct group_look *x, struct table_file *t, uint32_t member)
{
    bool seen = member && sight_has(x->call, member);
    table_file_text(t, seen ? str_of(arena_printf(x->call->arena, "m%" PRIu32, member)) : STR(""));
}

static enum err put_line(struct group_look *x, struct table_file *t, const struct group_stay *s)
{
    const struct group_role *role = group_look_role(x, s->member);
    struct str name = {NULL, 0};
    TRY(look_name(&x->look, s->member, &name));
    table_file_row(t);
    put_id(x, t, s->member);
    table_file_text(t, name.p ? name : STR(""));
    table_file_text(t, str_of(account_role_names[role ? role->role : ACCOUNT_MEMBER]));
    table_file_text(t, s->in ? STR("true") : STR("false"));
    int circle = circle_of(x->call->brand, s->member, x->record.code);
    table_file_text(t, circle == CIRCLE_NONE ? STR("") : str_of(circle_name((enum circle)circle)));
    table_file_time(t, s->joined_at);
    table_file_text(t, str_of(join_way_names[s->way]));
    put_id(x, t, s->inviter);
    table_file_text(t, s->touchpoint
                           ? registry_code_text(x->call->brand, DIM_TOUCHPOINT, s->touchpoint)
                           : STR(""));
    table_file_time(t, s->left_at);
    table_file_time(t, s->last_message_at);
    table_file_number(t, s->messages);
    table_file_number(t, s->recent_messages);
    table_file_number(t, s->groups);
    table_file_row_end(t);
    return ERR_OK;
}

static enum err put_lines(struct group_look *x, struct table_file *t, struct why *why)
{
    struct keyed *list;
    size_t count = choose(x, &list);
    for (size_t i = 0; i < count; i++) {
        enum err err = put_line(x, t, list[i].stay);
        if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    }
    TRY(table_file_end(t, "group", why));
    const char *told = arena_printf(x->call->arena, "{\"members\":%zu}", count);
    return groups_tell(x->call, x->record.code, (struct str){NULL, 0}, str_of(told), why);
}

static enum err put_file(struct group_look *x, struct json_writer *w, struct why *why)
{
    struct table_file t;
    enum err err = table_file_begin(&t, x->call, FILE_HEADER, w->out, why);
    if (err == ERR_OK) err = put_lines(x, &t, why);
    table_file_finish(&t);
    return err;
}

static enum err export_members(struct call *c, struct json_writer *w, struct why *why)
{
    struct group_look x;
    enum err err = group_look_begin(c, &x, why);
    if (err == ERR_OK) err = put_file(&x, w, why);
    group_look_end(&x);
    return err;
}

/* ---- the table ---- */

#define LIST_FIELDS                                                                                \
    {.name = "show",                                                                               \
     .type = SPEC_ENUM,                                                                            \
     .choices = "in|silent|several|left|all",                                                      \
     .fallback = "in",                                                                             \
     .doc = "who is in it; of them those without a message in 28 days, or who are in other "       \
            "groups too; who left; all there ever were"},                                          \
        {.name = "circle",                                                                         \
         .type = SPEC_ENUM,                                                                        \
         .choices = "core|influence|periphery",                                                    \
         .doc = "of them, only those in this circle, as of the last look at the group"},           \
    {                                                                                              \
        .name = "sort", .type = SPEC_ENUM, .choices = "joined|left|messages|last_message",         \
        .fallback = "joined", .doc = "what the list is in order of, the newest or the most first"  \
    }

static const struct spec_field file_query[] = {
    LIST_FIELDS,
    {.name = "format",
     .type = SPEC_ENUM,
     .choices = TABLE_FILE_FORMATS,
     .fallback = "csv",
     .doc = "form of the file"},
    {0},
};

static const struct spec_field members_query[] = {
    LIST_FIELDS,
    {.name = "cursor", .type = SPEC_TEXT, .max = 256, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PAGE_GROUP_MEMBERS,
     .fallback = "50",
     .doc = "members of a page"},
    {0},
};

#define WHO "{\"id\":\"m12\",\"name\":\"王婷\"}"

const struct spec group_member_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/members",
     .scope = SCOPE_MEMBERS_READ,
     .query = members_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_members,
     .summary = "Who is in a group: since when, how they came, how much they say",
     .reply =
         "{\"items\":[{\"member\":" WHO ",\"role\":\"member\",\"in\":true,\"circle\":\"influence\","
         "\"joined_at\":\"2025-01-31T08:00:00+08:00\",\"way\":\"invited\",\"inviter\":" WHO
         ",\"touchpoint\":\"shop-1\",\"left_at\":\"2025-02-28T20:11:04+08:00\","
         "\"last_message_at\":\"2025-02-28T20:11:04+08:00\",\"messages\":41,\"recent_messages\":3,"
         "\"groups\":2}],\"next\":\"6a6f696e6564\",\"total\":212}\n"
         "~{\"items\":[{\"circle\":null,\"member\":{\"name\":null},\"joined_at\":null,\"inviter\":"
         "null,"
         "\"touchpoint\":null,\"left_at\":null,\"last_message_at\":null}],\"next\":null}\n"
         "~{\"items\":[{\"inviter\":{\"name\":null}}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/members/export",
     .scope = SCOPE_MEMBERS_EXPORT,
     .query = file_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_CONFIRM | SPEC_SIGHT,
     .handle = export_members,
     .audit = "group.exported",
     .summary = "The members of a group as a file for a spreadsheet; written down in the audit log",
     .reply_types = TABLE_FILE_TYPES},
    {0},
};
