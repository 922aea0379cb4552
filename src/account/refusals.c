/* refusals.c - rows are counted by the minute in which they were written. */
#include "account/refusals.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "account/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

struct refusals {
    struct data *data;
    pthread_mutex_t lock; /* what follows */
    int64_t minute;       /* since 1970 */
    int written;          /* rows of this minute */
    uint64_t left_out;    /* since the last row */
};

struct refusals *refusals_create(struct data *d)
{
    struct refusals *r = mem_alloc(sizeof(*r));
    r->data = d;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void refusals_destroy(struct refusals *r)
{
    if (!r) return;
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

/* May another row be written? Then 'left_out' are those that were not. */
static bool take(struct refusals *r, uint64_t *left_out)
{
    int64_t minute = env_now(data_env(r->data)) / TIME_MINUTE;
    pthread_mutex_lock(&r->lock);
    if (r->minute != minute) r->written = 0;
    r->minute = minute;
    bool may = r->written < LIMIT_REFUSALS;
    if (may) {
        r->written++;
        *left_out = r->left_out;
        r->left_out = 0;
    } else {
        r->left_out++;
    }
    pthread_mutex_unlock(&r->lock);
    return may;
}

void refusals_tell(struct refusals *r, const struct principal *who, uint32_t person,
                   struct str address)
{
    static const struct principal nobody = {.kind = PRINCIPAL_NOBODY};
    struct strbuf after = {0};
    struct json_writer w = {.out = &after};
    struct why why;
    char subject[32] = "";
    uint64_t left_out;
    if (!take(r, &left_out)) return;
    if (person) snprintf(subject, sizeof(subject), "staff:%" PRIu32, person);
    json_begin_object(&w);
    json_key(&w, "address");
    json_str(&w, address);
    if (left_out) {
        json_key(&w, "left_out");
        json_uint(&w, left_out);
    }
    json_end_object(&w);
    const struct audit_entry e = {.who = who ? who : &nobody,
                                  .action = who ? "session.not_confirmed" : "session.refused",
                                  .subject = subject,
                                  .after = strbuf_str(&after),
                                  .personal = true};
    if (audit_add(r->data, &e, &why) != ERR_OK) log_error("account", "refusal_not_audited", NULL);
    strbuf_finish(&after);
}
