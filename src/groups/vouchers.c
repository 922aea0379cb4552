/* vouchers.c - members in turn: their rows are collected, then each issue looks for its fate. */
#include "groups/vouchers.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/vec.h"

/* The next row after an issue that is of the same voucher, and not another's fate yet. */
static size_t find_fate(const struct voucher_row *rows, size_t count, size_t issue,
                        const bool *taken, int64_t to)
{
    for (size_t i = issue + 1; i < count && rows[i].at <= to; i++) {
        if (!taken[i] && rows[i].deed != VOUCHER_ISSUED && rows[i].which == rows[issue].which)
            return i;
    }
    return count;
}

void vouchers_count(const struct voucher_row *rows, size_t count, int64_t to, struct share *out)
{
    bool taken[VOUCHER_ROWS] = {0};
    if (count > VOUCHER_ROWS) count = VOUCHER_ROWS;
    for (size_t i = 0; i < count; i++) {
        const struct voucher_row *v = &rows[i];
        if (v->deed != VOUCHER_ISSUED || v->at > to) continue;
        size_t fate = find_fate(rows, count, i, taken, to);
        enum voucher_deed became = fate < count ? rows[fate].deed : VOUCHER_ISSUED;
        if (fate < count) taken[fate] = true;
        if (!v->here || became == VOUCHER_VOIDED) continue;
        bool expired = became == VOUCHER_EXPIRED && rows[fate].at > to - VOUCHER_SETTLED;
        bool settled = v->at > to - VOUCHER_OLDEST && v->at <= to - VOUCHER_SETTLED;
        out->of += expired || settled;
        out->hits += settled && became == VOUCHER_REDEEMED;
    }
    out->known = out->of > 0;
}

/* ---- reading ---- */

struct pass {
    uint32_t group;
    int64_t to;
    int kinds[VOUCHER_DEEDS];
    bool named; /* the brand knows the property */
    VEC(struct voucher_row) rows;
    struct share *out;
};

static void add_row(struct pass *p, const struct history *h, uint32_t r)
{
    for (int d = 0; d < VOUCHER_DEEDS; d++) {
        if (p->kinds[d] <= 0 || h->kind[r] != p->kinds[d]) continue;
        struct voucher_row row = {
            .at = h->at[r], .deed = (enum voucher_deed)d, .here = h->dim[DIM_GROUP][r] == p->group};
        if (p->named && h->props[0].text[r]) {
            struct str text = h->props[0].strings[h->props[0].text[r]];
            row.which = hash_xxh3(text.p, text.len) | 1;
        }
        VEC_PUSH(&p->rows, row);
    }
}

static bool add_run(void *worker, const struct history *h)
{
    struct pass *p = worker;
    for (uint32_t i = 0; i < h->member_count; i++) {
        VEC_RESET(&p->rows);
        for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++)
            add_row(p, h, r);
        if (p->rows.count) vouchers_count(p->rows.items, p->rows.count, p->to, p->out);
    }
    return true;
}

enum err vouchers_read(struct brand *b, uint32_t group, int64_t to, struct share *out,
                       struct why *why)
{
    static const struct str names[VOUCHER_DEEDS] = {{"voucher.issued", 14},
                                                    {"voucher.redeemed", 16},
                                                    {"voucher.expired", 15},
                                                    {"voucher.voided", 14}};
    struct pass p = {.group = group, .to = to, .out = out};
    uint16_t kinds[VOUCHER_DEEDS];
    size_t count = 0;
    struct columns columns = {.mask = COLUMN_DIM0 << DIM_GROUP};
    enum prop_type type = PROP_TEXT;
    *out = (struct share){0};
    for (int d = 0; d < VOUCHER_DEEDS; d++) {
        p.kinds[d] = registry_find_kind(b, names[d]);
        if (p.kinds[d] > 0) kinds[count++] = (uint16_t)p.kinds[d];
    }
    if (p.kinds[VOUCHER_ISSUED] <= 0) return ERR_OK;
    uint32_t prop = registry_find_prop(b, STR("voucher"), PROP_TEXT);
    p.named = prop != 0;
    if (prop) columns.props[columns.prop_count++] = prop;
    struct scan s = {.columns = &columns,
                     .prop_types = &type,
                     .to = to + 1,
                     .kinds = kinds,
                     .kind_count = count,
                     .members_only = true};
    struct budget budget = {.bytes_left = LIMIT_QUERY_MEMORY};
    void *worker = &p;
    struct snapshot *snapshot = brand_snapshot(b);
    enum err err = eventlog_scan(snapshot, &s, &worker, 1, add_run, &budget, why);
    brand_snapshot_release(snapshot);
    VEC_FINISH(&p.rows);
    return err;
}
