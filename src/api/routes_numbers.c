/* routes_numbers.c - the numbers of lifecycle, trust and RFM of a brand: as they are, what others
 * would make of its members, changed, and as they were; and the scores of its buyers. */
#include <unistd.h>

#include "api/asking.h"
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "people/numbering.h"
#include "people/preview.h"
#include "scores/scores.h"

/* ---- as they are ---- */

static void put_values(struct json_writer *w, const char *key, const struct numbers *n)
{
    put_object(w, key);
    for (const struct number *of = numbers_table; of->name; of++)
        put_int(w, of->name, numbers_get(n, of));
    json_end_object(w);
}

static void put_words(struct json_writer *w, const char *key, const char *const words[2])
{
    put_object(w, key);
    put_text(w, "en", words[LANG_EN]);
    put_text(w, "zh", words[LANG_ZH]);
    json_end_object(w);
}

static void put_table(struct json_writer *w)
{
    static const char *const parts[] = {"lifecycle", "trust", "rfm"};
    static const char *const units[] = {"days", "hours", "percent", "times", "money"};
    put_array(w, "table");
    for (const struct number *of = numbers_table; of->name; of++) {
        json_begin_object(w);
        put_text(w, "name", of->name);
        put_text(w, "part", parts[of->part]);
        put_text(w, "unit", units[of->unit]);
        put_int(w, "least", of->least);
        put_int(w, "most", of->most);
        put_int(w, "usual", of->usual);
        put_words(w, "label", of->label);
        put_words(w, "help", of->help);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_presets(struct json_writer *w)
{
    put_array(w, "presets");
    for (const struct number_preset *p = number_presets; p->name; p++) {
        struct numbers n;
        (void)numbers_preset(str_of(p->name), &n);
        json_begin_object(w);
        put_text(w, "preset", p->name);
        put_words(w, "label", p->label);
        put_values(w, "numbers", &n);
        json_end_object(w);
    }
    json_end_array(w);
}

static enum err put_numbering(struct call *c, struct json_writer *w)
{
    struct numbering n;
    numbering_get(c->brand, &n);
    const char *preset = brand_preset(c->brand);
    call_etag(c, n.version);
    json_begin_object(w);
    put_int(w, "version", (int64_t)n.version);
    put_text(w, "preset", preset[0] ? preset : "knowledge");
    put_values(w, "numbers", &n.numbers);
    put_object(w, "rebuild");
    put_bool(w, "running", n.rebuilding);
    put_int(w, "done", (int64_t)n.done);
    put_int(w, "total", (int64_t)n.total);
    json_end_object(w);
    put_object(w, "previewing");
    put_bool(w, "running", n.previewing);
    put_int(w, "done", (int64_t)n.previewed);
    put_int(w, "total", (int64_t)n.preview_total);
    json_end_object(w);
    put_table(w);
    put_presets(w);
    json_end_object(w);
    return ERR_OK;
}

static enum err get_numbers(struct call *c, struct json_writer *w, struct why *why)
{
    (void)why;
    return put_numbering(c, w);
}

/* ---- as they would be ---- */

/* Those of the body in the place of those that are; what is not named stays. */
static enum err read_numbers(struct call *c, struct numbers *out, struct why *why)
{
    const struct json *body = call_json(c, "numbers");
    for (size_t i = 0; i < body->count; i++) {
        const struct json *item = &body->items[i];
        const struct number *of = numbers_find(body->keys[i]);
        const char *field =
            arena_printf(c->arena, "numbers.%.60s", arena_str(c->arena, body->keys[i]).p);
        if (!of) return why_fail(why, ERR_INVALID, MSG_UNKNOWN_FIELD, field, NULL);
        if (item->type != JSON_INT)
            return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, field, "a whole number");
        if (item->integer < of->least || item->integer > of->most)
            return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, field, "%lld|%d|%d",
                            (long long)item->integer, of->least, of->most);
        numbers_set(out, of, (int)item->integer);
    }
    struct why bad = {0};
    if (numbers_check(out, &bad) == ERR_OK) return ERR_OK;
    *why = bad;
    snprintf(why->field, sizeof(why->field), "numbers.%.40s", bad.field);
    return why->err;
}

static void put_stages(struct json_writer *w, const char *key, const uint64_t *counts)
{
    put_object(w, key);
    for (int s = 0; s <= STAGE_COUNT; s++)
        put_int(w, s == STAGE_NONE ? "visitors" : stage_name((enum stage)s), (int64_t)counts[s]);
    json_end_object(w);
}

static void put_trusts(struct json_writer *w, const char *key, const uint64_t *counts)
{
    put_object(w, key);
    for (int t = 0; t < TRUST_COUNT; t++)
        put_int(w, trust_name((enum trust)t), (int64_t)counts[t]);
    json_end_object(w);
}

static void put_moved(struct json_writer *w, const struct preview *p)
{
    put_array(w, "moved");
    for (int from = 0; from < STAGE_COUNT; from++) {
        json_begin_array(w);
        for (int to = 0; to < STAGE_COUNT; to++)
            json_int(w, (int64_t)p->moved[from][to]);
        json_end_array(w);
    }
    json_end_array(w);
    put_array(w, "sample");
    for (size_t i = 0; i < p->sample_count; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m%u", p->sample[i].member);
        json_begin_object(w);
        put_text(w, "member", id);
        put_text(w, "from", stage_name(p->sample[i].from));
        put_text(w, "to", stage_name(p->sample[i].to));
        json_end_object(w);
    }
    json_end_array(w);
}

static int worker_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) return 1;
    return cores > LIMIT_QUERY_WORKERS ? LIMIT_QUERY_WORKERS : (int)cores;
}

static enum err ask_preview(struct call *c, const struct numbers *to, struct preview *out,
                            struct why *why)
{
    struct asking asking;
    asking_begin(&asking, c->brand, call_lang(c), c->budget);
    const struct preview_ask ask = {.brand = c->brand,
                                    .snapshot = asking.snapshot,
                                    .to = to,
                                    .at = asking.in.now,
                                    .workers = worker_count(),
                                    .budget = asking.in.budget};
    enum err err = people_preview(&ask, out, why);
    asking_end(&asking);
    return err;
}

static enum err preview_numbers(struct call *c, struct json_writer *w, struct why *why)
{
    struct numbering now;
    struct preview p;
    numbering_get(c->brand, &now);
    TRY(read_numbers(c, &now.numbers, why));
    TRY(ask_preview(c, &now.numbers, &p, why));
    json_begin_object(w);
    put_int(w, "version", (int64_t)now.version);
    put_time(c, w, "as_of", p.at);
    put_values(w, "numbers", &now.numbers);
    put_stages(w, "before", p.before);
    put_stages(w, "after", p.after);
    put_trusts(w, "trust_before", p.trust_before);
    put_trusts(w, "trust_after", p.trust_after);
    put_int(w, "movers", (int64_t)p.movers);
    put_moved(w, &p);
    json_end_object(w);
    return ERR_OK;
}

/* ---- changing them ---- */

/* What differs, of both. */
static struct str say(const struct call *c, const struct numbers *n, const struct numbers *other)
{
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    for (const struct number *of = numbers_table; of->name; of++) {
        if (numbers_get(n, of) != numbers_get(other, of)) put_int(&w, of->name, numbers_get(n, of));
    }
    json_end_object(&w);
    struct str said = arena_str(c->arena, strbuf_str(&text));
    strbuf_finish(&text);
    return said;
}

static enum err put_numbers(struct call *c, struct json_writer *w, struct why *why)
{
    struct numbering before;
    numbering_get(c->brand, &before);
    TRY(call_if_match(c, before.version, why));
    struct numbering_change change = {before.numbers, members_source(c), before.version};
    TRY(read_numbers(c, &change.numbers, why));
    TRY(numbering_change(c->brand, &change, why));
    TRY(call_audit(c, "numbers", say(c, &before.numbers, &change.numbers),
                   say(c, &change.numbers, &before.numbers), why));
    return put_numbering(c, w);
}

static enum err get_history(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    struct numbering_set *list;
    size_t count;
    TRY(call_reader(c, &db, why));
    TRY(numbering_history(c->brand, db, c->arena, &list, &count, why));
    put_items(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        put_int(w, "version", (int64_t)list[i].version);
        put_time(c, w, "at", list[i].at);
        put_str(w, "source", list[i].who);
        put_values(w, "numbers", &list[i].numbers);
        json_end_object(w);
    }
    put_items_end(w);
    return ERR_OK;
}

/* ---- scores ---- */

static void put_double(struct json_writer *w, const char *key, double v)
{
    json_key(w, key);
    json_double(w, v);
}

static void put_models(struct json_writer *w, const struct scores_run *r)
{
    json_key(w, "bgnbd");
    if (r->fitted) {
        json_begin_object(w);
        put_double(w, "r", r->model.r);
        put_double(w, "alpha", r->model.alpha);
        put_double(w, "a", r->model.a);
        put_double(w, "b", r->model.b);
        put_double(w, "log_likelihood", r->model.log_likelihood);
        json_end_object(w);
    } else {
        json_null(w);
    }
    json_key(w, "gamma_gamma");
    if (r->valued) {
        json_begin_object(w);
        put_double(w, "p", r->value.p);
        put_double(w, "q", r->value.q);
        put_double(w, "v", r->value.v);
        json_end_object(w);
    } else {
        json_null(w);
    }
}

static enum err get_scores(struct call *c, struct json_writer *w, struct why *why)
{
    struct scores_run r;
    (void)why;
    scores_look(c->brand, &r);
    json_begin_object(w);
    put_int(w, "run", (int64_t)r.id);
    put_time(c, w, "as_of", r.as_of);
    put_time(c, w, "made_at", r.made_at);
    put_time(c, w, "next_at", r.next_at);
    put_bool(w, "running", r.running);
    put_bool(w, "failed", r.failed);
    put_int(w, "buyers", (int64_t)r.buyers);
    put_int(w, "horizon_days", SCORE_HORIZON_DAYS);
    put_models(w, &r);
    json_end_object(w);
    return ERR_OK;
}

static enum err refresh_scores(struct call *c, struct json_writer *w, struct why *why)
{
    const struct str nothing = {NULL, 0};
    int64_t as_of = call_int(c, "as_of");
    if (as_of != TIME_NONE && as_of > env_now(brand_env(c->brand)))
        return why_fail(why, ERR_INVALID, MSG_NOT_PAST, "as_of", NULL);
    TRY(scores_refresh(c->brand, as_of, why));
    c->status = 202;
    TRY(call_audit(c, "scores", nothing, nothing, why));
    return get_scores(c, w, why);
}

/* ---- the table ---- */

static const struct spec_field numbers_body[] = {
    {.name = "numbers",
     .type = SPEC_OBJECT,
     .required = true,
     .doc = "those that differ, by the names of \"table\"; the others stay as they are"},
    {0},
};

static const struct spec_field refresh_body[] = {
    {.name = "as_of",
     .type = SPEC_TIME,
     .doc = "as of the start of that day; default: of today. The next daily run is of its own day"},
    {0},
};

#define VALUES                                                                                     \
    "{\"dormant_days\":14,\"rhythm_orders\":3,\"rhythm_percent\":150,"                             \
    "\"fell_percent\":25,\"fell_days\":4,\"churned_days\":90,"                                     \
    "\"patience_percent\":200,\"left_hours\":24,\"order_days\":180,\"core_orders\":1,"             \
    "\"active_days\":4,\"active_orders\":2,\"effective_days\":2,\"window_days\":28,"               \
    "\"before_days\":84,\"returned_days\":28,\"silent_buyer_days\":90,"                            \
    "\"informed_items\":3,\"familiar_exchanges\":3,\"familiar_days\":2,"                           \
    "\"familiar_staff\":2,\"rfm_r_1\":0,\"rfm_r_2\":0,\"rfm_r_3\":0,\"rfm_r_4\":0,"                \
    "\"rfm_f_1\":0,\"rfm_f_2\":0,\"rfm_f_3\":0,\"rfm_f_4\":0,\"rfm_m_1\":0,"                       \
    "\"rfm_m_2\":0,\"rfm_m_3\":0,\"rfm_m_4\":0}"
#define NUMBERS                                                                                    \
    "{\"version\":3,\"preset\":\"knowledge\",\"numbers\":" VALUES                                  \
    ",\"rebuild\":{\"running\":true,\"done\":12000,\"total\":50000},"                              \
    "\"previewing\":{\"running\":false,\"done\":0,\"total\":0},"                                   \
    "\"table\":[{\"name\":\"dormant_days\",\"part\":\"lifecycle\",\"unit\":\"days\",\"least\":1,"  \
    "\"most\":3650,\"usual\":14,\"label\":{\"en\":\"Days without an act\",\"zh\":\"休眠\"},"     \
    "\"help\":{\"en\":\"counted from the latest act\",\"zh\":\"从最近一次行动起算\"}}],"  \
    "\"presets\":[{\"preset\":\"retail\",\"label\":{\"en\":\"retail\",\"zh\":\"零售\"},"         \
    "\"numbers\":" VALUES "}]}"
#define STOCK                                                                                      \
    "{\"potential\":1,\"new\":2,\"effective\":3,\"active\":4,\"core\":5,\"dormant\":6,"            \
    "\"churned\":7,\"visitors\":8}"
#define TRUSTS                                                                                     \
    "{\"unaware\":1,\"curious\":2,\"acquainted\":3,\"informed\":4,\"familiar\":5,\"bought\":6,"    \
    "\"shares\":7}"
#define SCORES                                                                                     \
    "{\"run\":7,\"as_of\":\"2025-03-01T00:00:00+08:00\",\"made_at\":\"2025-03-01T04:00:02+08:"     \
    "00\","                                                                                        \
    "\"next_at\":\"2025-03-02T04:00:00+08:00\",\"running\":false,\"failed\":false,"                \
    "\"buyers\":2357,\"horizon_days\":90,\"bgnbd\":{\"r\":0.243,\"alpha\":4.414,\"a\":0.793,"      \
    "\"b\":2.426,\"log_likelihood\":-9582.4},\"gamma_gamma\":{\"p\":6.25,\"q\":3.74,"              \
    "\"v\":1544.1}}\n~{\"as_of\":null,\"made_at\":null,\"bgnbd\":null,\"gamma_gamma\":null}"

const struct spec number_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/numbers",
     .scope = SCOPE_SETTINGS_READ,
     .handle = get_numbers,
     .summary = "The numbers of lifecycle, trust and RFM, with bounds, words and presets",
     .reply = NUMBERS},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/numbers",
     .scope = SCOPE_SETTINGS_WRITE,
     .body = numbers_body,
     .body_max = 8192,
     .handle = put_numbers,
     .audit = "numbers.changed",
     .summary = "Change numbers; the members' rows follow in the background",
     .reply = NUMBERS},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/numbers/preview",
     .scope = SCOPE_SETTINGS_READ,
     .body = numbers_body,
     .body_max = 8192,
     .flags = SPEC_QUESTION,
     .handle = preview_numbers,
     .summary = "What such numbers would make of all members now; changes nothing",
     .reply = "{\"version\":3,\"as_of\":\"2025-03-01T00:00:00+08:00\",\"numbers\":" VALUES
              ",\"before\":" STOCK ",\"after\":" STOCK ",\"trust_before\":" TRUSTS
              ",\"trust_after\":" TRUSTS ",\"movers\":44,\"moved\":[[1,0,0,0,0,0,0]],"
              "\"sample\":[{\"member\":\"m12\",\"from\":\"active\",\"to\":\"dormant\"}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/numbers/history",
     .scope = SCOPE_SETTINGS_READ,
     .handle = get_history,
     .summary = "What the numbers were, newest first; the last is the brand's preset",
     .reply = "{\"items\":[{\"version\":3,\"at\":\"2025-03-01T00:00:00+08:00\","
              "\"source\":\"staff:lily\",\"numbers\":" VALUES "}],\"next\":null}\n"
              "~{\"items\":[{\"at\":null,\"source\":null}]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/scores",
     .scope = SCOPE_SETTINGS_READ,
     .handle = get_scores,
     .summary = "The latest run of scores of buyers, and when the next one is due",
     .reply = SCORES},
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/scores/refresh",
     .scope = SCOPE_SETTINGS_WRITE,
     .body = refresh_body,
     .body_max = 4096,
     .handle = refresh_scores,
     .audit = "scores.refreshed",
     .summary = "Make the scores anew, in the background",
     .reply = SCORES},
    {0},
};
