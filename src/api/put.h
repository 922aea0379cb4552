/* put.h - a key and its value in one call, for handlers that write objects. */
#pragma once

#include "api/call.h"

static inline void put_text(struct json_writer *w, const char *key, const char *text)
{
    json_key(w, key);
    json_text(w, text);
}

/* {NULL, 0} is null. */
static inline void put_str(struct json_writer *w, const char *key, struct str s)
{
    json_key(w, key);
    if (s.p) {
        json_str(w, s);
    } else {
        json_null(w);
    }
}

static inline void put_int(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    json_int(w, v);
}

static inline void put_real(struct json_writer *w, const char *key, double v)
{
    json_key(w, key);
    json_double(w, v);
}

/* 0 is not known: null. */
static inline void put_known(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    if (v) {
        json_int(w, v);
    } else {
        json_null(w);
    }
}

/* null unless 'known'. */
static inline void put_int_or_null(struct json_writer *w, const char *key, int64_t v, bool known)
{
    json_key(w, key);
    if (known) {
        json_int(w, v);
    } else {
        json_null(w);
    }
}

static inline void put_real_or_null(struct json_writer *w, const char *key, double v, bool known)
{
    json_key(w, key);
    if (known) {
        json_double(w, v);
    } else {
        json_null(w);
    }
}

/* NULL is null. */
static inline void put_tree(struct json_writer *w, const char *key, const struct json *value)
{
    json_key(w, key);
    if (value) {
        json_tree(w, value);
    } else {
        json_null(w);
    }
}

static inline void put_bool(struct json_writer *w, const char *key, bool v)
{
    json_key(w, key);
    json_bool(w, v);
}

static inline void put_time(const struct call *c, struct json_writer *w, const char *key,
                            int64_t at)
{
    json_key(w, key);
    call_write_time(c, w, at);
}

/* Of what is no call's; null for TIME_NONE. */
static inline void put_instant(struct json_writer *w, const char *key, const struct zone *zone,
                               int64_t at)
{
    char text[48];
    json_key(w, key);
    if (at == TIME_NONE) {
        json_null(w);
        return;
    }
    time_format(zone, at, text, sizeof(text));
    json_text(w, text);
}

static inline void put_array(struct json_writer *w, const char *key)
{
    json_key(w, key);
    json_begin_array(w);
}

static inline void put_object(struct json_writer *w, const char *key)
{
    json_key(w, key);
    json_begin_object(w);
}

/* A list that is whole: {"items": [ ... ], "next": null}. */
static inline void put_items(struct json_writer *w)
{
    json_begin_object(w);
    put_array(w, "items");
}

static inline void put_items_end(struct json_writer *w)
{
    json_end_array(w);
    json_key(w, "next");
    json_null(w);
    json_end_object(w);
}
