/* routes_group_graph.c - who speaks to whom in a group, and who may have been planted: with the
 * evidence, and what a person has said of it. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "api/ward.h"

/* ---- the graph ---- */

/* The nodes that are shown: those with the most PageRank, silent ones last. */
static uint32_t choose_nodes(const struct graph *g, uint32_t limit, struct arena *arena,
                             uint32_t **out)
{
    uint32_t count = 0, *order = arena_alloc_array(arena, g->node_count + 1, sizeof(*order));
    for (uint32_t i = 0; i < g->node_count; i++) {
        uint32_t at = count < limit ? count++ : limit;
        const struct graph_node *n = &g->nodes[i];
        while (at > 0) {
            const struct graph_node *b = &g->nodes[order[at - 1]];
            bool more = n->shell != b->shell ? n->shell > b->shell : n->influence > b->influence;
            if (!more) break;
            if (at < limit) order[at] = order[at - 1];
            at--;
        }
        if (at < limit) order[at] = i;
    }
    *out = order;
    return count;
}

static enum err put_node(struct ward *x, struct json_writer *w, const struct graph_node *n,
                         struct why *why)
{
    json_begin_object(w);
    TRY(ward_put_account(x, w, "account", n->account, why));
    put_text(w, "circle", circle_name((enum circle)n->circle));
    json_key(w, "influence");
    json_double(w, n->influence);
    put_int(w, "shell", n->shell);
    put_int(w, "messages", n->messages);
    put_int(w, "message_days", n->message_days);
    put_int(w, "answered_by", n->answered_by);
    put_int(w, "strong_ties", n->strong_ties);
    put_int(w, "weak_ties", n->weak_ties);
    json_end_object(w);
    return ERR_OK;
}

static enum err put_graph(struct ward *x, struct json_writer *w, struct why *why)
{
    const struct graph *g = &x->up.graph;
    struct arena *arena = x->call->arena;
    uint32_t *order, shown_edges = 0;
    uint32_t shown = choose_nodes(g, (uint32_t)call_int(x->call, "limit"), arena, &order);
    uint32_t *place = arena_alloc_array(arena, g->node_count + 1, sizeof(*place));
    json_begin_object(w);
    put_int(w, "members", g->node_count);
    put_int(w, "edge_count", g->edge_count);
    put_array(w, "nodes");
    for (uint32_t i = 0; i < shown; i++) {
        place[order[i]] = i + 1;
        TRY(put_node(x, w, &g->nodes[order[i]], why));
    }
    json_end_array(w);
    put_array(w, "edges");
    for (uint32_t i = 0; i < g->edge_count && shown_edges < LIMIT_GRAPH_EDGES; i++) {
        const struct graph_edge *e = &g->edges[i];
        if (!place[e->from] || !place[e->to]) continue;
        shown_edges++;
        json_begin_object(w);
        put_int(w, "from", place[e->from] - 1);
        put_int(w, "to", place[e->to] - 1);
        put_int(w, "weight", e->weight);
        put_int(w, "replies", e->replies);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    return ERR_OK;
}

static enum err get_graph(struct call *c, struct json_writer *w, struct why *why)
{
    struct ward x;
    enum err err = ward_begin(c, &x, why);
    if (err == ERR_OK) err = put_graph(&x, w, why);
    ward_end(&x);
    return err;
}

/* ---- suspects ---- */

static const char *const suspect_verdict_names[] = {"none", "confirmed", "cleared"};

/* The other message of a proof: of the group, or from another one. */
static void put_beside(struct ward *x, struct json_writer *w, const struct suspect_proof *p)
{
    const struct talk *t = &x->up.talk;
    bool elsewhere = p->beside != TALK_NONE && p->beside >= t->message_count;
    struct str group = {NULL, 0}, text = {NULL, 0};
    int64_t at = TIME_NONE;
    if (elsewhere) {
        const struct suspect_elsewhere *e = &x->up.elsewhere[p->beside - t->message_count];
        group = registry_code_text(x->call->brand, DIM_GROUP, e->group);
        text = e->text;
        at = e->at;
    } else if (p->beside != TALK_NONE) {
        at = t->messages[p->beside].at;
    }
    put_time(x->call, w, "other_at", at);
    put_str(w, "other_group", group);
    put_str(w, "other_text", text);
}

static enum err put_proof(struct ward *x, struct json_writer *w, const struct suspect_proof *p,
                          struct why *why)
{
    const struct talk *t = &x->up.talk;
    json_begin_object(w);
    put_text(w, "sign", suspect_sign_name((enum suspect_sign)p->sign));
    put_time(x->call, w, "at", p->message == TALK_NONE ? TIME_NONE : t->messages[p->message].at);
    if (p->other == TALK_NONE) {
        json_key(w, "other");
        json_null(w);
    } else {
        TRY(ward_put_account(x, w, "other", p->other, why));
    }
    if (p->message == TALK_NONE) {
        put_str(w, "text", (struct str){NULL, 0});
    } else {
        TRY(ward_put_text(x, w, p->message, why));
    }
    put_beside(x, w, p);
    json_end_object(w);
    return ERR_OK;
}

/* What a person has said; {0} = nothing. */
static struct verdict said_of(struct ward *x, const struct verdict *list, size_t count,
                              uint32_t member)
{
    for (size_t i = 0; i < count; i++) {
        if (persona_map_member(x->look.snapshot->personas, list[i].persona) == member)
            return list[i];
    }
    return (struct verdict){.at = TIME_NONE};
}

static enum err put_suspect(struct ward *x, struct json_writer *w, const struct suspect *s,
                            const struct verdict *v, struct why *why)
{
    json_begin_object(w);
    TRY(ward_put_account(x, w, "account", s->account, why));
    put_bool(w, "flagged", s->flagged);
    put_text(w, "verdict", suspect_verdict_names[v->verdict]);
    put_str(w, "note", v->note.len ? v->note : (struct str){NULL, 0});
    put_str(w, "by", v->said_by.len ? v->said_by : (struct str){NULL, 0});
    put_time(x->call, w, "said_at", v->at);
    put_int(w, "messages", s->messages);
    put_int(w, "near", s->near);
    put_array(w, "signs");
    for (int i = 0; i < SIGN_COUNT; i++) {
        if (s->signs >> i & 1) json_text(w, suspect_sign_name((enum suspect_sign)i));
    }
    json_end_array(w);
    put_array(w, "proofs");
    for (uint32_t i = 0; i < s->proof_count; i++)
        TRY(put_proof(x, w, &s->proofs[i], why));
    json_end_array(w);
    json_end_object(w);
    return ERR_OK;
}

static enum err put_suspects(struct ward *x, struct json_writer *w, struct why *why)
{
    struct call *c = x->call;
    struct verdict *list;
    size_t count;
    if (verdict_list(x->db, x->group, c->arena, &list, &count) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    put_items(w);
    for (uint32_t i = 0; i < x->up.suspects.count; i++) {
        const struct suspect *s = &x->up.suspects.items[i];
        uint32_t member = x->up.talk.accounts[s->account].persona;
        if (!sight_has(c, member)) continue;
        struct verdict v = said_of(x, list, count, member);
        TRY(put_suspect(x, w, s, &v, why));
    }
    put_items_end(w);
    return ERR_OK;
}

static enum err get_suspects(struct call *c, struct json_writer *w, struct why *why)
{
    struct ward x;
    enum err err = ward_begin(c, &x, why);
    if (err == ERR_OK) err = put_suspects(&x, w, why);
    ward_end(&x);
    return err;
}

static enum err set_suspect(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct group_record record;
    struct verdict v = {.said_by = members_source(c), .note = STR("")};
    (void)w;
    TRY(groups_find(c, &db, &record, why));
    if (!members_parse(call_param(c, "member"), &v.persona)) return call_not_found(why);
    v.group = record.code;
    if (call_has(c, "note")) v.note = call_str(c, "note");
    while (!str_is(call_str(c, "verdict"), suspect_verdict_names[v.verdict]))
        v.verdict++;
    TRY(verdict_set(c->brand, &v, why));
    struct str after =
        str_of(arena_printf(c->arena, "{\"member\":\"m%" PRIu32 "\",\"verdict\":\"%s\"}", v.persona,
                            suspect_verdict_names[v.verdict]));
    return groups_tell(c, record.code, (struct str){NULL, 0}, after, why);
}

/* ---- the table ---- */

static const struct spec_field graph_query[] = {
    {.name = "limit",
     .type = SPEC_INT,
     .min = 1,
     .max = LIMIT_GRAPH_NODES,
     .fallback = "300",
     .doc = "members shown at most, the innermost first"},
    WARD_AT,
    {0},
};
static const struct spec_field suspects_query[] = {WARD_AT, {0}};
static const struct spec_field verdict_body[] = {
    {.name = "verdict",
     .type = SPEC_ENUM,
     .required = true,
     .choices = "none|confirmed|cleared",
     .doc = "none takes back what was said"},
    {.name = "note", .type = SPEC_TEXT, .max = 500, .doc = "why"},
    {0},
};

#define ACCOUNT "{\"id\":\"m12\",\"name\":\"王婷\",\"staff\":\"rose\",\"role\":\"member\"}"
#define BARE "{\"id\":null,\"name\":null,\"staff\":null}"

const struct spec group_graph_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/graph",
     .scope = SCOPE_MEMBERS_READ,
     .query = graph_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_graph,
     .summary = "Who spoke to whom in 28 days; edges name nodes by their place",
     .reply = "{\"members\":212,\"edge_count\":80,\"nodes\":[{\"account\":" ACCOUNT ","
              "\"circle\":\"core\",\"influence\":0.02,\"shell\":3,\"messages\":41,"
              "\"message_days\":12,\"answered_by\":9,\"strong_ties\":2,\"weak_ties\":7}],"
              "\"edges\":[{\"from\":0,\"to\":1,\"weight\":9,\"replies\":3}]}\n"
              "~{\"nodes\":[{\"account\":" BARE "}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/suspects",
     .scope = SCOPE_MEMBERS_READ,
     .query = suspects_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_suspects,
     .summary = "Accounts that may have been planted, with evidence, and what was said of them",
     .reply = "{\"items\":[{\"account\":" ACCOUNT ",\"flagged\":true,\"verdict\":\"none\","
              "\"note\":\"同事\",\"by\":\"staff:lily\","
              "\"said_at\":\"2025-03-01T09:30:00+08:00\",\"messages\":12,\"near\":11,"
              "\"signs\":[\"same_text\"],\"proofs\":[{\"sign\":\"same_text\",\"text\":\"回购了\","
              "\"at\":\"2025-03-01T09:30:00+08:00\",\"other\":" ACCOUNT ","
              "\"other_at\":\"2025-03-01T09:31:00+08:00\",\"other_group\":\"好货群\","
              "\"other_text\":\"回购了\"}]}],\"next\":null}\n"
              "~{\"items\":[{\"account\":" BARE ",\"note\":null,\"by\":null,\"said_at\":null,"
              "\"proofs\":[{\"at\":null,\"text\":null,\"other\":null,\"other_at\":null,"
              "\"other_group\":null,\"other_text\":null}]}]}\n"
              "~{\"items\":[{\"proofs\":[{\"other\":" BARE "}]}]}"},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/groups/{id}/suspects/{member}",
     .scope = SCOPE_GROUPS_WRITE,
     .body = verdict_body,
     .body_max = 4096,
     .handle = set_suspect,
     .audit = "group.suspect_judged",
     .summary = "Confirm that an account was planted, or clear it; it is remembered",
     .reply = NULL},
    {0},
};
