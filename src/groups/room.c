/* room.c - the room's seat at the writer's table.
 *
 * Codes of groups are dense and never taken back, so that those without a record are the ones
 * above the highest that has one: they get theirs when the brand is opened, and with each round of
 * write-back, bulk loads included. Until then readers fill in what the record will say. */
#include "groups/internal.h"

#include "base/mem.h"

static enum err room_open(struct tx *tx, void **state, struct why *why)
{
    struct room *r = mem_alloc(sizeof(*r));
    (void)why;
    *state = r;
    pthread_mutex_init(&r->list.lock, NULL);
    TRY(text_store_open(tx, &r->text));
    return record_fill(tx, &r->recorded);
}

static void room_close(void *state)
{
    struct room *r = state;
    text_store_close(&r->text);
    pthread_mutex_destroy(&r->list.lock);
    mem_free(r->list.rows);
    mem_free(r);
}

static enum err room_on_said(struct tx *tx, void *state, const struct event *ev, uint64_t seq,
                             const struct said *said)
{
    struct room *r = state;
    return text_store_said(tx, &r->text, ev, seq, said);
}

static void room_on_gathered(void *state)
{
    struct room *r = state;
    text_store_gathered(&r->text);
}

static enum err room_on_prepare(struct tx *tx, void *state)
{
    struct room *r = state;
    return text_store_prepare(tx, &r->text);
}

/* Lists of before an erasure are outdated, though the log is where it was. */
static void room_on_visible(void *state)
{
    struct room *r = state;
    if (!r->erasing) return;
    pthread_mutex_lock(&r->list.lock);
    r->list.erasures++;
    pthread_mutex_unlock(&r->list.lock);
    r->erasing = false;
}

static void room_on_commit(void *state)
{
    struct room *r = state;
    text_store_commit(&r->text);
}

static enum err room_on_flush(struct tx *tx, void *state, size_t rows_max, bool *clean)
{
    struct room *r = state;
    (void)rows_max;
    *clean = true;
    if (r->recorded == registry_code_count(tx_brand(tx), DIM_GROUP)) return ERR_OK;
    return record_fill(tx, &r->recorded);
}

/* What was recorded may not be there: the next round looks. */
static void room_on_rollback(void *state)
{
    struct room *r = state;
    r->erasing = false;
    r->recorded = UINT32_MAX;
    text_store_rollback(&r->text);
}

static enum err room_on_erase(struct tx *tx, void *state, struct erasure *e)
{
    struct room *r = state;
    TRY(role_erase(tx, e));
    r->erasing = true;
    return text_store_erase(tx, &r->text, e);
}

const struct module groups_module = {
    .name = "groups",
    .migrations = groups_migrations,
    .open = room_open,
    .close = room_close,
    .on_said = room_on_said,
    .on_gathered = room_on_gathered,
    .on_prepare = room_on_prepare,
    .on_commit = room_on_commit,
    .on_visible = room_on_visible,
    .on_flush = room_on_flush,
    .on_rollback = room_on_rollback,
    .on_erase = room_on_erase,
};
