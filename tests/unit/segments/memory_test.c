/* memory_test.c - who is remembered answers as their whole history does, after every step. */
#include "segments/memory.h"

#define PLACE_MODULES &people_module
#include "people/crowd.h"
#include "people/place_loads.h"

#include "segments/internal.h"

#define FACTS 1500
#define PEOPLE 40
#define MEMBERS 1024

static const char *const exprs[] = {
    "did(\"message.sent\", count >= 2, within 30d)",
    "did(\"message.sent\", count >= 4)",
    "did(\"message.sent\", count = 3) or did(\"order.paid\", count < 2)",
    "did(\"page.viewed\", count != 2, within 9d)",
    "did(\"order.paid\", within 90d) and not did(\"message.sent\", within 40d)",
    "did(\"message.sent\", days >= 3, within 60d)",
    "did(\"order.paid\", sum(amount) > 40000, within 120d)",
    "did(\"order.paid\", sum(amount) > 90000)",
    "did(\"page.viewed\", then \"order.paid\" within 20d)",
    "did(\"page.viewed\", from now - 50d, to now - 10d)",
    "did(\"message.sent\", distinct(group) >= 2, within 30d)",
    "did(\"order.paid\", where props.order ~ \"1\", within 200d)",
    "did(\"message.sent\", where props.question = true)",
    "did(\"message.sent\", where group = \"group 00000003\" and at > now - 90d)",
    "last_order between today - 60d and today - 5d",
    "lifecycle in (\"dormant\", \"active\") and trust >= \"familiar\"",
    "trait.city ~ \"1\" or trait.score > 20",
    "groups is not null and not in_group(\"group 00000003\")",
    "last_seen > now - 3d",
    "orders >= 1 and spent < 30000",
    "did(\"message.sent\", where other = \"m3\")",
    "staff(\"staff 1\")",
};
#define EXPRS (sizeof(exprs) / sizeof(exprs[0]))

/* What somebody who follows the log with a memory believes. */
struct follower {
    struct place *place;
    struct panel *panel;
    struct memory *memory;
    size_t bytes_max;
    uint64_t seq;
    int64_t now;
    uint8_t known[MEMBERS][EXPRS];
    int64_t due[MEMBERS];
    bool left_out[EXPRS];         /* not asked for now */
    bool changed;                 /* others are */
    size_t recalled, asked, read; /* looks of each kind, expressions asked of who was recalled */
    size_t adopted, refused;      /* panels made anew beside a memory */
    size_t waiting;               /* members to be carried over to these */
};

static void sooner(int64_t *due, int64_t at)
{
    if (at != TIME_NONE && (*due == TIME_NONE || at < *due)) *due = at;
}

/* Of the history, all but those that a memory is never asked. */
static void read_member(struct follower *f, const struct snapshot *s, struct panel_view *v,
                        const struct panel_member *m, uint8_t *answers, int64_t *due)
{
    uint8_t which[EXPRS];
    for (size_t i = 0; i < EXPRS; i++)
        which[i] = !f->memory || memory_may_ask(f->memory, i);
    enum err err = panel_ask(v, s, m, which, answers, due);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
}

/* Look at a member whose events since the last time are 'touches'. */
static void look(struct follower *f, const struct snapshot *s, struct panel_view *v,
                 uint32_t member, const struct touch *touches, size_t count)
{
    struct arena *a = arena_create(0);
    uint8_t which[EXPRS] = {0}, answers[EXPRS];
    int64_t due;
    struct panel_member m = panel_member_of(s, member, a);
    bool known = memory_knows(f->memory, &m);
    for (size_t i = 0; i < count && known; i++) {
        const struct event *ev = tail_view_seq(s->tail, touches[i].seq);
        known = touches[i].kind && ev && memory_add(f->memory, member, ev, touches[i].seq);
        if (known) memory_concerns(f->memory, ev->kind, which);
    }
    if (known) {
        memory_ask(f->memory, v, member, &(struct memory_question){true, which, answers, &due});
        f->recalled++;
        for (size_t i = 0; i < EXPRS; i++) {
            f->asked += which[i];
            if (which[i]) f->known[member][i] = answers[i];
        }
        sooner(&f->due[member], due);
    } else {
        memory_forget(f->memory, member);
        panel_view_learn(v, f->memory, s);
        read_member(f, s, v, &m, f->known[member], &f->due[member]);
        panel_view_learn(v, NULL, NULL);
        f->read++;
    }
    arena_destroy(a);
}

/* The clock: all about those who are due. */
static void look_by_clock(struct follower *f, const struct snapshot *s, struct panel_view *v)
{
    for (uint32_t member = 1; member < MEMBERS; member++) {
        if (f->due[member] == TIME_NONE || f->due[member] > f->place->env.now_ms) continue;
        struct arena *a = arena_create(0);
        struct panel_member m = panel_member_of(s, member, a);
        uint8_t which[EXPRS];
        for (size_t i = 0; i < EXPRS; i++)
            which[i] = memory_may_ask(f->memory, i);
        if (memory_knows(f->memory, &m)) {
            const struct memory_question q = {false, which, f->known[member], &f->due[member]};
            memory_ask(f->memory, v, member, &q);
        } else {
            read_member(f, s, v, &m, f->known[member], &f->due[member]);
        }
        arena_destroy(a);
    }
}

static void compare(struct follower *f, const struct snapshot *s, struct panel_view *v)
{
    for (uint32_t member = 1; member < MEMBERS; member++) {
        struct arena *a = arena_create(0);
        uint8_t answers[EXPRS];
        int64_t due = TIME_NONE, kept = f->due[member];
        if (follow_member_of(s, member) == member) {
            struct panel_member m = panel_member_of(s, member, a);
            read_member(f, s, v, &m, answers, &due);
            for (size_t i = 0; i < EXPRS; i++) {
                if (!f->left_out[i] && memory_may_ask(f->memory, i) &&
                    answers[i] != f->known[member][i])
                    fail_msg("m%u: %d should be %d: %s", member, f->known[member][i], answers[i],
                             exprs[i]);
            }
            if (due != TIME_NONE && (kept == TIME_NONE || kept > due))
                fail_msg("m%u: the timer is too late by %lld", member, (long long)(kept - due));
        }
        arena_destroy(a);
    }
}

static int by_member(const void *a, const void *b)
{
    const struct touch *x = a, *y = b;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Another panel, for which what is remembered goes on if it will do; false: it will not. */
static bool renew(struct follower *f)
{
    struct str texts[EXPRS];
    for (size_t i = 0; i < EXPRS; i++)
        texts[i] = str_of(f->left_out[i] ? "orders >= 1" : exprs[i]);
    struct panel *panel = panel_create(f->place->brand, texts, EXPRS);
    struct memory *memory = memory_create(panel, f->bytes_max);
    assert_non_null(memory);
    bool adopted = memory_adopt(memory, f->memory);
    f->waiting += memory_behind(memory);
    if (f->memory) *(adopted ? &f->adopted : &f->refused) += 1;
    memory_destroy(f->memory);
    panel_destroy(f->panel);
    f->panel = panel;
    f->memory = memory;
    return adopted;
}

/* After a change of the expressions all are asked about everybody, by what is remembered too. */
static void look_at_all(struct follower *f, const struct snapshot *s, struct panel_view *v)
{
    for (uint32_t member = 1; member < MEMBERS; member++) {
        struct arena *a = arena_create(0);
        struct panel_member m = panel_member_of(s, member, a);
        uint8_t which[EXPRS];
        int64_t due = TIME_NONE;
        for (size_t i = 0; i < EXPRS; i++)
            which[i] = memory_may_ask(f->memory, i);
        if (follow_member_of(s, member) == member && memory_knows(f->memory, &m)) {
            const struct memory_question q = {false, which, f->known[member], &due};
            memory_ask(f->memory, v, member, &q);
        } else if (follow_member_of(s, member) == member) {
            read_member(f, s, v, &m, f->known[member], &due);
        }
        sooner(&f->due[member], due);
        arena_destroy(a);
    }
}

/* Everything since the last time. */
static void follow(struct follower *f)
{
    struct snapshot *s = brand_snapshot(f->place->brand);
    VEC(struct touch) touches = {0};
    bool anew = !tail_view_seq(s->tail, f->seq + 1) ||
                f->place->env.now_ms < f->now; /* what the clock has moved may be otherwise again */
    if (f->changed || !f->panel || panel_is_old(f->panel)) anew |= !renew(f);
    panel_set_now(f->panel, f->place->env.now_ms);
    memory_set_now(f->memory, f->place->env.now_ms);
    struct panel_view *v = panel_view_create(f->panel);
    if (anew && f->place->env.now_ms >= f->now) memory_forget_all(f->memory);
    f->now = f->place->env.now_ms;
    for (uint32_t member = 1; member < MEMBERS && anew; member++) {
        if (follow_member_of(s, member) == member)
            VEC_PUSH(&touches, ((struct touch){member, 0, 0}));
    }
    for (uint64_t seq = f->seq + 1; seq <= s->seq && !anew; seq++) {
        const struct event *ev = tail_view_seq(s->tail, seq);
        struct str kind = registry_kind_name(f->place->brand, ev->kind);
        if (ev->persona)
            VEC_PUSH(&touches, ((struct touch){follow_member_of(s, ev->persona), ev->kind, seq}));
        if (ev->other && str_starts(kind, STR("member.")))
            VEC_PUSH(&touches, ((struct touch){follow_member_of(s, ev->other), 0, 0}));
    }
    if (touches.count) qsort(touches.items, touches.count, sizeof(*touches.items), by_member);
    for (size_t i = 0, end; i < touches.count; i = end) {
        uint32_t member = touches.items[i].persona;
        for (end = i; end < touches.count && touches.items[end].persona == member;)
            end++;
        assert_in_range(member, 1, MEMBERS - 1);
        look(f, s, v, member, touches.items + i, end - i);
    }
    if (f->seq % 3 == 0) memory_sweep(f->memory, f->seq % 40);
    if (f->changed) look_at_all(f, s, v);
    f->changed = false;
    look_by_clock(f, s, v);
    compare(f, s, v);
    assert_true(memory_bytes(f->memory) <= f->bytes_max + 100000);
    f->seq = s->seq;
    VEC_FINISH(&touches);
    panel_view_destroy(v);
    brand_snapshot_release(s);
}

/* Facts in order but for a few; some are of a later time than the clock's. */
static size_t feed(struct place *p, struct rng *r, struct crowd *c, size_t at)
{
    size_t count = 1 + rng_below(r, 12);
    if (count > c->count - at) count = c->count - at;
    struct fact *facts = c->facts + at;
    if (at + 2 * count < c->count && rng_below(r, 5) == 0) {
        struct fact late = facts[0];
        memmove(facts, facts + 1, (2 * count - 1) * sizeof(*facts));
        facts[2 * count - 1] = late;
    }
    int64_t last = facts[count - 1].at;
    if (last > p->env.now_ms && rng_below(r, 10)) p->env.now_ms = last;
    send_live(p, facts, count);
    return at + count;
}

/* Leave expressions out, or take them in again. */
static void change(struct follower *f, struct rng *r)
{
    uint64_t out = rng_below(r, 3);
    for (size_t i = 0; i < EXPRS; i++)
        f->left_out[i] = out && rng_below(r, out == 1 ? 30 : 4) == 0;
    f->changed = true;
}

static void run_crowd(uint64_t seed, size_t bytes_max)
{
    struct place p;
    struct crowd c;
    struct rng r;
    struct why why = {0};
    struct follower *f = mem_alloc(sizeof(*f)); /* zeroed */
    print_message("seed %llu, %zu bytes\n", (unsigned long long)seed, bytes_max);
    rng_init(&r, seed);
    crowd_fill(&c, seed, FACTS, PEOPLE);
    place_open(&p, "Asia/Shanghai");
    p.env.now_ms = CROWD_START;
    *f = (struct follower){.place = &p, .bytes_max = bytes_max};
    for (size_t m = 0; m < MEMBERS; m++)
        f->due[m] = TIME_NONE;
    for (size_t at = 0; at < c.count;) {
        at = feed(&p, &r, &c, at);
        if (rng_below(&r, 4) == 0) p.env.now_ms += (int64_t)rng_below(&r, 2 * (uint64_t)TIME_DAY);
        if (rng_below(&r, 60) == 0) p.env.now_ms -= (int64_t)rng_below(&r, (uint64_t)TIME_HOUR);
        if (rng_below(&r, 30) == 0) change(f, &r);
        if (rng_below(&r, 40) == 0) place_must(brand_compact(p.brand, &why), &why, "compact");
        follow(f);
    }
    print_message("%zu recalled, %zu expressions asked of them, %zu read\n", f->recalled, f->asked,
                  f->read);
    print_message("%zu times it went on for another panel, %zu times not; %zu members waited\n",
                  f->adopted, f->refused, f->waiting);
    assert_true(f->recalled > 100 && f->adopted > 2 && f->waiting > f->adopted);
    assert_true(f->asked < f->recalled * EXPRS * 3 / 4); /* not all of all */
    memory_destroy(f->memory);
    panel_destroy(f->panel);
    mem_free(f);
    place_close(&p);
    crowd_drop(&c);
}

static void what_is_remembered_answers_as_the_history_does(void **state)
{
    (void)state;
    const char *given = getenv("WF_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20261124;
    run_crowd(seed, SIZE_MAX / 4);
    run_crowd(seed + 1, 24000); /* most are soon forgotten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_remembered_answers_as_the_history_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
