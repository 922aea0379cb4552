/* consent_link.c - links to the page for members, and how they are recalled.
 *
 * A link's code is made over its member, its end, and two counters: one of the member, one of the
 * brand (persona 0), which recalling moves on. Nothing else is stored of a link. Counters of 0 are
 * left out. */
#include <inttypes.h>
#include <stdio.h>

#include "people/consent.h"
#include "people/internal.h"

static enum err read_round(struct sql *db, uint32_t persona, int64_t *round)
{
    struct sql_stmt *s = sql_use(db, "SELECT round FROM link_recall WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    return sql_number(s, 0, round);
}

enum err consent_token(const struct brand *b, struct sql *db, uint32_t member, int64_t until,
                       char *out)
{
    uint8_t key[32];
    char hex[2 * sizeof(struct hash128) + 1], text[CONSENT_TOKEN_SIZE + 48];
    int64_t own, all;
    TRY(read_round(db, member, &own));
    TRY(read_round(db, 0, &all));
    int len =
        snprintf(out, CONSENT_TOKEN_SIZE, "%" PRIu32 "-%" PRId64, member, until / TIME_SECOND);
    int said = snprintf(text, sizeof(text), "%s", out);
    if (own || all)
        said +=
            snprintf(text + said, sizeof(text) - (size_t)said, "-%" PRId64 "-%" PRId64, own, all);
    brand_key(b, "prefers1", key);
    struct hash128 code = hash_keyed(key, text, (size_t)said);
    hex_encode(&code, sizeof(code), hex);
    snprintf(out + len, CONSENT_TOKEN_SIZE - (size_t)len, "-%s", hex);
    return ERR_OK;
}

enum err consent_token_read(const struct brand *b, struct sql *db, struct str token, int64_t now,
                            uint32_t *member)
{
    char made[CONSENT_TOKEN_SIZE];
    uint64_t id;
    int64_t until;
    struct str rest = token, number = str_cut(&rest, '-');
    bool plain = str_to_u64(number, &id) && id > 0 && id <= UINT32_MAX &&
                 str_to_i64(str_cut(&rest, '-'), &until) && until > 0 &&
                 until < INT64_MAX / TIME_SECOND;
    if (!plain) return ERR_NOT_FOUND;
    TRY(consent_token(b, db, (uint32_t)id, until * TIME_SECOND, made));
    uint8_t differ = strlen(made) != token.len; /* in the same time, wherever they differ */
    for (size_t i = 0; i < token.len && i < strlen(made); i++)
        differ |= (uint8_t)(made[i] ^ token.p[i]);
    if (differ || until * TIME_SECOND <= now) return ERR_NOT_FOUND;
    *member = (uint32_t)id;
    return ERR_OK;
}

/* ---- recalling ---- */

static enum err move_on(struct tx *tx, uint32_t persona)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO link_recall (persona, round, at) VALUES ($1, 1, $2)"
                            " ON CONFLICT (persona) DO UPDATE SET round = link_recall.round + 1,"
                            " at = excluded.at");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, tx_now(tx));
    return sql_run(s);
}

/* Links of before a merge name another of the member's personas. */
static enum err run_recall(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    const uint32_t *member = arg;
    uint32_t *personas;
    (void)why;
    if (*member == 0) return move_on(tx, 0);
    size_t count = identity_personas(p, identity_member(p, *member), tx_arena(tx), &personas);
    for (size_t i = 0; i < count; i++)
        TRY(move_on(tx, personas[i]));
    return ERR_OK;
}

enum err consent_recall(struct brand *b, uint32_t member, struct why *why)
{
    return brand_call(b, run_recall, &member, false, why);
}
