/* keys.h - the values of one event field, numbered as they are met: what a breakdown groups by.
 *
 * Key 0 is null, for events without a value. A set belongs to one worker; the values of two sets
 * are brought together by keys_add(). A frozen set takes no more values: others are KEYS_REST. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "insight/sight.h"

enum key_source {
    KEYS_NONE, /* every row has key 0 */
    KEYS_KIND,
    KEYS_DIM,
    KEYS_OTHER,
    KEYS_HOUR,
    KEYS_WEEKDAY,
    KEYS_DAY,
    KEYS_AT,
    KEYS_AMOUNT,
    KEYS_PROP
};

struct key_field {
    enum key_source source;
    enum dim dim;            /* KEYS_DIM */
    int place[3];            /* KEYS_PROP: among the run's properties, by type; -1 = not there */
    const struct zone *zone; /* of hours and days */
};

enum key_type { KEY_NULL, KEY_BOOL, KEY_INT, KEY_NUMBER, KEY_TEXT };

struct key {
    enum key_type type;
    int64_t integer; /* KEY_BOOL, KEY_INT: a code, an id, an hour, a day number, ms, minor units */
    double number;   /* KEY_NUMBER */
    struct str text; /* KEY_TEXT; owned by the set */
};

#define KEYS_REST UINT32_MAX

struct keys;
struct keys *keys_create(const struct key_field *field);
void keys_destroy(struct keys *k); /* NULL is allowed */
void keys_freeze(struct keys *k);
/* A new run begins: its texts have other numbers. */
void keys_begin(struct keys *k);
uint32_t keys_row(struct keys *k, const struct history *h, uint32_t row);
/* The keys of places from .. from+n-1 of a sight. */
void keys_places(struct keys *k, const struct sight *s, uint32_t from, uint32_t n, uint32_t *out);
uint32_t keys_add(struct keys *k, const struct key *key);
uint32_t keys_count(const struct keys *k); /* null included */
const struct key *keys_get(const struct keys *k, uint32_t id);
size_t keys_bytes(const struct keys *k);
