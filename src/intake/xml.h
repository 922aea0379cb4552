/* xml.h - XML from a hostile file, pushed in piece by piece.
 *
 * UTF-8 comes out. A document type is refused, and with it every entity but the five of XML; so is
 * what would take more memory than LIMIT_XML_MEMORY, which all readers share: a tag without an end,
 * elements within elements without an end, names and names. One thread at a time. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct xml;

/* Names come without their prefix; 'attributes' are name, value, name, value ..., NULL. */
struct xml_handlers {
    void (*open)(void *ctx, const char *name, const char *const *attributes);
    void (*close)(void *ctx, const char *name);
    void (*text)(void *ctx, struct str text); /* may come in parts; NULL = not wanted */
    void *ctx;
};

struct xml *xml_create(const struct xml_handlers *handlers);
void xml_destroy(struct xml *x); /* NULL is allowed */
/* From within a handler: hand out no more until xml_resume(), or never again. */
void xml_pause(struct xml *x);
void xml_stop(struct xml *x);
/* The next piece; 'last': none follows. After a pause the piece is still held: xml_resume() goes on
 * with it. ERR_INVALID with what is wrong and where; stopping is no error. */
MUST_CHECK enum err xml_feed(struct xml *x, struct str piece, bool last, struct why *why);
MUST_CHECK enum err xml_resume(struct xml *x, struct why *why);
bool xml_paused(const struct xml *x);
bool xml_stopped(const struct xml *x);

/* The value of an attribute, {NULL, 0} when it is not there; its prefix does not count. */
struct str xml_attribute(const char *const *attributes, const char *name);
bool xml_is(const char *name, const char *other);
