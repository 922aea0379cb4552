/* time.h - UTC milliseconds, IANA zones, calendar days and weeks that survive clock changes.
 *
 * An instant is int64_t milliseconds since 1970-01-01T00:00:00Z. A day number counts days since
 * 1970-01-01 in the zone's own calendar. Zones come from GLib and are shared, immutable and safe to
 * use from any thread. A local time that does not exist (spring forward) is the first instant after
 * the gap; one that exists twice is the earlier. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define TIME_SECOND INT64_C(1000)
#define TIME_MINUTE (60 * TIME_SECOND)
#define TIME_HOUR (60 * TIME_MINUTE)
#define TIME_DAY (24 * TIME_HOUR)
#define TIME_WEEK (7 * TIME_DAY)
#define TIME_NONE INT64_MIN /* no time known */

struct zone;
/* Open by IANA name ("Asia/Shanghai", "UTC"); cached for the life of the process, never closed.
 * NULL when there is no such zone. */
const struct zone *zone_open(const char *name);
const char *zone_name(const struct zone *z);
/* Offset from UTC in seconds at an instant. Fast: a table of transitions. */
int32_t zone_offset(const struct zone *z, int64_t at);

/* Calendar day of an instant, and the first instant of a day. */
int32_t zone_day(const struct zone *z, int64_t at);
int64_t zone_day_start(const struct zone *z, int32_t day);

/* Buckets of reports. A week starts on Monday. */
enum time_unit { UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH };
/* Start of the bucket that holds 'at', and start of the next bucket after a bucket start. Hours are
 * local hours: bucket starts are local hh:00 and a repeated hour is two buckets. */
int64_t zone_bucket_start(const struct zone *z, enum time_unit unit, int64_t at);
int64_t zone_bucket_next(const struct zone *z, enum time_unit unit, int64_t start);

struct civil {
    int32_t year;
    int month, day, hour, minute, second, ms; /* month, day from 1 */
};
int32_t civil_day(int32_t year, int month, int day); /* day number of a proleptic Gregorian date */
void civil_from_day(int32_t day, int32_t *year, int *month, int *mday);
bool civil_valid(const struct civil *c); /* ranges, month lengths, leap years */
struct civil zone_civil(const struct zone *z, int64_t at);
int64_t zone_instant(const struct zone *z, const struct civil *c);
int day_of_week(int32_t day); /* 1 Monday .. 7 Sunday */

/* RFC 3339: date-time with offset or Z, up to 9 fraction digits (cut to ms). */
bool time_parse_rfc3339(struct str s, int64_t *out);
/* A date "2025-01-31" in the zone (its first instant), or RFC 3339. */
bool time_parse(const struct zone *z, struct str s, int64_t *out);
/* "2025-01-31T08:00:00.000+08:00"; without fraction when ms are 0. Returns the length;
 * size >= 40. The offset is cut to minutes; years end at 0000 and 9999. */
size_t time_format(const struct zone *z, int64_t at, char *out, size_t size);
/* "90d" "12h" "5m" "45s" "2w", one unit, up to 36500 d. */
bool duration_parse(struct str s, int64_t *out_ms);
/* The same, in the largest unit that divides it: "90d". */
void duration_format(int64_t ms, char *out, size_t size);
