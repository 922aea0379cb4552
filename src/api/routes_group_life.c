/* routes_group_life.c - a group over its whole age: how much of it was active month by month, and
 * what each post of staff cost in members, with who was lost.
 *
 * Posts of one template are those whose first message has the same words, signs aside. Figures are
 * of all members; of those who were lost the caller is told whom they see. */
#include <inttypes.h>
#include <stdlib.h>

#include "api/asking.h"
#include "api/internal.h"
#include "api/put.h"
#include "api/sight.h"
#include "api/ward.h"
#include "groups/life.h"
#include "groups/messages.h"

enum { POSTS_SHOWN = 100, TEMPLATES_SHOWN = 20, LOST_SHOWN = 10 };

/* ---- life ---- */

static void put_month(struct call *c, struct json_writer *w, const struct life *life, uint32_t k)
{
    const struct life_month *m = &life->months[k];
    json_begin_object(w);
    put_int(w, "month", k + 1);
    put_str(w, "from", ward_date(c, life->born_day + (int32_t)k * LIFE_MONTH));
    put_int(w, "members", m->members);
    put_int(w, "active", m->active);
    put_real(w, "rate", life_rate(m));
    json_end_object(w);
}

static void put_life(struct call *c, struct json_writer *w, const struct life *life, int64_t born)
{
    json_begin_object(w);
    put_time(c, w, "born", born);
    put_array(w, "months");
    for (uint32_t k = 0; k < life->month_count; k++)
        put_month(c, w, life, k);
    json_end_array(w);
    put_known(w, "half_life", life->half_life);
    put_known(w, "cliff", life->cliff);
    put_real(w, "fall", life->fall);
    put_object(w, "running");
    put_int(w, "month", life->month_count + 1);
    put_int(w, "members", life->running_members);
    put_int(w, "active", life->running_active);
    json_end_object(w);
    json_end_object(w);
}

static enum err get_life(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct group_record record;
    struct chronicle chronicle;
    struct life life;
    int64_t now = env_now(brand_env(c->brand)), at = call_int(c, "at");
    TRY(groups_find(c, &db, &record, why));
    if (at != TIME_NONE && at < now) now = at;
    const struct chronicle_ask ask = {c->brand, db, record.code, now, c->budget};
    asking_fill(c->brand, c->budget);
    struct arena *arena = arena_create(0);
    enum err err = chronicle_read(&ask, arena, &chronicle, why);
    if (err == ERR_OK) {
        life_make(&chronicle, arena, &life);
        put_life(c, w, &life, chronicle.born);
    }
    arena_destroy(arena);
    return err;
}

/* ---- pushes ---- */

/* A post of staff with its words, as they are compared. */
struct shown {
    uint32_t message; /* its first */
    uint32_t push;
    struct str words;
};

struct pushing {
    struct ward ward;
    struct chronicle chronicle;
    struct push *pushes; /* in order of time */
    struct shown *shown; /* beside them */
    uint32_t count;
};

/* The words of a text with one space between any two. */
static struct str wording(struct arena *arena, struct str text)
{
    struct str words = messages_words(arena, text);
    char *out = arena_alloc(arena, words.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < words.len; i++) {
        if (words.p[i] != ' ' || (len && out[len - 1] != ' ')) out[len++] = words.p[i];
    }
    return str_trim((struct str){out, len});
}

static int by_words(const void *a, const void *b)
{
    const struct shown *x = *(const struct shown *const *)a, *y = *(const struct shown *const *)b;
    int order = str_cmp(x->words, y->words);
    return order ? order : (x->push > y->push) - (x->push < y->push);
}

/* Number wordings: equal words, equal numbers; what has none is of a wording of its own. */
static void number_wordings(struct pushing *x)
{
    const struct shown **order =
        arena_alloc_array(x->ward.arena, x->count + 1, sizeof(const struct shown *));
    uint32_t wording = 0;
    for (uint32_t i = 0; i < x->count; i++)
        order[i] = &x->shown[i];
    if (x->count) qsort(order, x->count, sizeof(const struct shown *), by_words);
    for (uint32_t i = 0; i < x->count; i++) {
        bool same = i && order[i]->words.len && str_eq(order[i]->words, order[i - 1]->words);
        wording += !same;
        x->pushes[order[i]->push].wording = wording;
    }
}

static enum err find_pushes(struct pushing *x, struct why *why)
{
    struct ward *d = &x->ward;
    const struct talk *t = &d->up.talk;
    struct posts posts;
    TRY(checkup_texts(&d->ask, &d->up, d->arena, why));
    posts_make(t, d->up.suspects.flagged, d->arena, &posts);
    x->pushes = arena_alloc_array(d->arena, posts.post_count + 1, sizeof(*x->pushes));
    x->shown = arena_alloc_array(d->arena, posts.post_count + 1, sizeof(*x->shown));
    for (uint32_t i = 0; i < posts.post_count; i++) {
        const struct post *post = &posts.posts[i];
        if (!talk_is_staff(t, post->account)) continue;
        struct str words = wording(d->arena, d->up.texts[post->first]);
        x->shown[x->count] = (struct shown){post->first, x->count, words};
        x->pushes[x->count++].at = t->messages[post->first].at;
    }
    number_wordings(x);
    push_measure(&x->chronicle, x->pushes, x->count, d->arena);
    return ERR_OK;
}

static enum err put_lost(struct pushing *x, struct json_writer *w, const struct push *p,
                         struct why *why)
{
    struct call *c = x->ward.call;
    const struct chronicle *ch = &x->chronicle;
    uint32_t shown = 0;
    put_array(w, "lost");
    for (uint32_t k = push_first_loss(ch, p->at); k < ch->loss_count && shown < LOST_SHOWN; k++) {
        const struct loss *l = &ch->losses[k];
        struct str name;
        if (l->at > p->at + PUSH_TIME) break;
        if (!sight_has(c, l->member)) continue;
        if (look_name(&x->ward.look, l->member, &name) != ERR_OK)
            return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
        json_begin_object(w);
        put_time(c, w, "at", l->at);
        put_text(w, "what", loss_name((enum loss_kind)l->kind));
        put_text(w, "id", arena_printf(c->arena, "m%" PRIu32, l->member));
        put_str(w, "name", name);
        json_end_object(w);
        shown++;
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err put_push(struct pushing *x, struct json_writer *w, uint32_t i, struct why *why)
{
    const struct push *p = &x->pushes[i];
    json_begin_object(w);
    json_key(w, "message");
    TRY(ward_put_message(&x->ward, w, x->shown[i].message, why));
    put_int(w, "reached", p->reached);
    for (int k = 0; k < LOSS_KINDS; k++)
        put_int(w, loss_name((enum loss_kind)k), p->lost[k]);
    put_real(w, "usual", p->usual);
    put_int(w, "weeks", p->weeks);
    put_real_or_null(w, "cost", p->cost, p->known);
    TRY(put_lost(x, w, p, why));
    json_end_object(w);
    return ERR_OK;
}

static void put_sum(struct json_writer *w, const struct push_sum *s)
{
    put_int(w, "posts", s->posts);
    put_int(w, "reached", (int64_t)s->reached);
    put_int(w, "lost", s->lost);
    put_real(w, "usual", s->usual);
    put_real_or_null(w, "cost", s->cost, s->reached > 0);
}

/* A wording that was posted more than once. */
struct template
{
    uint32_t push; /* the latest of it */
    struct push_sum sum;
};

static int by_cost(const void *a, const void *b)
{
    const struct template *x = a, *y = b;
    if (x->sum.cost > y->sum.cost) return -1;
    if (x->sum.cost < y->sum.cost) return 1;
    return x->push > y->push ? -1 : x->push < y->push;
}

static enum err put_templates(struct pushing *x, struct json_writer *w, struct why *why)
{
    uint32_t *latest = arena_alloc_array(x->ward.arena, x->count + 1, sizeof(*latest));
    uint32_t *uses = arena_alloc_array(x->ward.arena, x->count + 1, sizeof(*uses));
    struct template *list = arena_alloc_array(x->ward.arena, x->count + 1, sizeof(*list));
    uint32_t count = 0;
    for (uint32_t i = 0; i < x->count; i++) {
        latest[x->pushes[i].wording] = i + 1;
        uses[x->pushes[i].wording]++;
    }
    for (uint32_t n = 1; n <= x->count; n++) {
        if (uses[n] < 2 || !x->shown[latest[n] - 1].words.len) continue;
        struct template t = {latest[n] - 1, push_add_up(x->pushes, x->count, n)};
        if (t.sum.posts >= 2) list[count++] = t;
    }
    if (count) qsort(list, count, sizeof(*list), by_cost);
    put_array(w, "templates");
    for (uint32_t i = 0; i < count && i < TEMPLATES_SHOWN; i++) {
        json_begin_object(w);
        TRY(ward_put_text(&x->ward, w, x->shown[list[i].push].message, why));
        put_sum(w, &list[i].sum);
        json_end_object(w);
    }
    json_end_array(w);
    return ERR_OK;
}

static enum err put_pushes(struct pushing *x, struct json_writer *w, struct why *why)
{
    struct push_sum all = push_add_up(x->pushes, x->count, PUSH_ANY);
    json_begin_object(w);
    put_time(x->ward.call, w, "at", x->ward.now);
    put_object(w, "all");
    put_sum(w, &all);
    json_end_object(w);
    put_array(w, "posts");
    for (uint32_t i = x->count, shown = 0; i-- > 0 && shown < POSTS_SHOWN; shown++)
        TRY(put_push(x, w, i, why));
    json_end_array(w);
    TRY(put_templates(x, w, why));
    json_end_object(w);
    return ERR_OK;
}

static enum err get_pushes(struct call *c, struct json_writer *w, struct why *why)
{
    struct pushing x = {0};
    struct ward *d = &x.ward;
    enum err err = ward_begin(c, d, why);
    if (err == ERR_OK) {
        const struct chronicle_ask ask = {c->brand, d->db, d->group, d->now, c->budget};
        asking_fill(c->brand, c->budget);
        err = chronicle_read(&ask, d->arena, &x.chronicle, why);
    }
    if (err == ERR_OK) err = find_pushes(&x, why);
    if (err == ERR_OK) err = put_pushes(&x, w, why);
    ward_end(d);
    return err;
}

/* ---- the table ---- */

static const struct spec_field at_query[] = {WARD_AT, {0}};

#define MESSAGE                                                                                    \
    "{\"at\":\"2025-03-01T09:30:00+08:00\",\"account\":{\"id\":\"m12\",\"name\":\"王婷\","       \
    "\"staff\":\"rose\",\"role\":\"staff\"},\"type\":\"text\",\"link\":\"reply\",\"length\":12,"   \
    "\"question\":false,\"promotion\":true,\"text\":\"今晚八点秒杀\"}"
#define MESSAGE_LESS                                                                               \
    "{\"account\":{\"id\":null,\"name\":null,\"staff\":null},\"link\":null,\"text\":null}"

const struct spec group_life_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/life",
     .scope = SCOPE_MEMBERS_READ,
     .query = at_query,
     .flags = SPEC_QUESTION | SPEC_ANY_REACH,
     .handle = get_life,
     .summary = "The share of a group's members that were active, by month (28 days) of its age",
     .reply = "{\"born\":\"2025-01-01T09:30:00+08:00\",\"months\":[{\"month\":1,\"from\":"
              "\"2025-01-01\",\"members\":212,\"active\":160,\"rate\":0.75}],\"half_life\":5,"
              "\"cliff\":4,\"fall\":0.2,\"running\":{\"month\":2,\"members\":200,\"active\":81}}\n"
              "~{\"born\":null,\"half_life\":null,\"cliff\":null}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/groups/{id}/pushes",
     .scope = SCOPE_MEMBERS_READ,
     .query = at_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_pushes,
     .summary = "What each post of staff in 28 days cost in members, and each wording used again",
     .reply = "{\"at\":\"2025-03-01T09:30:00+08:00\",\"all\":{\"posts\":40,\"reached\":8480,"
              "\"lost\":9,\"usual\":3.5,\"cost\":0.65},\"posts\":[{\"message\":" MESSAGE
              ",\"reached\":212,\"left\":2,\"deleted\":1,\"unsubscribed\":0,\"usual\":0.5,"
              "\"weeks\":4,\"cost\":11.8,\"lost\":[{\"at\":\"2025-03-01T09:40:00+08:00\",\"what\":"
              "\"left\",\"id\":\"m7\",\"name\":\"李雷\"}]}],\"templates\":[{\"text\":"
              "\"今晚八点秒杀\",\"posts\":4,\"reached\":848,\"lost\":5,\"usual\":1.5,"
              "\"cost\":4.1}]}\n"
              "~{\"all\":{\"cost\":null},\"posts\":[{\"message\":" MESSAGE_LESS
              ",\"cost\":null,\"lost\":[{\"name\":null}]}],\"templates\":[{\"text\":null,"
              "\"cost\":null}]}"},
    {0},
};
