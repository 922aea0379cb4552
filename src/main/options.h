/* options.h - command-line options of one command: "--name VALUE" or "--name=VALUE", and the rest.
 *
 * Not getopt_long: commands also run on the server's threads, and getopt keeps its state in
 * globals. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct option {
    const char *name;   /* without dashes */
    const char **value; /* receives the value; NULL for a flag */
    bool *flag;         /* receives true; NULL when it has a value */
};

/* Fill the options ('list' ends with {0}); what is no option is left in rest[0..*rest_count-1].
 * "--" ends the options; "-" is no option. ERR_INVALID names the option in why->field. */
MUST_CHECK enum err options_parse(int argc, char *const *argv, const struct option *list,
                                  const char **rest, int *rest_count, struct why *why);
