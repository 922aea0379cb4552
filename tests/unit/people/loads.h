/* loads.h - commands that store facts, one by one and in bulk, for the tests of the room.
 *
 * To be included by a test that uses all of them. */
#pragma once

#include "base/mem.h"
#include "people/people.h"

static const struct sender sender = {.level = SENDER_IMPORT, .origin = {"import:1", 8}};

struct load {
    const struct fact *facts;
    size_t count;
};

static enum err run_record(struct tx *tx, void *arg, struct why *why)
{
    const struct load *l = arg;
    struct people_result result;
    for (size_t i = 0; i < l->count; i++)
        TRY(people_record(tx, &sender, &l->facts[i], &result, why));
    return ERR_OK;
}

static enum err run_bulk(struct tx *tx, void *arg, struct why *why)
{
    const struct load *l = arg;
    struct people_load load = {l->facts, l->count, NULL, NULL, NULL};
    load.results = mem_alloc_array(l->count, sizeof(*load.results));
    load.errors = mem_alloc_array(l->count, sizeof(*load.errors));
    enum err err = people_bulk(tx, &sender, &load, why);
    mem_free(load.results);
    mem_free(load.errors);
    return err;
}

static enum err run_bulk_end(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return people_bulk_end(tx, why);
}
