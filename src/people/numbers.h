/* numbers.h - the numbers of definitions.md 2 and 3, and of RFM, that a brand may change: one table
 * says what each is called, its default, its bounds and its words.
 *
 * The fold, the routes and the console's tables all read this one. Constant data; any thread. */
#pragma once

#include "base/err.h"
#include "people/fold.h"

enum number_part { NUMBER_LIFECYCLE, NUMBER_TRUST, NUMBER_RFM };
enum number_unit { UNIT_OF_DAYS, UNIT_OF_HOURS, UNIT_OF_PERCENT, UNIT_OF_TIMES, UNIT_OF_MONEY };

#define RFM_NUMBER_CUTS 4 /* of each of r, f, m: they part five scores */

/* All of a brand's. */
struct numbers {
    struct fold_rules rules;
    int rfm[3][RFM_NUMBER_CUTS]; /* days, orders, minor units; 0 = not set: scores by rank */
};

struct number {
    const char *name; /* "dormant_days" */
    enum number_part part;
    enum number_unit unit;
    int least, most, usual; /* bounds, both included, and the default */
    size_t place;           /* of the int, in struct numbers */
    const char *label[2];   /* enum lang */
    const char *help[2];
};
extern const struct number numbers_table[]; /* ends with {0} */

int numbers_get(const struct numbers *n, const struct number *of);
void numbers_set(struct numbers *n, const struct number *of, int value);
const struct number *numbers_find(struct str name); /* NULL = there is none */

/* Set what the numbers say; the rule of owners stays. */
void numbers_apply(const struct numbers *n, struct fold_rules *to);

void numbers_default(struct numbers *n);
/* Presets by name, ended by {0}. */
struct number_preset {
    const char *name;
    int dormant_days, churned_days;
    const char *label[2];
};
extern const struct number_preset number_presets[];
bool numbers_preset(struct str name, struct numbers *n);
/* Is each in its bounds, and do they go together? ERR_INVALID names the first that does not. */
MUST_CHECK enum err numbers_check(const struct numbers *n, struct why *why);
/* Are the scores of RFM by cuts, not by rank? */
bool numbers_have_cuts(const struct numbers *n);
