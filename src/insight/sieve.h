/* sieve.h - which rows of a run matter to a query: by kind, time, filters and member.
 *
 * A struct sieve is made once for a query and then only read; each worker has a struct sieved,
 * whose arrays are the rows that came through. */
#pragma once

#include "base/codeset.h"
#include "insight/plan.h"
#include "insight/sight.h"

struct sieve {
    const struct plan *plan;
    int64_t from, to;     /* rows outside [from, to) do not matter */
    uint32_t *marks;      /* [KINDS_MAX] the mask of a kind; 0: it does not matter */
    bool whole;           /* all kinds matter but those of 'kinds' */
    bool filtered;        /* there is a filter, of the query or of a selector */
    uint32_t every;       /* the one mask there is; 0: there are several */
    struct codeset kinds; /* that matter; with 'whole', that do not */
};

struct sieved {
    uint64_t *bits;        /* by 64 rows: those whose kind matters */
    uint8_t *match;        /* [rows] answers of one filter */
    uint32_t *row, *mask;  /* [rows] as in a sight */
    int64_t *at;           /* [rows] */
    uint32_t *first, *end; /* [members] */
    size_t rows, members;  /* allocated */
};

/* 'every_kind': rows of no selector matter too. */
void sieve_init(struct sieve *s, const struct plan *p, int64_t from, int64_t to, bool every_kind);
void sieve_finish(struct sieve *s);
/* The rows of 'h' that matter; valid until the next call. keep: as in a sight. */
void sieve_run(const struct sieve *s, struct sieved *buffers, const struct history *h,
               const uint8_t *keep, struct sight *out);
void sieved_finish(struct sieved *buffers);
/* Bytes held. */
size_t sieved_bytes(const struct sieved *buffers);
