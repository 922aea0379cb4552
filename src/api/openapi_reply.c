/* openapi_reply.c - schemas of what is answered, read off examples.
 *
 *   {"items":[{"a":1,"b":"x"},{"a":2}],"next":"7"}  ┐   a: integer, always there; b: string or
 * null,
 *   ~{"items":[{"b":null}],"next":null}             ┘   not always; next: string or null, always
 *
 * 1. A line is a whole reply; those at the end that begin with '~' show only what other forms
 * fields may have.
 * 2. A value has the types that it has in any of its examples; only null, or none, is of any type.
 * 3. A member of an object is always there when every example of it in a whole reply has it.
 * 4. An object that is empty in one of its examples holds whatever it likes.
 * 5. The entries of all examples of a list are examples of one thing.
 * An example that is no JSON, or a whole one behind another, is a bug. */
#include "api/openapi.h"

#include <assert.h>

/* Examples of one value. */
struct samples {
    const struct json **items;
    size_t count;
    size_t whole; /* of them, at the front, that come from whole replies */
};

static struct samples with_room(struct arena *a, size_t count)
{
    return (struct samples){arena_alloc_array(a, count + 1, sizeof(const struct json *)), 0, 0};
}

static void add(struct samples *s, const struct json *item, bool whole)
{
    s->items[s->count++] = item;
    s->whole += whole;
}

/* Those of them that are of a type. */
static struct samples of_type(struct arena *a, struct samples all, enum json_type type)
{
    struct samples found = with_room(a, all.count);
    for (size_t i = 0; i < all.count; i++) {
        if (all.items[i]->type == type) add(&found, all.items[i], i < all.whole);
    }
    return found;
}

static void write_like(struct json_writer *w, struct arena *a, struct samples all);

static void write_types(struct json_writer *w, struct arena *a, struct samples all)
{
    static const struct {
        enum json_type type;
        const char *name;
    } types[] = {{JSON_BOOL, "boolean"},  {JSON_STRING, "string"}, {JSON_ARRAY, "array"},
                 {JSON_OBJECT, "object"}, {JSON_INT, "integer"},   {JSON_DOUBLE, "number"},
                 {JSON_NULL, "null"}};
    const char *names[sizeof(types) / sizeof(types[0])];
    size_t count = 0;
    bool broken = of_type(a, all, JSON_DOUBLE).count > 0;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (broken && types[i].type == JSON_INT) continue; /* a whole number is a number, too */
        if (of_type(a, all, types[i].type).count > 0) names[count++] = types[i].name;
    }
    if (count == 0 || strcmp(names[0], "null") == 0) return;
    json_key(w, "type");
    if (count > 1) json_begin_array(w);
    for (size_t i = 0; i < count; i++)
        json_text(w, names[i]);
    if (count > 1) json_end_array(w);
}

static void write_items(struct json_writer *w, struct arena *a, struct samples lists)
{
    size_t count = 0;
    for (size_t i = 0; i < lists.count; i++)
        count += lists.items[i]->count;
    struct samples entries = with_room(a, count);
    for (size_t i = 0; i < lists.count; i++) {
        for (size_t k = 0; k < lists.items[i]->count; k++)
            add(&entries, &lists.items[i]->items[k], i < lists.whole);
    }
    json_key(w, "items");
    write_like(w, a, entries);
}

static const struct json *member(const struct json *object, struct str key)
{
    for (size_t i = 0; i < object->count; i++) {
        if (str_eq(object->keys[i], key)) return &object->items[i];
    }
    return NULL;
}

/* The values of a member in all objects that have it. */
static struct samples members(struct arena *a, struct samples objects, struct str key)
{
    struct samples found = with_room(a, objects.count);
    for (size_t i = 0; i < objects.count; i++) {
        const struct json *value = member(objects.items[i], key);
        if (value) add(&found, value, i < objects.whole);
    }
    return found;
}

/* Is member 'k' of object 'i' in none of the objects before? */
static bool is_new(struct samples objects, size_t i, size_t k)
{
    struct str key = objects.items[i]->keys[k];
    for (size_t before = 0; before < i; before++) {
        if (member(objects.items[before], key)) return false;
    }
    return true;
}

static void write_properties(struct json_writer *w, struct arena *a, struct samples objects)
{
    json_key(w, "properties");
    json_begin_object(w);
    for (size_t i = 0; i < objects.count; i++) {
        for (size_t k = 0; k < objects.items[i]->count; k++) {
            if (!is_new(objects, i, k)) continue;
            json_key_str(w, objects.items[i]->keys[k]);
            write_like(w, a, members(a, objects, objects.items[i]->keys[k]));
        }
    }
    json_end_object(w);
}

static void write_object(struct json_writer *w, struct arena *a, struct samples objects)
{
    const struct json *first = objects.items[0];
    size_t required = 0, known = objects.whole > 0 ? first->count : 0;
    for (size_t i = 0; i < objects.count; i++) {
        if (objects.items[i]->count == 0) return;
    }
    write_properties(w, a, objects);
    for (size_t k = 0; k < known; k++) {
        if (members(a, objects, first->keys[k]).whole < objects.whole) continue;
        if (required++ == 0) {
            json_key(w, "required");
            json_begin_array(w);
        }
        json_str(w, first->keys[k]);
    }
    if (required > 0) json_end_array(w);
}

static void write_like(struct json_writer *w, struct arena *a, struct samples all)
{
    struct samples lists = of_type(a, all, JSON_ARRAY), objects = of_type(a, all, JSON_OBJECT);
    json_begin_object(w);
    write_types(w, a, all);
    if (lists.count > 0) write_items(w, a, lists);
    if (objects.count > 0) write_object(w, a, objects);
    json_end_object(w);
}

static struct samples parse_all(struct arena *a, const char *examples)
{
    struct str rest = str_of(examples);
    size_t lines = 1;
    for (const char *p = examples; *p; p++)
        lines += *p == '\n';
    struct samples all = with_room(a, lines);
    for (size_t i = 0; i < lines; i++) {
        const struct json *tree;
        struct str line = str_cut(&rest, '\n');
        bool whole = !str_starts(line, STR("~"));
        if (!whole) line = (struct str){line.p + 1, line.len - 1};
        enum err err = json_parse(a, line, &tree, NULL);
        assert(err == ERR_OK && (!whole || all.whole == i));
        add(&all, tree, whole);
    }
    return all;
}

/* Schema and example of a type of content. */
static void write_content(struct json_writer *w, struct str type, const char *examples)
{
    struct arena *a = arena_create(0);
    json_key_str(w, type);
    json_begin_object(w);
    json_key(w, "schema");
    if (str_is(type, "application/json") && examples) {
        struct samples all = parse_all(a, examples);
        write_like(w, a, all);
        json_key(w, "example");
        json_tree(w, all.items[0]);
    } else {
        json_begin_object(w);
        json_key(w, "type");
        json_text(w, "string");
        json_end_object(w);
    }
    json_end_object(w);
    arena_destroy(a);
}

void openapi_write_reply(struct json_writer *w, const struct spec *s)
{
    const char *types = s->reply_types ? s->reply_types : s->reply ? "application/json" : NULL;
    struct str rest = str_of(types);
    json_key(w, types ? "2XX" : "204");
    json_begin_object(w);
    json_key(w, "description");
    json_text(w, types ? "Done" : "Done, with nothing to say");
    if (types) {
        json_key(w, "content");
        json_begin_object(w);
        while (rest.p)
            write_content(w, str_cut(&rest, '|'), s->reply);
        json_end_object(w);
    }
    json_end_object(w);
}
