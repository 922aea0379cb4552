/* member_scores.h - a member's scores as replies, exports and the member's own data show them. */
#pragma once

#include "api/call.h"
#include "scores/scores.h"

#define MEMBER_SCORES 7
extern const char *const member_score_names[MEMBER_SCORES]; /* as expressions name them */
/* In that order; NaN = unknown. False: the member has none at all. */
bool member_scores(struct brand *b, uint32_t member, double out[MEMBER_SCORES]);

/* "scores": null, or what they are as of when. */
void members_put_scores(const struct call *c, struct json_writer *w, uint32_t member);
#define MEMBER_SCORES_REPLY                                                                        \
    "\"scores\":{\"as_of\":\"2025-03-01T00:00:00+08:00\",\"rfm_r\":5,\"rfm_f\":4,\"rfm_m\":3,"     \
    "\"p_alive\":0.91,\"p_alive_drop\":0.02,\"expected_orders\":1.25,\"expected_value\":5210.5}"
/* What other forms it may have. */
#define MEMBER_SCORES_NONE                                                                         \
    "\"scores\":{\"rfm_r\":null,\"rfm_f\":null,\"rfm_m\":null,\"p_alive\":null,"                   \
    "\"p_alive_drop\":null,\"expected_orders\":null,\"expected_value\":null}"
