/* handout_sections.c - what a member's export holds. A section that a new table asks for is a row
 * of the table at the end, and a function. */
#include "api/handout_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/member_scores.h"
#include "api/members.h"
#include "groups/checkup.h"
#include "groups/messages.h"
#include "groups/role.h"
#include "moderation/moderation.h"
#include "people/consent.h"
#include "people/look_merge.h"
#include "people/note.h"
#include "people/owner.h"
#include "people/tag.h"
#include "segments/segments.h"
#include "today/today.h"

/* ---- cells ---- */

static void cell_text(struct handout *h, const char *key, struct str text)
{
    if (text.p) {
        reply_text(&h->reply, key, text);
    } else if (h->reply.form == INSIGHT_JSON) {
        reply_null(&h->reply, key);
    } else {
        reply_text(&h->reply, key, STR(""));
    }
}

static void cell_time(struct handout *h, const char *key, int64_t at)
{
    if (at == TIME_NONE) {
        cell_text(h, key, (struct str){NULL, 0});
    } else {
        reply_time(&h->reply, key, at);
    }
}

/* {NULL, 0} of nobody. */
static struct str staff_text(const struct handout *h, uint32_t code)
{
    return code ? registry_code_text(h->look->brand, DIM_STAFF, code) : (struct str){NULL, 0};
}

static enum err write_standing(struct handout *h, struct why *why)
{
    const struct look_profile *p = h->profile;
    handout_row_begin(h);
    reply_member(&h->reply, "id", p->id);
    cell_text(h, "name", p->name);
    cell_text(h, "stage", str_of(stage_name(p->state.stage)));
    cell_time(h, "stage_since", p->state.stage_since);
    cell_text(h, "trust", str_of(trust_name(p->state.trust)));
    cell_time(h, "trust_since", p->trust_since);
    cell_time(h, "created", p->state.created);
    cell_time(h, "last_seen", p->state.last_seen);
    reply_count(&h->reply, "events", p->state.events);
    reply_count(&h->reply, "orders", p->state.orders);
    reply_int(&h->reply, "spent", p->state.spent);
    cell_text(h, "owner", staff_text(h, p->state.owner));
    return handout_row_end(h, why);
}

static enum err write_identities(struct handout *h, struct why *why)
{
    for (size_t i = 0; i < h->profile->identity_count; i++) {
        const struct look_identity *id = &h->profile->identities[i];
        handout_row_begin(h);
        cell_text(h, "kind", str_of(identity_kind_name(id->kind)));
        cell_text(h, "value", id->value);
        reply_bool(&h->reply, "verified", id->verified);
        cell_time(h, "first_seen", id->first_seen);
        cell_time(h, "last_seen", id->last_seen);
        cell_text(h, "source", id->source);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_trait_list(struct handout *h, const struct look_trait *list, size_t count,
                                 struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        const struct look_trait *t = &list[i];
        handout_row_begin(h);
        cell_text(h, "name", t->name);
        if (t->type == TYPE_TEXT) {
            cell_text(h, "value", t->text);
        } else if (t->type == TYPE_BOOL) {
            reply_bool(&h->reply, "value", t->number != 0);
        } else {
            reply_double(&h->reply, "value", t->number);
        }
        cell_time(h, "at", t->at);
        cell_text(h, "source", t->source);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_traits(struct handout *h, struct why *why)
{
    return write_trait_list(h, h->profile->traits, h->profile->trait_count, why);
}

static enum err write_overwritten(struct handout *h, struct why *why)
{
    struct look_trait *list;
    size_t count;
    enum err err = look_overwritten(h->look, h->profile, &list, &count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    return write_trait_list(h, list, count, why);
}

/* What an entry is a change of; NULL = it is none. */
static const char *changed(const struct handout *h, const struct look_entry *e)
{
    struct str kind = registry_kind_name(h->call->brand, e->kind);
    if (str_is(kind, "circle.changed")) return "circle";
    if (str_is(kind, "trust.changed")) return "trust";
    return str_is(kind, "lifecycle.changed") ? "stage" : NULL;
}

static struct str prop_text(const struct look_entry *e, const char *name)
{
    for (size_t i = 0; i < e->prop_count; i++) {
        if (str_is(e->props[i].name, name)) return e->props[i].text;
    }
    return (struct str){NULL, 0};
}

static enum err add_changes(void *ctx, const struct look_entry *items, size_t count,
                            struct why *why)
{
    struct handout *h = ctx;
    for (size_t i = 0; i < count; i++) {
        const char *of = changed(h, &items[i]);
        if (!of) continue;
        handout_row_begin(h);
        cell_time(h, "at", items[i].at);
        cell_text(h, "of", str_of(of));
        cell_text(h, "from", prop_text(&items[i], "from"));
        cell_text(h, "to", prop_text(&items[i], "to"));
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_changes(struct handout *h, struct why *why)
{
    return look_history(h->look, h->profile->id, add_changes, h, why);
}

/* An object, or its text in one cell. */
static void cell_props(struct handout *h, const struct look_entry *e)
{
    if (h->reply.form == INSIGHT_JSON) {
        json_key(&h->reply.json, "props");
        members_put_props(&h->reply.json, e);
        return;
    }
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    members_put_props(&w, e);
    cell_text(h, "props", e->prop_count ? strbuf_str(&text) : STR(""));
    strbuf_finish(&text);
}

static enum err add_events(void *ctx, const struct look_entry *items, size_t count, struct why *why)
{
    static const char *const dims[DIM_COUNT] = {"group",   "touchpoint", "campaign",
                                                "content", "staff",      "origin"};
    struct handout *h = ctx;
    const struct brand *b = h->call->brand;
    for (size_t i = 0; i < count; i++) {
        const struct look_entry *e = &items[i];
        if (changed(h, e)) continue;
        handout_row_begin(h);
        cell_time(h, "at", e->at);
        cell_text(h, "kind", registry_kind_name(h->call->brand, e->kind));
        for (int d = 0; d < DIM_COUNT; d++)
            cell_text(h, dims[d],
                      e->dim[d] ? registry_code_text(h->call->brand, (enum dim)d, e->dim[d])
                                : (struct str){NULL, 0});
        char other[16];
        snprintf(other, sizeof(other), "m%" PRIu32, e->other);
        cell_text(h, "other", e->other ? str_of(other) : (struct str){NULL, 0});
        if (e->amount == HISTORY_NO_AMOUNT) {
            cell_text(h, "amount", (struct str){NULL, 0});
        } else {
            reply_int(&h->reply, "amount", e->amount);
        }
        cell_text(h, "currency", str_of(brand_currency(b)));
        cell_props(h, e);
        TRY(handout_row_end(h, why));
        h->made.events += h->reply.form == INSIGHT_JSON;
    }
    return ERR_OK;
}

static enum err write_events(struct handout *h, struct why *why)
{
    return look_history(h->look, h->profile->id, add_events, h, why);
}

/* Who of the staff did it is theirs, not the member's. */
static enum err write_merges(struct handout *h, struct why *why)
{
    struct look_merges merges;
    TRY(look_merges(h->look, h->profile->id, &merges, why));
    for (size_t i = 0; i < merges.count; i++) {
        const struct look_merge *m = &merges.items[i];
        handout_row_begin(h);
        cell_time(h, "at", m->at);
        reply_member(&h->reply, "member", m->kept);
        cell_text(h, "moved", m->moved);
        cell_text(h, "how", str_of(merge_how_name(m->how)));
        cell_time(h, "undone_at", m->undone_at);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static bool is_own(const struct look_profile *p, const struct look_identity *id)
{
    for (size_t i = 0; i < p->identity_count; i++) {
        if (p->identities[i].kind == id->kind && str_eq(p->identities[i].value, id->value))
            return true;
    }
    return false;
}

/* Of the two who claim an identity only what is this one's: the value when it is theirs. */
static enum err write_conflicts(struct handout *h, struct why *why)
{
    struct look_conflicts found;
    TRY(look_conflicts_of(h->look, h->profile->id, &found, why));
    for (size_t i = 0; i < found.count; i++) {
        const struct look_conflict *x = &found.items[i];
        bool own = is_own(h->profile, &x->identity);
        handout_row_begin(h);
        cell_text(h, "kind", str_of(identity_kind_name(x->identity.kind)));
        cell_text(h, "value", own ? x->identity.value : (struct str){NULL, 0});
        cell_text(h, "cause", str_of(conflict_cause_name(x->cause)));
        cell_text(h, "state", str_of(conflict_state_name(x->state)));
        cell_time(h, "first_seen", x->first_seen);
        cell_time(h, "last_seen", x->last_seen);
        reply_count(&h->reply, "times", x->times);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_tags(struct handout *h, struct why *why)
{
    struct tag_held *held;
    size_t count;
    TRY(tag_held_by(h->look->db, h->profile->id, h->look->arena, &held, &count, why));
    for (size_t i = 0; i < count; i++) {
        handout_row_begin(h);
        cell_text(h, "tag", held[i].tag.name);
        cell_time(h, "at", held[i].at);
        cell_time(h, "expires_at", held[i].expires_at);
        cell_text(h, "source", held[i].source);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static struct people_view view_of(const struct handout *h)
{
    return (struct people_view){h->look->brand, h->look->db, h->look->arena};
}

static enum err write_notes(struct handout *h, struct why *why)
{
    const struct people_view view = view_of(h);
    struct note *notes;
    size_t count;
    TRY(note_list(&view, h->profile->id, &notes, &count, why));
    for (size_t i = 0; i < count; i++) {
        handout_row_begin(h);
        cell_time(h, "at", notes[i].at);
        cell_text(h, "author", notes[i].author_name);
        cell_text(h, "text", notes[i].text);
        cell_time(h, "changed_at", notes[i].changed_at);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_consents(struct handout *h, struct why *why)
{
    const struct people_view view = view_of(h);
    struct consent_entry *entries;
    size_t count;
    TRY(consent_list(&view, h->profile->id, &entries, &count, why));
    for (size_t i = 0; i < count; i++) {
        const struct consent_entry *e = &entries[i];
        handout_row_begin(h);
        cell_time(h, "at", e->at);
        cell_text(h, "purpose", e->purpose);
        cell_text(h, "channel", e->channel);
        cell_text(h, "list", e->list);
        reply_bool(&h->reply, "granted", e->granted);
        reply_bool(&h->reply, "guardian", e->guardian);
        reply_count(&h->reply, "version", e->version);
        cell_time(h, "recorded_at", e->recorded_at);
        cell_text(h, "way", e->way);
        cell_text(h, "source", e->source);
        cell_text(h, "evidence", e->evidence);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_handovers(struct handout *h, struct why *why)
{
    const struct people_view view = view_of(h);
    struct owner_step *steps;
    size_t count;
    TRY(owner_history(&view, h->profile->id, &steps, &count, why));
    for (size_t i = 0; i < count; i++) {
        handout_row_begin(h);
        cell_time(h, "at", steps[i].at);
        cell_text(h, "from", staff_text(h, steps[i].from));
        cell_text(h, "to", staff_text(h, steps[i].to));
        cell_time(h, "undone_at", steps[i].undone_at);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

/* Lists made by hand alone: who is in the other segments follows from the rest. */
static enum err write_lists(struct handout *h, struct why *why)
{
    struct segment *items;
    size_t count;
    TRY(segments_list(h->look->db, h->look->arena, &items, &count, why));
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind != SEGMENT_STATIC) continue;
        if (!segments_has(h->call->brand, items[i].code, h->profile->id)) continue;
        handout_row_begin(h);
        cell_text(h, "list", items[i].code);
        cell_text(h, "name", items[i].name);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_scores(struct handout *h, struct why *why)
{
    struct scores_run run;
    double of[MEMBER_SCORES];
    if (!member_scores(h->call->brand, h->profile->id, of)) return ERR_OK;
    scores_look(h->call->brand, &run);
    handout_row_begin(h);
    cell_time(h, "as_of", run.as_of);
    for (int i = 0; i < MEMBER_SCORES; i++)
        reply_double(&h->reply, member_score_names[i], of[i]);
    return handout_row_end(h, why);
}

static enum err write_suggestions(struct handout *h, struct why *why)
{
    struct today_past *items;
    size_t count;
    TRY(today_of_member(h->look->db, h->profile->id, h->look->arena, &items, &count, why));
    for (size_t i = 0; i < count; i++) {
        handout_row_begin(h);
        cell_time(h, "at", items[i].made_at);
        cell_text(h, "reason", items[i].rule);
        cell_text(h, "state", str_of(today_state_names[items[i].state]));
        cell_text(h, "withheld", items[i].withheld ? STR("true") : STR("false"));
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_group_roles(struct handout *h, struct why *why)
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
        cell_time(h, "at", items[i].at);
        cell_text(h, "group", group);
        cell_text(h, "role", str_of(account_role_names[items[i].role]));
        cell_text(h, "person", items[i].person);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_circles(struct handout *h, struct why *why)
{
    struct circle_place *items;
    size_t count = circles_of(h->call->brand, h->profile->id, h->look->arena, &items);
    for (size_t i = 0; i < count; i++) {
        handout_row_begin(h);
        cell_text(h, "group", registry_code_text(h->call->brand, DIM_GROUP, items[i].group));
        cell_text(h, "circle", str_of(circle_name((enum circle)items[i].circle)));
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_message(void *ctx, const struct message *m, struct why *why)
{
    struct handout *h = ctx;
    handout_row_begin(h);
    cell_time(h, "at", m->at);
    cell_text(h, "group", registry_code_text(h->call->brand, DIM_GROUP, m->group));
    cell_text(h, "type", m->type);
    cell_text(h, "text", m->text);
    cell_time(h, "edited_at", m->edited_at);
    cell_time(h, "recalled_at", m->recalled_at);
    return handout_row_end(h, why);
}

static enum err write_messages(struct handout *h, struct why *why)
{
    uint32_t *personas;
    size_t count =
        persona_map_of(h->look->snapshot->personas, h->profile->id, h->look->arena, &personas);
    return messages_of(h->call->brand, personas, count, write_message, h, why);
}

static enum err write_group_suspects(struct handout *h, struct why *why)
{
    struct verdict *items;
    size_t count;
    enum err err = verdicts_of(h->look->db, h->profile->id, h->look->arena, &items, &count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    for (size_t i = 0; i < count; i++) {
        handout_row_begin(h);
        cell_time(h, "at", items[i].at);
        cell_text(h, "group", registry_code_text(h->call->brand, DIM_GROUP, items[i].group));
        cell_text(h, "verdict",
                  items[i].verdict == VERDICT_CONFIRMED ? STR("confirmed") : STR("cleared"));
        cell_text(h, "note", items[i].note);
        TRY(handout_row_end(h, why));
    }
    return ERR_OK;
}

static enum err write_moderation(struct handout *h, struct why *why)
{
    struct case_filter f = {.state = -1, .persona = h->profile->id, .limit = 200};
    struct moderation_case *items;
    size_t count;
    do {
        TRY(moderation_cases(h->look->db, &f, h->look->arena, &items, &count, why));
        for (size_t i = 0; i < count; i++) {
            handout_row_begin(h);
            cell_time(h, "at", items[i].at);
            cell_text(h, "group", registry_code_text(h->look->brand, DIM_GROUP, items[i].group));
            cell_text(h, "found", items[i].what);
            cell_text(h, "text", items[i].quote);
            cell_text(h, "state", str_of(case_state_names[items[i].state]));
            cell_text(h, "action", str_of(rule_action_names[items[i].action]));
            TRY(handout_row_end(h, why));
        }
        if (count) f.below = items[count - 1].id;
    } while (count == f.limit);
    return ERR_OK;
}

const struct handout_section handout_sections[] = {
    {"standing",
     "id,name,stage,stage_since,trust,trust_since,created,last_seen,events,orders,spent,owner",
     write_standing},
    {"identities", "kind,value,verified,first_seen,last_seen,source", write_identities},
    {"traits", "name,value,at,source", write_traits},
    {"overwritten", "name,value,at,source", write_overwritten},
    {"tags", "tag,at,expires_at,source", write_tags},
    {"notes", "at,author,text,changed_at", write_notes},
    {"consents", "at,purpose,channel,list,granted,guardian,version,recorded_at,way,source,evidence",
     write_consents},
    {"changes", "at,of,from,to", write_changes},
    {"events", "at,kind,group,touchpoint,campaign,content,staff,origin,other,amount,currency,props",
     write_events},
    {"lists", "list,name", write_lists},
    {"handovers", "at,from,to,undone_at", write_handovers},
    {"scores", "as_of,rfm_r,rfm_f,rfm_m,p_alive,expected_orders,expected_value", write_scores},
    {"suggestions", "at,reason,state,withheld", write_suggestions},
    {"group_roles", "at,group,role,person", write_group_roles},
    {"circles", "group,circle", write_circles},
    {"messages", "at,group,type,text,edited_at,recalled_at", write_messages},
    {"group_suspects", "at,group,verdict,note", write_group_suspects},
    {"moderation", "at,group,found,text,state,action", write_moderation},
    {"merges", "at,member,moved,how,undone_at", write_merges},
    {"conflicts", "kind,value,cause,state,first_seen,last_seen,times", write_conflicts},
    {0},
};
