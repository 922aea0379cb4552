/* irc_line.h - what one line of a chat log is. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum irc_what {
    IRC_BLANK,
    IRC_SEPARATOR, /* dashes */
    IRC_MESSAGE,
    IRC_PRESENCE, /* joined, left, quit */
    IRC_RENAME,
    IRC_NOTE, /* other === lines, timed lines that nobody says, and those that tell the day */
    IRC_MORE  /* begins with no time: continues the message above */
};

struct irc_line {
    enum irc_what what;
    bool has_time, has_date;
    int32_t day;     /* has_date: days since 1970 */
    int month;       /* 1 to 12 where the line has a date without a year; else 0 */
    int month_day;   /* then: of the month */
    int64_t time_ms; /* has_time: of the day */
    bool zoned;      /* has_time: the line tells its zone */
    int64_t zone_ms; /* then: east of UTC */
    struct str nick; /* who speaks, or is renamed */
    struct str text; /* what is said, or the new nick */
};

void irc_line_read(struct str line, struct irc_line *out);

/* The first YYYY-MM-DD (or YYYYMMDD, YYYY_MM_DD) in a file's name without its folders. */
bool irc_date_in(struct str path, int32_t *day);
