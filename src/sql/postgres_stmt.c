/* postgres_stmt.c - prepared statements of PostgreSQL, their parameters and their rows.
 *
 * A statement is prepared without types; the server infers them and describes them to us, and each
 * bound value is put in the form of the inferred type at once. Rows come in binary form: all with
 * the reply, or, for a stream, one PGresult each.
 *
 *     prepared --step--> whole result, 'row' counts up      --last row, reset--> prepared
 *              --step--> stream: db->stream == this         --rest read away---> prepared */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sql/postgres.h"
#include "sql/postgres_value.h"

static struct postgres_db *of(struct sql *db)
{
    return (struct postgres_db *)db;
}

static struct postgres_stmt *stmt_of(struct sql_stmt *s)
{
    return (struct postgres_stmt *)s;
}

/* ---- prepare ---- */

static void make_params(struct postgres_stmt *s, const PGresult *about)
{
    size_t n = (size_t)PQnparams(about);
    s->base.param_count = (int)n;
    s->types = mem_alloc_array(n + 1, sizeof(s->types[0]));
    s->wires = mem_alloc_array(n + 1, sizeof(s->wires[0]));
    s->values = mem_alloc_array(n + 1, sizeof(s->values[0]));
    s->lengths = mem_alloc_array(n + 1, sizeof(s->lengths[0]));
    s->binary = mem_alloc_array(n + 1, sizeof(s->binary[0]));
    for (size_t i = 0; i < n; i++) {
        s->types[i] = PQparamtype(about, (int)i);
    }
}

static enum err make_columns(struct postgres_stmt *s, const PGresult *about)
{
    s->base.column_count = PQnfields(about);
    s->texts = mem_alloc_array((size_t)s->base.column_count + 1, sizeof(s->texts[0]));
    for (int i = 0; i < s->base.column_count; i++) {
        if (postgres_type_known(PQftype(about, i))) continue;
        return sql_complain(&postgres_driver, ERR_STORE, "type", s->base.text,
                            "a column has a type that cannot be read");
    }
    return ERR_OK;
}

static enum err describe(struct postgres_db *db, struct postgres_stmt *s)
{
    PGresult *about = PQdescribePrepared(db->conn, s->name);
    enum err err = ERR_OK;
    if (PQresultStatus(about) == PGRES_COMMAND_OK) {
        make_params(s, about);
        err = make_columns(s, about);
    } else {
        err = postgres_failed(db, about, s->base.text);
    }
    PQclear(about);
    return err;
}

enum err postgres_prepare(struct sql_stmt *base)
{
    struct postgres_db *db = of(base->db);
    struct postgres_stmt *s = stmt_of(base);
    TRY(postgres_idle(db, base->text));
    snprintf(s->name, sizeof(s->name), "s%d", ++db->names);
    PGresult *result = PQprepare(db->conn, s->name, base->text, 0, NULL);
    enum err err = PQresultStatus(result) == PGRES_COMMAND_OK
                       ? ERR_OK
                       : postgres_failed(db, result, base->text);
    PQclear(result);
    return err == ERR_OK ? describe(db, s) : err;
}

void postgres_finish(struct sql_stmt *base)
{
    struct postgres_stmt *s = stmt_of(base);
    for (int i = 0; s->wires && i < base->param_count; i++) {
        strbuf_finish(&s->wires[i]);
    }
    for (int i = 0; s->texts && i < base->column_count; i++) {
        strbuf_finish(&s->texts[i]);
    }
    mem_free(s->types);
    mem_free(s->wires);
    mem_free(s->values);
    mem_free(s->lengths);
    mem_free(s->binary);
    mem_free(s->texts);
    *s = (struct postgres_stmt){.base = *base};
}

/* ---- parameters ---- */

void postgres_unbind(struct sql_stmt *base)
{
    struct postgres_stmt *s = stmt_of(base);
    for (int i = 0; i < base->param_count; i++) {
        s->values[i] = NULL;
    }
}

enum err postgres_bind(struct sql_stmt *base, int index, const struct value *v)
{
    struct postgres_stmt *s = stmt_of(base);
    int i = index - 1;
    bool binary = true;
    s->values[i] = NULL;
    if (v->kind == VALUE_NULL) return ERR_OK;
    if (!postgres_encode(s->types[i], v, &s->wires[i], &binary)) {
        char code[16];
        snprintf(code, sizeof(code), "$%d", index);
        return sql_complain(&postgres_driver, ERR_STORE, code, base->text,
                            "the value does not fit the type of the parameter");
    }
    s->values[i] = s->wires[i].p; /* never NULL once encoded, also when empty */
    s->lengths[i] = (int)s->wires[i].len;
    s->binary[i] = binary;
    return ERR_OK;
}

/* ---- rows ---- */

/* The next row of a stream, or its end. */
static enum err next_streamed(struct postgres_db *db, struct postgres_stmt *s, bool *row)
{
    PQclear(s->result);
    s->result = PQgetResult(db->conn);
    s->row = 0;
    *row = false;
    switch (PQresultStatus(s->result)) {
    case PGRES_SINGLE_TUPLE:
        *row = true;
        return ERR_OK;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        return ERR_OK;
    default:
        return postgres_failed(db, s->result, s->base.text);
    }
}

static enum err start_stream(struct postgres_db *db, struct postgres_stmt *s, bool *row)
{
    int sent = PQsendQueryPrepared(db->conn, s->name, s->base.param_count, s->values, s->lengths,
                                   s->binary, 1);
    if (!sent) return postgres_failed(db, NULL, s->base.text);
    db->stream = s;
    if (!PQsetSingleRowMode(db->conn)) return postgres_failed(db, NULL, s->base.text);
    return next_streamed(db, s, row);
}

static enum err start_whole(struct postgres_db *db, struct postgres_stmt *s, bool *row)
{
    s->result =
        PQexecPrepared(db->conn, s->name, s->base.param_count, s->values, s->lengths, s->binary, 1);
    ExecStatusType status = PQresultStatus(s->result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        return postgres_failed(db, s->result, s->base.text);
    }
    s->row = 0;
    *row = PQntuples(s->result) > 0;
    return ERR_OK;
}

enum err postgres_step(struct sql_stmt *base, bool *row)
{
    struct postgres_db *db = of(base->db);
    struct postgres_stmt *s = stmt_of(base);
    if (db->stream == s) return next_streamed(db, s, row);
    if (base->running) {
        *row = ++s->row < PQntuples(s->result);
        return ERR_OK;
    }
    TRY(postgres_idle(db, base->text));
    return base->streaming ? start_stream(db, s, row) : start_whole(db, s, row);
}

/* The rest of a stream is read away rather than cancelled: cancelling would fail the transaction.
 */
void postgres_reset(struct sql_stmt *base)
{
    struct postgres_db *db = of(base->db);
    struct postgres_stmt *s = stmt_of(base);
    PQclear(s->result);
    s->result = NULL;
    if (db->stream != s) return;
    db->stream = NULL;
    for (PGresult *rest; (rest = PQgetResult(db->conn));) {
        PQclear(rest);
    }
}

/* ---- values ---- */

static struct str wire_of(struct sql_stmt *base, int column)
{
    struct postgres_stmt *s = stmt_of(base);
    return (struct str){PQgetvalue(s->result, s->row, column),
                        (size_t)PQgetlength(s->result, s->row, column)};
}

bool postgres_is_null(struct sql_stmt *base, int column)
{
    struct postgres_stmt *s = stmt_of(base);
    return PQgetisnull(s->result, s->row, column);
}

int64_t postgres_get_int(struct sql_stmt *base, int column)
{
    return postgres_int(PQftype(stmt_of(base)->result, column), wire_of(base, column));
}

double postgres_get_double(struct sql_stmt *base, int column)
{
    return postgres_double(PQftype(stmt_of(base)->result, column), wire_of(base, column));
}

struct str postgres_get_bytes(struct sql_stmt *base, int column, enum value_kind kind)
{
    struct postgres_stmt *s = stmt_of(base);
    (void)kind;
    return postgres_bytes(PQftype(s->result, column), wire_of(base, column), &s->texts[column]);
}
