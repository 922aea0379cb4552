/* form.c - every reader takes a key, checks its type, then its range. */
#include "insight/form.h"

#include <stdio.h>

#include "base/utf8.h"

#define QUOTE_MAX 80 /* bytes of the query repeated in a sentence */

static enum err fail_at(const struct form *f, const char *path, enum msg msg, const char *arg)
{
    return why_fail(f->why, ERR_INVALID, msg, path, arg ? "%s" : NULL, arg);
}

enum err form_fail(const struct form *f, const char *key, enum msg msg, const char *arg)
{
    return fail_at(f, form_path(f, key), msg, arg);
}

const char *form_quote(struct arena *a, struct str s)
{
    struct str part = utf8_cut(s, QUOTE_MAX);
    return arena_printf(a, STR_FMT "%s", STR_ARG(part), part.len < s.len ? "..." : "");
}

const char *form_path(const struct form *f, const char *key)
{
    return arena_printf(f->arena, "%s%s%s", f->path, f->path[0] && key[0] ? "." : "", key);
}

const char *form_item_path(const struct form *f, const char *key, size_t index)
{
    return arena_printf(f->arena, "%s[%zu]", form_path(f, key), index);
}

enum err form_open(struct form *f, struct arena *a, const struct json *json, const char *path,
                   struct why *why)
{
    *f = (struct form){.json = json, .path = path, .arena = a, .why = why};
    if (json->type != JSON_OBJECT) return form_fail(f, "", MSG_WRONG_TYPE, "an object");
    f->used = arena_alloc_array(a, json->count, sizeof(*f->used));
    return ERR_OK;
}

enum err form_close(const struct form *f)
{
    for (size_t i = 0; i < f->json->count; i++) {
        if (f->used[i]) continue;
        return form_fail(f, form_quote(f->arena, f->json->keys[i]), MSG_UNKNOWN_FIELD, NULL);
    }
    return ERR_OK;
}

const struct json *form_take(struct form *f, const char *key)
{
    for (size_t i = 0; i < f->json->count; i++) {
        if (!str_is(f->json->keys[i], key)) continue;
        f->used[i] = true;
        return &f->json->items[i];
    }
    return NULL;
}

enum err form_need(struct form *f, const char *key, const struct json **out)
{
    const struct json *value = form_take(f, key);
    if (!value) return form_fail(f, key, MSG_MISSING, NULL);
    *out = value;
    return ERR_OK;
}

enum err form_text(struct form *f, const char *key, struct str *out)
{
    const struct json *value = form_take(f, key);
    if (!value) return ERR_OK;
    if (value->type != JSON_STRING) return form_fail(f, key, MSG_WRONG_TYPE, "a text");
    *out = value->string;
    return ERR_OK;
}

enum err form_bool(struct form *f, const char *key, bool *out)
{
    const struct json *value = form_take(f, key);
    if (!value) return ERR_OK;
    if (value->type != JSON_BOOL) return form_fail(f, key, MSG_WRONG_TYPE, "true or false");
    *out = value->boolean;
    return ERR_OK;
}

static enum err fail_range(const struct form *f, const char *path, const struct json *value,
                           int64_t min, int64_t max)
{
    if (value->type == JSON_INT) {
        return why_fail(f->why, ERR_INVALID, MSG_OUT_OF_RANGE, path, "%lld|%lld|%lld",
                        (long long)value->integer, (long long)min, (long long)max);
    }
    if (value->type == JSON_DOUBLE) {
        return why_fail(f->why, ERR_INVALID, MSG_OUT_OF_RANGE, path, "%g|%lld|%lld", value->number,
                        (long long)min, (long long)max);
    }
    return fail_at(f, path, MSG_WRONG_TYPE, "a whole number");
}

enum err form_int(struct form *f, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const struct json *value = form_take(f, key);
    if (!value) return ERR_OK;
    if (value->type != JSON_INT || value->integer < min || value->integer > max) {
        if (value->type == JSON_DOUBLE && value->number >= (double)min &&
            value->number <= (double)max) {
            return form_fail(f, key, MSG_WRONG_TYPE, "a whole number");
        }
        return fail_range(f, form_path(f, key), value, min, max);
    }
    *out = value->integer;
    return ERR_OK;
}

/* "a, b, c" */
static const char *list_names(struct arena *a, const char *const *names)
{
    const char *list = names[0];
    for (size_t i = 1; names[i]; i++) {
        list = arena_printf(a, "%s, %s", list, names[i]);
    }
    return list;
}

enum err form_choice(struct form *f, const char *key, const char *const *names, int *out)
{
    struct str text = {0};
    TRY(form_text(f, key, &text));
    if (!text.p) return ERR_OK;
    for (int i = 0; names[i]; i++) {
        if (!str_is(text, names[i])) continue;
        *out = i;
        return ERR_OK;
    }
    const char *quoted = form_quote(f->arena, text);
    return why_fail(f->why, ERR_INVALID, MSG_UNKNOWN_VALUE, form_path(f, key), "%s|%s", quoted,
                    list_names(f->arena, names));
}

enum err form_duration(struct form *f, const char *key, int64_t min, int64_t *out)
{
    struct str text = {0};
    int64_t ms;
    TRY(form_text(f, key, &text));
    if (!text.p) return ERR_OK;
    if (!duration_parse(text, &ms) || ms < min) {
        return form_fail(f, key, MSG_QUERY_DURATION, form_quote(f->arena, text));
    }
    *out = ms;
    return ERR_OK;
}

enum err form_time(struct form *f, const char *key, const struct zone *zone, int64_t *out)
{
    struct str text = {0};
    TRY(form_text(f, key, &text));
    if (!text.p) return ERR_OK;
    if (!time_parse(zone, text, out)) {
        return form_fail(f, key, MSG_BAD_TIME, form_quote(f->arena, text));
    }
    return ERR_OK;
}

enum err form_numbers(struct form *f, const char *key, int64_t min, int64_t max, size_t count_max,
                      struct form_list *out)
{
    const struct json *value = form_take(f, key);
    if (!value) return ERR_OK;
    if (value->type != JSON_ARRAY) return form_fail(f, key, MSG_WRONG_TYPE, "a list of numbers");
    if (value->count == 0) return form_fail(f, key, MSG_MISSING, NULL);
    if (value->count > count_max) {
        return why_fail(f->why, ERR_INVALID, MSG_TOO_MANY, form_path(f, key), "%zu", count_max);
    }
    int64_t *items = arena_alloc_array(f->arena, value->count, sizeof(*items));
    for (size_t i = 0; i < value->count; i++) {
        const struct json *item = &value->items[i];
        const char *path = form_item_path(f, key, i);
        if (item->type != JSON_INT || item->integer < min || item->integer > max) {
            return fail_range(f, path, item, min, max);
        }
        if (i > 0 && item->integer <= items[i - 1]) return fail_at(f, path, MSG_QUERY_ASCEND, NULL);
        items[i] = item->integer;
    }
    *out = (struct form_list){items, value->count};
    return ERR_OK;
}
