/* postgres_value.c - big-endian integers, IEEE bits, and numeric.
 *
 * numeric on the wire: i16 count of digits, i16 weight, u16 sign, u16 scale, then the digits, each
 * u16 in base 10000. Digit i is worth 10000^(weight - i); digits left out at the end are 0. 'scale'
 * decimal places are shown. */
#include "sql/postgres_value.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

#define NUMERIC_HEAD 8
#define NUMERIC_NEGATIVE 0x4000
#define NUMERIC_SPECIAL 0xC000 /* NaN and the infinities have both bits */
#define TWO_TO_63 9223372036854775808.0

/* ---- bytes ---- */

static uint64_t read_big(struct str wire, size_t at, size_t size)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++) {
        v = v << 8 | (unsigned char)wire.p[at + i];
    }
    return v;
}

static void add_big(struct strbuf *out, uint64_t v, size_t size)
{
    for (size_t i = size; i-- > 0;) {
        strbuf_add_char(out, (char)(unsigned char)(v >> (8 * i)));
    }
}

static void add_double(struct strbuf *out, double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    add_big(out, bits, sizeof(bits));
}

static void add_float(struct strbuf *out, float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    add_big(out, bits, sizeof(bits));
}

static double read_real(struct str wire)
{
    double d;
    float f;
    uint64_t bits = read_big(wire, 0, wire.len);
    if (wire.len == sizeof(d)) {
        memcpy(&d, &bits, sizeof(d));
        return d;
    }
    uint32_t half = (uint32_t)bits;
    memcpy(&f, &half, sizeof(f));
    return (double)f;
}

/* ---- types ---- */

static bool is_text(uint32_t type)
{
    return type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_BPCHAR || type == TYPE_NAME ||
           type == TYPE_UNKNOWN || type == TYPE_VOID;
}

/* Bytes of a whole-number type, bool included; 0 for others. */
static size_t int_size(uint32_t type)
{
    switch (type) {
    case TYPE_BOOL:
        return 1;
    case TYPE_INT2:
        return 2;
    case TYPE_INT4:
        return 4;
    case TYPE_INT8:
        return 8;
    default:
        return 0;
    }
}

static size_t real_size(uint32_t type)
{
    return type == TYPE_FLOAT8 ? sizeof(double) : type == TYPE_FLOAT4 ? sizeof(float) : 0;
}

bool postgres_type_known(uint32_t type)
{
    return is_text(type) || type == TYPE_BYTEA || type == TYPE_NUMERIC || int_size(type) ||
           real_size(type);
}

/* ---- to the server ---- */

static bool in_range(uint32_t type, int64_t v)
{
    switch (type) {
    case TYPE_BOOL:
        return v == 0 || v == 1;
    case TYPE_INT2:
        return v >= INT16_MIN && v <= INT16_MAX;
    case TYPE_INT4:
        return v >= INT32_MIN && v <= INT32_MAX;
    default:
        return true;
    }
}

static bool encode_int(uint32_t type, int64_t v, struct strbuf *out, bool *binary)
{
    if (real_size(type)) {
        if (type == TYPE_FLOAT8) add_double(out, (double)v);
        if (type == TYPE_FLOAT4) add_float(out, (float)v);
        return true;
    }
    if (int_size(type)) {
        if (!in_range(type, v)) return false;
        add_big(out, (uint64_t)v, int_size(type));
        return true;
    }
    if (type == TYPE_BYTEA) return false;
    strbuf_addf(out, "%" PRId64, v);
    *binary = false;
    return true;
}

static bool encode_double(uint32_t type, double v, struct strbuf *out, bool *binary)
{
    if (int_size(type)) {
        bool whole = v == floor(v) && v >= -TWO_TO_63 && v < TWO_TO_63;
        return whole && encode_int(type, (int64_t)v, out, binary);
    }
    if (type == TYPE_FLOAT8) {
        add_double(out, v);
        return true;
    }
    if (type == TYPE_FLOAT4) {
        add_float(out, (float)v);
        return true;
    }
    if (type == TYPE_BYTEA) return false;
    strbuf_addf(out, "%.17g", v);
    *binary = false;
    return true;
}

static bool encode_text(uint32_t type, struct str v, struct strbuf *out, bool *binary)
{
    int64_t i;
    double d;
    if (int_size(type)) return str_to_i64(v, &i) && encode_int(type, i, out, binary);
    if (real_size(type)) return str_to_double(v, &d) && encode_double(type, d, out, binary);
    if (type == TYPE_NUMERIC && !str_to_double(v, &d)) return false;
    strbuf_add_str(out, v);
    *binary = is_text(type) || type == TYPE_BYTEA;
    return true;
}

static bool encode_blob(uint32_t type, struct str v, struct strbuf *out)
{
    bool text = is_text(type) && str_find_char(v, '\0') == SIZE_MAX && utf8_valid(v);
    if (type != TYPE_BYTEA && !text) return false;
    strbuf_add_str(out, v);
    return true;
}

bool postgres_encode(uint32_t type, const struct value *v, struct strbuf *out, bool *binary)
{
    strbuf_reset(out);
    *binary = true;
    switch (v->kind) {
    case VALUE_INT:
        return encode_int(type, v->i, out, binary);
    case VALUE_DOUBLE:
        return encode_double(type, v->d, out, binary);
    case VALUE_TEXT:
        return encode_text(type, v->bytes, out, binary);
    case VALUE_BLOB:
        return encode_blob(type, v->bytes, out);
    case VALUE_NULL:
        break;
    }
    return false;
}

/* ---- from the server ---- */

static unsigned numeric_digit(struct str wire, int i)
{
    size_t at = NUMERIC_HEAD + 2 * (size_t)i;
    return i >= 0 && at + 2 <= wire.len ? (unsigned)read_big(wire, at, 2) : 0;
}

static void numeric_text(struct str wire, struct strbuf *out)
{
    if (wire.len < NUMERIC_HEAD) return;
    int weight = (int16_t)read_big(wire, 2, 2);
    unsigned sign = (unsigned)read_big(wire, 4, 2);
    int scale = (int)read_big(wire, 6, 2);
    if ((sign & NUMERIC_SPECIAL) == NUMERIC_SPECIAL) return;
    if (sign == NUMERIC_NEGATIVE) strbuf_add_char(out, '-');
    strbuf_addf(out, "%u", weight >= 0 ? numeric_digit(wire, 0) : 0);
    for (int i = 1; i <= weight; i++) {
        strbuf_addf(out, "%04u", numeric_digit(wire, i));
    }
    if (scale == 0) return;
    strbuf_add_char(out, '.');
    size_t end = out->len + (size_t)scale;
    for (int i = weight + 1; out->len < end; i++) {
        strbuf_addf(out, "%04u", numeric_digit(wire, i));
    }
    out->len = end;
    out->p[end] = '\0';
}

/* A whole number, cut to what int64 holds. */
static int64_t whole(struct str text)
{
    int64_t v = 0;
    struct str rest = text;
    struct str digits = str_cut(&rest, '.');
    if (str_to_i64(digits, &v)) return v;
    return digits.len > 18 ? (digits.p[0] == '-' ? INT64_MIN : INT64_MAX) : 0;
}

static int64_t whole_of_double(double d)
{
    if (isnan(d)) return 0;
    if (d >= TWO_TO_63) return INT64_MAX;
    return d <= -TWO_TO_63 ? INT64_MIN : (int64_t)d;
}

/* Sign-extended; bool is 0 or 1. */
static int64_t read_int(uint32_t type, struct str wire)
{
    uint64_t v = read_big(wire, 0, wire.len);
    if (type == TYPE_INT2) return (int16_t)v;
    if (type == TYPE_INT4) return (int32_t)v;
    return (int64_t)v;
}

static int64_t int_of_text(struct str text)
{
    int64_t i = 0;
    double d = 0;
    if (str_to_i64(text, &i)) return i;
    return str_to_double(text, &d) ? whole_of_double(d) : 0;
}

int64_t postgres_int(uint32_t type, struct str wire)
{
    if (type == TYPE_NUMERIC) {
        struct strbuf text = {0};
        numeric_text(wire, &text);
        int64_t v = whole(strbuf_str(&text));
        strbuf_finish(&text);
        return v;
    }
    if (int_size(type) && wire.len == int_size(type)) return read_int(type, wire);
    if (real_size(type) && wire.len == real_size(type)) return whole_of_double(read_real(wire));
    return is_text(type) ? int_of_text(wire) : 0;
}

double postgres_double(uint32_t type, struct str wire)
{
    double d = 0;
    if (type == TYPE_NUMERIC) {
        struct strbuf text = {0};
        numeric_text(wire, &text);
        if (!str_to_double(strbuf_str(&text), &d)) d = 0;
        strbuf_finish(&text);
        return d;
    }
    if (int_size(type) && wire.len == int_size(type)) return (double)read_int(type, wire);
    if (real_size(type) && wire.len == real_size(type)) return read_real(wire);
    return is_text(type) && str_to_double(wire, &d) ? d : 0;
}

struct str postgres_bytes(uint32_t type, struct str wire, struct strbuf *scratch)
{
    if (is_text(type) || type == TYPE_BYTEA) return wire;
    strbuf_reset(scratch);
    if (type == TYPE_NUMERIC) {
        numeric_text(wire, scratch);
    } else if (real_size(type)) {
        strbuf_addf(scratch, "%.17g", postgres_double(type, wire));
    } else {
        strbuf_addf(scratch, "%" PRId64, postgres_int(type, wire));
    }
    return strbuf_str(scratch);
}
