/* routes_members.c - lists of members and how many there are.
 *
 * A cursor is the sort, the place where the page ended and the seq of the filter's set, in hex: the
 * next page goes on from there even if the list has moved meanwhile. */
#include <inttypes.h>

#include "api/chosen.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "base/hash.h"
#include "people/owner.h"
#include "segments/segments.h"

/* ---- cursors ---- */

struct cursor {
    struct look_place place;
    uint64_t seq; /* of the filter's set; 0 = no filter */
};

static enum err bad_cursor(struct why *why)
{
    return why_fail(why, ERR_INVALID, MSG_BAD_CURSOR, "cursor", NULL);
}

static enum err read_cursor(struct call *c, const char *sort, struct cursor *out, struct why *why)
{
    struct str hex = call_str(c, "cursor");
    char text[128];
    uint64_t id;
    size_t len = hex.len / 2;
    if (hex.len % 2 || len >= sizeof(text) || !hex_decode(hex, (uint8_t *)text, len))
        return bad_cursor(why);
    struct str rest = {text, len};
    if (!str_is(str_cut(&rest, ' '), sort)) return bad_cursor(why);
    bool sound = str_to_i64(str_cut(&rest, ' '), &out->place.key) &&
                 str_to_u64(str_cut(&rest, ' '), &id) && id <= UINT32_MAX &&
                 str_to_u64(rest, &out->seq);
    if (!sound) return bad_cursor(why);
    out->place.id = (uint32_t)id;
    return ERR_OK;
}

static void put_next(struct json_writer *w, struct arena *arena, const char *sort,
                     const struct look_rows *rows, uint64_t seq)
{
    json_key(w, "next");
    if (!rows->more) {
        json_null(w);
        return;
    }
    const char *text = arena_printf(arena, "%s %" PRId64 " %" PRIu32 " %" PRIu64, sort,
                                    rows->last.key, rows->last.id, seq);
    char *hex = arena_alloc(arena, 2 * strlen(text) + 1);
    hex_encode(text, strlen(text), hex);
    json_text(w, hex);
}

/* ---- rows ---- */

void members_put_row(const struct call *c, struct json_writer *w, const struct look_row *row)
{
    json_begin_object(w);
    put_text(w, "id", arena_printf(c->arena, "m%" PRIu32, row->id));
    put_str(w, "name", row->name);
    put_text(w, "stage", stage_name(row->stage));
    put_text(w, "trust", trust_name(row->trust));
    put_time(c, w, "created", row->created);
    put_time(c, w, "last_seen", row->last_seen);
    put_int(w, "events", (int64_t)row->events);
    put_int(w, "orders", row->orders);
    put_int(w, "spent", row->spent);
    uint32_t owner = owner_of(c->brand, row->id);
    put_str(w, "owner",
            owner ? registry_code_text(c->brand, DIM_STAFF, owner) : (struct str){NULL, 0});
    put_array(w, "identities");
    for (size_t i = 0; i < row->identity_count; i++) {
        const struct look_identity *id = &row->identities[i];
        json_begin_object(w);
        put_text(w, "kind", identity_kind_name(id->kind));
        put_str(w, "value", id->personal ? look_mask(c->arena, id->value) : id->value);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

int members_stage(struct str name)
{
    for (int s = 0; s <= STAGE_NONE; s++) {
        if (str_is(name, stage_name((enum stage)s))) return s;
    }
    return LOOK_ANY_STAGE;
}

/* ---- GET /members ---- */

static const char *const sorts[] = {"id", "last_seen", "stage"};

static enum look_sort sort_of(struct str name)
{
    enum look_sort sort = LOOK_BY_ID;
    while (sort < LOOK_BY_STAGE && !str_is(name, sorts[sort]))
        sort++;
    return sort;
}

/* So many are looked at where not all of them count. */
#define SEARCHED_MOST 5000

/* What a text finds, of the stage and the filter. */
static enum err put_found(struct call *c, const struct look *l, const struct look_page *page,
                          struct json_writer *w, struct why *why)
{
    struct look_found found;
    uint64_t total = 0;
    size_t most = page->only ? SEARCHED_MOST : page->limit; /* others are left out */
    TRY(look_search(l, call_str(c, "q"), most, &found, why));
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < found.count && total < page->limit; i++) {
        struct look_row row;
        struct why missing;
        if (page->only && !idset_has(page->only, found.members[i])) continue;
        if (look_row(l, found.members[i], &row, &missing) != ERR_OK) continue;
        if (page->stage != LOOK_ANY_STAGE && row.stage != (enum stage)page->stage) continue;
        members_put_row(c, w, &row);
        total++;
    }
    json_end_array(w);
    put_str(w, "next", (struct str){NULL, 0});
    put_int_or_null(w, "total", (int64_t)total, !found.more);
    json_end_object(w);
    return ERR_OK;
}

/* How many the whole list has; a stage within a filter is not counted. */
static enum err count_list(struct call *c, struct sql *db, const struct look_page *page,
                           bool *known, uint64_t *total, struct why *why)
{
    uint64_t counts[STAGE_COUNT + 1];
    *known = !page->only || page->stage == LOOK_ANY_STAGE;
    *total = page->only ? page->only->count : 0;
    if (page->only) return ERR_OK;
    TRY(chosen_stock(c, db, counts, why));
    for (int s = 0; s <= STAGE_NONE; s++) {
        if (page->stage == LOOK_ANY_STAGE || page->stage == s) *total += counts[s];
    }
    return ERR_OK;
}

static enum err put_page(struct call *c, const struct look *l, const struct look_page *page,
                         uint64_t seq, struct json_writer *w, struct why *why)
{
    struct look_rows rows;
    bool known;
    uint64_t total;
    TRY(look_list(l, page, &rows, why));
    TRY(count_list(c, l->db, page, &known, &total, why));
    json_begin_object(w);
    put_array(w, "items");
    for (size_t i = 0; i < rows.count; i++)
        members_put_row(c, w, &rows.items[i]);
    json_end_array(w);
    put_next(w, c->arena, sorts[page->sort], &rows, seq);
    put_int_or_null(w, "total", (int64_t)total, known);
    json_end_object(w);
    return ERR_OK;
}

static void drop_set(void *set)
{
    idset_finish(set);
}

static void intersect(struct idset *set, const struct idset *only)
{
    set->count = 0;
    for (size_t w = 0; w < set->words.count; w++) {
        set->words.items[w] &= w < only->words.count ? only->words.items[w] : 0;
        set->count += (size_t)__builtin_popcountll(set->words.items[w]);
    }
}

enum err members_of_segment(const struct call *c, struct idset *out, struct why *why)
{
    enum { PATIENCE_MS = 2000 };
    struct str code = call_str(c, "segment");
    enum segment_ready ready = segments_await(c->brand, code, PATIENCE_MS);
    if (ready == SEGMENT_BUILDING)
        return why_fail(why, ERR_BUSY, MSG_SEGMENT_BUILDING, "segment", NULL);
    if (ready == SEGMENT_MISSING || !segments_members(c->brand, code, out))
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "segment", "%s", "segment");
    return ERR_OK;
}

/* Those who are in the segment, and chosen by the filter if there is one. */
static enum err read_segment(struct call *c, const struct idset **only, struct why *why)
{
    struct idset *set = arena_alloc(c->arena, sizeof(*set));
    arena_defer(c->arena, drop_set, set);
    TRY(members_of_segment(c, set, why));
    if (*only) intersect(set, *only);
    *only = set;
    return ERR_OK;
}

static const struct idset *owned_by(struct call *c, const struct idset *only)
{
    struct idset *set = arena_alloc(c->arena, sizeof(*set));
    uint32_t owner = registry_find_code(c->brand, DIM_STAFF, call_str(c, "owner"));
    arena_defer(c->arena, drop_set, set);
    if (owner) owner_gather(c->brand, &owner, 1, set);
    if (only) intersect(set, only);
    return set;
}

static enum err get_members(struct call *c, struct json_writer *w, struct why *why)
{
    struct look look;
    struct sql *db;
    struct cursor cursor = {{0, 0}, 0};
    struct look_page page = {.sort = sort_of(call_str(c, "sort")),
                             .descending = str_is(call_str(c, "order"), "desc"),
                             .stage = members_stage(call_str(c, "stage")),
                             .limit = (size_t)call_int(c, "limit")};
    if (call_has(c, "cursor")) {
        TRY(read_cursor(c, sorts[page.sort], &cursor, why));
        page.after = &cursor.place;
    }
    if (call_has(c, "filter"))
        TRY(chosen_get(c, call_str(c, "filter"), cursor.seq, &page.only, &cursor.seq, why));
    if (call_has(c, "segment")) TRY(read_segment(c, &page.only, why));
    if (call_has(c, "owner")) page.only = owned_by(c, page.only);
    page.only = sight_narrow(c, page.only);
    TRY(call_reader(c, &db, why));
    look_begin(&look, c->brand, db, c->arena);
    enum err err = call_has(c, "q") ? put_found(c, &look, &page, w, why)
                                    : put_page(c, &look, &page, cursor.seq, w, why);
    look_end(&look);
    return err;
}

/* ---- POST /members/count ---- */

static enum err count_members(struct call *c, struct json_writer *w, struct why *why)
{
    const struct idset *set;
    uint64_t seq, began = env_mono_ns(brand_env(c->brand));
    TRY(chosen_get(c, call_str(c, "filter"), 0, &set, &seq, why));
    set = sight_narrow(c, set);
    json_begin_object(w);
    put_int(w, "members", (int64_t)set->count);
    put_int(w, "as_of_seq", (int64_t)seq);
    put_int(w, "elapsed_us", (int64_t)((env_mono_ns(brand_env(c->brand)) - began) / 1000));
    json_end_object(w);
    return ERR_OK;
}

/* ---- the table ---- */

static const struct spec_field list_query[] = {
    {.name = "sort",
     .type = SPEC_ENUM,
     .choices = "id|last_seen|stage",
     .fallback = "id",
     .doc = "what the list is in order of"},
    {.name = "order",
     .type = SPEC_ENUM,
     .choices = "asc|desc",
     .fallback = "asc",
     .doc = "ascending or descending"},
    {.name = "stage", .type = SPEC_ENUM, .choices = MEMBERS_STAGES, .doc = "only of this stage"},
    {.name = "filter",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "only those for whom the expression holds"},
    {.name = "segment",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_SEGMENT_CODE_BYTES,
     .doc = "only those who are in this segment now"},
    {.name = "owner",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_CODE_BYTES,
     .doc = "only those whose owner has this code"},
    {.name = "q",
     .type = SPEC_TEXT,
     .min = 1,
     .max = LIMIT_IDENTITY_BYTES,
     .doc = "an id, an identity, the last four digits of a phone, or a piece of a name"},
    {.name = "cursor", .type = SPEC_TEXT, .max = 256, .doc = "\"next\" of the page before"},
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_PAGE_MEMBERS,
     .fallback = "50",
     .doc = "members of a page"},
    {0},
};

static const struct spec_field count_body[] = {
    {.name = "filter",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_EXPR_BYTES,
     .doc = "an expression about members"},
    {0},
};

const struct spec members_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/members",
     .scope = SCOPE_MEMBERS_READ,
     .query = list_query,
     .flags = SPEC_FILTERED | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_members,
     .summary = "Members by page, by filter, or by what one remembers of them",
     .reply = "{\"items\":[{\"id\":\"m12\",\"name\":\"王婷\",\"stage\":\"active\","
              "\"trust\":\"bought\",\"created\":\"2025-01-31T08:00:00+08:00\","
              "\"last_seen\":\"2025-03-01T09:30:00+08:00\",\"events\":41,\"orders\":2,"
              "\"spent\":25800,\"owner\":\"rose\",\"identities\":[{\"kind\":\"phone\",\"value\":"
              "\"138****1234\"}]}],"
              "\"next\":\"6964203020353020\",\"total\":2314}\n"
              "~{\"items\":[{\"name\":null,\"last_seen\":null,\"owner\":null}],\"next\":null,"
              "\"total\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/members/count",
     .scope = SCOPE_MEMBERS_READ,
     .body = count_body,
     .body_max = 16384,
     .flags = SPEC_QUESTION | SPEC_SIGHT,
     .handle = count_members,
     .summary = "How many members an expression selects",
     .reply = "{\"members\":2314,\"as_of_seq\":91022,\"elapsed_us\":1834}"},
    {0},
};
