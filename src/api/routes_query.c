/* routes_query.c - asking a brand a question. */
#include "api/asking.h"
#include "api/call.h"
#include "api/internal.h"
#include "base/limits.h"

enum err api_ask(struct brand *b, const struct api_question *ask, struct budget *budget,
                 struct strbuf *out, struct why *why)
{
    struct asking asking;
    asking_begin(&asking, b, ask->lang, budget);
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
                                          call_lang(c)};
    return api_ask(c->brand, &question, c->budget, w->out, why);
}

const struct spec query_specs[] = {
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/query",
     .scope = SCOPE_INSIGHT_READ,
     .body_max = LIMIT_QUERY_BYTES,
     .flags = SPEC_QUESTION | SPEC_RAW_BODY,
     .handle = answer_query,
     .summary = "Ask a question",
     .reply = "{\"query\":{\"trend\":{\"kind\":\"order.paid\",\"by\":\"month\"}},"
              "\"as_of_seq\":6,\"points\":[{\"at\":\"2026-11-01T00:00:00+08:00\","
              "\"value\":1}],\"rows_scanned\":1,\"elapsed_us\":537}"},
    {0},
};
