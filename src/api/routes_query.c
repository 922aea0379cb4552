/* routes_query.c - asking a brand a question. */
#include "api/asking.h"
#include "api/call.h"
#include "api/internal.h"
#include "api/sight.h"
#include "base/limits.h"

enum err api_ask(struct brand *b, const struct api_question *ask, struct budget *budget,
                 struct strbuf *out, struct why *why)
{
    struct asking asking;
    asking_begin(&asking, b, ask->lang, budget);
    asking.in.within = ask->within;
    enum err err = insight_query(&asking.in, ask->query, ask->form, out, why);
    asking_end(&asking);
    return err;
}

/* ---- POST /api/v1/{brand}/query ---- */

static enum err answer_query(struct call *c, struct json_writer *w, struct why *why)
{
    bool csv = str_starts(request_header(c->req, "Accept"), STR("text/csv"));
    if (atomic_load(&c->budget->cancel))
        return why_fail(why, ERR_CANCELLED, MSG_QUERY_CANCELLED, "", NULL);
    if (csv) c->type = "text/csv; charset=utf-8";
    const struct api_question question = {request_body(c->req), csv ? INSIGHT_CSV : INSIGHT_JSON,
                                          call_lang(c), sight_expression(c)};
    return api_ask(c->brand, &question, c->budget, w->out, why);
}

const struct spec query_specs[] = {
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/query",
     .scope = SCOPE_INSIGHT_READ,
     .body_max = LIMIT_QUERY_BYTES,
     .flags = SPEC_QUESTION | SPEC_RAW_BODY | SPEC_SIGHT,
     .handle = answer_query,
     .summary = "Ask a question",
     .reply = "{\"query\":{\"trend\":{\"kind\":\"order.paid\",\"by\":\"month\"}},"
              "\"points\":[{\"at\":\"2026-11-01T00:00:00+08:00\",\"value\":1}],\"as_of_seq\":6,"
              "\"rows_scanned\":1,\"elapsed_us\":537}\n"
              "{\"query\":{\"activity\":{}},\"points\":[{\"at\":\"2026-11-01T00:00:00+08:00\","
              "\"new\":40,\"returning\":210,\"resurrected\":12,\"dormant\":35}],\"as_of_seq\":6,"
              "\"rows_scanned\":1,\"elapsed_us\":537}\n"
              "{\"query\":{\"funnel\":{}},\"steps\":[{\"kind\":\"group.joined\",\"members\":80,"
              "\"rate_from_first\":1,\"rate_from_previous\":null,\"p25_ms\":null,\"p50_ms\":null,"
              "\"p75_ms\":null}],\"as_of_seq\":6,\"rows_scanned\":1,\"elapsed_us\":537}\n"
              "{\"query\":{\"retention\":{}},\"cohorts\":[{\"at\":\"2026-11-01T00:00:00+08:00\","
              "\"size\":120,\"returned\":[18,null]}],\"as_of_seq\":6,\"rows_scanned\":1,"
              "\"elapsed_us\":537}\n"
              "{\"query\":{\"paths\":{}},\"paths\":[{\"kinds\":[\"order.paid\"],\"members\":31,"
              "\"occurrences\":40}],\"occurrences\":62,\"occurrences_ended\":22,\"ended\":0.35,"
              "\"as_of_seq\":6,\"rows_scanned\":1,\"elapsed_us\":537}\n"
              "{\"query\":{\"stickiness\":{}},\"histogram\":[210,80],\"dau\":78.4,\"wau\":343.1,"
              "\"mau\":801,\"as_of_seq\":6,\"rows_scanned\":1,\"elapsed_us\":537}\n"
              "{\"query\":{\"lifecycle\":{}},\"stock\":[{\"at\":\"2026-11-02T00:00:00+08:00\","
              "\"potential\":10,\"new\":4,\"effective\":7,\"active\":3,\"core\":1,\"dormant\":9,"
              "\"churned\":2,\"visitors\":55}],\"flow\":[[9,0,0,0,0,0,0]],\"arrived\":[11,0,0,0,"
              "0,0,0],\"as_of_seq\":6,\"rows_scanned\":1,\"elapsed_us\":537}\n"
              "{\"query\":{\"rfm\":{}},\"cells\":[{\"r\":1,\"f\":1,\"m\":2,\"members\":31,"
              "\"revenue\":99000}],\"members\":33,\"as_of_seq\":6,\"rows_scanned\":1,"
              "\"elapsed_us\":537}\n"
              "{\"query\":{\"repeat\":{}},\"bgnbd\":{\"r\":0.24,\"alpha\":4.4,\"a\":0.79,"
              "\"b\":2.42,\"log_likelihood\":-9582.4},\"gamma_gamma\":{\"p\":6.25,\"q\":3.74,"
              "\"v\":1544.4},\"members\":2357,\"members_alive\":1100.5,\"expected_orders\":321.5,"
              "\"expected_revenue\":1204400,\"warnings\":[\"…\"],\"as_of_seq\":6,"
              "\"rows_scanned\":1,\"elapsed_us\":537}\n"
              "{\"query\":{\"segment\":{}},\"members\":88,\"sample\":[\"m7\",\"m310\"],"
              "\"as_of_seq\":6,\"rows_scanned\":1,\"elapsed_us\":537}\n"
              "~{\"query\":{},\"mau\":801.5,\"points\":[{\"value\":null,\"key\":\"tea-1\"},"
              "{\"value\":1.5,\"key\":null},"
              "{\"key\":true},{\"key\":1.5}],\"groups\":[{\"key\":\"tea-1\","
              "\"steps\":[{\"kind\":\"group.joined\",\"members\":80,\"rate_from_first\":1,"
              "\"rate_from_previous\":null,\"p25_ms\":null,\"p50_ms\":null,\"p75_ms\":null}]},"
              "{\"key\":null,\"steps\":[{\"rate_from_first\":null,\"rate_from_previous\":0.5,"
              "\"p25_ms\":1,\"p50_ms\":1,\"p75_ms\":1},{\"rate_from_first\":0.5}]},"
              "{\"key\":true},{\"key\":1.5}],\"steps\":[{\"rate_from_first\":0.5},"
              "{\"rate_from_first\":null,"
              "\"rate_from_previous\":0.5,\"p25_ms\":1,\"p50_ms\":1,\"p75_ms\":1}],"
              "\"holdout\":{\"days\":273,\"expected_orders\":1720.4,\"orders\":1788,"
              "\"by_frequency\":[{\"frequency\":0,\"members\":1411,\"expected_orders\":320.1,"
              "\"orders\":330}]},\"ended\":null,\"bgnbd\":null,\"gamma_gamma\":null,\"members_"
              "alive\":null,"
              "\"expected_orders\":null,\"expected_revenue\":null,"
              "\"by_member\":[{\"member\":\"m7\",\"frequency\":2,\"recency_days\":30.5,"
              "\"age_days\":38.9,\"mean_value\":null,\"alive\":null,\"expected_orders\":null,"
              "\"expected_revenue\":null},{\"mean_value\":22.35,\"alive\":0.7,"
              "\"expected_orders\":1.2,\"expected_revenue\":27.5}]}",
     .reply_types = "application/json|text/csv"},
    {0},
};
