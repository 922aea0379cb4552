/* cmd_query.c - wellfield query and wellfield report: questions from the command line. */
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/report.h"
#include "base/limits.h"
#include "main/options.h"
#include "main/session.h"
#include "main/table.h"

static enum err read_stdin(struct session *s, struct strbuf *out, struct why *why)
{
    char bytes[4096];
    for (;;) {
        ssize_t n = read(s->in_fd, bytes, sizeof(bytes));
        if (n < 0) return why_fail(why, ERR_IO, MSG_IO, "", "read|-|%s", "standard input");
        if (n == 0) return ERR_OK;
        strbuf_add(out, bytes, (size_t)n);
        if (out->len > LIMIT_QUERY_BYTES)
            return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "query", "%d", LIMIT_QUERY_BYTES);
    }
}

static enum err ask(struct session *s, struct brand *b, const char *text, const char *format,
                    struct why *why)
{
    struct strbuf question = {0}, answer = {0};
    bool csv = strcmp(format, "csv") == 0, table = strcmp(format, "table") == 0;
    enum err err = ERR_OK;
    if (!csv && !table && strcmp(format, "json") != 0) {
        return why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "--format", "%.40s|json, table, csv",
                        format);
    }
    if (strcmp(text, "-") == 0) {
        err = read_stdin(s, &question, why);
    } else {
        strbuf_add_text(&question, text);
    }
    if (err == ERR_OK) {
        const struct api_question asked = {.query = strbuf_str(&question),
                                           .form = csv || table ? INSIGHT_CSV : INSIGHT_JSON,
                                           .lang = s->lang};
        err = api_ask(b, &asked, NULL, &answer, why);
    }
    if (err == ERR_OK && table) {
        table_print(s->out, strbuf_str(&answer));
    } else if (err == ERR_OK) {
        fwrite(answer.p, 1, answer.len, s->out);
        if (!csv) fputc('\n', s->out);
    }
    strbuf_finish(&question);
    strbuf_finish(&answer);
    return err;
}

int command_query(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *slug = NULL, *format = "json", *key = NULL;
    struct why why = {0};
    struct brand *b;
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {{"data", &data, NULL},
                                     {"brand", &slug, NULL},
                                     {"format", &format, NULL},
                                     {"key", &key, NULL},
                                     {0}};
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    if (err == ERR_OK && rest_count != 1) {
        err = why_fail(&why, ERR_INVALID, MSG_ONE_ARGUMENT, "query", "%d", rest_count);
    }
    if (err == ERR_OK) err = session_brand(s, slug, &b, &why);
    if (err == ERR_OK) err = ask(s, b, rest[0], format, &why);
    return err == ERR_OK ? EXIT_DONE : session_fail(s, &why);
}

/* ---- report ---- */

static enum err report_form_parse(const char *text, enum report_form *out, struct why *why)
{
    static const char *const names[] = {"text", "json", "html"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum report_form)i;
            return ERR_OK;
        }
    }
    return why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "--format", "%.40s|text, json, html",
                    text);
}

static enum err date_option(const struct brand *b, const char *name, const char *text, int64_t *out,
                            struct why *why)
{
    *out = TIME_NONE;
    if (!text || time_parse(brand_zone(b), str_of(text), out)) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_BAD_TIME, name, "%.40s", text);
}

int command_report(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *slug = NULL, *format = "text", *from = NULL, *to = NULL, *key = NULL;
    struct report_options o = {.lang = s->lang};
    struct strbuf out = {0};
    struct why why = {0};
    struct brand *b = NULL;
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {{"data", &data, NULL},
                                     {"brand", &slug, NULL},
                                     {"format", &format, NULL},
                                     {"from", &from, NULL},
                                     {"to", &to, NULL},
                                     {"key", &key, NULL},
                                     {0}};
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    if (err == ERR_OK && rest_count)
        err = why_fail(&why, ERR_INVALID, MSG_UNKNOWN_OPTION, rest[0], NULL);
    if (err == ERR_OK) err = report_form_parse(format, &o.form, &why);
    if (err == ERR_OK) err = session_brand(s, slug, &b, &why);
    if (err == ERR_OK) err = date_option(b, "--from", from, &o.from, &why);
    if (err == ERR_OK) err = date_option(b, "--to", to, &o.to, &why);
    if (err == ERR_OK) err = report_write(b, &o, &out, &why);
    if (err == ERR_OK) fwrite(out.p, 1, out.len, s->out);
    strbuf_finish(&out);
    return err == ERR_OK ? EXIT_DONE : session_fail(s, &why);
}
