/* hours.c - two times of day with a dash between them. */
#include "brand/hours.h"

#include <ctype.h>
#include <stdio.h>

#define DAY_MINUTES (24 * 60)

/* "HH:MM", two digits each. -1: it is not. */
static int minutes_of(const char *text)
{
    static const char shape[] = "00:00";
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i]) return -1;
    }
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    return minute < 60 ? hour * 60 + minute : -1;
}

bool hours_parse(struct str text, struct hours *out)
{
    if (text.len != HOURS_TEXT_SIZE - 1 || text.p[5] != '-') return false;
    struct hours h = {minutes_of(text.p), minutes_of(text.p + 6)};
    if (h.opens < 0 || h.closes <= h.opens || h.closes > DAY_MINUTES) return false;
    *out = h;
    return true;
}

void hours_print(struct hours h, char out[HOURS_TEXT_SIZE])
{
    char text[64];
    snprintf(text, sizeof(text), "%02d:%02d-%02d:%02d", h.opens / 60, h.opens % 60, h.closes / 60,
             h.closes % 60);
    snprintf(out, HOURS_TEXT_SIZE, "%.11s", text);
}
