/* verify.c - every segment made anew from the log beside the membership that was kept, as of the
 * moment up to which the keeper has followed.
 *
 * Timers may be too early, which costs a look; one that is too late would keep somebody in. */
#include <inttypes.h>
#include <stdio.h>

#include "segments/internal.h"

#define TOLD 20 /* members named of one segment */

/* What was kept. */
struct kept {
    struct str *exprs;
    struct str *codes;
    roaring_bitmap_t **members;
    size_t count;
    VEC(int64_t) due;
    int64_t at;
};

static void keep(struct kept *k, struct room *r, struct arena *a)
{
    pthread_mutex_lock(&r->lock);
    k->at = r->at;
    k->exprs = arena_alloc_array(a, r->lives.count, sizeof(*k->exprs));
    k->codes = arena_alloc_array(a, r->lives.count, sizeof(*k->codes));
    k->members = arena_alloc_array(a, r->lives.count, sizeof(roaring_bitmap_t *));
    for (size_t i = 0; i < r->lives.count; i++) {
        const struct live *l = r->lives.items[i];
        if (l->list || l->broken || live_is_building(l)) continue;
        k->exprs[k->count] = str_of(l->expr);
        k->codes[k->count] = str_of(l->code);
        k->members[k->count++] = roaring_bitmap_copy(l->members);
    }
    for (size_t i = 0; i < r->due.count; i++)
        VEC_PUSH(&k->due, r->due.items[i]);
    pthread_mutex_unlock(&r->lock);
}

static void kept_finish(struct kept *k)
{
    for (size_t i = 0; i < k->count; i++)
        roaring_bitmap_free(k->members[i]);
    VEC_FINISH(&k->due);
}

struct telling {
    struct verify_report *report;
    const struct kept *kept;
    size_t segment;
    const roaring_bitmap_t *found;
    int told;
};

static void finding(struct verify_report *report, const char *text)
{
    report->findings++;
    report->finding(report->ctx, text);
}

static bool tell_member(uint32_t member, void *arg)
{
    struct telling *t = arg;
    char text[200];
    bool in = roaring_bitmap_contains(t->found, member);
    snprintf(text, sizeof(text), "segment \"" STR_FMT "\": member m%" PRIu32 " %s",
             STR_ARG(t->kept->codes[t->segment]), member,
             in ? "is missing" : "should not be in it");
    finding(t->report, text);
    return ++t->told < TOLD;
}

static void compare_dues(const struct kept *k, const struct membership *m,
                         struct verify_report *report)
{
    for (size_t i = 0; i < m->dues.count; i++) {
        struct due d = m->dues.items[i];
        int64_t kept = d.member < k->due.count ? k->due.items[d.member] : TIME_NONE;
        char text[160];
        if (kept != TIME_NONE && kept <= d.at) continue;
        snprintf(text, sizeof(text),
                 "segments: the timer of member m%" PRIu32 " is too late: %" PRId64 " for %" PRId64,
                 d.member, kept, d.at);
        finding(report, text);
    }
}

static void compare(const struct kept *k, const struct membership *m, struct verify_report *report)
{
    for (size_t i = 0; i < k->count; i++) {
        struct telling t = {report, k, i, m->members[i], 0};
        roaring_bitmap_t *differ = roaring_bitmap_xor(k->members[i], m->members[i]);
        roaring_iterate(differ, tell_member, &t);
        roaring_bitmap_free(differ);
    }
    compare_dues(k, m, report);
}

static bool is_kept(struct room *r)
{
    pthread_mutex_lock(&r->lock);
    bool started = r->started;
    pthread_mutex_unlock(&r->lock);
    return started;
}

enum err segments_verify(struct brand *b, struct verify_report *report, struct why *why)
{
    struct room *r = room_of(b);
    struct kept k = {0};
    struct membership *m = NULL;
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    if (!r || !is_kept(r)) return ERR_OK;
    struct arena *a = arena_create(0);
    segments_settle(b);
    struct snapshot *s = brand_snapshot(b);
    keep(&k, r, a);
    struct panel *p = panel_create(b, k.exprs, k.count);
    panel_set_now(p, k.at);
    enum err err = membership_scan(p, s, &budget, &m, why);
    if (err == ERR_OK) compare(&k, m, report);
    membership_destroy(m);
    panel_destroy(p);
    brand_snapshot_release(s);
    kept_finish(&k);
    arena_destroy(a);
    return err;
}
