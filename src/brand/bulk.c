/* bulk.c - rows that go into the log as parts of their own, behind what the tail holds. */
#include <assert.h>

#include "brand/internal.h"

enum err tx_bulk_begin(struct tx *tx, struct why *why)
{
    assert(tx->bulk_rows == 0); /* the tail is sealed once, before the parts */
    TRY(flush_all(tx));
    return compact_seal_tail(tx, NULL, why);
}

enum err tx_bulk_part(struct tx *tx, const struct event *const *events, size_t count,
                      const struct hash128 *ids, size_t id_count, struct why *why)
{
    struct brand *b = tx->brand;
    if (count == 0) return ERR_OK;
    assert(tx->events.count == 0);
    struct sealed sealed = {
        .first_seq = tx_seq(tx) + 1, .last_seq = tx_seq(tx) + count, .newest_at = tx->now};
    enum err err = compact_write(b, events, count, NULL, &sealed, why);
    if (err == ERR_OK) err = compact_write_ids(b, ids, id_count, &sealed, why);
    log_wrote(tx, sealed.file, "part");
    log_wrote(tx, sealed.ids_file, "ids");
    TRY(err);
    TRY(compact_enter(tx, &sealed, why));
    tx->bulk_rows += count;
    return ERR_OK;
}

enum err tx_bulk_file(struct tx *tx, uint32_t file, const struct part_info *info, struct why *why)
{
    assert(tx->events.count == 0);
    const struct sealed sealed = {.file = file,
                                  .first_seq = tx_seq(tx) + 1,
                                  .last_seq = tx_seq(tx) + info->rows,
                                  .info = *info};
    TRY(compact_enter(tx, &sealed, why));
    tx->bulk_rows += info->rows;
    return ERR_OK;
}
