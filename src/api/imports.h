/* imports.h - what the routes of imports share: the import of a path, and the options of a run. */
#pragma once

#include "api/internal.h"
#include "intake/upload.h"

/* An import that the caller may see; 404 else. */
MUST_CHECK enum err imports_get(struct call *c, uint32_t id, struct upload *out, struct why *why);
/* The same as it is now, before and after a change: over a connection of its own. */
MUST_CHECK enum err imports_now(struct call *c, uint32_t id, struct upload *out, struct why *why);
/* That of the path, as it is now. */
MUST_CHECK enum err imports_find(struct call *c, struct upload *out, struct why *why);

/* An option as a text of the arena; NULL when it was not given, or is empty. */
const char *imports_option(const struct call *c, const char *name);
/* Options of the command line are fields here: the error names the field. */
enum err imports_as_field(enum err err, struct why *why);

/* ---- fields ---- */

#define MAP_BYTES 65536
#define FORMATS "csv|jsonl|segment|irc|columns|xlsx|telegram|discord|slack|messages|mbox"

/* What is the same for a look at a file and for its import. */
#define AS_FIELD                                                                                   \
    {                                                                                              \
        .name = "as", .type = SPEC_TEXT, .max = LIMIT_KIND_BYTES, .doc = "kind of every row"       \
    }
#define MAP_FIELD                                                                                  \
    {                                                                                              \
        .name = "map", .type = SPEC_TEXT, .max = MAP_BYTES,                                        \
        .doc = "columns to what they become, as in docs/import.md; absent: known headers decide"   \
    }
#define TZ_FIELD                                                                                   \
    {                                                                                              \
        .name = "tz", .type = SPEC_TEXT, .max = 64, .doc = "zone of times without one"             \
    }
#define GROUP_FIELD                                                                                \
    {                                                                                              \
        .name = "group", .type = SPEC_TEXT, .max = LIMIT_CODE_BYTES,                               \
        .doc = "group of rows that name none"                                                      \
    }
#define SHEET_FIELD                                                                                \
    {                                                                                              \
        .name = "sheet", .type = SPEC_TEXT, .max = LIMIT_CODE_BYTES,                               \
        .doc = "of a workbook, by its name; default: the first visible"                            \
    }
#define DATE_FIELD                                                                                 \
    {                                                                                              \
        .name = "date", .type = SPEC_TEXT, .max = 10, .doc = "irc: day of the first line"          \
    }
