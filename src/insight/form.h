/* form.h - one JSON object of a query, read field by field.
 *
 * A form refuses what it was not asked for: form_close() fails on the first key nobody took. Every
 * failure is ERR_INVALID and names the field with its path ("funnel.steps[2].kind"). Optional
 * fields leave '*out' as it was. Everything lives in the arena of the query; one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"

struct form {
    const struct json *json; /* the object */
    const char *path;        /* where it stands in the query; "" at the top */
    bool *used;              /* beside the keys: somebody took it */
    struct arena *arena;     /* for paths and copies */
    struct why *why;         /* filled by whatever fails */
};

MUST_CHECK enum err form_open(struct form *f, struct arena *a, const struct json *json,
                              const char *path, struct why *why);
/* Unknown keys fail. */
MUST_CHECK enum err form_close(const struct form *f);

/* The value of a key, or NULL when there is none. */
const struct json *form_take(struct form *f, const char *key);
/* The same, but a missing one fails. */
MUST_CHECK enum err form_need(struct form *f, const char *key, const struct json **out);
MUST_CHECK enum err form_text(struct form *f, const char *key, struct str *out);
MUST_CHECK enum err form_bool(struct form *f, const char *key, bool *out);
MUST_CHECK enum err form_int(struct form *f, const char *key, int64_t min, int64_t max,
                             int64_t *out);
/* One of 'names', ended by NULL; *out is its place. */
MUST_CHECK enum err form_choice(struct form *f, const char *key, const char *const *names,
                                int *out);
/* "7d": at least 'min' ms. */
MUST_CHECK enum err form_duration(struct form *f, const char *key, int64_t min, int64_t *out);
/* A date in the zone or an instant. */
MUST_CHECK enum err form_time(struct form *f, const char *key, const struct zone *zone,
                              int64_t *out);
/* Whole numbers that ascend, each min .. max; at least one, at most 'count_max'. */
struct form_list {
    int64_t *items; /* NULL: the key is missing */
    size_t count;
};
MUST_CHECK enum err form_numbers(struct form *f, const char *key, int64_t min, int64_t max,
                                 size_t count_max, struct form_list *out);

/* "steps[2].kind" under the form's own path. */
const char *form_path(const struct form *f, const char *key);
const char *form_item_path(const struct form *f, const char *key, size_t index);
/* Fail about a key; 'arg' is the sentence's, or NULL. */
enum err form_fail(const struct form *f, const char *key, enum msg msg, const char *arg);
/* A piece of the query for a sentence: cut to a readable length. */
const char *form_quote(struct arena *a, struct str s);
