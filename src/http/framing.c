/* framing.c - walks the head line by line with a cursor.
 *
 * 1. The cursor stands where the next line must begin; each line's parts must lie exactly there.
 * 2. A line ends in two NULs, which were CR LF; the head ends in two more.
 * 3. Only what passed the layout is looked at for its meaning. */
#include "http/framing.h"

#include "base/limits.h"

static enum err malformed(struct why *why, enum msg msg, const char *field)
{
    return why_fail(why, ERR_INVALID, msg, field, NULL);
}

/* Is there room for 'len' bytes and a line end at 'at', and is the line end CR LF? */
static bool ends_plainly(const struct head *head, size_t at, size_t len)
{
    if (at > head->size || len > head->size - at || head->size - at - len < 2) return false;
    return head->base[at + len] == '\0' && head->base[at + len + 1] == '\0';
}

/* METHOD SP TARGET SP VERSION CR LF, one blank each; *cursor is moved past it. */
static enum err request_line(const struct head *head, size_t *cursor, struct why *why)
{
    size_t method = strnlen(head->base, head->size);
    size_t target = method + 1, version = target + head->target.len + 1;
    if (head->url != head->base + target || head->version != head->base + version ||
        version >= head->size) {
        return malformed(why, MSG_HTTP_REQUEST_LINE, "");
    }
    size_t len = strnlen(head->version, head->size - version);
    if (!ends_plainly(head, version, len)) return malformed(why, MSG_HTTP_REQUEST_LINE, "");
    *cursor = version + len + 2;
    return ERR_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* NAME ":" OWS VALUE CR LF, starting at *cursor, which is moved past it. */
static bool header_line(const struct head *head, const struct field *f, size_t *cursor)
{
    size_t at = *cursor;
    if (f->name.p != head->base + at || f->name.len >= head->size - at) return false;
    at += f->name.len + 1;
    while (at < head->size && is_blank(head->base[at])) {
        at++;
    }
    if (f->value.p != head->base + at || !ends_plainly(head, at, f->value.len)) return false;
    *cursor = at + f->value.len + 2;
    return true;
}

static enum err layout(const struct head *head, struct why *why)
{
    size_t cursor = 0;
    TRY(request_line(head, &cursor, why));
    for (size_t i = 0; i < head->fields.count; i++) {
        size_t start = cursor;
        if (!header_line(head, &head->fields.items[i], &cursor)) {
            return malformed(why, MSG_HTTP_HEADER_LINE, "");
        }
        if (cursor - start > LIMIT_HEADER_BYTES) {
            return why_fail(why, ERR_HEADERS, MSG_TOO_LONG, "header", "%d", LIMIT_HEADER_BYTES);
        }
    }
    if (!ends_plainly(head, cursor, 0) || cursor + 2 != head->size) {
        return malformed(why, MSG_HTTP_HEADER_LINE, "");
    }
    return ERR_OK;
}

static enum err check_method(const char *text, enum http_method *out, struct why *why)
{
    static const struct {
        const char *text;        /* as in the request line; case counts */
        enum http_method method; /* what it is called here */
    } methods[] = {
        {"GET", HTTP_GET},       {"POST", HTTP_POST},       {"PUT", HTTP_PUT},
        {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS}, {"HEAD", HTTP_HEAD},
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(text, methods[i].text) == 0) {
            *out = methods[i].method;
            return ERR_OK;
        }
    }
    return why_fail(why, ERR_NOT_IMPLEMENTED, MSG_HTTP_METHOD, "", NULL);
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static enum err check_target(struct str target, struct why *why)
{
    if (target.len > LIMIT_TARGET_BYTES) {
        return why_fail(why, ERR_HEADERS, MSG_TOO_LONG, "target", "%d", LIMIT_TARGET_BYTES);
    }
    if (target.len == 0 || target.p[0] != '/') return malformed(why, MSG_HTTP_TARGET, "target");
    for (size_t i = 0; i < target.len; i++) {
        char c = target.p[i];
        if (is_control(c) || c == ' ' || c == '#') return malformed(why, MSG_HTTP_TARGET, "target");
    }
    return ERR_OK;
}

static bool is_token_char(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static enum err check_field(const struct field *f, struct why *why)
{
    if (f->name.len == 0) return malformed(why, MSG_HTTP_HEADER_NAME, "header");
    for (size_t i = 0; i < f->name.len; i++) {
        if (!is_token_char(f->name.p[i])) return malformed(why, MSG_HTTP_HEADER_NAME, "header");
    }
    for (size_t i = 0; i < f->value.len; i++) {
        char c = f->value.p[i];
        if (is_control(c) && c != '\t') return malformed(why, MSG_HTTP_CONTROL, "header");
    }
    return ERR_OK;
}

/* The one field of that name, NULL when there is none. */
static enum err single(const struct head *head, const char *name, const struct field **out,
                       struct why *why)
{
    const struct field *found = NULL;
    struct str wanted = str_of(name);
    for (size_t i = 0; i < head->fields.count; i++) {
        const struct field *f = &head->fields.items[i];
        if (!str_eq_fold(f->name, wanted)) continue;
        if (found) return malformed(why, MSG_HTTP_REPEATED, name);
        found = f;
    }
    *out = found;
    return ERR_OK;
}

static enum err check_host(const struct head *head, struct why *why)
{
    const struct field *host;
    TRY(single(head, "Host", &host, why));
    if (!host) {
        if (strcmp(head->version, "HTTP/1.0") == 0) return ERR_OK;
        return malformed(why, MSG_MISSING, "Host");
    }
    struct str value = str_trim(host->value);
    for (size_t i = 0; i < value.len; i++) {
        if (strchr(" \t,/\\@?#<>\"", value.p[i])) return malformed(why, MSG_HTTP_HOST, "Host");
    }
    return ERR_OK;
}

/* At most one blank between colon and value: the headers that frame a body get no other freedom. */
static bool is_close_to_colon(const struct field *f)
{
    size_t gap = (size_t)(f->value.p - f->name.p) - f->name.len - 1;
    return gap == 0 || (gap == 1 && f->value.p[-1] == ' ');
}

static bool plain_length(const struct field *f, uint64_t *out)
{
    struct str digits = f->value;
    if (!is_close_to_colon(f) || digits.len == 0 || digits.len > 18) return false;
    if (digits.p[0] == '0' && digits.len > 1) return false;
    uint64_t n = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9') return false;
        n = n * 10 + (uint64_t)(digits.p[i] - '0');
    }
    *out = n;
    return true;
}

static enum err check_body(const struct head *head, struct framing *out, struct why *why)
{
    const struct field *length, *coding, *expect;
    TRY(single(head, "Content-Length", &length, why));
    TRY(single(head, "Transfer-Encoding", &coding, why));
    TRY(single(head, "Expect", &expect, why));
    out->expects = expect != NULL;
    if (coding) {
        if (length || strcmp(head->version, "HTTP/1.0") == 0) {
            return malformed(why, MSG_HTTP_BOTH, "Transfer-Encoding");
        }
        if (!is_close_to_colon(coding) || !str_eq_fold(coding->value, STR("chunked"))) {
            return why_fail(why, ERR_NOT_IMPLEMENTED, MSG_HTTP_CODING, "Transfer-Encoding", NULL);
        }
        out->chunked = true;
        return ERR_OK;
    }
    if (length && !plain_length(length, &out->length)) {
        return malformed(why, MSG_HTTP_LENGTH, "Content-Length");
    }
    return ERR_OK;
}

enum err framing_check(const struct head *head, struct framing *out, struct why *why)
{
    static const char *const once[] = {"Content-Type", "Content-Encoding", "Authorization"};
    struct framing found = {0};
    const struct field *ignored;
    if (head->fields.count > LIMIT_HEADERS) {
        return why_fail(why, ERR_HEADERS, MSG_TOO_MANY, "header", "%d", LIMIT_HEADERS);
    }
    TRY(check_target(head->target, why));
    TRY(layout(head, why));
    TRY(check_method(head->base, &found.method, why));
    for (size_t i = 0; i < head->fields.count; i++) {
        TRY(check_field(&head->fields.items[i], why));
    }
    TRY(check_host(head, why));
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        TRY(single(head, once[i], &ignored, why));
    }
    TRY(check_body(head, &found, why));
    *out = found;
    return ERR_OK;
}
