/* handout_groups.c - what a member's export holds of groups: their place in them, what they said,
 * and what was made of it. */
#include "api/handout_internal.h"
#include "groups/checkup.h"
#include "groups/messages.h"
#include "groups/role.h"
#include "moderation/moderation.h"

enum err handout_group_roles(struct handout *h, struct why *why)
{
    struct group_role *items;
    size_t count;
    enum err err = groups_roles_of(h->look->db, h->profile->id, h->look->arena, &items, &count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    for (size_t i = 0; i < count; i++) {
        struct str group = items[i].group
                               ? registry_code_text(h->call->brand, DIM_GROUP, items[i].group)
                               : STR("");
        handout_row_begin(h);
        handout_time(h, "at", items[i].at);
        handout_text(h, "group", group);
        handout_text(h, "role", str_of(account_role_names[items[i].role]));
        handout_text(h, "person", items[i].person);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

enum err handout_circles(struct handout *h, struct why *why)
{
    struct circle_place *items;
    size_t count = circles_of(h->call->brand, h->profile->id, h->look->arena, &items);
    for (size_t i = 0; i < count; i++) {
        handout_row_begin(h);
        handout_text(h, "group", registry_code_text(h->call->brand, DIM_GROUP, items[i].group));
        handout_text(h, "circle", str_of(circle_name((enum circle)items[i].circle)));
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_message(void *ctx, const struct message *m, struct why *why)
{
    struct handout *h = ctx;
    handout_row_begin(h);
    handout_time(h, "at", m->at);
    handout_text(h, "group", registry_code_text(h->call->brand, DIM_GROUP, m->group));
    handout_text(h, "type", m->type);
    handout_text(h, "text", m->text);
    handout_time(h, "edited_at", m->edited_at);
    handout_time(h, "recalled_at", m->recalled_at);
    return handout_row_end(h, why);
}

enum err handout_messages(struct handout *h, struct why *why)
{
    uint32_t *personas;
    size_t count =
        persona_map_of(h->look->snapshot->personas, h->profile->id, h->look->arena, &personas);
    return messages_of(h->call->brand, personas, count, write_message, h, why);
}

enum err handout_group_suspects(struct handout *h, struct why *why)
{
    struct verdict *items;
    size_t count;
    enum err err = verdicts_of(h->look->db, h->profile->id, h->look->arena, &items, &count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    for (size_t i = 0; i < count; i++) {
        handout_row_begin(h);
        handout_time(h, "at", items[i].at);
        handout_text(h, "group", registry_code_text(h->call->brand, DIM_GROUP, items[i].group));
        handout_text(h, "verdict",
                     items[i].verdict == VERDICT_CONFIRMED ? STR("confirmed") : STR("cleared"));
        handout_text(h, "note", items[i].note);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

enum err handout_moderation(struct handout *h, struct why *why)
{
    struct case_filter f = {.state = -1, .persona = h->profile->id, .limit = 200};
    struct moderation_case *items;
    size_t count;
    do {
        TRY(moderation_cases(h->look->db, &f, h->look->arena, &items, &count, why));
        for (size_t i = 0; i < count; i++) {
            handout_row_begin(h);
            handout_time(h, "at", items[i].at);
            handout_text(h, "group", registry_code_text(h->look->brand, DIM_GROUP, items[i].group));
            handout_text(h, "found", items[i].what);
            handout_text(h, "text", items[i].quote);
            handout_text(h, "state", str_of(case_state_names[items[i].state]));
            handout_text(h, "action", str_of(rule_action_names[items[i].action]));
            TRY(handout_row_end(h, why));
        }
        if (count) f.below = items[count - 1].id;
    } while (count == f.limit);
    return ERR_OK;
}
