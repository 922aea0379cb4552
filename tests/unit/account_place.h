/* account_place.h - a directory with its accounts, on the engine of the run. No brand is open in
 * it: its threads would read the clock that the tests move. */
#pragma once

#include "account/accounts.h"

#define PLACE_SERVER_TABLES account_migrations
#include "brand_place.h"

#include "base/arena.h"

struct world {
    struct place place;
    struct accounts *accounts;
    struct arena *arena;
};

static const struct account_caller caller = {{"192.0.2.7", 9}, {"192.0.2.7", 9}, {"test/1", 6}};
#define GOOD_PASSWORD "violet-harbour-79-lemon"

static inline void world_accounts(struct world *w)
{
    struct why why = {0};
    place_must(accounts_open(w->place.data, &w->accounts, &why), &why, "accounts_open");
}

static inline int world_open(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    snprintf(w->place.dir, sizeof(w->place.dir), "/tmp/wf-place-XXXXXX");
    assert_non_null(mkdtemp(w->place.dir));
    database_make(&w->place.database);
    env_sim_init(&w->place.env, PLACE_NOW, 1);
    place_start(&w->place);
    w->arena = arena_create(0);
    world_accounts(w);
    *state = w;
    return 0;
}

static inline int world_close(void **state)
{
    struct world *w = *state;
    arena_destroy(w->arena);
    place_close(&w->place);
    free(w);
    return 0;
}

static inline void world_reopen(struct world *w)
{
    data_close(w->place.data);
    place_start(&w->place);
    world_accounts(w);
}

/* A person with a role and, made up without hashing, a password that nobody knows. */
static inline uint32_t world_person(struct world *w, const char *name, const char *brand,
                                    enum role role)
{
    uint32_t number = 0;
    struct why why = {0};
    const struct staff_new new = {
        .name = str_of(name), .brand = brand, .role = role, .password = "$nobody-knows"};
    place_must(staff_add(accounts_staff(w->accounts), NULL, &new, &number, &why), &why,
               "staff_add");
    return number;
}

/* Rows of a table. */
static inline int64_t world_rows(struct world *w, const char *text)
{
    struct sql *db = data_server_lock(w->place.data);
    int64_t count = -1;
    assert_int_equal(store_number(sql_use(db, text), &count), ERR_OK);
    data_server_unlock(w->place.data);
    return count;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)
