/* bench_ask.h - the questions of the bench, asked of a log through the product's parser, planner
 * and kernels.
 *
 * An answer is brought to rows of whole numbers that any engine can give, a line a row, and named
 * by the SHA-256 of that text: docs/bench.md has the rows of each. */
#pragma once

#include "brand/brand.h"

struct bench_ask_options {
    int threads;
    int runs;         /* timed ones, behind one that is not; 1 .. BENCH_RUNS_MAX */
    const char *dump; /* a directory where the rows of each answer go; NULL = none */
    enum err (*before)(struct brand *b, struct why *why); /* each run, untimed; may be NULL */
};
#define BENCH_RUNS_MAX 1000

struct bench_answer {
    double median_s, min_s; /* by the clock */
    double cpu_s;           /* of processors, a run: the least */
    uint64_t rows;          /* of the answer */
    uint64_t bytes_touched; /* decoded */
    uint64_t rows_touched;  /* handed to the kernel */
    uint64_t peak_bytes;    /* private memory of the process, at its highest */
    char hash[17];          /* of the answer: its first 16 hex digits */
};

#define BENCH_QUESTIONS 10
#define BENCH_ALWAYS 8 /* the first ones; the others only when wanted */
/* Name and query; 'i' < BENCH_QUESTIONS. */
const char *bench_question_name(int i);
const char *bench_question_json(int i);

/* Ask question 'i'. ERR_INTERNAL: two runs do not agree, or the answer is not of the form it should
 * have. */
MUST_CHECK enum err bench_ask(struct brand *b, int i, const struct bench_ask_options *o,
                              struct bench_answer *out, struct why *why);
