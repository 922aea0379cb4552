/* zone.c - time zones as tables of ranges of constant offset.
 *
 * GLib reads the zone once, at zone_open(): its intervals from 1900 to 2200 become 'ranges'. Before
 * 1900 the first range holds, from 2200 on the last. After that a zone never changes, so that
 * look-ups take no lock. 'slots' cuts the years into runs of 99 days and names the range at the
 * start of each: a look-up is one load and rarely more than one step.
 *
 * Invariants: ranges[0].start is INT64_MIN, starts ascend, ranges[count].start is INT64_MAX, and
 * neighbours differ in offset. Local time is instant + offset; it jumps only where a range starts.
 */
#include "base/time.h"

#include <assert.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/vec.h"

#define TABLE_START (INT64_C(-2208988800) * TIME_SECOND) /* 1900-01-01 */
#define TABLE_END (INT64_C(7258118400) * TIME_SECOND)    /* 2200-01-01 */
#define SLOT_SHIFT 33                                    /* 2^33 ms are 99 days */
#define SLOT_COUNT (((TABLE_END - TABLE_START) >> SLOT_SHIFT) + 1)
#define NAME_SIZE 64
#define INSTANT_MAX INT64_C(100000000000000000) /* three million years; its day fits int32 */

struct range {
    int64_t start;  /* first instant */
    int64_t offset; /* local time minus UTC, ms */
};

struct zone {
    struct zone *next;          /* in 'zones' */
    char name[NAME_SIZE];       /* IANA */
    struct range *ranges;       /* 'count' and the end mark */
    size_t count;               /* of ranges */
    uint16_t slots[SLOT_COUNT]; /* index of the range at each slot's start */
};

static pthread_mutex_t zones_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *zones; /* every zone opened so far; under zones_lock */

/* Names of IANA's list start with a capital; this leaves out "right/", "posix/" and paths. GLib
 * alone would take offsets and POSIX rules too, so that the file itself must be there. */
static bool name_known(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "_+-/";
    size_t len = strlen(name);
    if (len == 0 || len >= NAME_SIZE) return false;
    if (name[0] < 'A' || name[0] > 'Z' || strspn(name, allowed) != len) return false;
    if (strcmp(name, "UTC") == 0) return true;
    const char *folder = getenv("TZDIR");
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
    struct stat st;
    return n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int interval_at(GTimeZone *tz, int64_t second)
{
    return g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, second);
}

/* The first second after 'from' in another interval; 'end' when there is none before it. */
static int64_t next_interval(GTimeZone *tz, int64_t from, int64_t end)
{
    int interval = interval_at(tz, from);
    if (interval_at(tz, end - 1) == interval) return end;
    int64_t low = from;
    int64_t high = end - 1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (interval_at(tz, middle) == interval) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static void fill_ranges(struct zone *z, GTimeZone *tz)
{
    VEC(struct range) ranges = {0};
    int64_t end = TABLE_END / TIME_SECOND;
    for (int64_t at = TABLE_START / TIME_SECOND; at < end; at = next_interval(tz, at, end)) {
        int64_t offset = g_time_zone_get_offset(tz, interval_at(tz, at)) * TIME_SECOND;
        if (ranges.count > 0 && ranges.items[ranges.count - 1].offset == offset) continue;
        int64_t start = ranges.count > 0 ? at * TIME_SECOND : INT64_MIN;
        VEC_PUSH(&ranges, ((struct range){start, offset}));
    }
    VEC_PUSH(&ranges, ((struct range){INT64_MAX, 0}));
    assert(ranges.count <= UINT16_MAX);
    z->ranges = ranges.items;
    z->count = ranges.count - 1;
}

static void fill_slots(struct zone *z)
{
    size_t range = 0;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        int64_t at = TABLE_START + ((int64_t)i << SLOT_SHIFT);
        while (at >= z->ranges[range + 1].start) {
            range++;
        }
        z->slots[i] = (uint16_t)range;
    }
}

static struct zone *zone_build(const char *name)
{
    if (!name_known(name)) return NULL;
    GTimeZone *tz = g_time_zone_new_identifier(name);
    if (!tz) return NULL;
    struct zone *z = mem_alloc(sizeof(*z));
    memcpy(z->name, name, strlen(name) + 1);
    fill_ranges(z, tz);
    fill_slots(z);
    g_time_zone_unref(tz);
    return z;
}

const struct zone *zone_open(const char *name)
{
    assert(name);
    pthread_mutex_lock(&zones_lock);
    struct zone *z = zones;
    while (z && strcmp(z->name, name) != 0) {
        z = z->next;
    }
    if (!z) {
        z = zone_build(name);
        if (z) {
            z->next = zones;
            zones = z;
        }
    }
    pthread_mutex_unlock(&zones_lock);
    return z;
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

static inline size_t range_at(const struct zone *z, int64_t at)
{
    if (at < TABLE_START) return 0;
    if (at >= TABLE_END) return z->count - 1;
    size_t i = z->slots[(at - TABLE_START) >> SLOT_SHIFT];
    while (at >= z->ranges[i + 1].start) {
        i++;
    }
    return i;
}

static inline int64_t bounded(int64_t at)
{
    if (at > INSTANT_MAX) return INSTANT_MAX;
    if (at < -INSTANT_MAX) return -INSTANT_MAX;
    return at;
}

static inline int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b < 0);
}

int32_t zone_offset(const struct zone *z, int64_t at)
{
    return (int32_t)(z->ranges[range_at(z, at)].offset / TIME_SECOND);
}

static inline int64_t local_time(const struct zone *z, int64_t at)
{
    at = bounded(at);
    return at + z->ranges[range_at(z, at)].offset;
}

int32_t zone_day(const struct zone *z, int64_t at)
{
    return (int32_t)floor_div(local_time(z, at), TIME_DAY);
}

/* The earliest instant whose local time is 'local'; in a gap, the gap's end. Offsets are less than
 * a day, so that the search may begin a day before. */
static int64_t instant_of_local(const struct zone *z, int64_t local)
{
    size_t i = range_at(z, local - TIME_DAY);
    while (local - z->ranges[i].offset >= z->ranges[i + 1].start) {
        i++;
    }
    int64_t at = local - z->ranges[i].offset;
    return at > z->ranges[i].start ? at : z->ranges[i].start;
}

int64_t zone_day_start(const struct zone *z, int32_t day)
{
    return instant_of_local(z, day * TIME_DAY);
}

struct civil zone_civil(const struct zone *z, int64_t at)
{
    int64_t local = local_time(z, at);
    int32_t day = (int32_t)floor_div(local, TIME_DAY);
    int64_t ms = local - day * TIME_DAY;
    struct civil c = {
        .hour = (int)(ms / TIME_HOUR),
        .minute = (int)(ms / TIME_MINUTE % 60),
        .second = (int)(ms / TIME_SECOND % 60),
        .ms = (int)(ms % TIME_SECOND),
    };
    civil_from_day(day, &c.year, &c.month, &c.day);
    return c;
}

int64_t zone_instant(const struct zone *z, const struct civil *c)
{
    int64_t day = civil_day(c->year, c->month, c->day);
    return instant_of_local(z, day * TIME_DAY + c->hour * TIME_HOUR + c->minute * TIME_MINUTE +
                                   c->second * TIME_SECOND + c->ms);
}

/* An hour that a clock change cuts is two buckets; the second starts at the change. */
static int64_t hour_start(const struct zone *z, int64_t at)
{
    at = bounded(at);
    const struct range *r = &z->ranges[range_at(z, at)];
    int64_t start = floor_div(at + r->offset, TIME_HOUR) * TIME_HOUR - r->offset;
    return start > r->start ? start : r->start;
}

static int64_t hour_next(const struct zone *z, int64_t start)
{
    start = bounded(start);
    const struct range *r = &z->ranges[range_at(z, start)];
    int64_t next = (floor_div(start + r->offset, TIME_HOUR) + 1) * TIME_HOUR - r->offset;
    return next < r[1].start ? next : r[1].start;
}

static int32_t bucket_day(enum time_unit unit, int32_t day)
{
    if (unit == UNIT_DAY) return day;
    if (unit == UNIT_WEEK) return day - (day_of_week(day) - 1);
    int32_t year;
    int month, mday;
    civil_from_day(day, &year, &month, &mday);
    return day - (mday - 1);
}

static int32_t bucket_day_next(enum time_unit unit, int32_t first)
{
    if (unit == UNIT_DAY) return first + 1;
    if (unit == UNIT_WEEK) return first + 7;
    return bucket_day(UNIT_MONTH, first + 31);
}

int64_t zone_bucket_start(const struct zone *z, enum time_unit unit, int64_t at)
{
    if (unit == UNIT_HOUR) return hour_start(z, at);
    at = bounded(at);
    int32_t first = bucket_day(unit, zone_day(z, at));
    /* A clock set back just after midnight returns to the day before: that bucket has ended. */
    int64_t next = zone_day_start(z, bucket_day_next(unit, first));
    return at >= next ? next : zone_day_start(z, first);
}

int64_t zone_bucket_next(const struct zone *z, enum time_unit unit, int64_t start)
{
    if (unit == UNIT_HOUR) return hour_next(z, start);
    int32_t first = bucket_day(unit, zone_day(z, start));
    return zone_day_start(z, bucket_day_next(unit, first));
}
