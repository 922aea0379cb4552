/* messages.c - reading text.db: a page of a group, newest first, whole or by words. */
#include "groups/internal.h"

#include "base/fs.h"
#include "base/vec.h"

#define COLUMNS                                                                                    \
    "s.id, s.of_group, s.at, s.persona, s.staff, s.message, s.reply_to, s.type, s.text,"           \
    " s.edited_at, s.recalled_at"

/* NULL when there is no file yet. */
static enum err open_reader(struct brand *b, struct sql **db, struct why *why)
{
    char path[STORE_PATH_SIZE];
    text_store_path(b, path);
    *db = NULL;
    if (!fs_exists(path)) return ERR_OK;
    return sql_open("sqlite:", path, "", SQL_READER, db, why);
}

static struct message read_row(struct sql_stmt *s, struct arena *arena)
{
    return (struct message){
        .id = (uint64_t)sql_int(s, 0),
        .group = (uint32_t)sql_int(s, 1),
        .at = sql_int(s, 2),
        .persona = (uint32_t)sql_int(s, 3),
        .staff = (uint32_t)sql_int(s, 4),
        .message = arena_str(arena, sql_str(s, 5)),
        .reply_to = arena_str(arena, sql_str(s, 6)),
        .type = arena_str(arena, sql_str(s, 7)),
        .text = arena_str(arena, sql_str(s, 8)),
        .edited_at = sql_is_null(s, 9) ? TIME_NONE : sql_int(s, 9),
        .recalled_at = sql_is_null(s, 10) ? TIME_NONE : sql_int(s, 10),
    };
}

static struct sql_stmt *statement(struct sql *db, struct str question)
{
    if (question.len == 0)
        return sql_use(db, "SELECT " COLUMNS " FROM said s WHERE s.of_group = $1 AND s.at >= $2"
                           " AND s.at < $3 AND (s.at, s.id) < ($4, $5)"
                           " ORDER BY s.at DESC, s.id DESC");
    struct sql_stmt *s =
        sql_use(db, "SELECT " COLUMNS " FROM said_index i JOIN said s ON s.id = i.rowid"
                    " WHERE i.said_index MATCH $6 AND s.of_group = $1 AND s.at >= $2"
                    " AND s.at < $3 AND (s.at, s.id) < ($4, $5) ORDER BY s.at DESC, s.id DESC");
    sql_bind_str(s, 6, question);
    return s;
}

static enum err read_page(const struct messages_ask *ask, struct sql_stmt *s, struct messages *out)
{
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        if (ask->keep && !ask->keep(ask->ctx, (uint32_t)sql_int(s, 3))) continue;
        if (out->count == ask->limit) {
            out->more = true;
            sql_reset(s);
            return ERR_OK;
        }
        out->items[out->count++] = read_row(s, ask->arena);
    }
}

static enum err count_rows(struct sql *db, uint32_t group, uint64_t *out)
{
    int64_t count;
    struct sql_stmt *s = sql_use(db, "SELECT COUNT(*) FROM said WHERE of_group = $1");
    sql_bind_int(s, 1, group);
    TRY(sql_number(s, 0, &count));
    *out = (uint64_t)count;
    return ERR_OK;
}

static enum err read_list(const struct messages_ask *ask, struct sql *db, struct str question,
                          struct messages *out)
{
    const struct message_place newest = {INT64_MAX, INT64_MAX};
    const struct message_place *before = ask->before ? ask->before : &newest;
    TRY(count_rows(db, ask->group, &out->kept));
    struct sql_stmt *s = statement(db, question);
    sql_bind_int(s, 1, ask->group);
    sql_bind_int(s, 2, ask->from);
    sql_bind_int(s, 3, ask->to);
    sql_bind_int(s, 4, before->at);
    sql_bind_int(s, 5, (int64_t)before->id);
    return read_page(ask, s, out);
}

enum err messages_list(const struct messages_ask *ask, struct messages *out, struct why *why)
{
    struct sql *db;
    struct str question = messages_question(ask->arena, ask->find);
    *out = (struct messages){0};
    if (ask->find.len && question.len == 0) return ERR_OK; /* signs alone are in no index */
    TRY(open_reader(ask->brand, &db, why));
    if (!db) return ERR_OK;
    out->items = arena_alloc_array(ask->arena, ask->limit + 1, sizeof(*out->items));
    enum err err = read_list(ask, db, question, out);
    sql_close(db);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static enum err read_named(const struct messages_ask *ask, struct sql *db, struct str name,
                           struct messages *out)
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM said s WHERE s.of_group = $1 AND"
                                     " s.message = $2 AND s.message <> '' ORDER BY s.id DESC"
                                     " LIMIT 1");
    sql_bind_int(s, 1, ask->group);
    sql_bind_str(s, 2, name);
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    out->items[out->count++] = read_row(s, ask->arena);
    sql_reset(s);
    return ERR_OK;
}

enum err messages_named(const struct messages_ask *ask, const struct str *names, size_t count,
                        struct messages *out, struct why *why)
{
    struct sql *db;
    enum err err = ERR_OK;
    *out = (struct messages){0};
    TRY(open_reader(ask->brand, &db, why));
    if (!db) return ERR_OK;
    out->items = arena_alloc_array(ask->arena, count + 1, sizeof(*out->items));
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        if (names[i].len) err = read_named(ask, db, names[i], out);
    }
    sql_close(db);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* ---- a member's ---- */

static enum err read_of(struct sql *db, uint32_t persona, messages_fn *fn, void *ctx,
                        struct why *why)
{
    struct arena *arena = arena_create(0);
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM said s WHERE s.persona = $1 AND"
                                     " s.persona > 0 ORDER BY s.at, s.id");
    enum err err;
    sql_bind_int(s, 1, persona);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK) why_fail(why, err, MSG_INTERNAL, "", NULL);
        if (err != ERR_OK || !row) break;
        struct message m = read_row(s, arena);
        err = fn(ctx, &m, why);
        if (err != ERR_OK) break;
        arena_reset(arena);
    }
    sql_reset(s);
    arena_destroy(arena);
    return err;
}

enum err messages_of(struct brand *b, const uint32_t *personas, size_t count, messages_fn *fn,
                     void *ctx, struct why *why)
{
    struct sql *db;
    enum err err = ERR_OK;
    TRY(open_reader(b, &db, why));
    if (!db) return ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = read_of(db, personas[i], fn, ctx, why);
    sql_close(db);
    return err;
}

/* ---- checking ---- */

/* Rows with words, and entries of the index. */
static enum err check_index(struct sql *db, bool *same)
{
    bool row;
    int64_t rows = 0, entries;
    struct arena *arena = arena_create(0);
    struct sql_stmt *s = sql_use(db, "SELECT text FROM said WHERE text <> ''");
    for (;;) {
        TRY(sql_step(s, &row));
        if (!row) break;
        rows += str_trim(messages_words(arena, sql_str(s, 0))).len > 0;
        arena_reset(arena);
    }
    arena_destroy(arena);
    s = sql_use(db, "SELECT COUNT(*) FROM said_index_docsize");
    TRY(sql_number(s, 0, &entries));
    *same = rows == entries;
    return ERR_OK;
}

enum err messages_verify(struct brand *b, void (*finding)(void *ctx, const char *what), void *ctx,
                         struct why *why)
{
    struct sql *db;
    struct why found = {0};
    char text[420];
    bool same = true;
    TRY(open_reader(b, &db, why));
    if (!db) return ERR_OK;
    enum err err = sql_verify(db, &found);
    if (err == ERR_CORRUPT) {
        why_text(&found, LANG_EN, text, sizeof(text));
        finding(ctx, text);
    } else if (err == ERR_OK) {
        err = check_index(db, &same);
    }
    sql_close(db);
    if (!same) finding(ctx, "text.db: the index and the messages differ");
    if (err == ERR_OK || err == ERR_CORRUPT) return ERR_OK;
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}
