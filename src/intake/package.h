/* package.h - the entries of a ZIP that a stranger made, unpacked within limits.
 *
 * Checked before and while an entry is read: how many there are (LIMIT_XLSX_ENTRIES, or as said),
 * what it unpacks to (LIMIT_XLSX_ENTRY_MIB), and how many times its packed size that is
 * (LIMIT_XLSX_RATIO); its sum at its end. One thread at a time. */
#pragma once

#include "base/err.h"
#include "intake/xml.h"

struct package;

/* 'fd' stays the caller's, and open for as long. ERR_INVALID: damaged or cut off; ERR_TOO_LARGE. */
MUST_CHECK enum err package_open(int fd, struct package **out, struct why *why);
/* The same, of up to so many entries, whose names are listed. */
MUST_CHECK enum err package_open_of(int fd, uint64_t entries_max, struct package **out,
                                    struct why *why);
uint64_t package_count(const struct package *p);
const char *package_name(const struct package *p, uint64_t index); /* "" = it has none */
void package_close(struct package *p);                             /* NULL is allowed */
/* Its case does not count. */
bool package_has(const struct package *p, const char *path);

struct entry;
/* ERR_INVALID: it is not there, or encrypted. Close it before the package. */
MUST_CHECK enum err entry_open(struct package *p, const char *path, struct entry **out,
                               struct why *why);
MUST_CHECK enum err entry_open_at(struct package *p, uint64_t index, struct entry **out,
                                  struct why *why);
void entry_close(struct entry *e); /* NULL is allowed */
/* The next bytes; *len is 0 at the end. */
MUST_CHECK enum err entry_read(struct entry *e, void *p, size_t size, size_t *len, struct why *why);
double entry_progress(const struct entry *e); /* 0 to 1, by what it says of itself */
/* A whole entry through an XML reader, until it stops. */
MUST_CHECK enum err entry_parse(struct package *p, const char *path,
                                const struct xml_handlers *handlers, struct xml **reader,
                                struct why *why);
