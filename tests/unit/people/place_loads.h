/* place_loads.h - facts stored in the brand of brand_place.h, one by one and in bulk; a finding
 * fails the test. */
#pragma once

#include "brand_place.h"

#include "people/loads.h"

static inline void send_live(struct place *p, const struct fact *facts, size_t count)
{
    struct why why = {0};
    struct load l = {facts, count};
    place_must(brand_call(p->brand, run_record, &l, false, &why), &why, "record");
}

static inline void send_bulk(struct place *p, const struct fact *facts, size_t count)
{
    struct why why = {0};
    struct load l = {facts, count};
    place_must(brand_call(p->brand, run_bulk, &l, true, &why), &why, "bulk");
    place_must(brand_call(p->brand, run_bulk_end, NULL, true, &why), &why, "bulk end");
}

static inline void note_finding(void *ctx, const char *what)
{
    (void)ctx;
    fail_msg("%s", what);
}

/* A connection that sees everything stored; the caller's to close. */
static inline struct sql *flushed(struct place *p)
{
    struct why why = {0};
    place_must(brand_flush(p->brand, &why), &why, "flush");
    return place_reader(p);
}

/* The number that a query of everything gives; 0 = none. */
static inline int64_t one(struct place *p, const char *query)
{
    struct why why = {0};
    place_must(brand_flush(p->brand, &why), &why, "flush");
    return place_number(p, query);
}
