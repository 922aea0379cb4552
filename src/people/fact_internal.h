/* fact_internal.h - the parts of checking a fact; inside src/people only. */
#pragma once

#include "people/fact.h"

/* Bring a text to valid UTF-8 in NFC without NUL, of at most 'size_max' bytes. 'field' and 'name'
 * make the field of the error, "field.name" when there is a name. */
struct text_rule {
    const char *field;
    struct str name; /* {NULL, 0} = none */
    size_t size_max; /* bytes */
};
MUST_CHECK enum err fact_clean(struct str *text, const struct text_rule *rule, struct arena *arena,
                               struct why *why);

/* Would fact_clean leave it as it is, but for its length? True of printable ASCII only. */
bool fact_is_plain(struct str text);

/* fact_identity.c: normalise the identities in place, leaving out junk. 'plain' as of the fact. */
MUST_CHECK enum err fact_check_identities(struct identity *ids, uint32_t *count, bool plain,
                                          struct arena *arena, uint32_t *junk, struct why *why);

/* fact_value.c: properties and traits. Personal properties become traits, or are left out into
 * *junk. */
MUST_CHECK enum err fact_check_values(struct fact *f, struct arena *arena, uint32_t *junk,
                                      struct why *why);
