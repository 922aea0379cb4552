/* bulk_test.c - the same facts one by one and in bulk, in order and late: the same members. */
#include "brand_place.h"

#include "people/crowd.h"

#include "people/internal.h"

#define COMMAND_FACTS 500
#define SLICE_FACTS 20000

static const struct sender sender = {.level = SENDER_IMPORT, .origin = {"import:1", 8}};

/* ---- sending ---- */

struct load {
    const struct fact *facts;
    size_t count;
    struct people_result *results;
    struct why *errors;
};

static enum err run_record(struct tx *tx, void *arg, struct why *why)
{
    const struct load *l = arg;
    struct people_result result;
    for (size_t i = 0; i < l->count; i++) {
        enum err err = people_record(tx, &sender, &l->facts[i], &result, why);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

static enum err run_bulk(struct tx *tx, void *arg, struct why *why)
{
    const struct load *l = arg;
    struct people_load load = {l->facts, l->count, l->results, l->errors, NULL};
    return people_bulk(tx, &sender, &load, why);
}

static enum err run_bulk_end(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return people_bulk_end(tx, why);
}

static void send_live(struct place *p, const struct fact *facts, size_t count)
{
    struct why why = {0};
    for (size_t at = 0; at < count; at += COMMAND_FACTS) {
        struct load l = {facts + at, count - at < COMMAND_FACTS ? count - at : COMMAND_FACTS, NULL,
                         NULL};
        place_must(brand_call(p->brand, run_record, &l, false, &why), &why, "record");
    }
    place_must(brand_flush(p->brand, &why), &why, "flush");
}

/* Out of order, but those of one moment keep theirs. */
static struct fact *shuffled(const struct fact *facts, size_t count, struct rng *rng)
{
    struct fact *out = mem_alloc_array(count + 1, sizeof(*out));
    size_t *place = mem_alloc_array(count + 1, sizeof(*place));
    for (size_t i = 0; i < count; i++) {
        size_t k = rng_below(rng, i + 1);
        place[i] = place[k];
        place[k] = i;
    }
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && facts[to].at == facts[from].at;)
            to++;
        for (size_t i = from + 1; i < to; i++) {
            for (size_t k = i; k > from && place[k - 1] > place[k]; k--) {
                size_t swap = place[k];
                place[k] = place[k - 1];
                place[k - 1] = swap;
            }
        }
    }
    for (size_t i = 0; i < count; i++)
        out[place[i]] = facts[i];
    mem_free(place);
    return out;
}

static void send_slice(struct place *p, const struct fact *facts, size_t count, struct rng *rng)
{
    struct why why = {0};
    struct fact *mixed = shuffled(facts, count, rng);
    for (size_t i = 0; i < count;
         i += 1 + rng_below(rng, 2)) /* the others are left to the writer */
        people_key(p->brand, sender.scope, &mixed[i]);
    struct load l = {mixed, count, mem_alloc_array(count, sizeof(*l.results)),
                     mem_alloc_array(count, sizeof(*l.errors))};
    place_must(brand_call(p->brand, run_bulk, &l, true, &why), &why, "bulk");
    for (size_t i = 0; i < count; i++)
        assert_false(l.results[i].refused);
    mem_free(l.results);
    mem_free(l.errors);
    mem_free(mixed);
}

static void end_bulk(struct place *p)
{
    struct why why = {0};
    place_must(brand_call(p->brand, run_bulk_end, NULL, true, &why), &why, "bulk end");
}

static void send_bulk(struct place *p, const struct fact *facts, size_t count, struct rng *rng)
{
    for (size_t at = 0; at < count; at += SLICE_FACTS)
        send_slice(p, facts + at, count - at < SLICE_FACTS ? count - at : SLICE_FACTS, rng);
    end_bulk(p);
}

/* Some slices in bulk, what lies between them one by one. */
static void send_mixed(struct place *p, const struct fact *facts, size_t count, struct rng *rng)
{
    for (size_t at = 0; at < count;) {
        size_t size = 1 + rng_below(rng, SLICE_FACTS / 8);
        if (size > count - at) size = count - at;
        if (rng_below(rng, 2)) {
            send_slice(p, facts + at, size, rng);
            end_bulk(p);
        } else {
            send_live(p, facts + at, size);
        }
        at += size;
    }
}

/* ---- comparing tables ---- */

/* A query and the type of each of its columns: i, r, t, b; l = a blob of which only the length
 * counts. */
struct table {
    const char *name, *query, *types;
};

static const struct table tables[] = {
    {"identity",
     "SELECT key, kind, persona, verified, first_seen, source, value, sealed FROM identity"
     " ORDER BY key",
     "biiiittl"},
    {"persona_member", "SELECT persona, member FROM persona_member ORDER BY persona", "ii"},
    {"member",
     "SELECT id, stage, stage_since, trust, flags, created_at, last_seen, events, orders, spent,"
     " state FROM member ORDER BY id",
     "iiiiiiiiiib"},
    {"trait",
     "SELECT persona, name, type, number, value, sealed, at, source FROM trait"
     " ORDER BY persona, name",
     "itirtlit"},
};

static bool same_cell(struct sql_stmt *a, struct sql_stmt *b, int column, char type)
{
    if (sql_is_null(a, column) != sql_is_null(b, column)) return false;
    switch (type) {
    case 'i':
        return sql_int(a, column) == sql_int(b, column);
    case 'r':
        return sql_double(a, column) == sql_double(b, column);
    case 't':
        return str_eq(sql_str(a, column), sql_str(b, column));
    case 'b':
        return str_eq(sql_blob(a, column), sql_blob(b, column));
    default:
        return sql_blob(a, column).len == sql_blob(b, column).len;
    }
}

static void compare_table(struct sql *a, struct sql *b, const struct table *t, const char *columns)
{
    struct sql_stmt *x = sql_use(a, t->query), *y = sql_use(b, t->query);
    for (size_t row = 0;; row++) {
        bool more_x, more_y;
        assert_int_equal(sql_step(x, &more_x), ERR_OK);
        assert_int_equal(sql_step(y, &more_y), ERR_OK);
        if (more_x != more_y) fail_msg("%s: %zu rows, the other has more", t->name, row);
        if (!more_x) {
            assert_true(row > 0);
            return;
        }
        for (int c = 0; t->types[c]; c++) {
            if (columns && !strchr(columns, 'a' + c)) continue;
            if (same_cell(x, y, c, t->types[c])) continue;
            fail_msg("%s: row %zu (id %lld) column %d differs: %lld, %lld", t->name, row,
                     t->types[0] == 'i' ? (long long)sql_int(x, 0) : 0, c,
                     t->types[c] == 'i' ? (long long)sql_int(x, c) : 0,
                     t->types[c] == 'i' ? (long long)sql_int(y, c) : 0);
        }
    }
}

/* ---- comparing logs ---- */

/* What a member's events hash to, in their order; those without member in any order. */
struct log_digest {
    struct place *place;
    struct columns columns;
    enum prop_type types[64];
    VEC(uint64_t) member;
    uint64_t rows, answers;
    int kind_answered;
};

static uint64_t hash_row(const struct log_digest *d, const struct history *h, uint32_t r)
{
    uint64_t part[DIM_COUNT + 5 + 64] = {0};
    size_t n = 0;
    part[n++] = (uint64_t)h->at[r];
    part[n++] = h->kind[r];
    part[n++] = h->other[r];
    part[n++] = (uint64_t)h->amount[r];
    part[n++] = (uint64_t)h->received[r];
    for (int k = 0; k < DIM_COUNT; k++)
        part[n++] = h->dim[k][r];
    for (uint32_t i = 0; i < d->columns.prop_count; i++) {
        const struct prop_column *c = &h->props[i];
        if (c->type == PROP_TEXT) {
            struct str s = c->strings[c->text[r]];
            part[n++] = s.len ? hash_xxh3(s.p, s.len) : 0;
        } else if (c->number[r] == c->number[r]) {
            part[n++] = (uint64_t)(c->number[r] * 1000) + 1;
        } else {
            part[n++] = 0;
        }
    }
    return hash_xxh3(part, n * sizeof(part[0]));
}

static bool digest_run(void *worker, const struct history *h)
{
    struct log_digest *d = worker;
    for (uint32_t m = 0; m < h->member_count; m++) {
        uint32_t id = h->member[m];
        while (id >= d->member.count)
            VEC_PUSH(&d->member, 0);
        for (uint32_t r = h->off[m]; r < h->off[m + 1]; r++) {
            uint64_t row = hash_row(d, h, r);
            uint64_t *sum = &d->member.items[id];
            *sum = id ? *sum * 31 + row : *sum + row;
            d->rows++;
            d->answers += h->kind[r] == d->kind_answered;
        }
    }
    return true;
}

static struct log_digest digest_of(struct place *p)
{
    struct log_digest d = {.place = p};
    d.kind_answered = registry_find_kind(p->brand, STR("message.answered"));
    struct why why = {0};
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    void *worker = &d;
    d.columns.mask = COLUMN_OTHER | COLUMN_AMOUNT | COLUMN_RECEIVED;
    for (int k = 0; k < DIM_COUNT; k++)
        d.columns.mask |= (uint32_t)COLUMN_DIM0 << k;
    for (uint32_t id = 1; registry_prop_name(p->brand, id, &d.types[d.columns.prop_count]).p; id++)
        d.columns.props[d.columns.prop_count++] = id;
    struct scan scan = {.columns = &d.columns, .prop_types = d.types, .to = INT64_MAX};
    struct snapshot *s = brand_snapshot(p->brand);
    place_must(eventlog_scan(s, &scan, &worker, 1, digest_run, &budget, &why), &why, "scan");
    brand_snapshot_release(s);
    return d;
}

/* The numbers of one place mean the same in the other. */
static void compare_names(struct place *a, struct place *b)
{
    uint32_t kinds = registry_kind_count(a->brand);
    assert_int_equal(registry_kind_count(b->brand), kinds);
    for (uint32_t k = 1; k <= kinds; k++)
        assert_true(
            str_eq(registry_kind_name(a->brand, (int)k), registry_kind_name(b->brand, (int)k)));
    for (int d = 0; d < DIM_COUNT; d++) {
        uint32_t codes = registry_code_count(a->brand, (enum dim)d);
        assert_int_equal(registry_code_count(b->brand, (enum dim)d), codes);
        for (uint32_t c = 1; c <= codes; c++)
            assert_true(str_eq(registry_code_text(a->brand, (enum dim)d, c),
                               registry_code_text(b->brand, (enum dim)d, c)));
    }
}

static void compare_logs(struct place *a, struct place *b)
{
    struct log_digest x = digest_of(a), y = digest_of(b);
    assert_int_equal(x.member.count, y.member.count);
    for (size_t m = 0; m < x.member.count; m++) {
        if (x.member.items[m] != y.member.items[m]) fail_msg("the events of member %zu differ", m);
    }
    assert_int_equal(x.rows, y.rows);
    assert_true(x.rows > 0 && x.answers > x.rows / 200);
    VEC_FINISH(&x.member);
    VEC_FINISH(&y.member);
}

static void print_finding(void *ctx, const char *what)
{
    int *count = ctx;
    if ((*count)++ < 5) print_message("%s\n", what);
}

static void verify(struct place *p)
{
    struct why why = {0};
    int shown = 0;
    struct verify_report report = {.finding = print_finding, .ctx = &shown};
    place_must(people_verify(p->brand, &report, &why), &why, "verify");
    assert_int_equal(report.findings, 0);
    assert_true(report.members > 0);
}

/* What snapshots know of shared personas is what the table says. */
static void compare_map(struct place *p)
{
    struct snapshot *snapshot = brand_snapshot(p->brand);
    const struct persona_map *map = snapshot->personas;
    struct sql *reader = place_reader(p);
    struct sql_stmt *s = sql_use(reader, tables[1].query);
    size_t count = 0;
    for (bool row = true;; count++) {
        assert_int_equal(sql_step(s, &row), ERR_OK);
        if (!row) break;
        assert_true(count < map->count);
        assert_int_equal(map->persona[count], sql_int(s, 0));
        assert_int_equal(map->member[count], sql_int(s, 1));
    }
    assert_int_equal(count, map->count);
    assert_true(count > 0);
    sql_close(reader);
    brand_snapshot_release(snapshot);
}

static void compare(struct place *a, struct place *b)
{
    struct sql *x, *y;
    compare_names(a, b);
    compare_logs(a, b);
    compare_map(a);
    compare_map(b);
    x = place_reader(a);
    y = place_reader(b);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        compare_table(x, y, &tables[i], NULL);
    sql_close(x);
    sql_close(y);
    verify(a);
    verify(b);
}

/* ---- the tests ---- */

static uint64_t seed_of_run(void)
{
    const char *text = getenv("WF_SEED");
    uint64_t seed;
    if (text && str_to_u64(str_of(text), &seed)) return seed;
    env_random(env_system(), &seed, sizeof(seed));
    return seed % 1000000000;
}

typedef void send_fn(struct place *p, const struct fact *facts, size_t count, struct rng *rng);

static void equal_to_live(size_t count, send_fn *send)
{
    struct place live, other;
    struct crowd crowd;
    struct rng rng;
    uint64_t seed = seed_of_run();
    print_message("seed %llu, %zu facts\n", (unsigned long long)seed, count);
    crowd_fill(&crowd, seed, count, (uint32_t)(count / 25));
    rng_init(&rng, seed + 1);
    place_open(&live, "Asia/Shanghai");
    place_open(&other, "Asia/Shanghai");
    send_live(&live, crowd.facts, count);
    send(&other, crowd.facts, count, &rng);
    compare(&live, &other);
    place_reopen(&other);
    compare(&live, &other);
    place_close(&live);
    place_close(&other);
    crowd_drop(&crowd);
}

/* One known identity each, no implied joins, no ties: what remains depends on the order of time
 * alone. */
static void make_plain(struct crowd *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct fact *f = &c->facts[i];
        bool moves = str_starts(f->kind, STR("group."));
        f->at += (int64_t)i;
        f->id = (struct str){NULL, 0};
        f->alias = false;
        f->other_count = 0;
        f->code[DIM_STAFF] = (struct str){NULL, 0};
        if (!moves) f->code[DIM_GROUP] = (struct str){NULL, 0};
        if (f->who_count == 0) continue;
        f->who_count = 1;
        f->who[0] =
            (struct identity){IDENTITY_USER, crowd_text(c, "user-", rng_below(&c->rng, c->people))};
    }
}

static const struct table late_table = {
    "members by name",
    "SELECT i.value, m.stage, m.trust, m.flags, m.last_seen, m.events, m.orders, m.spent"
    " FROM identity i JOIN member m ON m.id = i.persona ORDER BY i.value",
    "tiiiiiii"};

static void late_equals_in_time(size_t count)
{
    struct place in_time, late;
    struct crowd crowd;
    struct rng rng;
    struct sql *x, *y;
    uint64_t seed = seed_of_run();
    print_message("seed %llu, %zu facts\n", (unsigned long long)seed, count);
    crowd_fill(&crowd, seed, count, (uint32_t)(count / 25));
    make_plain(&crowd);
    rng_init(&rng, seed + 1);
    struct fact *mixed = shuffled(crowd.facts, count, &rng);
    place_open(&in_time, "Asia/Shanghai");
    place_open(&late, "Asia/Shanghai");
    send_live(&in_time, crowd.facts, count);
    send_live(&late, mixed, count);
    x = place_reader(&in_time);
    y = place_reader(&late);
    compare_table(x, y, &late_table, NULL);
    sql_close(x);
    sql_close(y);
    verify(&in_time);
    verify(&late);
    place_close(&in_time);
    place_close(&late);
    mem_free(mixed);
    crowd_drop(&crowd);
}

static void test_facts_in_any_order_of_arrival_give_the_same_members(void **state)
{
    (void)state;
    late_equals_in_time(20000);
}

static void test_bulk_equals_one_by_one(void **state)
{
    (void)state;
    size_t count = getenv("WF_LONG") ? 1000000 : 100000;
    if (engine_of_run() == SQL_POSTGRES) count /= 10; /* a server answers row by row */
    equal_to_live(count, send_bulk);
}

static void test_bulk_and_live_in_turns_equal_one_by_one(void **state)
{
    (void)state;
    equal_to_live(10000, send_mixed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_in_any_order_of_arrival_give_the_same_members),
        cmocka_unit_test(test_bulk_equals_one_by_one),
        cmocka_unit_test(test_bulk_and_live_in_turns_equal_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
