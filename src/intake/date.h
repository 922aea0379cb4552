/* date.h - times as people and programs write them in files. One thread a struct dates. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/time.h"

enum date_style {
    DATE_ANY,      /* no format was given: whatever is a date beyond doubt */
    DATE_ISO,      /* 2025-01-31, 2025-01-31 08:00[:00[.5]][+08:00] */
    DATE_EPOCH,    /* seconds since 1970 */
    DATE_EPOCH_MS, /* milliseconds since 1970 */
    DATE_PATTERN,  /* strptime's directives */
};

struct date_format {
    enum date_style style;
    struct str pattern; /* DATE_PATTERN: %T, %F, %D, %R, %n and %t written out */
};

/* "iso", "epoch", "epoch_ms", or a pattern of strptime: %Y %y %m %d %e %H %k %I %l %M %S %p %b %B
 * %h %a %A %j %s %z %Z %f %% and the short forms. False when it is none. */
bool date_format_parse(struct arena *a, struct str text, struct date_format *out);

/* Days of a zone, kept: files hold few of them. */
struct dates {
    const struct zone *zone;
    struct date_slot {
        int64_t start; /* first instant of the day */
        int32_t day;
        bool used;
        bool even; /* 24 hours without a change of clocks */
    } slots[256];
};
void dates_init(struct dates *d, const struct zone *zone);
/* The instant of a local time; 'c' must be valid. */
int64_t dates_instant(struct dates *d, const struct civil *c);

struct moment {
    int64_t at;    /* UTC ms */
    int32_t day;   /* as written, in whatever zone */
    bool has_time; /* not only a date */
};
/* Read the whole of 's'; false when it is no date of that format. */
bool date_read(struct dates *d, const struct date_format *f, struct str s, struct moment *out);

/* date_any.c: 2024/1/5 9:03, 2024年1月5日 上午9:03, 20240105, 20240105090300, 2024-01-05
 * 00:00:00.0, the day numbers of spreadsheets (45296.377), seconds (10 digits) and ms (13 digits)
 * since 1970. *offset: seconds east of UTC when one is written (*has_offset). */
struct date_parts {
    struct civil civil;
    bool has_time;
    bool has_offset;
    bool is_instant; /* 'at' instead of 'civil' */
    int32_t offset;  /* seconds */
    int64_t at;      /* UTC ms */
};
bool date_any(struct str s, struct date_parts *out);
