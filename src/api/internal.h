/* internal.h - what serves a data directory, from inside; for the files of this room only. */
#pragma once

#include "account/accounts.h"
#include "api/api.h"
#include "api/backups.h"
#include "api/chosen.h"
#include "api/overview.h"
#include "api/page.h"
#include "api/pool.h"
#include "api/spec.h"
#include "intake/upload.h"

struct api {
    struct intake_ctx intake;         /* first: the intake's handlers see only this */
    struct accounts *accounts;        /* the directory's own: people, sessions, keys */
    struct route *routes;             /* all rows, for the HTTP server */
    const struct spec **specs;        /* beside routes; NULL = a row without one */
    struct strbuf openapi;            /* the table as a document */
    struct strbuf docs;               /* and as a page */
    size_t route_count;               /* rows, without the zeroed one at the end */
    struct http_server *server;       /* NULL until api_set_server() */
    struct page_cache *pages;         /* of the overview at /overview */
    struct chosen_cache *chosen;      /* what filters have chosen */
    struct overview_cache *overviews; /* of brands, as JSON */
    struct pool *workers;             /* run what may wait for the disk */
    struct pool *askers;              /* run questions, which scan */
    struct rates *by_address;         /* how often each address may call */
    struct rates *by_caller;          /* and each key and session */
    struct rates *by_link;            /* and each link to the preference page change */
    struct replays *replays;          /* replies by Idempotency-Key */
    struct uploads *uploads;          /* files to import, and their imports */
    struct feed *feed;                /* tells those who watch a brand */
    struct backups *backups;          /* made when somebody asks */
    uint64_t started_ns;              /* monotonic */
};

/* The tables that api.c joins. */
extern const struct spec system_specs[];
extern const struct spec query_specs[];
extern const struct spec docs_specs[];
extern const struct spec members_specs[];
extern const struct spec member_specs[];
extern const struct spec brand_specs[];
extern const struct spec number_specs[];
extern const struct spec stream_specs[];
extern const struct spec export_specs[];
extern const struct spec reveal_specs[];
extern const struct spec merge_specs[];
extern const struct spec conflict_specs[];
extern const struct spec privacy_specs[];
extern const struct spec retention_specs[];
extern const struct spec saved_specs[];
extern const struct spec tag_specs[];
extern const struct spec tag_rule_specs[];
extern const struct spec note_specs[];
extern const struct spec consent_specs[];
extern const struct spec ledger_specs[];
extern const struct spec preference_specs[];
extern const struct spec segment_specs[];
extern const struct spec segment_who_specs[];
extern const struct spec group_specs[];
extern const struct spec group_growth_specs[];
extern const struct spec group_health_specs[];
extern const struct spec group_life_specs[];
extern const struct spec daily_specs[];
extern const struct spec group_graph_specs[];
extern const struct spec group_along_specs[];
extern const struct spec group_member_specs[];
extern const struct spec group_account_specs[];
extern const struct spec group_message_specs[];
extern const struct spec family_specs[];
extern const struct spec family_task_specs[];
extern const struct spec unanswered_specs[];
extern const struct spec today_specs[];
extern const struct spec today_rule_specs[];
extern const struct spec moderation_specs[];
extern const struct spec moderation_rule_specs[];
extern const struct spec moderation_learn_specs[];
extern const struct spec account_specs[];
extern const struct spec owner_specs[];
extern const struct spec owners_specs[];
extern const struct spec staff_specs[];
extern const struct spec key_specs[];
extern const struct spec import_specs[];
extern const struct spec import_look_specs[];
extern const struct spec mapping_specs[];
extern const struct spec segment_file_specs[];

/* Make the routing table of these (ending with NULL) and of the rows without a spec, in place of
 * the one there is. The server must not run. */
void api_join(struct api *a, const struct spec *const *tables);
