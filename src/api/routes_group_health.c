/* routes_group_health.c - how alive a group is and what kind: figures with their numerators and
 * denominators, the messages behind them, days before, and the brand's other groups beside it.
 *
 * The present is looked at when it is asked for; days are rows that main/healer.c keeps. Callers of
 * narrow reach get the figures, and of people those whom they see. */
#include <inttypes.h>

#include "api/internal.h"
#include "api/put.h"
#include "api/ward.h"

#define EVIDENCE_MAX 50

/* ---- figures ---- */

static void put_scores(struct json_writer *w, const double *scores)
{
    put_object(w, "scores");
    for (int i = 0; i < ARCHETYPE_SCORES; i++)
        put_real(w, archetype_name((enum archetype)i), scores[i]);
    json_end_object(w);
}

/* The other groups' newest days. */
struct others {
    struct health_day *days;
    size_t count;
};

static void put_rank(struct json_writer *w, const struct ward *x, const struct others *o, int f)
{
    double mine = x->up.health.features[f].value;
    int64_t groups = 0, below = 0;
    for (size_t i = 0; i < o->count; i++) {
        if (o->days[i].group == x->group) continue;
        groups++;
        below += o->days[i].features[f] < mine;
    }
    put_int(w, "groups", groups);
    put_int(w, "below", below);
}

static void put_features(struct json_writer *w, const struct ward *x, const struct others *o)
{
    put_array(w, "features");
    for (int f = 0; f < FEATURE_COUNT; f++) {
        const struct health_feature *v = &x->up.health.features[f];
        json_begin_object(w);
        put_text(w, "feature", feature_name((enum feature)f));
        put_real(w, "value", v->value);
        put_real(w, "hits", v->hits);
        put_real(w, "of", v->of);
        put_bool(w, "known", v->known);
        put_rank(w, x, o, f);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_leads(struct json_writer *w, const struct health *h)
{
    put_array(w, "leads");
    for (uint32_t i = 0; i < h->lead_count; i++) {
        json_begin_object(w);
        put_text(w, "feature", feature_name((enum feature)h->leads[i].feature));
        put_bool(w, "high", h->leads[i].high);
        put_real(w, "weight", h->leads[i].weight);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_counts(struct json_writer *w, const struct health *h)
{
    put_object(w, "counts");
    put_int(w, "members", h->members);
    put_int(w, "staff", h->staff);
    put_int(w, "speakers", h->speakers);
    put_int(w, "messages", h->messages);
    put_int(w, "posts", h->posts);
    put_int(w, "own_posts", h->own_posts);
    put_int(w, "promotions", h->promotions);
    put_int(w, "threads", h->threads);
    put_int(w, "replies", h->replies);
    put_int(w, "member_replies", h->member_replies);
    put_int(w, "reactions", h->reactions);
    put_int(w, "questions", h->questions);
    put_int(w, "unanswered", h->unanswered);
    json_end_object(w);
}

static void put_circles(struct json_writer *w, const struct graph *g)
{
    put_array(w, "circles");
    for (int i = 0; i < CIRCLE_COUNT; i++) {
        json_begin_object(w);
        put_text(w, "circle", circle_name((enum circle)i));
        put_int(w, "members", g->circle_size[i]);
        put_int(w, "reached", g->circle_reached[i]);
        json_end_object(w);
    }
    json_end_array(w);
    put_int(w, "strong_ties", g->strong_ties);
    put_int(w, "weak_ties", g->weak_ties);
}

static void put_share(struct json_writer *w, const struct share *s)
{
    put_real(w, "hits", s->hits);
    put_real(w, "of", s->of);
    put_bool(w, "known", s->known);
}

static void put_haves(struct json_writer *w, const struct haves *h)
{
    put_array(w, "haves");
    for (int i = 0; i < HAVE_COUNT; i++) {
        json_begin_object(w);
        put_text(w, "have", have_name((enum have)i));
        put_real(w, "value", h->values[i]);
        put_share(w, &h->items[i]);
        json_end_object(w);
    }
    json_end_array(w);
    put_real_or_null(w, "haves_total", h->total, h->total_known);
    put_object(w, "habit");
    put_share(w, &h->habit);
    json_end_object(w);
    put_object(w, "activity");
    put_share(w, &h->activity);
    json_end_object(w);
}

static enum err put_history(struct json_writer *w, const struct ward *x, struct why *why)
{
    struct call *c = x->call;
    struct health_day *days;
    size_t count;
    int32_t until = zone_day(brand_zone(c->brand), x->now);
    int32_t since = until - (int32_t)call_int(c, "days") + 1;
    if (health_history(x->db, x->group, since, c->arena, &days, &count) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    put_array(w, "history");
    for (size_t i = 0; i < count && days[i].day <= until; i++) {
        json_begin_object(w);
        put_str(w, "day", ward_date(c, days[i].day));
        put_text(w, "archetype", archetype_name(days[i].archetype));
        put_real(w, "confidence", days[i].confidence);
        put_scores(w, days[i].scores);
        put_int(w, "members", days[i].members);
        put_int(w, "messages", days[i].messages);
        put_int(w, "questions", days[i].questions);
        put_int(w, "unanswered", days[i].unanswered);
        json_end_object(w);
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err put_health(struct json_writer *w, struct ward *x, struct why *why)
{
    struct call *c = x->call;
    const struct health *h = &x->up.health;
    struct others o;
    uint32_t flagged = 0;
    if (health_latest(x->db, c->arena, &o.days, &o.count) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    for (uint32_t i = 0; i < x->up.suspects.count; i++)
        flagged += x->up.suspects.items[i].flagged;
    json_begin_object(w);
    put_time(c, w, "at", x->now);
    put_text(w, "archetype", archetype_name(h->archetype));
    put_str(w, "unclear", str_of(unclear_name(h->unclear)));
    put_str(w, "leading", str_of(leading_name(h->leading)));
    put_real(w, "confidence", h->confidence);
    put_text(w, "remedy", archetype_remedy(h->archetype, (int)call_lang(c)));
    put_scores(w, h->scores);
    put_features(w, x, &o);
    put_leads(w, h);
    put_counts(w, h);
    put_haves(w, &x->up.haves);
    put_circles(w, &x->up.graph);
    put_int(w, "suspects", flagged);
    TRY(put_history(w, x, why));
    json_end_object(w);
    return ERR_OK;
}

static enum err get_health(struct call *c, struct json_writer *w, struct why *why)
{
    struct ward x;
    enum err err = ward_begin(c, &x, why);
    if (err == ERR_OK) err = put_health(w, &x, why);
    ward_end(&x);
    return err;
}

/* ---- the messages behind a figure ---- */

static enum err put_evidence(struct ward *x, struct json_writer *w, struct why *why)
{
    uint32_t found[EVIDENCE_MAX];
    int f = 0;
    struct call *c = x->call;
    while (f < FEATURE_COUNT - 1 && !str_is(call_str(c, "feature"), feature_name((enum feature)f)))
        f++;
    uint32_t count =
        health_evidence(&x->up.health, (enum feature)f, call_bool(c, "hit"), found, EVIDENCE_MAX);
    put_items(w);
    for (uint32_t i = 0; i < count; i++)
        TRY(ward_put_message(x, w, found[i], why));
    put_items_end(w);
    return ERR_OK;
}

static enum err get_evidence(struct call *c, struct json_writer *w, struct why *why)
{
    struct ward x;
    enum err err = ward_begin(c, &x, why);
    if (err == ERR_OK) err = put_evidence(&x, w, why);
    ward_end(&x);
    return err;
}

/* ---- all groups at a glance ---- */

static enum err get_glance(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct health_day *days;
    size_t count;
    int32_t today = zone_day(brand_zone(c->brand), env_now(brand_env(c->brand)));
    TRY(call_reader(c, &db, why));
    if (health_history(db, 0, today - TALK_DAYS + 1, c->arena, &days, &count) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    put_items(w);
    for (size_t i = 0, last; i < count; i = last + 1) {
        for (last = i; last + 1 < count && days[last + 1].group == days[i].group;)
            last++;
        const struct health_day *d = &days[last];
        json_begin_object(w);
        put_text(w, "id", arena_printf(c->arena, "g%" PRIu32, d->group));
        put_time(c, w, "at", d->made_at);
        put_text(w, "archetype", archetype_name(d->archetype));
        put_str(w, "unclear", str_of(unclear_name(d->unclear)));
        put_real(w, "confidence", d->confidence);
        put_scores(w, d->scores);
        put_int(w, "members", d->members);
        put_int(w, "messages", d->messages);
        put_int(w, "questions", d->questions);
        put_int(w, "unanswered", d->unanswered);
        put_int(w, "suspects", d->suspects);
        put_array(w, "trend"); /* messages of the trailing 28 days, day by day */
        for (size_t k = i; k <= last; k++)
            json_int(w, days[k].messages);
        json_end_array(w);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- the table ---- */

#define FEATURES "staff|echo|led|unprompted|dialogue|breadth|ignored|timetable|departments|staging"

static const struct spec_field health_query[] = {
    {.name = "days",
     .type = SPEC_INT,
     .min = 1,
     .max = HEALTH_KEEP_DAYS,
     .fallback = "90",
     .doc = "of history"},
    WARD_AT,
    {0},
};
static const struct spec_field evidence_query[] = {
    {.name = "feature",
     .type = SPEC_ENUM,
     .required = true,
     .choices = FEATURES,
     .doc = "whose messages"},
    {.name = "hit",
     .type = SPEC_BOOL,
     .fallback = "true",
     .doc = "those that it counts; false: those that it was counted over without them"},
    WARD_AT,
    {0},
};

#define SCORES                                                                                     \
    "\"scores\":{\"monologue\":0.9,\"staged\":0.0,\"self_centred\":0.1,\"self_driven\":0.0,"       \
    "\"led\":0.04}"

const struct spec group_health_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/group-health",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_glance,
     .summary = "The kind of each group, as last looked at, with its messages of 28 days by day",
     .reply = "{\"items\":[{\"id\":\"g1\",\"at\":\"2025-03-01T09:30:00+08:00\","
              "\"archetype\":\"unclear\",\"unclear\":\"staff\",\"confidence\":0.5," SCORES
              ",\"members\":212,\"messages\":903,\"questions\":31,\"unanswered\":4,\"suspects\":0,"
              "\"trend\":[880,903]}],\"next\":null}\n~{\"items\":[{\"unclear\":null}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/health",
     .scope = SCOPE_MEMBERS_READ,
     .query = health_query,
     .flags = SPEC_QUESTION | SPEC_ANY_REACH,
     .handle = get_health,
     .summary = "What kind of group it is over the last 28 days, why, what to do, and days before",
     .reply =
         "{\"at\":\"2025-03-01T09:30:00+08:00\",\"archetype\":\"monologue\",\"unclear\":\"staff\","
         "\"leading\":\"course\",\"confidence\":0.8,\"remedy\":\"少发一些，多问一些\"," SCORES ","
         "\"features\":[{\"feature\":\"staff\",\"value\":0.93,\"hits\":28.0,\"of\":30.0,"
         "\"known\":true,\"groups\":11,\"below\":10}],\"leads\":[{\"feature\":\"echo\","
         "\"high\":false,\"weight\":0.43}],\"counts\":{\"members\":212,\"staff\":2,\"speakers\":8,"
         "\"messages\":40,\"posts\":30,\"own_posts\":28,\"promotions\":6,\"threads\":28,"
         "\"replies\":2,\"member_replies\":0,"
         "\"reactions\":1,\"questions\":3,\"unanswered\":2},\"haves\":[{\"have\":\"fun\","
         "\"value\":31.5,\"hits\":20,\"of\":40,\"known\":true}],\"haves_total\":40.2,"
         "\"habit\":{\"hits\":41,\"of\":212,\"known\":true},\"activity\":{\"hits\":98,"
         "\"of\":212,\"known\":true},\"circles\":[{\"circle\":\"core\","
         "\"members\":3,\"reached\":2}],\"strong_ties\":1,\"weak_ties\":9,\"suspects\":0,"
         "\"history\":[{\"day\":\"2025-02-28\",\"archetype\":\"monologue\",\"confidence\":0."
         "7," SCORES ",\"members\":210,\"messages\":41,\"questions\":3,\"unanswered\":2}]}\n"
         "~{\"unclear\":null,\"leading\":null,\"haves_total\":null}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/evidence",
     .scope = SCOPE_MEMBERS_READ,
     .query = evidence_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_evidence,
     .summary = "The latest messages behind a figure of a group's health, 50 at most",
     .reply = "{\"items\":[{\"at\":\"2025-03-01T09:30:00+08:00\",\"account\":{\"id\":\"m12\","
              "\"name\":\"王婷\",\"staff\":\"rose\",\"role\":\"member\"},\"type\":\"text\","
              "\"link\":\"reply\",\"length\":12,\"question\":true,\"promotion\":false,\"text\":"
              "\"有货吗？\"}],"
              "\"next\":null}\n~{\"items\":[{\"account\":{\"id\":null,\"name\":null,"
              "\"staff\":null},\"link\":null,\"text\":null}]}"},
    {0},
};
