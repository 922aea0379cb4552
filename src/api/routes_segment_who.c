/* routes_segment_who.c - who is in a segment, or would be, and why. */
#include <inttypes.h>

#include "api/chosen.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/segment_call.h"
#include "api/sight.h"

/* ---- who is in, and why ---- */

static const struct idset *seen_of(struct call *c, const struct segment *s)
{
    struct idset *set = arena_alloc(c->arena, sizeof(*set));
    (void)segments_members(c->brand, s->code, set);
    const struct idset *seen = sight_narrow(c, set);
    idset_finish(set);
    return seen;
}

/* Of their members those whom the caller, of narrow reach, sees. */
static void overlap_seen(struct call *c, const struct segment *one, const struct segment *other,
                         struct segment_overlap *o)
{
    const struct idset *a = seen_of(c, one), *b = seen_of(c, other);
    o->a = a->count;
    o->b = b->count;
    for (size_t w = 0; w < a->words.count && w < b->words.count; w++)
        o->both += (uint64_t)__builtin_popcountll(a->words.items[w] & b->words.items[w]);
    o->either = o->a + o->b - o->both;
}

static enum err get_overlap(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment one, other;
    struct segment_overlap o = {0};
    TRY(segment_of_path(c, &one, why));
    enum err err = segment_by_code(c, call_str(c, "with"), &other, why);
    if (err == ERR_NOT_FOUND)
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "with", "%s", "segment");
    TRY(err);
    if (sight_is_whole(c)) (void)segments_overlap(c->brand, one.code, other.code, &o);
    if (!sight_is_whole(c)) overlap_seen(c, &one, &other, &o);
    json_begin_object(w);
    put_int(w, "members", (int64_t)o.a);
    put_int(w, "other", (int64_t)o.b);
    put_int(w, "both", (int64_t)o.both);
    put_int(w, "either", (int64_t)o.either);
    json_end_object(w);
    return ERR_OK;
}

static void put_clause(const struct call *c, struct json_writer *w, const struct expr_clause *x)
{
    static const char *const types[] = {"const", "test", "did", "call", "segment"};
    json_begin_object(w);
    put_text(w, "type", types[x->type]);
    put_int(w, "level", x->level);
    put_str(w, "text", x->text);
    put_bool(w, "negated", x->negated);
    put_bool(w, "holds", x->holds);
    put_str(w, "value", x->type == CLAUSE_TEST ? x->value : (struct str){NULL, 0});
    put_int_or_null(w, "events", (int64_t)x->count, x->type == CLAUSE_DID);
    put_time(c, w, "first_at", x->first_at);
    put_time(c, w, "last_at", x->last_at);
    json_end_object(w);
}

static enum err put_why(struct call *c, struct json_writer *w, const struct segment *s,
                        uint32_t member, struct why *why)
{
    struct segment_why y;
    enum err err = segments_why(c->brand, s, member, c->arena, &y, why);
    if (err != ERR_OK) return err;
    put_bool(w, "in", y.holds);
    put_array(w, "clauses");
    for (size_t i = 0; i < y.clauses.count; i++)
        put_clause(c, w, &y.clauses.items[i]);
    json_end_array(w);
    return ERR_OK;
}

static enum err get_why(struct call *c, struct json_writer *w, struct why *why)
{
    struct segment s;
    uint32_t member = 0;
    struct str text = call_str(c, "member");
    TRY(segment_of_path(c, &s, why));
    if (!members_parse(text, &member))
        return why_fail(why, ERR_INVALID, MSG_MEMBER_ID, "member", STR_FMT, STR_ARG(text));
    if (!sight_has(c, member))
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "member", "%s", "member");
    json_begin_object(w);
    put_str(w, "segment", s.code);
    put_text(w, "member", arena_printf(c->arena, "m%" PRIu32, member));
    enum err err = put_why(c, w, &s, member, why);
    if (err == ERR_NOT_FOUND)
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "member", "%s", "member");
    TRY(err);
    json_end_object(w);
    return ERR_OK;
}

/* The member of an id; who has just come into being has no row yet, but a history. */
static enum err find_root(const struct look *look, uint32_t member, uint32_t *root, struct why *why)
{
    struct look_row row = {0};
    struct look_profile profile = {0};
    enum err err = look_row(look, member, &row, why);
    if (err == ERR_NOT_FOUND) err = look_profile(look, member, &profile, why);
    *root = row.id ? row.id : profile.id;
    return err;
}

static enum err list_of_member(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct segment *items;
    size_t count;
    uint32_t member = 0, root = 0;
    TRY(members_look(c, &look, &member, why));
    enum err err = find_root(&look, member, &root, why);
    if (err == ERR_OK) err = segments_list(look.db, c->arena, &items, &count, why);
    look_end(&look);
    if (err == ERR_NOT_FOUND) return call_not_found(why);
    TRY(err);
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        if (!segments_has(c->brand, items[i].code, root)) continue;
        json_begin_object(w);
        put_str(w, "code", items[i].code);
        put_str(w, "name", items[i].name);
        put_text(w, "kind", segment_kind_name(items[i].kind));
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- before there is one ---- */

#define SAMPLE 10

struct sampling {
    uint32_t id[SAMPLE];
    size_t count;
};

/* The smallest hashes of ids: fair, and the same ones again. */
static uint64_t lot_of(uint32_t id)
{
    uint64_t x = id * UINT64_C(0x9E3779B97F4A7C15);
    return (x ^ x >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
}

static void draw(struct sampling *s, uint32_t id)
{
    size_t at = s->count;
    if (s->count < SAMPLE) {
        s->count++;
    } else if (lot_of(id) >= lot_of(s->id[SAMPLE - 1])) {
        return;
    } else {
        at = SAMPLE - 1;
    }
    for (; at > 0 && lot_of(s->id[at - 1]) > lot_of(id); at--)
        s->id[at] = s->id[at - 1];
    s->id[at] = id;
}

static enum err preview(struct call *c, struct json_writer *w, struct why *why)
{
    const struct idset *set;
    struct sampling sample = {.count = 0};
    struct look look;
    struct sql *db;
    uint64_t seq, began = env_mono_ns(brand_env(c->brand));
    enum err err = chosen_get(c, call_str(c, "expression"), 0, &set, &seq, why);
    if (err != ERR_OK && why->err == err && strcmp(why->field, "filter") == 0)
        snprintf(why->field, sizeof(why->field), "expression");
    TRY(err);
    set = sight_narrow(c, set);
    TRY(call_reader(c, &db, why));
    for (uint32_t word = 0; word < set->words.count; word++) {
        for (uint64_t left = set->words.items[word]; left; left &= left - 1)
            draw(&sample, word * 64 + (uint32_t)__builtin_ctzll(left));
    }
    look_begin(&look, c->brand, db, c->arena);
    json_begin_object(w);
    put_int(w, "members", (int64_t)set->count);
    put_array(w, "sample");
    for (size_t i = 0; i < sample.count; i++) {
        struct look_row row;
        struct why missing;
        if (look_row(&look, sample.id[i], &row, &missing) == ERR_OK) members_put_row(c, w, &row);
    }
    json_end_array(w);
    put_int(w, "as_of_seq", (int64_t)seq);
    put_int(w, "elapsed_us", (int64_t)((env_mono_ns(brand_env(c->brand)) - began) / 1000));
    json_end_object(w);
    look_end(&look);
    return ERR_OK;
}

static enum err list_templates(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct segment *items;
    size_t count;
    TRY(call_reader(c, &db, why));
    TRY(segments_list(db, c->arena, &items, &count, why));
    put_items(w);
    for (const struct segment_template *t = segment_templates; t->code; t++) {
        bool added = false;
        for (size_t i = 0; i < count; i++)
            added |= str_is(items[i].code, t->code);
        json_begin_object(w);
        put_text(w, "code", t->code);
        put_text(w, "name_en", t->name[LANG_EN]);
        put_text(w, "name_zh", t->name[LANG_ZH]);
        put_text(w, "about_en", t->about[LANG_EN]);
        put_text(w, "about_zh", t->about[LANG_ZH]);
        put_text(w, "expression", t->expr);
        put_bool(w, "added", added);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- the table ---- */

static const struct spec_field overlap_query[] = {
    {.name = "with",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_SEGMENT_CODE_BYTES,
     .doc = "code of the other segment"},
    {0},
};

static const struct spec_field why_query[] = {
    {.name = "member", .type = SPEC_TEXT, .required = true, .max = 16, .doc = "a member's id"},
    {0},
};

static const struct spec_field preview_body[] = {
    {.name = "expression",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "an expression about members"},
    {0},
};

const struct spec segment_who_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segment-templates",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = list_templates,
     .summary = "Segments that most brands want, to be added as they are",
     .reply = "{\"items\":[{\"code\":\"quiet-buyers\",\"name_en\":\"Quiet buyers\","
              "\"name_zh\":\"默默下单\",\"about_en\":\"ordered twice in 90 days without a word\","
              "\"about_zh\":\"90 天内下单两次，却没有说过话\","
              "\"expression\":\"orders >= 2\",\"added\":false}],\"next\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/segment-preview",
     .scope = SCOPE_MEMBERS_READ,
     .body = preview_body,
     .body_max = 16384,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = preview,
     .summary = "Who would be in a segment of that expression: how many, and ten of them",
     .reply = "{\"members\":2314,\"sample\":[{\"id\":\"m12\",\"name\":\"王婷\","
              "\"stage\":\"active\",\"trust\":\"bought\","
              "\"created\":\"2025-01-31T08:00:00+08:00\","
              "\"last_seen\":\"2025-03-01T09:30:00+08:00\",\"events\":41,\"orders\":2,"
              "\"spent\":25800,\"owner\":\"rose\",\"identities\":[{\"kind\":\"phone\",\"value\":"
              "\"138****1234\"}]}],"
              "\"as_of_seq\":91022,\"elapsed_us\":1834}\n"
              "~{\"sample\":[{\"name\":null,\"last_seen\":null,\"owner\":null}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segments/{code}/overlap",
     .scope = SCOPE_MEMBERS_READ,
     .query = overlap_query,
     .flags = SPEC_SIGHT,
     .handle = get_overlap,
     .summary = "How many members two segments have, together and each",
     .reply = "{\"members\":214,\"other\":90,\"both\":31,\"either\":273}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/segments/{code}/why",
     .scope = SCOPE_MEMBERS_READ,
     .query = why_query,
     .flags = SPEC_SIGHT,
     .handle = get_why,
     .summary = "Why a member is in a segment or not: each clause of its expression, and what it "
                "saw",
     .reply = "{\"segment\":\"quiet-buyers\",\"member\":\"m12\",\"in\":true,\"clauses\":["
              "{\"type\":\"test\",\"level\":0,\"text\":\"orders >= 2\",\"negated\":false,"
              "\"holds\":true,\"value\":\"3\",\"events\":null,\"first_at\":null,"
              "\"last_at\":null}]}\n"
              "~{\"clauses\":[{\"value\":null,\"events\":2,"
              "\"first_at\":\"2025-03-01T08:00:00+08:00\","
              "\"last_at\":\"2025-03-01T08:00:00+08:00\"}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members/{id}/segments",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_SIGHT,
     .handle = list_of_member,
     .summary = "The segments that a member is in",
     .reply = "{\"items\":[{\"code\":\"quiet-buyers\",\"name\":\"默默下单\","
              "\"kind\":\"dynamic\"}],\"next\":null}"},
    {0},
};
