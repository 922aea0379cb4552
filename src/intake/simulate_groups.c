/* simulate_groups.c - simulated talk as facts, a group at a time, through the bulk path.
 *
 * Accounts are users "sim-SEED-N-K". Staff are accounts, too, as in an imported chat: their roles
 * are said afterwards, so that answers to them can be told. Facts carry ids: the same seed on the
 * same day adds nothing. */
#include <inttypes.h>

#include "base/vec.h"
#include "brand/said.h"
#include "groups/role.h"
#include "intake/sim_group.h"
#include "intake/simulate.h"
#include "people/people.h"

struct scene {
    struct brand *brand;
    struct sender sender;
    struct arena *arena; /* of a group */
    struct sim_talk talk;
    uint64_t seed, number; /* of the group */
    int64_t now;           /* nothing happens after it */
    struct str group;
    VEC(struct fact) facts;
    struct people_load load;
};

static struct identity *account_of(struct scene *g, uint32_t account)
{
    struct identity *id = arena_alloc(g->arena, sizeof(*id));
    id->kind = IDENTITY_USER;
    id->value = str_of(arena_printf(g->arena, "sim-%" PRIu64 "-%" PRIu64 "-%" PRIu32, g->seed,
                                    g->number, account));
    return id;
}

static struct fact *add(struct scene *g, const char *kind, uint32_t account, int64_t at)
{
    struct fact f = {.at = at,
                     .kind = str_of(kind),
                     .who = account_of(g, account),
                     .who_count = 1,
                     .amount = HISTORY_NO_AMOUNT};
    f.id = str_of(arena_printf(g->arena, STR_FMT ":%" PRIu64 ":%zu", STR_ARG(g->sender.origin),
                               g->number, g->facts.count));
    f.code[DIM_GROUP] = g->group;
    VEC_PUSH(&g->facts, f);
    return &g->facts.items[g->facts.count - 1];
}

static void add_join(struct scene *g, uint32_t account)
{
    struct fact *f = add(g, "group.joined", account,
                         g->talk.from - TIME_DAY - (int64_t)rng_below(&g->talk.rng, 40 * TIME_DAY));
    struct fact_value *name = arena_alloc(g->arena, sizeof(*name));
    const char *what = account < g->talk.staff ? "运营" : "群友";
    name->name = STR("nickname");
    name->type = PROP_TEXT;
    name->text = str_of(arena_printf(g->arena, "%s%" PRIu64 "-%" PRIu32, what, g->number, account));
    f->traits = name;
    f->trait_count = 1;
}

static void add_line(struct scene *g, const struct sim_line *line)
{
    static const struct str links[] = {
        {"", 0}, {"reply", 5}, {"quote", 5}, {"mention", 7}, {"inferred", 8}};
    const struct talk_message *m = &line->said;
    struct fact *f = add(g, "message.sent", m->account, m->at);
    struct fact_value *props = arena_alloc_array(g->arena, 5, sizeof(*props));
    struct said *said = arena_alloc(g->arena, sizeof(*said));
    uint32_t n = 0;
    props[n++] = (struct fact_value){STR("length"), PROP_NUMBER, m->length, {NULL, 0}};
    props[n++] = (struct fact_value){STR("question"), PROP_BOOL, m->question, {NULL, 0}};
    props[n++] = (struct fact_value){STR("type"), PROP_TEXT, 0, STR("text")};
    if (m->promotion) props[n++] = (struct fact_value){STR("promotion"), PROP_BOOL, 1, {NULL, 0}};
    if (m->to != TALK_NONE) {
        props[n++] = (struct fact_value){STR("link"), PROP_TEXT, 0, links[m->link]};
        f->other = account_of(g, m->to);
        f->other_count = 1;
    }
    said->text = line->text;
    f->said = said;
    f->props = props;
    f->prop_count = n;
}

static enum err load_in(struct tx *tx, void *arg, struct why *why)
{
    struct scene *g = arg;
    return people_bulk(tx, &g->sender, &g->load, why);
}

/* Behind the commit: what is folded is read from the log. */
static enum err end_in(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return people_bulk_end(tx, why);
}

static void count_results(const struct scene *g, struct import_counts *c)
{
    for (size_t i = 0; i < g->facts.count; i++) {
        const struct people_result *r = &g->load.results[i];
        bool refused = g->load.errors[i].err != ERR_OK;
        c->read++;
        c->rejected += refused;
        c->duplicate += !refused && r->duplicate;
        c->stored += !refused && !r->duplicate;
        c->members_created += r->members_created;
    }
}

static enum err store(struct scene *g, struct import_counts *counts, struct why *why)
{
    uint32_t junk;
    for (size_t i = 0; i < g->facts.count; i++) {
        TRY(fact_check(&g->facts.items[i], g->now, g->arena, &junk, why));
        people_key(g->brand, g->sender.scope, &g->facts.items[i]);
    }
    g->load = (struct people_load){
        .facts = g->facts.items,
        .count = g->facts.count,
        .results = arena_alloc_array(g->arena, g->facts.count + 1, sizeof(struct people_result)),
        .errors = arena_alloc_array(g->arena, g->facts.count + 1, sizeof(struct why))};
    TRY(brand_call(g->brand, load_in, g, true, why));
    TRY(brand_call(g->brand, end_in, NULL, true, why));
    count_results(g, counts);
    return ERR_OK;
}

static enum err name_staff(struct scene *g, struct why *why)
{
    for (uint32_t i = 0; i < g->talk.staff; i++) {
        struct group_role role = {.group = registry_find_code(g->brand, DIM_GROUP, g->group),
                                  .role = ACCOUNT_STAFF,
                                  .confirmed = true,
                                  .person = STR(""),
                                  .said_by = g->sender.origin};
        TRY(people_find(g->brand, account_of(g, i), g->sender.scope, &role.persona, why));
        TRY(groups_set_role(g->brand, &role, why));
    }
    return ERR_OK;
}

static enum err make_group(struct scene *g, int64_t from, struct import_counts *counts,
                           struct why *why)
{
    enum sim_kind kind = (enum sim_kind)(g->number % SIM_KINDS);
    sim_talk_make(&g->talk, kind, g->seed * SIMULATE_GROUPS_MAX + g->number, from);
    g->group = str_of(
        arena_printf(g->arena, "%s-%" PRIu64, sim_kind_name(kind), g->number / SIM_KINDS + 1));
    for (uint32_t i = 0; i < sim_talk_accounts(&g->talk); i++)
        add_join(g, i);
    for (size_t i = 0; i < g->talk.lines.count; i++) {
        if (g->talk.lines.items[i].said.at <= g->now) add_line(g, &g->talk.lines.items[i]);
    }
    enum err err = store(g, counts, why);
    if (err == ERR_OK) err = name_staff(g, why);
    sim_talk_finish(&g->talk);
    return err;
}

enum err simulate_groups(struct brand *b, uint64_t count, uint64_t seed,
                         struct import_counts *counts, struct why *why)
{
    int64_t now = env_now(brand_env(b));
    int64_t from = zone_day_start(brand_zone(b), zone_day(brand_zone(b), now) - TALK_DAYS + 1);
    char origin[48];
    snprintf(origin, sizeof(origin), "simulate-groups:%" PRIu64, seed);
    struct scene g = {.brand = b,
                      .sender = {.level = SENDER_ROOM, .origin = str_of(origin), .scope = STR("")},
                      .arena = arena_create(0),
                      .seed = seed,
                      .now = now};
    enum err err = ERR_OK;
    for (; g.number < count && err == ERR_OK; g.number++) {
        err = make_group(&g, from, counts, why);
        VEC_RESET(&g.facts);
        arena_reset(g.arena);
    }
    VEC_FINISH(&g.facts);
    arena_destroy(g.arena);
    return err == ERR_OK ? brand_compact(b, why) : err;
}
