/* marks.c - what the sieve for ads was taught: rows of the numbers of grams. */
#include "moderation/internal.h"

#include <math.h>

static uint32_t grams_of(struct str text, uint16_t out[SIEVE_GRAMS])
{
    struct cleaner c = {0};
    uint32_t count = sieve_grams(clean_text(&c, text), out);
    cleaner_finish(&c);
    return count;
}

double mark_said(struct room *r, struct str text)
{
    uint16_t grams[SIEVE_GRAMS];
    double said = NAN;
    struct learnt *l = room_learnt(r);
    if (l && sieve_ready(l->sieve)) said = sieve_ask(l->sieve, grams, grams_of(text, grams));
    learnt_release(l);
    return said;
}

/* The oldest go when there are too many. */
enum err mark_add(struct tx *tx, const struct teaching *t)
{
    uint16_t grams[SIEVE_GRAMS];
    uint32_t count = grams_of(t->text, grams);
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "INSERT INTO moderation_mark (id, at, persona, ad, grams, said, author) VALUES"
                    " ((SELECT COALESCE(MAX(id), 0) + 1 FROM moderation_mark), $1, $2, $3, $4, $5,"
                    " $6)");
    sql_bind_int(s, 1, tx_now(tx));
    sql_bind_int(s, 2, t->persona);
    sql_bind_int(s, 3, t->ad);
    sql_bind_blob(s, 4, grams, count * sizeof(grams[0]));
    sql_bind_double(s, 5, t->said);
    sql_bind_str(s, 6, t->by);
    TRY(sql_run(s));
    s = sql_use(tx_sql(tx), "DELETE FROM moderation_mark WHERE id <="
                            " (SELECT MAX(id) FROM moderation_mark) - $1");
    sql_bind_int(s, 1, LIMIT_MODERATION_MARKS);
    return sql_run(s);
}

enum err marks_read(struct sql *db, struct arena *arena, struct mark **out, double **said,
                    size_t *count)
{
    struct mark *marks = arena_alloc_array(arena, LIMIT_MODERATION_MARKS, sizeof(*marks));
    double *before = arena_alloc_array(arena, LIMIT_MODERATION_MARKS, sizeof(*before));
    struct sql_stmt *s =
        sql_use(db, "SELECT ad, grams, said FROM moderation_mark ORDER BY id DESC LIMIT $1");
    sql_bind_int(s, 1, LIMIT_MODERATION_MARKS);
    size_t n = 0;
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) break;
        struct str grams = sql_blob(s, 1);
        before[n] = sql_is_null(s, 2) ? NAN : sql_double(s, 2);
        marks[n++] = (struct mark){arena_copy(arena, grams.p, grams.len),
                                   (uint32_t)(grams.len / sizeof(uint16_t)), sql_int(s, 0)};
    }
    *out = marks;
    if (said) *said = before;
    *count = n;
    return ERR_OK;
}

enum err moderation_lesson(struct brand *b, struct sql *db, struct lesson *out, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct mark *marks;
    double *said;
    size_t count;
    (void)b;
    *out = (struct lesson){0};
    enum err err = marks_read(db, arena, &marks, &said, &count);
    if (err == ERR_OK) {
        out->trial = sieve_try(marks, count);
        for (size_t i = 0; i < count; i++) {
            bool ad = marks[i].ad, found = said[i] >= SIEVE_SURE;
            out->ads += ad;
            out->others += !ad;
            if (isnan(said[i])) continue;
            out->since.found += found && ad;
            out->since.missed += !found && ad;
            out->since.wrong += found && !ad;
            out->since.cleared += !found && !ad;
        }
        out->ready = out->ads >= SIEVE_ENOUGH && out->others >= SIEVE_ENOUGH;
    }
    arena_destroy(arena);
    return err == ERR_OK ? ERR_OK : moderation_broken(err, why);
}
