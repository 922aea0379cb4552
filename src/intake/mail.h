/* mail.h - the parts of a mail as a stranger wrote it: headers, the text of its body. Any thread.
 *
 * Everything comes out as UTF-8, in 'arena'; of charsets those are known that mail uses, and what a
 * charset does not allow becomes U+FFFD. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* =?utf-8?B?5L2g?= */
struct str mail_words(struct arena *a, struct str raw);
/* "Fri, 05 Jan 2024 09:01:00 +0800": UTC ms. */
bool mail_date(struct str s, int64_t *out);
/* The address and the name of the first person in a From. False: there is none. */
bool mail_person(struct arena *a, struct str raw, struct str *address, struct str *name);
/* What stands within the last, or the first, <...>; {NULL, 0} when nothing does. */
struct str mail_id(struct str raw, bool last);

/* A body, or a part of one. */
struct mail_part {
    struct str type;     /* Content-Type, as it stands */
    struct str encoding; /* Content-Transfer-Encoding */
    struct str body;
};
/* The first part that is plain text, decoded. False: it has none. */
bool mail_text(struct arena *a, const struct mail_part *part, struct str *out);
/* Without the mail it answers, its attribution, and the signature. */
struct str mail_own(struct arena *a, struct str text);
