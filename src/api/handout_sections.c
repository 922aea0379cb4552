/* handout_sections.c - what a member's export holds. A section that a new table asks for is a row
 * of the table at the end, and a function. */
#include "api/handout_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/member_scores.h"
#include "api/members.h"
#include "people/consent.h"
#include "people/look_merge.h"
#include "people/note.h"
#include "people/owner.h"
#include "people/tag.h"
#include "segments/segments.h"
#include "today/today.h"

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
    handout_text(h, "name", p->name);
    handout_text(h, "stage", str_of(stage_name(p->state.stage)));
    handout_time(h, "stage_since", p->state.stage_since);
    handout_text(h, "trust", str_of(trust_name(p->state.trust)));
    handout_time(h, "trust_since", p->trust_since);
    handout_time(h, "created", p->state.created);
    handout_time(h, "last_seen", p->state.last_seen);
    reply_count(&h->reply, "events", p->state.events);
    reply_count(&h->reply, "orders", p->state.orders);
    reply_int(&h->reply, "spent", p->state.spent);
    handout_text(h, "owner", staff_text(h, p->state.owner));
    return handout_row_end(h, why);
}

static enum err write_identities(struct handout *h, struct why *why)
{
    for (size_t i = 0; i < h->profile->identity_count; i++) {
        const struct look_identity *id = &h->profile->identities[i];
        handout_row_begin(h);
        handout_text(h, "kind", str_of(identity_kind_name(id->kind)));
        handout_text(h, "value", id->value);
        reply_bool(&h->reply, "verified", id->verified);
        handout_time(h, "first_seen", id->first_seen);
        handout_time(h, "last_seen", id->last_seen);
        handout_text(h, "source", id->source);
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
        handout_text(h, "name", t->name);
        if (t->type == TYPE_TEXT) {
            handout_text(h, "value", t->text);
        } else if (t->type == TYPE_BOOL) {
            reply_bool(&h->reply, "value", t->number != 0);
        } else {
            reply_double(&h->reply, "value", t->number);
        }
        handout_time(h, "at", t->at);
        handout_text(h, "source", t->source);
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
        handout_time(h, "at", items[i].at);
        handout_text(h, "of", str_of(of));
        handout_text(h, "from", prop_text(&items[i], "from"));
        handout_text(h, "to", prop_text(&items[i], "to"));
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
    handout_text(h, "props", e->prop_count ? strbuf_str(&text) : STR(""));
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
        handout_time(h, "at", e->at);
        handout_text(h, "kind", registry_kind_name(h->call->brand, e->kind));
        for (int d = 0; d < DIM_COUNT; d++)
            handout_text(h, dims[d],
                         e->dim[d] ? registry_code_text(h->call->brand, (enum dim)d, e->dim[d])
                                   : (struct str){NULL, 0});
        char other[16];
        snprintf(other, sizeof(other), "m%" PRIu32, e->other);
        handout_text(h, "other", e->other ? str_of(other) : (struct str){NULL, 0});
        if (e->amount == HISTORY_NO_AMOUNT) {
            handout_text(h, "amount", (struct str){NULL, 0});
        } else {
            reply_int(&h->reply, "amount", e->amount);
        }
        handout_text(h, "currency", str_of(brand_currency(b)));
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
        handout_time(h, "at", m->at);
        reply_member(&h->reply, "member", m->kept);
        handout_text(h, "moved", m->moved);
        handout_text(h, "how", str_of(merge_how_name(m->how)));
        handout_time(h, "undone_at", m->undone_at);
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
        handout_text(h, "kind", str_of(identity_kind_name(x->identity.kind)));
        handout_text(h, "value", own ? x->identity.value : (struct str){NULL, 0});
        handout_text(h, "cause", str_of(conflict_cause_name(x->cause)));
        handout_text(h, "state", str_of(conflict_state_name(x->state)));
        handout_time(h, "first_seen", x->first_seen);
        handout_time(h, "last_seen", x->last_seen);
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
        handout_text(h, "tag", held[i].tag.name);
        handout_time(h, "at", held[i].at);
        handout_time(h, "expires_at", held[i].expires_at);
        handout_text(h, "source", held[i].source);
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
        handout_time(h, "at", notes[i].at);
        handout_text(h, "author", notes[i].author_name);
        handout_text(h, "text", notes[i].text);
        handout_time(h, "changed_at", notes[i].changed_at);
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
        handout_time(h, "at", e->at);
        handout_text(h, "purpose", e->purpose);
        handout_text(h, "channel", e->channel);
        handout_text(h, "list", e->list);
        reply_bool(&h->reply, "granted", e->granted);
        reply_bool(&h->reply, "guardian", e->guardian);
        reply_count(&h->reply, "version", e->version);
        handout_time(h, "recorded_at", e->recorded_at);
        handout_text(h, "way", e->way);
        handout_text(h, "source", e->source);
        handout_text(h, "evidence", e->evidence);
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
        handout_time(h, "at", steps[i].at);
        handout_text(h, "from", staff_text(h, steps[i].from));
        handout_text(h, "to", staff_text(h, steps[i].to));
        handout_time(h, "undone_at", steps[i].undone_at);
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
        handout_text(h, "list", items[i].code);
        handout_text(h, "name", items[i].name);
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
    handout_time(h, "as_of", run.as_of);
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
        handout_time(h, "at", items[i].made_at);
        handout_text(h, "reason", items[i].rule);
        handout_text(h, "state", str_of(today_state_names[items[i].state]));
        handout_text(h, "withheld", items[i].withheld ? STR("true") : STR("false"));
        TRY(handout_row_end(h, why));
    }
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
    {"scores", "as_of,rfm_r,rfm_f,rfm_m,p_alive,p_alive_drop,expected_orders,expected_value",
     write_scores},
    {"suggestions", "at,reason,state,withheld", write_suggestions},
    {"group_roles", "at,group,role,person", handout_group_roles},
    {"circles", "group,circle", handout_circles},
    {"messages", "at,group,type,text,edited_at,recalled_at", handout_messages},
    {"group_suspects", "at,group,verdict,note", handout_group_suspects},
    {"moderation", "at,group,found,text,state,action", handout_moderation},
    {"merges", "at,member,moved,how,undone_at", write_merges},
    {"conflicts", "kind,value,cause,state,first_seen,last_seen,times", write_conflicts},
    {0},
};
