/* hours.h - the hours of a day in which staff answer, as text "09:00-22:00" and as minutes. */
#pragma once

#include "base/str.h"

/* Minutes of the brand's local day: 0 <= opens < closes <= 1440. */
struct hours {
    int opens, closes;
};

#define HOURS_TEXT_SIZE 12
#define HOURS_DEFAULT "09:00-22:00" /* definitions.md, "ignored" */

/* "HH:MM-HH:MM", the later one up to 24:00. False: it is not, and *out is as it was. */
bool hours_parse(struct str text, struct hours *out);
void hours_print(struct hours h, char out[HOURS_TEXT_SIZE]);
