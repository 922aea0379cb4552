/* xml.c - expat with a bound on its memory, and no document types. */
#include "intake/xml.h"

#include <expat.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "base/mem.h"

#define HEAD 16 /* bytes before each piece of expat's memory, which hold its size */
#define ONE_MAX ((size_t)4 << 20) /* a tag that does not end is read again with each piece */

struct xml {
    XML_Parser parser;
    struct xml_handlers handlers;
    bool doctype, stopped;
};

/* ---- memory ---- */

static atomic_size_t memory_used;

static bool take(size_t size)
{
    if (atomic_fetch_add(&memory_used, size) + size <= LIMIT_XML_MEMORY) return true;
    atomic_fetch_sub(&memory_used, size);
    return false;
}

static void *xml_alloc(size_t size)
{
    if (size > ONE_MAX || !take(size + HEAD)) return NULL;
    char *p = mem_alloc(size + HEAD);
    memcpy(p, &size, sizeof(size));
    return p + HEAD;
}

static void xml_free(void *p)
{
    size_t size;
    if (!p) return;
    char *from = (char *)p - HEAD;
    memcpy(&size, from, sizeof(size));
    atomic_fetch_sub(&memory_used, size + HEAD);
    mem_free(from);
}

static void *xml_resize(void *p, size_t size)
{
    size_t old = 0;
    char *out = xml_alloc(size);
    if (!out || !p) return out;
    memcpy(&old, (char *)p - HEAD, sizeof(old));
    memcpy(out, p, old < size ? old : size);
    xml_free(p);
    return out;
}

/* ---- what expat tells ---- */

static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void on_open(void *ctx, const char *name, const char **attributes)
{
    struct xml *x = ctx;
    if (!x->stopped)
        x->handlers.open(x->handlers.ctx, local(name), (const char *const *)attributes);
}

static void on_close(void *ctx, const char *name)
{
    struct xml *x = ctx;
    if (!x->stopped) x->handlers.close(x->handlers.ctx, local(name));
}

static void on_text(void *ctx, const char *p, int len)
{
    struct xml *x = ctx;
    if (!x->stopped) x->handlers.text(x->handlers.ctx, (struct str){p, (size_t)len});
}

static void on_doctype(void *ctx, const char *name, const char *system_id, const char *public_id,
                       int subset)
{
    struct xml *x = ctx;
    (void)name, (void)system_id, (void)public_id, (void)subset;
    x->doctype = true;
    XML_StopParser(x->parser, XML_FALSE);
}

struct xml *xml_create(const struct xml_handlers *handlers)
{
    static const XML_Memory_Handling_Suite memory = {xml_alloc, xml_resize, xml_free};
    struct xml *x = mem_alloc(sizeof(*x));
    x->handlers = *handlers;
    x->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!x->parser) return x;
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_open, on_close);
    if (handlers->text) XML_SetCharacterDataHandler(x->parser, on_text);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    return x;
}

void xml_destroy(struct xml *x)
{
    if (!x) return;
    if (x->parser) XML_ParserFree(x->parser);
    mem_free(x);
}

/* ---- feeding ---- */

static enum err result(struct xml *x, enum XML_Status status, struct why *why)
{
    if (x->doctype) return why_fail(why, ERR_INVALID, MSG_XML_DOCTYPE, "", NULL);
    if (status != XML_STATUS_ERROR || x->stopped) return ERR_OK;
    enum XML_Error code = XML_GetErrorCode(x->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return why_fail(why, ERR_TOO_LARGE, MSG_XML_MEMORY, "", "%d", LIMIT_XML_MEMORY);
    return why_fail(why, ERR_INVALID, MSG_XML_BROKEN, "", "%llu|%s",
                    (unsigned long long)XML_GetCurrentLineNumber(x->parser), XML_ErrorString(code));
}

enum err xml_feed(struct xml *x, struct str piece, bool last, struct why *why)
{
    if (!x->parser) return why_fail(why, ERR_TOO_LARGE, MSG_XML_MEMORY, "", "%d", LIMIT_XML_MEMORY);
    if (x->stopped) return ERR_OK;
    return result(x, XML_Parse(x->parser, piece.p, (int)piece.len, last), why);
}

enum err xml_resume(struct xml *x, struct why *why)
{
    return result(x, XML_ResumeParser(x->parser), why);
}

void xml_pause(struct xml *x)
{
    XML_StopParser(x->parser, XML_TRUE);
}

void xml_stop(struct xml *x)
{
    x->stopped = true;
    XML_StopParser(x->parser, XML_FALSE);
}

bool xml_paused(const struct xml *x)
{
    XML_ParsingStatus status = {XML_FINISHED, XML_FALSE};
    if (x->parser) XML_GetParsingStatus(x->parser, &status);
    return status.parsing == XML_SUSPENDED;
}

bool xml_stopped(const struct xml *x)
{
    return x->stopped;
}

struct str xml_attribute(const char *const *attributes, const char *name)
{
    for (; *attributes; attributes += 2) {
        if (xml_is(local(attributes[0]), name)) return str_of(attributes[1]);
    }
    return (struct str){0};
}

bool xml_is(const char *name, const char *other)
{
    return strcmp(name, other) == 0;
}
