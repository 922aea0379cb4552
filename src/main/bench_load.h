/* bench_load.h - the file of the bench into the event log of a brand: read, checked, sorted by
 * member, written as parts, synced and entered.
 *
 * The log alone: the numbers in the file are the personas, so that no identity is looked up and
 * nothing is folded. Kinds and codes are the brand's. */
#pragma once

#include "brand/brand.h"

struct bench_load_options {
    const char *csv;  /* the file */
    uint64_t members; /* no row has a higher one */
    int threads;      /* that read it, and that write parts */
    int parts;        /* 1 to BENCH_PARTS */
};
/* All before October, October and November, December: what lies further back lies in wider tiers.
 */
#define BENCH_PARTS 3

struct bench_load_result {
    uint64_t rows;
    uint64_t csv_bytes;
    uint64_t ns;     /* from opening the file until the parts are in the manifest */
    uint64_t cpu_ns; /* of processors, meanwhile */
};

/* Name of a kind of the bench; NULL from BENCH_KINDS on. */
const char *bench_kind_name(uint32_t kind);

/* All or nothing. ERR_CORRUPT: the file is not of the bench's form. */
MUST_CHECK enum err bench_load(struct brand *b, const struct bench_load_options *o,
                               struct bench_load_result *result, struct why *why);
