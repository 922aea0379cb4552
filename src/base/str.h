/* str.h - borrowed byte strings and a growable buffer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes, not NUL-terminated. {NULL, 0} is "none". */
struct str {
    const char *p;
    size_t len;
};

#define STR(literal) ((struct str){("" literal), sizeof(literal) - 1})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).p

static inline struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}
static inline bool str_is(struct str a, const char *text)
{
    return str_eq(a, str_of(text));
}
/* Bytewise order, as memcmp; shorter first when one is a prefix of the other. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Offset of 'needle' in 's', or SIZE_MAX. */
size_t str_find(struct str s, struct str needle);
size_t str_find_char(struct str s, char c);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);
/* ASCII case ignored. */
bool str_eq_fold(struct str a, struct str b);
/* Cut at the first 'c': returns what is before it, leaves the rest after it in *s ({NULL,0} when
 * 'c' is absent; then the whole is returned). */
struct str str_cut(struct str *s, char c);
/* Whole-string numbers in decimal. False, *out untouched: empty, other bytes, out of range. */
bool str_to_i64(struct str s, int64_t *out);
bool str_to_u64(struct str s, uint64_t *out);
bool str_to_double(struct str s, double *out);

/* A growable buffer of bytes. {0} is empty and valid. p is NUL-terminated after any append. */
struct strbuf {
    char *p;
    size_t len;
    size_t capacity;
};

void strbuf_finish(struct strbuf *b);
/* Empties, keeps capacity. */
void strbuf_reset(struct strbuf *b);
void strbuf_reserve(struct strbuf *b, size_t extra);
void strbuf_add(struct strbuf *b, const void *p, size_t len);
void strbuf_add_str(struct strbuf *b, struct str s);
void strbuf_add_text(struct strbuf *b, const char *text);
void strbuf_add_char(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline struct str strbuf_str(const struct strbuf *b)
{
    return (struct str){b->p, b->len};
}
