/* joined.h - a member by one fact: they join the group "g". */
#pragma once

#include "brand_place.h"

#include "people/internal.h"

static inline enum err record_joined(struct tx *tx, const char *user, int64_t at, struct why *why)
{
    static const struct sender sender = {.level = SENDER_IMPORT, .origin = {"import:1", 8}};
    struct identity who = {IDENTITY_USER, str_of(user)};
    struct fact fact = {.at = at,
                        .kind = STR("group.joined"),
                        .who = &who,
                        .who_count = 1,
                        .code = {[DIM_GROUP] = STR("g")},
                        .amount = HISTORY_NO_AMOUNT};
    struct people_result result;
    return people_record(tx, &sender, &fact, &result, why);
}
