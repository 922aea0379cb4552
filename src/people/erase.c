/* erase.c - a member goes: the log is written anew without their personas, and what the tables say
 * of them goes in the transaction that swaps its files, which writes the receipt.
 *
 * Whose personas they are is asked before the files are written and once more in the transaction:
 * if a merge came in between, nothing is erased and all begins anew. Numbers of personas are never
 * given again: the table 'erased' keeps those that no other row names any more. The line in the
 * list of the erased is written first of all: a backup of before must never be restored without
 * it. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json.h"
#include "brand/erasures.h"
#include "people/erase_internal.h"
#include "people/holdings.h"

#define TRIES 5

static int ascending(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static size_t personas_now(struct people *p, struct tx *tx, uint32_t member, uint32_t **out)
{
    size_t count = identity_personas(p, identity_member(p, member), tx_arena(tx), out);
    qsort(*out, count, sizeof((*out)[0]), ascending);
    return count;
}

static enum err is_known(struct tx *tx, uint32_t persona, bool *known)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    TRY(sql_step(s, known));
    sql_reset(s);
    return ERR_OK;
}

/* The hashes of a persona's identities, and how many of each kind there are. */
static enum err list_identities(struct tx *tx, struct leaving *l, uint32_t persona,
                                struct json_writer *w)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT key, kind FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    for (;;) {
        bool row;
        char hex[33];
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct str key = sql_blob(s, 0);
        int64_t kind = sql_int(s, 1);
        if (key.len != 16 || kind < 0 || kind >= IDENTITY_KIND_COUNT) return ERR_CORRUPT;
        hex_encode(key.p, key.len, hex);
        json_text(w, hex);
        l->identities[kind]++;
    }
}

/* The line for the list of the erased. */
static enum err make_line(struct tx *tx, struct leaving *l)
{
    struct json_writer w = {.out = &l->line};
    strbuf_reset(&l->line);
    memset(l->identities, 0, sizeof(l->identities));
    json_begin_object(&w);
    json_key(&w, "v");
    json_int(&w, 1);
    json_key(&w, "brand");
    json_text(&w, brand_slug(tx_brand(tx)));
    json_key(&w, "at");
    json_int(&w, tx_now(tx));
    json_key(&w, "personas");
    json_begin_array(&w);
    for (size_t i = 0; i < l->personas.count; i++)
        json_uint(&w, l->personas.items[i]);
    json_end_array(&w);
    json_key(&w, "keys");
    json_begin_array(&w);
    for (size_t i = 0; i < l->personas.count; i++)
        TRY(list_identities(tx, l, l->personas.items[i], &w));
    json_end_array(&w);
    json_end_object(&w);
    return ERR_OK;
}

static enum err run_list(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct leaving *l = arg;
    uint32_t *personas, member = l->order->member;
    bool known;
    TRY(is_known(tx, member, &known));
    if (!known) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "member", "m%u", member);
    size_t count = personas_now(p, tx, member, &personas);
    VEC_RESET(&l->personas);
    for (size_t i = 0; i < count; i++)
        VEC_PUSH(&l->personas, personas[i]);
    return make_line(tx, l);
}

enum err erase_rows(struct people *p, struct tx *tx, const uint32_t *personas, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(member_erase(p, tx, identity_member(p, personas[i])));
    TRY(merge_erase(p, tx, personas, count));
    for (size_t i = 0; i < count; i++) {
        TRY(holdings_erase(tx, personas[i]));
        TRY(conflict_erase(p, tx, personas[i]));
        TRY(trait_erase(p, tx, personas[i]));
        TRY(tagging_erase(p, tx, personas[i]));
        TRY(note_erase(tx, personas[i]));
        TRY(owner_erase(tx, personas[i]));
        TRY(consent_erase(p, tx, personas[i]));
        TRY(identity_erase(p, tx, personas[i]));
    }
    circles_outdate(p);
    return ERR_OK;
}

static enum err run_rows(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct leaving *l = arg;
    uint32_t *personas;
    size_t count = personas_now(p, tx, l->order->member, &personas);
    l->merged = count != l->personas.count ||
                memcmp(personas, l->personas.items, count * sizeof(personas[0])) != 0;
    if (l->merged) return why_fail(why, ERR_CONFLICT, MSG_MERGED_MEANWHILE, "member", NULL);
    memset(l->rows, 0, holdings_number() * sizeof(l->rows[0]));
    for (size_t i = 0; i < count; i++)
        TRY(holdings_count(tx_sql(tx), personas[i], l->rows));
    return erase_rows(p, tx, personas, count);
}

static enum err run_finish(struct tx *tx, void *arg, struct why *why)
{
    (void)why;
    return receipt_write(tx, arg);
}

static enum err erase_once(struct brand *b, struct leaving *l, struct why *why)
{
    TRY(brand_call(b, run_list, l, false, why));
    TRY(erasures_append(brand_data(b), strbuf_str(&l->line), why));
    l->erasure = (struct erasure){.gone = {l->personas.items, l->personas.count},
                                  .rows = run_rows,
                                  .finish = run_finish,
                                  .arg = l};
    return brand_erase(b, &l->erasure, why);
}

enum err people_erase_for(struct brand *b, const struct erase_order *order,
                          struct people_erased *out, uint64_t *receipt, struct why *why)
{
    struct leaving l = {.order = order};
    enum err err;
    int tries = 0;
    l.rows = mem_alloc_array(holdings_number(), sizeof(l.rows[0]));
    do {
        l.merged = false;
        err = erase_once(b, &l, why);
    } while (l.merged && ++tries < TRIES);
    if (err == ERR_OK) {
        *out =
            (struct people_erased){(uint32_t)l.personas.count, l.erasure.events, l.erasure.parts};
        *receipt = l.receipt;
    }
    mem_free(l.rows);
    strbuf_finish(&l.line);
    VEC_FINISH(&l.personas);
    return err;
}

enum err people_erase(struct brand *b, uint32_t member, struct people_erased *out, struct why *why)
{
    const struct erase_order order = {member, STR("command"), STR("asked")};
    uint64_t receipt;
    return people_erase_for(b, &order, out, &receipt, why);
}

enum err people_each_erased(struct sql *db, void (*fn)(void *ctx, uint32_t persona), void *ctx)
{
    struct sql_stmt *s = sql_use(db, "SELECT persona FROM erased");
    sql_stream(s);
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        fn(ctx, (uint32_t)sql_int(s, 0));
    }
}
