/* problem.c - errors as RFC 9457 application/problem+json, in the reader's language.
 *
 * What went wrong inside (status 500 and 507) is told to the log, with its paths; the reader gets a
 * sentence that says no more than that. */
#include "base/json.h"
#include "base/log.h"
#include "http/internal.h"

#define DETAIL_MAX 1024

static enum msg title_of(int status)
{
    switch (status) {
    case 400:
        return MSG_HTTP_400;
    case 401:
        return MSG_HTTP_401;
    case 403:
        return MSG_HTTP_403;
    case 404:
        return MSG_HTTP_404;
    case 405:
        return MSG_HTTP_405;
    case 409:
        return MSG_HTTP_409;
    case 412:
        return MSG_HTTP_412;
    case 413:
        return MSG_HTTP_413;
    case 415:
        return MSG_HTTP_415;
    case 429:
        return MSG_HTTP_429;
    case 431:
        return MSG_HTTP_431;
    case 499:
        return MSG_HTTP_499;
    case 501:
        return MSG_HTTP_501;
    case 503:
        return MSG_HTTP_503;
    case 507:
        return MSG_HTTP_507;
    default:
        return MSG_HTTP_500;
    }
}

/* What the client may know of 'why'. */
static struct why public_part(const struct why *why)
{
    int status = err_status(why->err);
    if (why->err == ERR_OK) return (struct why){.err = ERR_INTERNAL, .msg = MSG_INTERNAL};
    if (status == 500) return (struct why){.err = why->err, .msg = MSG_INTERNAL};
    if (status == 507) return (struct why){.err = why->err, .msg = MSG_HTTP_507};
    return *why;
}

static void write_error(struct json_writer *w, const struct why *why, enum lang lang)
{
    char message[DETAIL_MAX];
    struct why bare = *why;
    bare.field[0] = '\0';
    why_text(&bare, lang, message, sizeof(message));
    json_begin_object(w);
    json_key(w, "field");
    json_text(w, why->field);
    json_key(w, "code");
    json_text(w, err_code(why->err));
    json_key(w, "message");
    json_text(w, message);
    json_end_object(w);
}

/* 'why' is the first of 'count'. */
static void write_problem(struct strbuf *out, const struct why *why, size_t count, enum lang lang)
{
    char detail[DETAIL_MAX], title[DETAIL_MAX];
    int status = err_status(why->err);
    struct json_writer w = {.out = out};
    why_text(&(struct why){.msg = title_of(status)}, lang, title, sizeof(title));
    why_text(why, lang, detail, sizeof(detail));
    json_begin_object(&w);
    json_key(&w, "type");
    json_text(&w, why->err == ERR_CONFIRM ? "/problems/confirm-password" : "about:blank");
    json_key(&w, "title");
    json_text(&w, title);
    json_key(&w, "status");
    json_int(&w, status);
    json_key(&w, "detail");
    json_text(&w, detail);
    json_key(&w, "code");
    json_text(&w, err_code(why->err));
    if (why->field[0]) {
        json_key(&w, "errors");
        json_begin_array(&w);
        for (size_t i = 0; i < count; i++)
            write_error(&w, &why[i], lang);
        json_end_array(&w);
    }
    json_end_object(&w);
}

static void header_default(struct request *req, const char *name, const char *value)
{
    if (!reply_has_header(req, name)) reply_header(req, name, value);
}

/* The log's values stand in quotes of their own. */
static void log_cause(const struct why *why)
{
    char text[DETAIL_MAX];
    why_text(why, LANG_EN, text, sizeof(text));
    for (char *quote = text; (quote = strchr(quote, '"')) != NULL;) {
        *quote = '\'';
    }
    log_error("http", "failed", "code=%s why=\"%s\"", err_code(why->err), text);
}

void reply_problems(struct request *req, const struct why *whys, size_t count)
{
    struct why shown = public_part(whys);
    bool listed = shown.msg == whys->msg; /* all of them can be shown */
    int status = err_status(shown.err);
    enum lang lang = request_lang(req);
    struct strbuf body = {0};
    if (!listed) log_cause(whys);
    if (status == 429 || status == 503) header_default(req, "Retry-After", "1");
    if (status == 401) header_default(req, "WWW-Authenticate", "Bearer");
    if (lang == LANG_ZH) header_default(req, "Content-Language", "zh-CN");
    write_problem(&body, listed ? whys : &shown, listed ? count : 1, lang);
    reply(req, status, "application/problem+json", strbuf_str(&body));
    strbuf_finish(&body);
}

void reply_problem(struct request *req, const struct why *why)
{
    reply_problems(req, why, 1);
}
