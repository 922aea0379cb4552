/* sim_group.h - four weeks of one group's talk, of a kind, from a seed.
 *
 * Six kinds: a monologue, a staged one, a self-centred one, a self-driven one, a course and a flash
 * sale. Size, staff share, timetable, how many answer whom and how fast are drawn at random within
 * what a kind is. The same seed gives the same talk. Any thread. */
#pragma once

#include "base/env.h"
#include "base/vec.h"
#include "groups/talk.h"

enum sim_kind {
    SIM_MONOLOGUE,
    SIM_STAGED,
    SIM_SELF_CENTRED,
    SIM_SELF_DRIVEN,
    SIM_COURSE,
    SIM_FLASH_SALE,
    SIM_KINDS
};
const char *sim_kind_name(enum sim_kind kind); /* "monologue" ... "flash_sale" */

struct sim_line {
    struct talk_message said; /* 'target' is not filled */
    struct str text;
};

struct sim_talk {
    enum sim_kind kind;
    uint32_t staff, shills, members; /* accounts: staff first, then shills, then honest members */
    int64_t from;                    /* the four weeks begin */
    struct arena *arena;             /* of texts */
    struct rng rng;
    VEC(struct sim_line) lines; /* in order of time */
};

/* 'from' is the first instant of a day of 'zone'. To be ended by sim_talk_finish. */
void sim_talk_make(struct sim_talk *s, enum sim_kind kind, uint64_t seed, int64_t from);
void sim_talk_finish(struct sim_talk *s);

static inline uint32_t sim_talk_accounts(const struct sim_talk *s)
{
    return s->staff + s->shills + s->members;
}
static inline bool sim_talk_is_shill(const struct sim_talk *s, uint32_t account)
{
    return account >= s->staff && account < s->staff + s->shills;
}
