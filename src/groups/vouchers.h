/* vouchers.h - what became of the vouchers that were given out in a group: the have 福利有料.
 *
 * definitions.md 5. A voucher is told from others by props.voucher; one without it is taken up by
 * the member's next event that has none either. What is done with it may happen anywhere. */
#pragma once

#include "base/arena.h"
#include "brand/brand.h"
#include "groups/haves.h"

#define VOUCHER_SETTLED (28 * TIME_DAY) /* so old, and it counts whatever became of it */
#define VOUCHER_OLDEST (56 * TIME_DAY)  /* and no longer from here on */

enum voucher_deed { VOUCHER_ISSUED, VOUCHER_REDEEMED, VOUCHER_EXPIRED, VOUCHER_VOIDED };
#define VOUCHER_DEEDS 4

/* One member's event of a voucher. */
struct voucher_row {
    int64_t at;
    enum voucher_deed deed;
    bool here;      /* issued in the group asked about */
    uint64_t which; /* hash of props.voucher; 0 = it has none */
};
/* Add to 'out' a member's vouchers as of 'to': of those that expired in the 28 days before it or
 * were issued 28 to 56 days before it, and not voided, how many were redeemed. Rows in order of
 * time, and at most VOUCHER_ROWS are looked at. */
#define VOUCHER_ROWS 4096
void vouchers_count(const struct voucher_row *rows, size_t count, int64_t to, struct share *out);

/* Of all members; {.known = false} where nothing counts. One pass over the log. */
MUST_CHECK enum err vouchers_read(struct brand *b, uint32_t group, int64_t to, struct share *out,
                                  struct why *why);
