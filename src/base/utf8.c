/* utf8.c - decoding by hand (it is hot), normal forms by utf8proc.
 *
 * Normalising goes: decompose each code point, put the combining marks of each run in order,
 * compose, encode. The ordering is done here, by counting, because the library's is quadratic in
 * the length of a run of marks, and the text comes from strangers. */
#include "base/utf8.h"

#include <assert.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/vec.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sequence() reads words");

#define REPLACEMENT 0xFFFD
#define SHORT_RUN 16

struct points {
    VEC(utf8proc_int32_t) list; /* code points being normalised */
};

/* Length of the well-formed sequence at p, 0 when there is none; n > 0 bytes are left. */
static inline size_t sequence(const unsigned char *p, size_t n, uint32_t *code_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = p[0];
    if (lead < 0x80) {
        *code_point = lead;
        return 1;
    }
    /* Three bytes at a glance (most Chinese): neither overlong (E0 80..9F) nor surrogate (ED A0..).
     */
    uint32_t word;
    if (n >= sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        if ((word & 0xC0C0F0) == 0x8080E0 && (word & 0x200F) && (word & 0x200F) != 0x200D) {
            *code_point = (word & 0x0F) << 12 | (word >> 2 & 0xFC0) | (word >> 16 & 0x3F);
            return 3;
        }
    }
    if (lead < 0xC2 || lead > 0xF4) return 0;
    size_t len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (n < len) return 0;
    uint32_t c = lead & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0;
    *code_point = c;
    return len;
}

/* Number of ASCII bytes at the start. */
static size_t ascii_prefix(struct str s)
{
    size_t i = 0;
    for (; s.len - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, s.p + i, 8);
        if (word & UINT64_C(0x8080808080808080)) break;
    }
    while (i < s.len && (unsigned char)s.p[i] < 0x80) {
        i++;
    }
    return i;
}

bool utf8_valid(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = ascii_prefix(s);
    uint32_t c;
    while (i < s.len) {
        size_t len = sequence(p + i, s.len - i, &c);
        if (len == 0) return false;
        i += len;
    }
    return true;
}

uint32_t utf8_next(struct str s, size_t *i)
{
    uint32_t c = REPLACEMENT;
    size_t len = sequence((const unsigned char *)s.p + *i, s.len - *i, &c);
    *i += len ? len : 1;
    return c;
}

/* Encode into out[4]; the length. */
static size_t encode(uint32_t c, char out[4])
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = REPLACEMENT;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)((0xF00u >> len) | c);
    return len;
}

size_t utf8_count(struct str s)
{
    size_t count = ascii_prefix(s);
    for (size_t i = count; i < s.len; count++) {
        utf8_next(s, &i);
    }
    return count;
}

struct str utf8_cut(struct str s, size_t size_max)
{
    if (s.len <= size_max) return s;
    size_t end = size_max;
    while (end > 0 && size_max - end < 4 && ((unsigned char)s.p[end] & 0xC0) == 0x80) {
        end--;
    }
    /* Four continuation bytes in a row are no code point: cut anywhere. */
    return (struct str){s.p, size_max - end < 4 ? end : size_max};
}

struct str utf8_cut_grapheme(struct str s, size_t size_max)
{
    enum { BACK = 1024 };
    struct str cut = utf8_cut(s, size_max);
    if (cut.len == s.len) return cut;
    size_t from = utf8_cut(s, cut.len > BACK ? cut.len - BACK : 0).len;
    size_t i = from, whole = 0;
    utf8proc_int32_t state = 0, last = -1;
    while (i <= cut.len) {
        size_t at = i;
        utf8proc_int32_t c = (utf8proc_int32_t)utf8_next(s, &i);
        if (last >= 0 && utf8proc_grapheme_break_stateful(last, c, &state)) whole = at;
        last = c;
    }
    return whole ? (struct str){s.p, whole} : cut;
}

/* Code points of common text that are NFC, compose with none before them in this list, and are
 * starters: Latin, CJK and its punctuation, kana but for the voicing marks, full-width forms,
 * emoji. */
static bool plainly_nfc(uint32_t c)
{
    return c < 0x300 || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0x3001 && c <= 0x3029) ||
           (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A0 && c <= 0x30FF) ||
           (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xFF01 && c <= 0xFFEF) ||
           (c >= 0x2010 && c <= 0x2027) || (c >= 0x1F300 && c <= 0x1FAFF);
}

static bool all_plainly_nfc(struct str s)
{
    size_t i = ascii_prefix(s);
    while (i < s.len) {
        if (!plainly_nfc(utf8_next(s, &i))) return false;
    }
    return true;
}

static void decompose(struct points *points, uint32_t c, utf8proc_option_t options)
{
    int boundary = 0;
    utf8proc_ssize_t need = 4;
    size_t room;
    do {
        VEC_RESERVE(&points->list, (size_t)need);
        room = points->list.capacity - points->list.count;
        need = utf8proc_decompose_char((utf8proc_int32_t)c, points->list.items + points->list.count,
                                       (utf8proc_ssize_t)room, options, &boundary);
        assert(need >= 0); /* only an unassigned code point under REJECTNA fails */
    } while ((size_t)need > room);
    points->list.count += (size_t)need;
}

static uint8_t combining_class(utf8proc_int32_t c)
{
    return (uint8_t)utf8proc_get_property(c)->combining_class;
}

static void order_short(utf8proc_int32_t *run, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        utf8proc_int32_t c = run[i];
        size_t at = i;
        for (; at > 0 && combining_class(run[at - 1]) > combining_class(c); at--) {
            run[at] = run[at - 1];
        }
        run[at] = c;
    }
}

static void order_long(utf8proc_int32_t *run, size_t count)
{
    size_t start[257] = {0};
    utf8proc_int32_t *copy = mem_copy(run, count * sizeof(*run));
    for (size_t i = 0; i < count; i++) {
        start[combining_class(run[i]) + 1]++;
    }
    for (size_t i = 1; i < 257; i++) {
        start[i] += start[i - 1];
    }
    for (size_t i = 0; i < count; i++) {
        run[start[combining_class(copy[i])]++] = copy[i];
    }
    mem_free(copy);
}

/* Canonical order: within a run of marks by class, equal classes as they stand. */
static void order_marks(struct points *points)
{
    utf8proc_int32_t *p = points->list.items;
    size_t count = points->list.count;
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && combining_class(p[end])) {
            end++;
        }
        if (end - i > SHORT_RUN) {
            order_long(p + i, end - i);
        } else if (end - i > 1) {
            order_short(p + i, end - i);
        }
        i = end + 1;
    }
}

static struct str compose(struct arena *a, struct points *points, utf8proc_option_t options)
{
    utf8proc_ssize_t count =
        utf8proc_normalize_utf32(points->list.items, (utf8proc_ssize_t)points->list.count, options);
    assert(count >= 0);
    if (count == 0) return STR("");
    char bytes[4];
    size_t size = 0;
    for (size_t i = 0; i < (size_t)count; i++) {
        size += encode((uint32_t)points->list.items[i], bytes);
    }
    char *text = arena_alloc(a, size + 1);
    size = 0;
    for (size_t i = 0; i < (size_t)count; i++) {
        size_t len = encode((uint32_t)points->list.items[i], bytes);
        memcpy(text + size, bytes, len);
        size += len;
    }
    return (struct str){text, size};
}

static struct str normalize(struct arena *a, struct str s, utf8proc_option_t options)
{
    struct points points = {0};
    VEC_RESERVE(&points.list, s.len + 1);
    for (size_t i = 0; i < s.len;) {
        decompose(&points, utf8_next(s, &i), options);
    }
    order_marks(&points);
    struct str out = compose(a, &points, options);
    VEC_FINISH(&points.list);
    return out;
}

struct str utf8_nfc(struct arena *a, struct str s)
{
    if (all_plainly_nfc(s)) return s;
    struct arena_mark mark = arena_mark(a);
    struct str out = normalize(a, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (!str_eq(out, s)) return out;
    arena_rewind(a, mark);
    return s;
}

static struct str fold_ascii(struct arena *a, struct str s)
{
    size_t i = 0;
    while (i < s.len && !(s.p[i] >= 'A' && s.p[i] <= 'Z')) {
        i++;
    }
    if (i == s.len) return s;
    char *text = arena_alloc(a, s.len + 1);
    memcpy(text, s.p, s.len);
    for (; i < s.len; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') text[i] = (char)(text[i] + ('a' - 'A'));
    }
    return (struct str){text, s.len};
}

/* Code points that fold to themselves whatever stands beside them in this list: ideographs, kana
 * without voicing marks, their punctuation and quotes, emoji. */
static bool plainly_folded(uint32_t c)
{
    return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0x3041 && c <= 0x3096) ||
           (c >= 0x30A1 && c <= 0x30FA) || (c >= 0x3001 && c <= 0x3029) || c == 0x201C ||
           c == 0x201D || (c >= 0x1F300 && c <= 0x1FAFF);
}

/* As most Chinese is written: ASCII, full-width forms of it, and what folds to itself. False: there
 * is something else. */
static bool fold_plain(struct arena *a, struct str s, struct str *out)
{
    struct arena_mark mark = arena_mark(a);
    char *text = arena_alloc_raw(a, s.len + 1);
    size_t size = 0;
    for (size_t i = 0, from; i < s.len;) {
        from = i;
        uint32_t c = utf8_next(s, &i);
        if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFF01 - '!';
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        if (c < 0x80) {
            text[size++] = (char)c;
        } else if (plainly_folded(c)) {
            memcpy(text + size, s.p + from, i - from);
            size += i - from;
        } else {
            arena_rewind(a, mark);
            return false;
        }
    }
    text[size] = '\0';
    *out = (struct str){text, size};
    return true;
}

struct str utf8_fold(struct arena *a, struct str s)
{
    struct str plain;
    if (ascii_prefix(s) == s.len) return fold_ascii(a, s);
    if (fold_plain(a, s, &plain)) return plain;
    /* IGNORE drops Unicode's default-ignorable code points, which are those named in the header. */
    return normalize(a, s,
                     UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                         UTF8PROC_IGNORE);
}
