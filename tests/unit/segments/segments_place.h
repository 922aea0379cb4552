/* segments_place.h - a brand with segments, what is kept of them and what their expressions select.
 */
#pragma once

#include "segments/segments.h"

#define PLACE_MODULES &people_module, &segments_module
#include "people/crowd.h"
#include "people/place_loads.h"

#include "insight/select.h"

static inline void verify(struct place *p)
{
    struct why why = {0};
    struct verify_report report = {.finding = note_finding};
    place_must(segments_verify(p->brand, &report, &why), &why, "segments");
}

static inline struct segment segment_of(const char *code, const char *expr)
{
    return (struct segment){.kind = expr ? SEGMENT_DYNAMIC : SEGMENT_STATIC,
                            .code = str_of(code),
                            .name = str_of(code),
                            .description = STR(""),
                            .expr = str_of(expr),
                            .author = STR("anna")};
}

static inline struct segment add(struct place *p, struct arena *a, const char *code,
                                 const char *expr)
{
    struct why why = {0};
    struct segment s = segment_of(code, expr);
    place_must(segments_add(p->brand, &s, a, &why), &why, code);
    return s;
}

static inline enum err try_add(struct place *p, struct arena *a, const char *code, const char *expr,
                               struct why *why)
{
    struct segment s = segment_of(code, expr);
    *why = (struct why){0};
    return segments_add(p->brand, &s, a, why);
}

static inline void change(struct place *p, struct arena *a, struct segment *s, const char *expr)
{
    struct why why = {0};
    s->expr = str_of(expr);
    place_must(segments_change(p->brand, s, a, &why), &why, expr);
}

static inline void enlist(struct place *p, const char *code, uint32_t member, bool remove)
{
    struct why why = {0};
    struct segment_listing l = {str_of(code), &member, 1, remove, 0};
    place_must(segments_enlist(p->brand, &l, &why), &why, code);
}

/* Members that the expression selects, by the scan that queries use. */
static inline struct idset selected(struct place *p, struct str expr)
{
    struct idset set = {0};
    struct why why = {0};
    struct expr_catalog catalog;
    struct fold_names names;
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    struct arena *a = arena_create(0);
    segments_catalog(p->brand, &catalog);
    people_fold_names(p->brand, a, &names);
    struct snapshot *s = brand_snapshot(p->brand);
    struct insight in = {.snapshot = s,
                         .catalog = &catalog,
                         .fold = &names,
                         .zone = brand_zone(p->brand),
                         .env = &p->env.env,
                         .now = p->env.now_ms,
                         .workers = 2,
                         .budget = &budget,
                         .get = segments_get_field,
                         .get_ctx = p->brand};
    place_must(insight_select(&in, expr, "expr", &set, &why), &why, "select");
    brand_snapshot_release(s);
    arena_destroy(a);
    return set;
}

static inline void check(struct place *p, const char *code, const char *expr)
{
    struct idset kept = {0}, now = selected(p, str_of(expr));
    assert_true(segments_members(p->brand, str_of(code), &kept));
    for (uint32_t m = 0; m < 64 * kept.words.count || m < 64 * now.words.count; m++) {
        if (idset_has(&kept, m) != idset_has(&now, m))
            fail_msg("%s: m%u %s", code, m, idset_has(&now, m) ? "is missing" : "is too much");
    }
    idset_finish(&kept);
    idset_finish(&now);
}

static inline size_t size_of(struct place *p, const char *code)
{
    struct idset kept = {0};
    assert_true(segments_members(p->brand, str_of(code), &kept));
    size_t count = kept.count;
    idset_finish(&kept);
    return count;
}

static inline struct fact fact_of(struct identity *who, const char *kind, int64_t at)
{
    return (struct fact){
        .at = at, .kind = str_of(kind), .who = who, .who_count = 1, .amount = HISTORY_NO_AMOUNT};
}

static inline void say(struct place *p, const char *user, const char *kind, int64_t at)
{
    struct identity who = {IDENTITY_USER, str_of(user)};
    struct fact f = fact_of(&who, kind, at);
    send_live(p, &f, 1);
}
