/* ward.h - a group looked at for a call: its checkup, and how its people and messages are written.
 *
 * Of a member whom the caller does not see only the role is given. */
#pragma once

#include "api/groups.h"
#include "groups/checkup.h"
#include "people/look.h"

struct ward {
    struct call *call;
    struct sql *db;
    uint32_t group;
    int64_t now;         /* the moment it is as of */
    struct arena *arena; /* of the checkup, which may be larger than a request's may grow */
    struct talk_places places;
    struct checkup_ask ask;
    struct checkup up;
    struct look look;
};

/* The field of the query of each route that begins one. */
#define WARD_AT                                                                                    \
    {                                                                                              \
        .name = "at", .type = SPEC_TIME, .doc = "as it was then; default, and at the latest: now"  \
    }
/* The group of the path as of the query's "at". To be ended by ward_end(), whatever is returned. */
MUST_CHECK enum err ward_begin(struct call *c, struct ward *x, struct why *why);
void ward_end(struct ward *x);

/* {"id", "name", "staff", "role"} under a key. */
MUST_CHECK enum err ward_put_account(struct ward *x, struct json_writer *w, const char *key,
                                     uint32_t account, struct why *why);
/* The words of a message under "text"; null where none are kept, or their member is not seen. */
MUST_CHECK enum err ward_put_text(struct ward *x, struct json_writer *w, uint32_t message,
                                  struct why *why);
/* An object: when, by whom, of what kind, in what words. */
MUST_CHECK enum err ward_put_message(struct ward *x, struct json_writer *w, uint32_t message,
                                     struct why *why);
/* "2025-01-31" */
struct str ward_date(const struct call *c, int32_t day);
