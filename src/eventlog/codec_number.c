/* codec_number.c - amounts and numbers, most of them null in most groups.
 *
 * A number is a whole count of 10^-digits where every number of the column is (prices, weights,
 * plain counts); only otherwise its IEEE bits are stored. Whole numbers are kept as they are when
 * none is negative, else zigzag. */
#include "eventlog/codec_scratch.h"

#include <assert.h>
#include <math.h>

#include "base/history.h"
#include "base/selection.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53: whole numbers up to here are exact */

#define FILL 8 /* rows at once */
_Static_assert(FILL <= CODEC_SLACK, "the last of them may be past the rows");

static const double power[DIGITS_MAX + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

static void write_bitmap(const struct sparse *at, struct strbuf *out)
{
    uint8_t bitmap[CODEC_ROWS_MAX / 8] = {0};
    for (size_t i = 0; i < at->count; i++) {
        bitmap[at->row[i] / 8] |= (uint8_t)(1u << at->row[i] % 8);
    }
    strbuf_add(out, bitmap, (at->rows + 7) / 8);
}

/* Uses w->b. */
void presence_write(struct codec_writer *w, const struct sparse *at, struct strbuf *out)
{
    assert(at->count > 0 && at->count <= at->rows && at->rows <= CODEC_ROWS_MAX);
    if (at->count == at->rows) {
        put_u8(out, PRESENT_ALL);
        return;
    }
    uint32_t next = 0; /* the first row that may follow */
    for (size_t i = 0; i < at->count; i++) {
        w->b[i] = at->row[i] - next;
        next = at->row[i] + 1;
    }
    size_t start = out->len;
    put_u8(out, PRESENT_LIST);
    put_varint(out, at->count);
    size_t head = out->len;
    stream_encode(w->streams, w->b, at->count, 0, out);
    if (out->len - head <= (at->rows + 7) / 8) return;
    out->len = head;
    out->p[start] = PRESENT_BITMAP;
    write_bitmap(at, out);
}

static bool read_bitmap(struct codec_reader *r, struct byte_reader *in, size_t rows, size_t count)
{
    uint64_t bits[CODEC_ROWS_MAX / 64];
    size_t len = (rows + 7) / 8;
    const uint8_t *bitmap = get_bytes(in, len);
    if (!bitmap) return false;
    bits[(len - 1) / sizeof(*bits)] = 0; /* its last bytes may not be there */
    memcpy(bits, bitmap, len);
    size_t found = selection_rows(bits, (uint32_t)(8 * len), r->rows);
    return found == count && r->rows[found - 1] < rows;
}

static bool read_list(struct codec_reader *r, struct byte_reader *in, size_t rows, size_t count)
{
    if (!stream_open(&r->b, in, count, 32) || !stream_read32(&r->b, r->rows)) return false;
    uint64_t next = 0;
    for (size_t i = 0; i < count; i++) {
        next += r->rows[i];
        r->rows[i] = (uint32_t)next++;
    }
    return next <= rows; /* it only grew, so every one was below */
}

bool presence_read(struct codec_reader *r, struct byte_reader *in, size_t rows,
                   struct presence *out)
{
    uint8_t form = get_u8(in);
    out->all = form == PRESENT_ALL;
    out->count = out->all ? rows : get_varint32(in);
    if (in->bad || form > PRESENT_LIST || out->count == 0 || out->count > rows) return false;
    if (out->all) return true;
    return form == PRESENT_BITMAP ? read_bitmap(r, in, rows, out->count)
                                  : read_list(r, in, rows, out->count);
}

/* w->a holds two's complement. */
static void write_signed(struct codec_writer *w, const struct sparse *at, uint8_t digits,
                         struct strbuf *out)
{
    bool negative = false;
    for (size_t i = 0; i < at->count; i++)
        negative |= (int64_t)w->a[i] < 0;
    for (size_t i = 0; i < at->count && negative; i++)
        w->a[i] = zigzag((int64_t)w->a[i]);
    put_u8(out, digits);
    put_u8(out, negative);
    presence_write(w, at, out);
    stream_encode(w->streams, w->a, at->count, STREAM_MONEY, out);
}

void codec_write_amounts(struct codec_writer *w, const struct sparse *at, const int64_t *values,
                         struct strbuf *out)
{
    for (size_t i = 0; i < at->count; i++)
        w->a[i] = (uint64_t)values[i];
    write_signed(w, at, 0, out);
}

static uint64_t ieee_bits(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

/* 'v' as a count of 10^-digits that gives back the same bits. */
static bool to_decimal(double v, unsigned digits, uint64_t *out)
{
    double scaled = v * power[digits];
    if (!(fabs(scaled) <= WHOLE_MAX)) return false;
    int64_t whole = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    double back = (double)whole / power[digits];
    *out = (uint64_t)whole;
    return ieee_bits(back) == ieee_bits(v);
}

/* The fewest digits that hold every number; DIGITS_IEEE when none do. w->a then has the counts. */
static uint8_t find_digits(struct codec_writer *w, const double *values, size_t count)
{
    unsigned digits = 0;
    for (size_t i = 0; i < count; i++) {
        while (!to_decimal(values[i], digits, &w->a[i])) {
            if (++digits > DIGITS_MAX) return DIGITS_IEEE;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!to_decimal(values[i], digits, &w->a[i])) return DIGITS_IEEE;
    }
    return (uint8_t)digits;
}

void codec_write_numbers(struct codec_writer *w, const struct sparse *at, const double *values,
                         struct strbuf *out)
{
    uint8_t digits = find_digits(w, values, at->count);
    if (digits != DIGITS_IEEE) {
        write_signed(w, at, digits, out);
        return;
    }
    memcpy(w->a, values, at->count * sizeof(values[0]));
    put_u8(out, DIGITS_IEEE);
    put_u8(out, 0);
    presence_write(w, at, out);
    stream_encode(w->streams, w->a, at->count, STREAM_CODES, out);
}

double number_of(uint64_t stored, uint8_t digits)
{
    double v;
    memcpy(&v, &stored, sizeof(v));
    return digits == DIGITS_IEEE ? v : (double)(int64_t)stored / power[digits];
}

/* The numbers of the rows that have one into r->wide. */
static bool read_signed(struct codec_reader *r, struct str bytes, size_t rows, uint8_t *digits,
                        struct presence *present)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    *digits = get_u8(&in);
    uint8_t negative = get_u8(&in);
    if (rows == 0 || rows > CODEC_ROWS_MAX || negative > 1) return false;
    if (!presence_read(r, &in, rows, present)) return false;
    if (!stream_open(&r->a, &in, present->count, 64) || !stream_read(&r->a, r->wide)) return false;
    for (size_t i = 0; i < present->count && negative; i++) {
        r->wide[i] = (uint64_t)unzigzag(r->wide[i]);
    }
    return byte_reader_left(&in) == 0;
}

bool codec_read_amounts(struct codec_reader *r, struct str bytes, size_t rows, int64_t *out)
{
    uint8_t digits;
    struct presence present;
    if (!read_signed(r, bytes, rows, &digits, &present) || digits != 0) return false;
    if (present.all) {
        memcpy(out, r->wide, rows * sizeof(*out));
        return true;
    }
    for (size_t i = 0; i < rows; i += FILL) { /* a fixed count, for the compiler to use vectors */
        for (size_t k = 0; k < FILL; k++)
            out[i + k] = HISTORY_NO_AMOUNT;
    }
    for (size_t i = 0; i < present.count; i++)
        out[r->rows[i]] = (int64_t)r->wide[i];
    return true;
}

/* Which rows are not null, as bits; how many, 0 when the bytes are bad. Uses r->rows. */
static size_t presence_bits(struct codec_reader *r, struct byte_reader *in, size_t rows,
                            uint64_t *bits)
{
    size_t words = (rows + 63) / 64, len = (rows + 7) / 8;
    struct byte_reader head = *in;
    memset(bits, 0, words * sizeof(*bits));
    if (get_u8(&head) == PRESENT_BITMAP) {
        uint32_t count = get_varint32(&head), found = (uint32_t)rows;
        const uint8_t *bitmap = get_bytes(&head, len);
        if (!bitmap) return 0;
        memcpy(bits, bitmap, len);
        *in = head;
        uint64_t past = rows % 64 ? bits[words - 1] >> rows % 64 : 0;
        selection_ranks(bits, &found, 1, &found);
        return found == count && past == 0 ? count : 0;
    }
    struct presence present;
    if (!presence_read(r, in, rows, &present)) return 0;
    for (size_t i = 0; i < present.count; i++) {
        uint32_t row = present.all ? (uint32_t)i : r->rows[i];
        bits[row / 64] |= UINT64_C(1) << row % 64;
    }
    return present.count;
}

bool codec_read_chosen_amounts(struct codec_reader *r, struct str bytes, const struct chosen *c,
                               int64_t *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    uint64_t bits[CODEC_ROWS_MAX / 64];
    uint8_t digits = get_u8(&in), negative = get_u8(&in);
    if (c->rows == 0 || c->rows > CODEC_ROWS_MAX || negative > 1 || digits != 0) return false;
    size_t present = presence_bits(r, &in, c->rows, bits);
    if (present == 0) return false;
    if (!stream_open(&r->a, &in, present, 64) || !stream_read(&r->a, r->wide)) return false;
    if (byte_reader_left(&in)) return false;
    for (size_t i = 0; i < present && negative; i++)
        r->wide[i] = (uint64_t)unzigzag(r->wide[i]);
    if (memcmp(bits, c->bits, (c->rows + 63) / 64 * sizeof(*bits)) == 0) { /* mostly */
        memcpy(out, r->wide, c->count * sizeof(*out));
        return true;
    }
    selection_counts(bits, c->row, c->count, r->rows);
    for (uint32_t i = 0; i < c->count; i++) {
        bool has = bits[c->row[i] / 64] >> c->row[i] % 64 & 1;
        out[i] = has ? (int64_t)r->wide[r->rows[i] - 1] : HISTORY_NO_AMOUNT;
    }
    return true;
}

bool codec_read_numbers(struct codec_reader *r, struct str bytes, size_t rows, double *out)
{
    uint8_t digits;
    struct presence present;
    if (!read_signed(r, bytes, rows, &digits, &present)) return false;
    if (digits > DIGITS_MAX && digits != DIGITS_IEEE) return false;
    for (size_t i = 0; i < rows && !present.all; i++)
        out[i] = NAN;
    for (size_t i = 0; i < present.count; i++)
        out[present.all ? i : r->rows[i]] = number_of(r->wide[i], digits);
    return true;
}
