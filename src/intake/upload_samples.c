/* upload_samples.c - rows that a dry run shows, kept with its figures.
 *
 * They are what the file holds, people's names and numbers in clear; so the row of the import has
 * them sealed, and they go with the file, or when anybody is erased: whose they are is not known.
 */
#include "base/hash.h"
#include "intake/samples.h"
#include "intake/upload_internal.h"

struct str upload_samples_seal(struct brand *b, const struct samples *s, struct arena *arena)
{
    uint8_t key[32], nonce[24];
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    samples_put(s, &w);
    uint8_t *sealed = arena_alloc(arena, text.len + SEAL_OVERHEAD);
    env_random(brand_env(b), nonce, sizeof(nonce));
    seal(brand_key(b, "samples1", key), nonce, strbuf_str(&text), sealed);
    struct str out = {(const char *)sealed, text.len + SEAL_OVERHEAD};
    strbuf_finish(&text);
    return out;
}

static enum err broken(enum err err, struct why *why)
{
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* {NULL, 0} = there are none. */
static enum err unsealed(struct brand *b, struct str sealed, struct arena *arena, struct str *out,
                         struct why *why)
{
    uint8_t key[32];
    *out = (struct str){NULL, 0};
    if (!sealed.p) return ERR_OK;
    if (sealed.len < SEAL_OVERHEAD) return broken(ERR_CORRUPT, why);
    char *text = arena_alloc(arena, sealed.len - SEAL_OVERHEAD + 1);
    if (!unseal(brand_key(b, "samples1", key), sealed, (uint8_t *)text))
        return broken(ERR_CORRUPT, why);
    *out = (struct str){text, sealed.len - SEAL_OVERHEAD};
    return ERR_OK;
}

enum err upload_samples_write(const struct upload_view *v, struct sql *db, uint32_t id,
                              struct json_writer *w, struct why *why)
{
    static const struct samples none;
    bool row;
    struct str text;
    struct sql_stmt *s = sql_use(db, "SELECT sampled FROM upload WHERE id = $1 AND mark <> 5");
    sql_bind_int(s, 1, id);
    enum err err = sql_step(s, &row);
    if (err != ERR_OK) return broken(err, why);
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "import");
    const struct str sealed = sql_is_null(s, 0) ? (struct str){NULL, 0} : sql_blob(s, 0);
    err = unsealed(v->brand, sealed, v->arena, &text, why);
    sql_reset(s);
    TRY(err);
    if (text.p) {
        strbuf_add_str(w->out, text);
    } else {
        samples_put(&none, w);
    }
    return ERR_OK;
}

enum err upload_forget_samples(struct tx *tx)
{
    return sql_run(
        sql_use(tx_sql(tx), "UPDATE upload SET sampled = NULL WHERE sampled IS NOT NULL"));
}
