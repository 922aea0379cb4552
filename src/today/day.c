/* day.c - what the maker does: the lists of a day, and what live rules add to them.
 *
 *   rules ──panel──► for whom each holds ──former, owners──► candidates ──choose──► picks
 *         ──fill──► numbers ──► rows
 *
 * The first lists of a day are as of the hour that they are due at, whenever they are made: what
 * came later is not seen, so that they are the same. */
#include <unistd.h>

#include "base/hash.h"
#include "base/map.h"
#include "people/owner.h"
#include "today/choose.h"
#include "today/internal.h"

#define SCORE_SCALE 1000000.0

/* ---- one piece of work ---- */

struct work {
    struct room *room;
    struct brand *brand;
    struct arena *arena;
    struct sql *db;
    struct snapshot *snapshot;
    struct panel *panel; /* of the rules, in their order */
    int32_t day;
    int64_t now; /* the moment it is about */
    struct today_settings settings;
    struct today_rule *rules; /* those in use */
    size_t rule_count;
    double *scores;           /* by rule */
    uint64_t *marks;          /* by rule */
    roaring_bitmap_t **holds; /* by rule: of whom */
    roaring_bitmap_t *recent; /* members that may not be suggested again */
    struct intmap *barred;    /* member << 32 | rule */
    struct map *owner_places; /* code -> place in owners */
    VEC(struct str) owners;   /* the first is the pool */
    VEC(uint32_t) space;      /* by owner: how many more the list takes */
    VEC(struct today_candidate) candidates;
    struct fresh_day out;
};

int64_t day_hour(struct brand *b, int32_t day, int hour)
{
    struct civil c = {.hour = hour};
    civil_from_day(day, &c.year, &c.month, &c.day);
    return zone_instant(brand_zone(b), &c);
}

static enum err read_rules(struct work *w, bool live_only, struct why *why)
{
    struct today_rule *all;
    size_t count;
    TRY(today_rules(w->db, w->arena, &all, &count, why));
    w->rules = all;
    w->scores = arena_alloc_array(w->arena, count + 1, sizeof(double));
    w->marks = arena_alloc_array(w->arena, count + 1, sizeof(uint64_t));
    for (size_t i = 0; i < count; i++) {
        struct today_result result;
        struct today_rule rule = all[i];
        if (!rule.on || (live_only && !rule.live)) continue;
        if (today_rule_trouble(w->brand, &rule) == TODAY_UNREADABLE) continue;
        enum err err = today_results(w->db, rule.code, w->now, &result);
        if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
        w->scores[w->rule_count] = today_lift(&result, rule.weight).score;
        w->marks[w->rule_count] = hash_xxh3(rule.code.p, rule.code.len);
        w->rules[w->rule_count++] = rule;
    }
    return ERR_OK;
}

static void make_panel(struct work *w)
{
    struct str *texts = arena_alloc_array(w->arena, w->rule_count + 1, sizeof(*texts));
    w->holds = arena_alloc_array(w->arena, w->rule_count + 1, sizeof(roaring_bitmap_t *));
    for (size_t i = 0; i < w->rule_count; i++) {
        texts[i] = w->rules[i].expr;
        w->holds[i] = roaring_bitmap_create();
    }
    w->panel = panel_create(w->brand, texts, w->rule_count);
    panel_set_now(w->panel, w->now);
}

static enum err work_begin(struct work *w, struct room *r, int32_t day, int64_t now, bool live_only,
                           struct why *why)
{
    *w = (struct work){.room = r, .brand = r->brand, .day = day, .now = now};
    w->arena = arena_create(0);
    w->recent = roaring_bitmap_create();
    w->barred = intmap_create();
    w->owner_places = map_create();
    TRY(brand_reader(w->brand, &w->db, why));
    enum err err = today_get_settings(w->db, &w->settings);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    TRY(read_rules(w, live_only, why));
    w->snapshot = brand_snapshot(w->brand);
    make_panel(w);
    return ERR_OK;
}

static void work_end(struct work *w)
{
    for (size_t i = 0; w->holds && i < w->rule_count; i++)
        roaring_bitmap_free(w->holds[i]);
    panel_destroy(w->panel);
    if (w->snapshot) brand_snapshot_release(w->snapshot);
    sql_close(w->db);
    roaring_bitmap_free(w->recent);
    intmap_destroy(w->barred);
    map_destroy(w->owner_places);
    VEC_FINISH(&w->owners);
    VEC_FINISH(&w->space);
    VEC_FINISH(&w->candidates);
    arena_destroy(w->arena);
}

/* ---- for whom rules hold ---- */

struct moment {
    uint32_t member;
    int64_t due;
};

/* What a worker of a scan has found. */
struct finding {
    roaring_bitmap_t **holds; /* by rule */
    VEC(struct moment) dues;
};

struct scanning {
    size_t rules;
    struct finding of[LIMIT_QUERY_WORKERS];
};

static void note(void *ctx, int worker, uint32_t member, const uint8_t *answers, int64_t due)
{
    struct scanning *s = ctx;
    struct finding *f = &s->of[worker];
    for (size_t i = 0; i < s->rules; i++) {
        if (answers[i]) roaring_bitmap_add(f->holds[i], member);
    }
    VEC_PUSH(&f->dues, ((struct moment){member, due}));
}

static int worker_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) return 1;
    return cores > LIMIT_QUERY_WORKERS ? LIMIT_QUERY_WORKERS : (int)cores;
}

static void set_due(struct room *r, uint32_t member, int64_t due)
{
    while (r->due.count <= member)
        VEC_PUSH(&r->due, TIME_NONE);
    r->due.items[member] = due;
}

static bool clear_due(uint32_t member, void *room)
{
    set_due(room, member, TIME_NONE);
    return true;
}

/* Of expressions in several lenses each tells of its own: the earliest counts. */
static void gather(struct work *w, struct finding *f, bool dues)
{
    struct room *r = w->room;
    for (size_t i = 0; i < w->rule_count; i++) {
        roaring_bitmap_or_inplace(w->holds[i], f->holds[i]);
        roaring_bitmap_free(f->holds[i]);
    }
    for (size_t i = 0; dues && i < f->dues.count; i++) {
        const struct moment *m = &f->dues.items[i];
        int64_t before = m->member < r->due.count ? r->due.items[m->member] : TIME_NONE;
        if (m->due != TIME_NONE && (before == TIME_NONE || m->due < before))
            set_due(r, m->member, m->due);
    }
    mem_free(f->holds);
    VEC_FINISH(&f->dues);
}

/* Ask about everybody, or those of 'only'. */
static enum err scan(struct work *w, const roaring_bitmap_t *only, bool dues, struct why *why)
{
    struct scanning s = {.rules = w->rule_count};
    int workers = worker_count();
    const struct panel_scan scan = {.snapshot = w->snapshot,
                                    .only = only,
                                    .workers = workers,
                                    .budget = &w->room->budget,
                                    .fn = note,
                                    .ctx = &s};
    for (int i = 0; i < workers; i++) {
        s.of[i].holds = mem_alloc_array(w->rule_count + 1, sizeof(roaring_bitmap_t *));
        for (size_t k = 0; k < w->rule_count; k++)
            s.of[i].holds[k] = roaring_bitmap_create();
    }
    if (dues && only) roaring_iterate(only, clear_due, w->room);
    if (dues && !only) VEC_RESET(&w->room->due);
    enum err err = panel_scan(w->panel, &scan, why);
    for (int i = 0; i < workers; i++)
        gather(w, &s.of[i], dues);
    return err;
}

/* Ask about a few, one by one. */
static enum err ask_each(struct work *w, const roaring_bitmap_t *members, struct why *why)
{
    size_t count = roaring_bitmap_get_cardinality(members);
    uint32_t *ids = mem_alloc_array(count + 1, sizeof(uint32_t));
    uint8_t *which = mem_alloc(w->rule_count + 1), *answers = mem_alloc(w->rule_count + 1);
    struct panel_view *view = panel_view_create(w->panel);
    struct arena *arena = arena_create(0);
    enum err err = ERR_OK;
    memset(which, 1, w->rule_count);
    roaring_bitmap_to_uint32_array(members, ids);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        int64_t due = TIME_NONE;
        struct panel_member m = panel_member_of(w->snapshot, ids[i], arena);
        err = panel_ask(view, w->snapshot, &m, which, answers, &due);
        if (err == ERR_NOT_FOUND) err = ERR_OK; /* erased */
        set_due(w->room, ids[i], due);
        for (size_t k = 0; k < w->rule_count; k++) {
            if (answers[k]) roaring_bitmap_add(w->holds[k], ids[i]);
        }
        arena_reset(arena);
    }
    arena_destroy(arena);
    panel_view_destroy(view);
    mem_free(which);
    mem_free(answers);
    mem_free(ids);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* ---- who may be suggested ---- */

/* Does an earlier suggestion bar this reason for the member? */
static bool bars(const struct work *w, const struct former *f, const struct today_rule *r)
{
    int age = w->day - f->day;
    if (!str_eq(f->rule, r->code)) return false;
    return age < r->again_days || (f->state == TODAY_USELESS && age < TODAY_USELESS_DAYS);
}

static enum err read_former(struct work *w)
{
    struct former *list;
    size_t count;
    TRY(store_former(w->db, w->day - TODAY_KEEP_DAYS, w->arena, &list, &count));
    for (size_t i = 0; i < count; i++) {
        uint32_t member = persona_map_member(w->snapshot->personas, list[i].persona);
        if (w->day - list[i].day < TODAY_AGAIN_DAYS) roaring_bitmap_add(w->recent, member);
        for (size_t k = 0; k < w->rule_count; k++) {
            if (bars(w, &list[i], &w->rules[k]))
                intmap_put(w->barred, (uint64_t)member << 32 | k, 1);
        }
    }
    return ERR_OK;
}

/* The place of an owner, a new one with a whole list. */
static uint32_t owner_place(struct work *w, struct str code)
{
    uint64_t place;
    if (map_get(w->owner_places, code, &place)) return (uint32_t)place;
    place = w->owners.count;
    map_put(w->owner_places, code, place);
    VEC_PUSH(&w->owners, arena_str(w->arena, code));
    VEC_PUSH(&w->space, code.len ? (uint32_t)w->settings.per_day : LIMIT_TODAY_POOL);
    return (uint32_t)place;
}

static enum err read_loads(struct work *w)
{
    struct today_load *loads;
    size_t count;
    (void)owner_place(w, STR("")); /* TODAY_POOL */
    TRY(today_loads(w->db, w->day, w->arena, &loads, &count));
    for (size_t i = 0; i < count; i++) {
        uint32_t *space = &w->space.items[owner_place(w, loads[i].owner)];
        *space = loads[i].count < *space ? *space - (uint32_t)loads[i].count : 0;
    }
    return ERR_OK;
}

/* Who answers for a member; empty = nobody. */
static struct str owner_code(struct brand *b, uint32_t member)
{
    uint32_t code = owner_of(b, member);
    return code ? registry_code_text(b, DIM_STAFF, code) : STR("");
}

struct adding {
    struct work *work;
    uint32_t rule;
};

static bool add_candidate(uint32_t member, void *ctx)
{
    struct adding *a = ctx;
    struct work *w = a->work;
    uint64_t barred;
    if (roaring_bitmap_contains(w->recent, member)) return true;
    if (intmap_get(w->barred, (uint64_t)member << 32 | a->rule, &barred)) return true;
    uint32_t owner = owner_place(w, owner_code(w->brand, member));
    VEC_PUSH(&w->candidates, ((struct today_candidate){member, owner, a->rule}));
    return true;
}

/* Of who asked in a group, those whom nobody has answered. */
static enum err drop_answered(struct work *w, struct why *why)
{
    for (size_t i = 0; i < w->rule_count; i++) {
        roaring_bitmap_t *waiting;
        if (!str_is(w->rules[i].code, TODAY_WAITING)) continue;
        if (roaring_bitmap_is_empty(w->holds[i])) continue;
        TRY(waiting_members(w->brand, w->db, w->now, &w->room->budget, &waiting, why));
        roaring_bitmap_and_inplace(w->holds[i], waiting);
        roaring_bitmap_free(waiting);
    }
    return ERR_OK;
}

static enum err gather_candidates(struct work *w, struct why *why)
{
    TRY(drop_answered(w, why));
    enum err err = read_loads(w);
    if (err == ERR_OK) err = read_former(w);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    for (size_t i = 0; i < w->rule_count; i++) {
        struct adding a = {w, (uint32_t)i};
        roaring_iterate(w->holds[i], add_candidate, &a);
    }
    return ERR_OK;
}

/* ---- choosing and storing ---- */

static void fill_picks(struct work *w, const struct today_pick *picks, size_t count)
{
    struct fill *fill = fill_create(w->brand, w->rules, w->rule_count, w->now);
    struct fresh *fresh = arena_alloc_array(w->arena, count + 1, sizeof(*fresh));
    struct arena *arena = arena_create(0);
    for (size_t i = 0; i < count; i++) {
        const struct today_pick *p = &picks[i];
        struct panel_member m = panel_member_of(w->snapshot, p->member, arena);
        fresh[i] = (struct fresh){.member = p->member,
                                  .owner = w->owners.items[p->owner],
                                  .rule = w->rules[p->rule].code,
                                  .score = (int64_t)(w->scores[p->rule] * SCORE_SCALE),
                                  .withheld = p->withheld};
        fill_numbers(fill, p->rule, w->snapshot, &m, arena, fresh[i].number);
        arena_reset(arena);
    }
    arena_destroy(arena);
    fill_destroy(fill);
    w->out.items = fresh;
    w->out.count = count;
}

static void choose(struct work *w)
{
    uint8_t key[32];
    const struct today_choice c = {.key = brand_key(w->brand, "today___", key),
                                   .day = w->day,
                                   .scores = w->scores,
                                   .marks = w->marks,
                                   .room = w->space.items,
                                   .candidates = w->candidates.items,
                                   .candidate_count = w->candidates.count};
    struct today_pick *picks = mem_alloc_array(c.candidate_count + 1, sizeof(*picks));
    fill_picks(w, picks, today_choose(&c, picks));
    mem_free(picks);
}

static uint64_t held(const struct work *w)
{
    roaring_bitmap_t *all = roaring_bitmap_create();
    for (size_t i = 0; i < w->rule_count; i++)
        roaring_bitmap_or_inplace(all, w->holds[i]);
    uint64_t count = roaring_bitmap_get_cardinality(all);
    roaring_bitmap_free(all);
    return count;
}

static enum err store_picks(struct work *w, bool first, struct why *why)
{
    TRY(gather_candidates(w, why));
    choose(w);
    w->out.day = w->day;
    w->out.made_at = w->now;
    w->out.first = first;
    w->out.held = held(w);
    if (!first && w->out.count == 0) return ERR_OK;
    return store_add(w->brand, &w->out, why);
}

static enum err make(struct work *w, struct why *why)
{
    int64_t made_at;
    enum err err = store_made_at(w->db, w->day, &made_at);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (made_at != TIME_NONE) return ERR_OK;
    TRY(scan(w, NULL, false, why));
    return store_picks(w, true, why);
}

enum err day_make(struct room *r, int32_t day, int64_t at, struct why *why)
{
    struct work w;
    enum err err = work_begin(&w, r, day, at, false, why);
    if (err == ERR_OK) err = make(&w, why);
    work_end(&w);
    return err;
}

/* ---- live rules ---- */

/* Which kinds the writer is to tell of. */
static void note_kinds(const struct work *w)
{
    struct room *r = w->room;
    uint32_t kinds = registry_kind_count(w->brand);
    pthread_mutex_lock(&r->lock);
    VEC_RESET(&r->kinds);
    for (uint32_t kind = 0; kind <= kinds; kind++) {
        bool reads = false;
        for (size_t i = 0; kind && i < w->rule_count; i++)
            reads |= panel_reads(w->panel, i, (uint16_t)kind);
        VEC_PUSH(&r->kinds, reads);
    }
    pthread_mutex_unlock(&r->lock);
}

static enum err top_up(struct work *w, const roaring_bitmap_t *members, struct why *why)
{
    note_kinds(w);
    if (w->rule_count == 0) return ERR_OK;
    bool few = members && roaring_bitmap_get_cardinality(members) <= LIMIT_TODAY_ASKED;
    TRY(few ? ask_each(w, members, why) : scan(w, members, true, why));
    return store_picks(w, false, why);
}

enum err day_top_up(struct room *r, int32_t day, int64_t now, const roaring_bitmap_t *members,
                    struct why *why)
{
    struct work w;
    enum err err = work_begin(&w, r, day, now, true, why);
    if (err == ERR_OK) err = top_up(&w, members, why);
    work_end(&w);
    return err;
}
