/* brand_place.h - a brand in a directory of its own, on the engine of the run, under a simulated
 * clock.
 *
 * Places of the same seed have the same keys, so that their tables can be compared. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "brand/data.h"
#include "engine.h"
#include "people/people.h"

#define PLACE_NOW INT64_C(1735700000000) /* 2025-01-01T02:53:20Z */

/* The rooms of the brand; a test may list others before it includes this. */
#ifndef PLACE_MODULES
#define PLACE_MODULES &people_module
#endif
/* And the tables of the server. */
#ifndef PLACE_SERVER_TABLES
#define PLACE_SERVER_TABLES NULL
#endif

struct place {
    char dir[64];             /* removed at the end */
    struct database database; /* of its store */
    struct env_sim env;       /* the clock; may be moved */
    struct data *data;
    struct brand *brand;
};

static inline void place_must(enum err err, const struct why *why, const char *what)
{
    char text[400];
    if (err == ERR_OK) return;
    why_text(why, LANG_EN, text, sizeof(text));
    fail_msg("%s: %s", what, text);
}

static inline void place_start(struct place *p)
{
    static const struct module *const modules[] = {PLACE_MODULES, NULL};
    struct why why = {0};
    char dir[80];
    snprintf(dir, sizeof(dir), "%s/data", p->dir);
    struct data_options o = {.dir = dir,
                             .store = p->database.url,
                             .env = &p->env.env,
                             .modules = modules,
                             .server_tables = PLACE_SERVER_TABLES};
    place_must(data_init(&o, &why), &why, "data_init");
    place_must(data_open(&o, &p->data, &why), &why, "data_open");
}

static inline void place_open(struct place *p, const char *zone)
{
    struct why why = {0};
    struct brand_facts facts = {.slug = "shop", .name = "Shop", .currency = "CNY"};
    *p = (struct place){0};
    snprintf(facts.zone, sizeof(facts.zone), "%s", zone);
    snprintf(p->dir, sizeof(p->dir), "/tmp/wf-place-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    database_make(&p->database);
    env_sim_init(&p->env, PLACE_NOW, 1);
    place_start(p);
    place_must(data_add_brand(p->data, &facts, &why), &why, "data_add_brand");
    place_must(data_brand(p->data, "shop", &p->brand, &why), &why, "data_brand");
}

static inline void place_reopen(struct place *p)
{
    struct why why = {0};
    data_close(p->data);
    place_start(p);
    place_must(data_brand(p->data, "shop", &p->brand, &why), &why, "data_brand");
}

/* A connection to what is stored; the caller's to close. */
static inline struct sql *place_reader(struct place *p)
{
    struct sql *db;
    struct why why = {0};
    place_must(brand_reader(p->brand, &db, &why), &why, "reader");
    return db;
}

/* The number that a query gives; 0 = none. */
static inline int64_t place_number(struct place *p, const char *query)
{
    int64_t number;
    struct sql *db = place_reader(p);
    assert_int_equal(sql_number(sql_use(db, query), 0, &number), ERR_OK);
    sql_close(db);
    return number;
}

static inline void place_close(struct place *p)
{
    char text[128];
    data_close(p->data);
    snprintf(text, sizeof(text), "rm -rf %s", p->dir);
    assert_int_equal(system(text), 0);
    database_drop(&p->database);
}
