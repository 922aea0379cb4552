/* api.h - the HTTP routes of the rooms, the overview page, and asking a brand a question. */
#pragma once

#include "account/staff.h"
#include "brand/data.h"
#include "http/http.h"
#include "insight/insight.h"
#include "intake/http_intake.h"

struct api;

/* What serves a data directory. Routes: the intake's, then the API's, health, metrics and the page.
 * 'stats' answers /metrics for the HTTP server itself, once api_set_server was called. */
MUST_CHECK enum err api_create(struct data *d, struct api **out, struct why *why);
/* The server must be stopped first. NULL is allowed. */
void api_destroy(struct api *a);
/* For struct http_options: routes, authorize and ctx. */
const struct route *api_routes(const struct api *a);
enum err api_authorize(struct request *req, const struct route *route, struct why *why);
void api_set_server(struct api *a, struct http_server *s);
/* The people who work with the server; borrowed. */
struct staff *api_staff(struct api *a);
/* What a brand's first caller of the overview would wait for, done before. Any thread. */
MUST_CHECK enum err api_warm(struct api *a, struct brand *b, struct why *why);
/* Warming under way is given up, and none is begun any more: the server is about to end. */
void api_stop_warming(struct api *a);
/* Where backups go that are asked for by a page; see api/backups.h. Before the server starts. */
MUST_CHECK enum err api_choose_backups(struct api *a, const char *folder, struct why *why);

/* A question; see docs/query.md. */
struct api_question {
    struct str query;
    enum insight_form form;
    enum lang lang;    /* of warnings */
    struct str within; /* an expression about the members it is limited to; {NULL, 0} = all */
};
/* Ask one question of a brand as of now, with all cores and the limits of limits.h. 'budget' may be
 * NULL; one that is given can be cancelled. Any thread. */
MUST_CHECK enum err api_ask(struct brand *b, const struct api_question *ask, struct budget *budget,
                            struct strbuf *out, struct why *why);
