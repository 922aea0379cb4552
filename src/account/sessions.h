/* sessions.h - who is signed in: a token in a cookie, its hash here.
 *
 * A session ends LIMIT_SESSION_IDLE_MINUTES after it was last seen, LIMIT_SESSION_HOURS after it
 * began, or when it is ended. All are in memory, so that finding one costs no SQL; beginning and
 * ending write to server.db first, when one was seen is written once a minute. Any thread. */
#pragma once

#include "account/token.h"
#include "brand/data.h"

struct sessions;
struct sessions *sessions_create(struct data *d);
void sessions_destroy(struct sessions *s);
/* Once, with the server database locked; those that are over are left out. */
MUST_CHECK enum err sessions_load(struct sessions *s, struct sql *db);

struct session_info {
    uint32_t number;
    uint32_t person;
    int64_t began_at, seen_at;
    int64_t confirmed_at; /* the person's password was given; TIME_NONE = not since the start */
    char address[64];     /* where it began; "" = not known */
    char agent[160];      /* what the browser calls itself, cut */
};
/* Begin one; where a person has LIMIT_SESSIONS, their oldest ends. */
MUST_CHECK enum err session_begin(struct sessions *s, uint32_t person, struct str address,
                                  struct str agent, char token[TOKEN_CHARS + 1], struct why *why);
/* The session of a token, now seen again; false when there is none, or it is over. */
bool session_find(struct sessions *s, struct str token, struct session_info *out);
/* The person has just given their password. In memory only: after a restart it is asked anew. */
void session_confirm(struct sessions *s, struct str token);
/* When it ends if never seen again, and when however often it is. */
int64_t session_idle_at(const struct session_info *i);
int64_t session_expires_at(const struct session_info *i);
/* Until when the password counts that was given last; TIME_NONE = none was. */
int64_t session_confirmed_until(const struct session_info *i);
/* End one of a person's. ERR_NOT_FOUND. */
MUST_CHECK enum err session_end(struct sessions *s, uint32_t person, uint32_t number,
                                struct why *why);
/* End all of a person's but one (0 = all). */
MUST_CHECK enum err session_end_all(struct sessions *s, uint32_t person, uint32_t but,
                                    struct why *why);
/* Those of a person that are not over, latest first; the list is the arena's. */
size_t session_list(struct sessions *s, uint32_t person, struct arena *arena,
                    struct session_info **out);
/* Write when they were seen, and drop those that are over. With the server database locked. */
MUST_CHECK enum err sessions_flush(struct sessions *s, struct sql *db);
