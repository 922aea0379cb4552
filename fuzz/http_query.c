/* http_query.c - fuzz target: request heads, query strings, paths and Accept-Language.
 *
 * The input is a request head as sent. It is turned into what libmicrohttpd leaves in memory (see
 * http/framing.h), by the library's own lenient rules, and goes through the framing check. What
 * passes must be the one plain way to write it: written out again from its parts, it is the input,
 * byte for byte. The rest of the input, or all of it, is also read as a query and a language list.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "http/framing.h"
#include "http/language.h"
#include "http/route.h"

#define INPUT_MAX 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A head being parsed in place. */
struct parsed {
    char *text;       /* the input, worked on */
    size_t len;       /* of it */
    size_t at;        /* next byte to read */
    struct head head; /* what was found */
    struct field fields[LIMIT_HEADERS + 1];
};

/* Next line, its end made NULs; NULL when no line end is left. */
static char *next_line(struct parsed *p, size_t *len)
{
    for (size_t i = p->at; i < p->len; i++) {
        if (p->text[i] != '\n') continue;
        char *line = p->text + p->at;
        size_t end = i > p->at && p->text[i - 1] == '\r' ? i - 1 : i;
        memset(p->text + end, 0, i + 1 - end);
        *len = end - p->at;
        p->at = i + 1;
        return line;
    }
    return NULL;
}

static bool parse_request_line(struct parsed *p, struct arena *arena)
{
    size_t len;
    char *line = next_line(p, &len);
    if (!line || len == 0) return false;
    char *target = memchr(line, ' ', len), *end = line + len;
    if (!target) return false;
    *target++ = '\0';
    while (target < end && *target == ' ') {
        target++;
    }
    char *version = memrchr(line, ' ', len);
    if (!version || version < target) return false;
    *version++ = '\0';
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) return false;
    if (end - version != 8) return false;
    p->head.base = line;
    p->head.url = target;
    p->head.version = version;
    p->head.target = arena_str(arena, str_of(target));
    return true;
}

static bool parse(struct parsed *p, struct arena *arena)
{
    if (!parse_request_line(p, arena)) return false;
    size_t len;
    char *line;
    while ((line = next_line(p, &len)) != NULL && line[0]) {
        char *colon = strchr(line, ':');
        if (!colon || p->head.fields.count > LIMIT_HEADERS) return false;
        *colon++ = '\0';
        colon += strspn(colon, " \t");
        p->fields[p->head.fields.count++] = (struct field){str_of(line), str_of(colon)};
    }
    p->head.fields.items = p->fields;
    p->head.size = (size_t)(p->text + p->at - p->head.base);
    return line != NULL;
}

/* Is the input what its parts say, in the plain way? */
static void expect_plain(const struct head *head, const char *input)
{
    struct strbuf out = {0};
    strbuf_addf(&out, "%s ", head->base);
    strbuf_add_str(&out, head->target);
    strbuf_addf(&out, " %s\r\n", head->version);
    for (size_t i = 0; i < head->fields.count; i++) {
        const struct field *f = &head->fields.items[i];
        size_t blanks = (size_t)(f->value.p - f->name.p) - f->name.len - 1;
        strbuf_add_str(&out, f->name);
        strbuf_add_char(&out, ':');
        strbuf_add(&out, f->value.p - blanks, blanks);
        strbuf_add_str(&out, f->value);
        strbuf_add_text(&out, "\r\n");
    }
    strbuf_add_text(&out, "\r\n");
    assert(out.len == head->size);
    /* The exceptions framing.h names. */
    size_t end = out.len - 4;
    bool any = memchr(input + end, '\0', 4) != NULL;
    for (size_t i = 0; i < out.len; i++) {
        bool nul = out.p[i] == '\r' && input[i] == '\0';
        bool loose = i >= end && any && memchr("\r\n", input[i], 3) != NULL;
        assert(out.p[i] == input[i] || nul || loose);
    }
    strbuf_finish(&out);
}

static void try_route(struct arena *arena, enum http_method method, struct str path)
{
    static const struct route routes[] = {
        {HTTP_GET | HTTP_POST, "/", ACCESS_PUBLIC, 0, NULL, ""},
        {HTTP_GET, "/api/{brand}/x/{id}", ACCESS_API, 0, NULL, ""},
        {HTTP_POST, "/v1/track", ACCESS_INTAKE, 0, NULL, ""},
        {0},
    };
    struct route_match m;
    struct why why;
    enum err err = route_find(routes, method, path, arena, &m, &why);
    assert((err == ERR_OK) == (m.route != NULL || method == HTTP_OPTIONS) || err == ERR_INVALID ||
           (err == ERR_NOT_FOUND && !m.route));
    for (size_t i = 0; err == ERR_OK && i < m.param_count; i++) {
        assert(m.params[i].value.len > 0 && utf8_valid(m.params[i].value));
    }
}

static void try_query(struct arena *arena, struct str text)
{
    struct fields f;
    struct why why;
    struct str decoded;
    if (uri_query(arena, text, &f, &why) == ERR_OK) {
        assert(f.count <= LIMIT_QUERY_PARAMS);
        for (size_t i = 0; i < f.count; i++) {
            assert(utf8_valid(f.items[i].name) && utf8_valid(f.items[i].value));
            assert(f.items[i].value.p);
        }
    }
    if (uri_decode(arena, text, false, "path", &decoded, &why) == ERR_OK) {
        assert(decoded.len <= text.len && str_find_char(decoded, '\0') == SIZE_MAX);
    }
    enum lang lang = language_of(text);
    assert(lang == LANG_EN || lang == LANG_ZH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX) return 0;
    struct arena *arena = arena_create(0);
    char *text = arena_copy(arena, data, size);
    struct parsed *p = arena_alloc(arena, sizeof(*p));
    struct framing framing;
    struct why why;
    *p = (struct parsed){.text = text, .len = size};
    try_query(arena, (struct str){(const char *)data, size});
    if (parse(p, arena)) {
        if (framing_check(&p->head, &framing, &why) == ERR_OK) {
            struct str query = p->head.target, path = str_cut(&query, '?');
            expect_plain(&p->head, (const char *)data);
            assert(!framing.chunked || framing.length == 0);
            try_route(arena, framing.method, path);
            try_query(arena, query);
        }
    }
    arena_destroy(arena);
    return 0;
}
