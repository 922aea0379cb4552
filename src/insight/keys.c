/* keys.c - whole numbers, doubles and texts have a table each; one field uses one of the first two.
 *
 * Small numbers, which codes are, are found in 'direct'. A text of a run is looked up by its bytes
 * once, then found by its number in 'cache' until the run ends or the place is taken. */
#include "insight/keys.h"

#include <math.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/arena.h"
#include "base/cpu.h"
#include "base/map.h"
#include "base/vec.h"

#define DIRECT_SIZE 4096
#define CACHE_SIZE 4096
#define LOW_SIZE 64 /* of them the lowest, which fit two vector registers */
#define KEY_COST 96 /* bytes of a key in the tables, about */

struct cached {
    uint32_t text; /* number in the run; 0 = free */
    uint32_t id;
};

struct keys {
    const struct key_field *field;
    struct intmap *numbers; /* bits of a whole number or a double -> id */
    struct map *texts;      /* text -> id */
    VEC(struct key) list;   /* by id */
    uint32_t bools[2];      /* ids of false and true; 0 = not met */
    bool frozen;
    struct arena *arena;             /* bytes of the texts in 'list' */
    uint32_t direct[DIRECT_SIZE];    /* id of a small whole number; 0 = not met */
    uint16_t low[LOW_SIZE];          /* the same of the lowest, where it fits */
    struct cached cache[CACHE_SIZE]; /* by number of text */
};

struct keys *keys_create(const struct key_field *field)
{
    struct keys *k = mem_alloc(sizeof(*k));
    k->field = field;
    k->numbers = intmap_create();
    k->texts = map_create();
    k->arena = arena_create(0);
    VEC_PUSH(&k->list, ((struct key){.type = KEY_NULL}));
    return k;
}

void keys_destroy(struct keys *k)
{
    if (!k) return;
    intmap_destroy(k->numbers);
    map_destroy(k->texts);
    arena_destroy(k->arena);
    VEC_FINISH(&k->list);
    mem_free(k);
}

void keys_freeze(struct keys *k)
{
    k->frozen = true;
}

void keys_begin(struct keys *k)
{
    memset(k->cache, 0, sizeof(k->cache));
}

uint32_t keys_count(const struct keys *k)
{
    return (uint32_t)k->list.count;
}

const struct key *keys_get(const struct keys *k, uint32_t id)
{
    return &k->list.items[id];
}

size_t keys_bytes(const struct keys *k)
{
    return sizeof(*k) + k->list.count * KEY_COST + 2 * arena_used(k->arena);
}

static uint32_t append(struct keys *k, struct key key)
{
    if (k->frozen) return KEYS_REST;
    uint32_t id = (uint32_t)k->list.count;
    VEC_PUSH(&k->list, key);
    return id;
}

static uint32_t add_bits(struct keys *k, uint64_t bits, struct key key)
{
    uint64_t id;
    if (intmap_get(k->numbers, bits, &id)) return (uint32_t)id;
    id = append(k, key);
    if (id != KEYS_REST) intmap_put(k->numbers, bits, id);
    return (uint32_t)id;
}

/* INT64_MIN is no value anywhere, so that the bits are never UINT64_MAX, which a map cannot hold.
 */
static uint32_t add_int(struct keys *k, int64_t value)
{
    struct key key = {.type = KEY_INT, .integer = value};
    bool small = value >= 0 && value < DIRECT_SIZE;
    if (small && k->direct[value]) return k->direct[value];
    uint32_t id = add_bits(k, (uint64_t)value ^ INT64_MAX, key);
    if (small) k->direct[value] = id; /* a frozen set has the rest for good */
    if (value >= 0 && value < LOW_SIZE && id <= UINT16_MAX) k->low[value] = (uint16_t)id;
    return id;
}

static uint32_t add_number(struct keys *k, double value)
{
    if (value == 0) value = 0; /* one zero */
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return add_bits(k, bits, (struct key){.type = KEY_NUMBER, .number = value});
}

static uint32_t add_bool(struct keys *k, bool value)
{
    if (k->bools[value]) return k->bools[value];
    uint32_t id = append(k, (struct key){.type = KEY_BOOL, .integer = value});
    if (id != KEYS_REST) k->bools[value] = id;
    return id;
}

static uint32_t add_text(struct keys *k, struct str text)
{
    uint64_t id;
    if (map_get(k->texts, text, &id)) return (uint32_t)id;
    if (k->frozen) return KEYS_REST;
    map_put(k->texts, text, k->list.count);
    return append(k, (struct key){.type = KEY_TEXT, .text = arena_str(k->arena, text)});
}

uint32_t keys_add(struct keys *k, const struct key *key)
{
    switch (key->type) {
    case KEY_NULL:
        return 0;
    case KEY_BOOL:
        return add_bool(k, key->integer != 0);
    case KEY_INT:
        return add_int(k, key->integer);
    case KEY_NUMBER:
        return add_number(k, key->number);
    case KEY_TEXT:
        return add_text(k, key->text);
    }
    return 0;
}

static uint32_t row_text(struct keys *k, const struct prop_column *c, uint32_t text)
{
    struct cached *cached = &k->cache[text % CACHE_SIZE];
    if (cached->text != text) *cached = (struct cached){text, add_text(k, c->strings[text])};
    return cached->id;
}

static uint32_t row_prop(struct keys *k, const struct history *h, uint32_t row)
{
    const int *place = k->field->place;
    if (place[PROP_TEXT] >= 0) {
        const struct prop_column *c = &h->props[place[PROP_TEXT]];
        if (c->text && c->text[row]) return row_text(k, c, c->text[row]);
    }
    if (place[PROP_NUMBER] >= 0) {
        const struct prop_column *c = &h->props[place[PROP_NUMBER]];
        if (c->number && !isnan(c->number[row])) return add_number(k, c->number[row]);
    }
    if (place[PROP_BOOL] >= 0) {
        const struct prop_column *c = &h->props[place[PROP_BOOL]];
        if (c->number && !isnan(c->number[row])) return add_bool(k, c->number[row] != 0);
    }
    return 0;
}

static uint32_t add_code(struct keys *k, uint32_t code)
{
    return code == 0 ? 0 : add_int(k, code);
}

uint32_t keys_row(struct keys *k, const struct history *h, uint32_t row)
{
    const struct key_field *f = k->field;
    switch (f->source) {
    case KEYS_NONE:
        return 0;
    case KEYS_KIND:
        return add_int(k, h->kind[row]);
    case KEYS_DIM:
        return add_code(k, h->dim[f->dim][row]);
    case KEYS_OTHER:
        return add_code(k, h->other[row]);
    case KEYS_HOUR:
        return add_int(k, zone_civil(f->zone, h->at[row]).hour);
    case KEYS_WEEKDAY:
        return add_int(k, day_of_week(zone_day(f->zone, h->at[row])));
    case KEYS_DAY:
        return add_int(k, zone_day(f->zone, h->at[row]));
    case KEYS_AT:
        return add_int(k, h->at[row]);
    case KEYS_AMOUNT:
        return h->amount[row] == HISTORY_NO_AMOUNT ? 0 : add_int(k, h->amount[row]);
    case KEYS_PROP:
        return row_prop(k, h, row);
    }
    return 0;
}

#ifdef __x86_64__
/* Eight at a time; returns how many are done, and in *missing whether one was not met before. */
__attribute__((target("avx2"))) static uint32_t
find_kinds(const uint32_t *direct, const uint16_t *kind, uint32_t n, uint32_t *out, bool *missing)
{
    const __m256i most = _mm256_set1_epi32(DIRECT_SIZE - 1), zero = _mm256_setzero_si256();
    __m256i none = zero;
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        const void *in = kind + i;
        void *eight = out + i;
        __m256i code = _mm256_cvtepu16_epi32(_mm_loadu_si128(in));
        none = _mm256_or_si256(none, _mm256_cmpgt_epi32(code, most));
        code = _mm256_and_si256(code, most);
        __m256i id = _mm256_i32gather_epi32((const void *)direct, code, 4);
        none = _mm256_or_si256(none, _mm256_cmpeq_epi32(id, zero));
        _mm256_storeu_si256(eight, id);
    }
    *missing = !_mm256_testz_si256(none, none);
    return i;
}

/* Thirty-two at a time, of the lowest kinds alone: 'low' has their keys. Others are missing. */
__attribute__((target("avx512f,avx512bw"))) static uint32_t
find_low_kinds(const uint16_t *low, const uint16_t *kind, uint32_t n, uint32_t *out, bool *missing)
{
    const __m512i first = _mm512_loadu_si512(low), second = _mm512_loadu_si512(low + LOW_SIZE / 2);
    const __m512i most = _mm512_set1_epi16(LOW_SIZE - 1);
    __mmask32 none = 0;
    uint32_t i = 0;
    for (; n - i >= 32; i += 32) {
        __m512i code = _mm512_loadu_si512(kind + i);
        __m512i id = _mm512_permutex2var_epi16(first, code, second);
        none |= _mm512_cmpgt_epu16_mask(code, most) | _mm512_testn_epi16_mask(id, id);
        _mm512_storeu_si512(out + i, _mm512_cvtepu16_epi32(_mm512_castsi512_si256(id)));
        _mm512_storeu_si512(out + i + 16, _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(id, 1)));
    }
    *missing = none != 0;
    return i;
}
#else
static uint32_t find_kinds(const uint32_t *direct, const uint16_t *kind, uint32_t n, uint32_t *out,
                           bool *missing)
{
    (void)direct, (void)kind, (void)n, (void)out;
    *missing = false;
    return 0;
}

static uint32_t find_low_kinds(const uint16_t *low, const uint16_t *kind, uint32_t n, uint32_t *out,
                               bool *missing)
{
    (void)low, (void)kind, (void)n, (void)out;
    *missing = false;
    return 0;
}
#endif

/* Codes seen before are found in 'direct' without a call or a branch. False when one was not, and
 * 'out' is of no use. */
static bool place_kinds(const struct keys *k, const struct sight *s, uint32_t from, uint32_t n,
                        uint32_t *out)
{
    const uint16_t *kind = s->h->kind;
    uint32_t over = 0, i = 0;
    bool missing = false;
    if (!s->row && cpu_has_avx512()) i = find_low_kinds(k->low, kind + from, n, out, &missing);
    if (missing) i = 0;
    if (!s->row && i == 0 && cpu_has_avx2())
        i = find_kinds(k->direct, kind + from, n, out, &missing);
    for (; i < n; i++) {
        uint32_t code = kind[sight_row(s, from + i)];
        over |= code;
        out[i] = k->direct[code % DIRECT_SIZE];
        missing |= out[i] == 0;
    }
    return over < DIRECT_SIZE && !missing;
}

static bool place_codes(const struct keys *k, const struct sight *s, const uint32_t *column,
                        uint32_t from, uint32_t n, uint32_t *out)
{
    uint32_t over = 0, missing = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t code = column[sight_row(s, from + i)];
        uint32_t id = k->direct[code % DIRECT_SIZE];
        over |= code;
        missing |= (id == 0) & (code != 0);
        out[i] = code ? id : 0;
    }
    return over < DIRECT_SIZE && !missing;
}

void keys_places(struct keys *k, const struct sight *s, uint32_t from, uint32_t n, uint32_t *out)
{
    enum key_source source = k->field->source;
    if (source == KEYS_KIND && place_kinds(k, s, from, n, out)) return;
    if (source == KEYS_DIM && place_codes(k, s, s->h->dim[k->field->dim], from, n, out)) return;
    if (source == KEYS_OTHER && place_codes(k, s, s->h->other, from, n, out)) return;
    if (source == KEYS_NONE) {
        memset(out, 0, n * sizeof(*out));
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        out[i] = keys_row(k, s->h, sight_row(s, from + i));
    }
}
