/* routes_saved.c - saved questions and the boards they are pinned to.
 *
 * A question's body is {"query", "chart"}, a board's the list of its questions' ids. A question
 * that was removed is no longer on the boards that name it: its id is never given again. */
#include "api/internal.h"
#include "api/put.h"
#include "api/saved_call.h"
#include "base/limits.h"

static const struct json *body_of(const struct call *c, const struct saved *s)
{
    const struct json *json = NULL;
    struct why why;
    return json_parse(c->arena, s->body, &json, &why) == ERR_OK ? json : NULL;
}

static void put_head(const struct call *c, struct json_writer *w, const struct saved *s)
{
    put_int(w, "id", s->id);
    put_str(w, "name", s->name);
    put_int(w, "version", (int64_t)s->version);
    put_str(w, "author", s->author);
    put_time(c, w, "created_at", s->created_at);
    put_time(c, w, "changed_at", s->changed_at);
}

static void put_question(const struct call *c, struct json_writer *w, const struct saved *s)
{
    const struct json *body = body_of(c, s);
    json_begin_object(w);
    put_head(c, w, s);
    put_tree(w, "query", json_get(body, "query"));
    put_tree(w, "chart", json_get(body, "chart"));
    json_end_object(w);
}

/* Those of 'all' that a board names. */
struct questions {
    struct saved *items;
    size_t count;
};

static bool has(const struct questions *all, int64_t id)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].id == id) return true;
    }
    return false;
}

static void put_board(const struct call *c, struct json_writer *w, const struct saved *s,
                      const struct questions *all)
{
    const struct json *body = body_of(c, s);
    json_begin_object(w);
    put_head(c, w, s);
    put_array(w, "questions");
    for (size_t i = 0; body && body->type == JSON_ARRAY && i < body->count; i++) {
        if (has(all, body->items[i].integer)) json_int(w, body->items[i].integer);
    }
    json_end_array(w);
    json_end_object(w);
}

static enum err read_questions(struct call *c, struct questions *out, struct why *why)
{
    struct sql *db;
    TRY(call_reader(c, &db, why));
    return saved_list(db, SAVED_QUESTION, c->arena, &out->items, &out->count, why);
}

/* ---- reading ---- */

static enum saved_kind kind_of(const struct call *c)
{
    return strstr(c->spec->path, "/boards") ? SAVED_BOARD : SAVED_QUESTION;
}

static enum err put_one(struct call *c, struct json_writer *w, const struct saved *s,
                        struct why *why)
{
    struct questions all = {NULL, 0};
    call_etag(c, s->version);
    if (s->kind == SAVED_QUESTION) {
        put_question(c, w, s);
        return ERR_OK;
    }
    TRY(read_questions(c, &all, why));
    put_board(c, w, s, &all);
    return ERR_OK;
}

static enum err list_saved(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct saved *items;
    size_t count;
    struct questions all = {NULL, 0};
    enum saved_kind kind = kind_of(c);
    TRY(call_reader(c, &db, why));
    TRY(saved_list(db, kind, c->arena, &items, &count, why));
    if (kind == SAVED_BOARD) TRY(read_questions(c, &all, why));
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        if (kind == SAVED_BOARD) {
            put_board(c, w, &items[i], &all);
        } else {
            put_question(c, w, &items[i]);
        }
    }
    put_items_end(w);
    return ERR_OK;
}

static enum err get_saved(struct call *c, struct json_writer *w, struct why *why)
{
    struct saved s;
    TRY(saved_of_path(c, kind_of(c), &s, why));
    return put_one(c, w, &s, why);
}

/* ---- changing ---- */

static enum err read_question(struct call *c, struct json_writer *w, struct why *why)
{
    const struct json *query = call_json(c, "query"), *chart = call_json(c, "chart");
    if (query->count != 1) return why_fail(why, ERR_INVALID, MSG_QUERY_ONE_KEY, "query", NULL);
    json_begin_object(w);
    json_key(w, "query");
    json_tree(w, query);
    if (chart) {
        json_key(w, "chart");
        json_tree(w, chart);
    }
    json_end_object(w);
    return ERR_OK;
}

static enum err read_board(struct call *c, struct json_writer *w, struct why *why)
{
    const struct json *list = call_json(c, "questions");
    struct questions all;
    TRY(read_questions(c, &all, why));
    json_begin_array(w);
    for (size_t i = 0; list && i < list->count; i++) {
        const struct json *id = &list->items[i];
        if (id->type != JSON_INT || !has(&all, id->integer))
            return why_fail(why, ERR_INVALID, MSG_NOT_FOUND,
                            arena_printf(c->arena, "questions[%zu]", i), "%s", "question");
        json_int(w, id->integer);
    }
    json_end_array(w);
    return ERR_OK;
}

/* Name and body as the caller wants them. */
static enum err read_wanted(struct call *c, struct saved *s, struct why *why)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    s->kind = kind_of(c);
    s->name = str_trim(call_str(c, "name"));
    enum err err = s->name.len ? ERR_OK : why_fail(why, ERR_INVALID, MSG_MISSING, "name", NULL);
    if (err == ERR_OK)
        err = s->kind == SAVED_BOARD ? read_board(c, &w, why) : read_question(c, &w, why);
    if (err == ERR_OK) s->body = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return err;
}

static enum err add_saved(struct call *c, struct json_writer *w, struct why *why)
{
    struct saved s = {0};
    TRY(read_wanted(c, &s, why));
    TRY(saved_call_add(c, &s, why));
    return put_one(c, w, &s, why);
}

static enum err change_saved(struct call *c, struct json_writer *w, struct why *why)
{
    struct saved s;
    TRY(saved_of_path(c, kind_of(c), &s, why));
    TRY(call_if_match(c, s.version, why));
    struct str before = s.name;
    TRY(read_wanted(c, &s, why));
    TRY(saved_call_change(c, &s, before, why));
    return put_one(c, w, &s, why);
}

static enum err remove_saved(struct call *c, struct json_writer *w, struct why *why)
{
    (void)w;
    return saved_call_remove(c, kind_of(c), why);
}

/* ---- the table ---- */

#define NAME_FIELD                                                                                 \
    {                                                                                              \
        .name = "name", .type = SPEC_TEXT, .required = true, .min = 1, .max = LIMIT_NAME_BYTES,    \
        .doc = "what people call it"                                                               \
    }

static const struct spec_field question_body[] = {
    NAME_FIELD,
    {.name = "query",
     .type = SPEC_OBJECT,
     .required = true,
     .doc = "a query object (docs/query.md)"},
    {.name = "chart", .type = SPEC_OBJECT, .doc = "how the console shows it; kept as it is"},
    {0},
};

static const struct spec_field board_body[] = {
    NAME_FIELD,
    {.name = "questions",
     .type = SPEC_LIST,
     .max = LIMIT_BOARD_QUESTIONS,
     .doc = "ids of saved questions, in order"},
    {0},
};

#define QUESTION                                                                                   \
    "{\"id\":3,\"name\":\"下单漏斗\",\"version\":1,\"author\":\"anna\","                       \
    "\"created_at\":\"2025-03-01T08:00:00+08:00\",\"changed_at\":\"2025-03-01T08:00:00+08:00\","   \
    "\"query\":{\"trend\":{\"kind\":\"order.paid\"}},\"chart\":{\"type\":\"line\"}}"
#define FREE "\"query\":{},\"chart\":{}}"
#define BOARD                                                                                      \
    "{\"id\":7,\"name\":\"周会\",\"version\":2,\"author\":\"anna\","                             \
    "\"created_at\":\"2025-03-01T08:00:00+08:00\",\"changed_at\":\"2025-03-02T08:00:00+08:00\","   \
    "\"questions\":[3]}"

const struct spec saved_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/questions",
     .scope = SCOPE_INSIGHT_READ,
     .flags = SPEC_ANY_REACH,
     .handle = list_saved,
     .summary = "Saved questions",
     .reply = "{\"items\":[" QUESTION "],\"next\":null}\n"
              "~{\"items\":[{\"chart\":null},{" FREE "]}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/questions",
     .scope = SCOPE_BOARDS_WRITE,
     .body = question_body,
     .body_max = LIMIT_QUERY_BYTES + 8192,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_saved,
     .audit = "question.added",
     .summary = "Save a question",
     .reply = QUESTION "\n~{\"chart\":null}\n~{" FREE},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/questions/{id}",
     .scope = SCOPE_INSIGHT_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_saved,
     .summary = "A saved question",
     .reply = QUESTION "\n~{\"chart\":null}\n~{" FREE},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/questions/{id}",
     .scope = SCOPE_BOARDS_WRITE,
     .body = question_body,
     .body_max = LIMIT_QUERY_BYTES + 8192,
     .handle = change_saved,
     .audit = "question.changed",
     .summary = "Replace a saved question; If-Match names the version meant",
     .reply = QUESTION "\n~{\"chart\":null}\n~{" FREE},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/questions/{id}",
     .scope = SCOPE_BOARDS_WRITE,
     .handle = remove_saved,
     .audit = "question.removed",
     .summary = "Remove a saved question, from all boards too",
     .reply = NULL},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/boards",
     .scope = SCOPE_INSIGHT_READ,
     .flags = SPEC_ANY_REACH,
     .handle = list_saved,
     .summary = "Boards",
     .reply = "{\"items\":[" BOARD "],\"next\":null}"},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/boards",
     .scope = SCOPE_BOARDS_WRITE,
     .body = board_body,
     .body_max = 16384,
     .flags = SPEC_IDEMPOTENT,
     .handle = add_saved,
     .audit = "board.added",
     .summary = "Make a board",
     .reply = BOARD},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/boards/{id}",
     .scope = SCOPE_INSIGHT_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_saved,
     .summary = "A board",
     .reply = BOARD},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/boards/{id}",
     .scope = SCOPE_BOARDS_WRITE,
     .body = board_body,
     .body_max = 16384,
     .handle = change_saved,
     .audit = "board.changed",
     .summary = "Replace a board's name and questions; If-Match names the version meant",
     .reply = BOARD},
    {.method = HTTP_DELETE,
     .path = "/api/v1/{brand}/boards/{id}",
     .scope = SCOPE_BOARDS_WRITE,
     .handle = remove_saved,
     .audit = "board.removed",
     .summary = "Remove a board",
     .reply = NULL},
    {0},
};
