/* accounts.h - what the room keeps of a data directory while it is open, and signing in.
 *
 * One for each open directory, made at the first call and closed by data_close(). Any thread. */
#pragma once

#include "account/key.h"
#include "account/links.h"
#include "account/sessions.h"
#include "account/staff.h"

struct accounts;
/* The accounts of a directory; loads them the first time. */
MUST_CHECK enum err accounts_open(struct data *d, struct accounts **out, struct why *why);
struct keyring *accounts_keys(struct accounts *a);
struct sessions *accounts_sessions(struct accounts *a);
struct staff *accounts_staff(struct accounts *a);

/* Have a thread call accounts_flush once a minute, until the directory is closed. For servers. */
MUST_CHECK enum err accounts_start(struct accounts *a, struct why *why);
/* Write what was only noted: when keys, sessions and people were last seen. */
MUST_CHECK enum err accounts_flush(struct accounts *a, struct why *why);

/* ---- signing in ---- */

/* From where. */
struct account_caller {
    struct str address; /* shown beside the session; "" = not known */
    struct str network; /* whose pace is kept: the address, or what one client can move about in */
    struct str agent;   /* what the browser calls itself */
};
/* A session that has begun. */
struct account_session {
    uint32_t person;
    char token[TOKEN_CHARS + 1]; /* for the cookie */
};

/* Is nobody there yet? */
bool account_setup_needed(struct accounts *a);
/* A code for account_setup, told once; earlier ones are void. */
MUST_CHECK enum err account_setup_code(struct accounts *a, char code[TOKEN_CHARS + 1],
                                       struct why *why);
struct account_setup {
    struct str code, name, display, password;
    enum lang lang;
};
/* Make the first person, owner of every brand, and sign them in. ERR_CONFLICT when there is
 * somebody, ERR_UNAUTHORIZED for a wrong code. */
MUST_CHECK enum err account_setup(struct accounts *a, const struct account_setup *s,
                                  const struct account_caller *from, struct account_session *out,
                                  struct why *why);
/* By name and password. ERR_UNAUTHORIZED, the same for all reasons and after the same work;
 * ERR_BUSY with the seconds to wait as its argument. */
MUST_CHECK enum err account_sign_in(struct accounts *a, struct str name, struct str password,
                                    const struct account_caller *from, struct account_session *out,
                                    struct why *why);
/* By a one-time link; one of an invitation or reset also sets the password. ERR_UNAUTHORIZED. */
MUST_CHECK enum err account_use_link(struct accounts *a, struct str token, struct str password,
                                     const struct account_caller *from, struct account_session *out,
                                     struct why *why);
/* Change one's own: needs the present one, where there is one. Every other session of theirs ends,
 * and this one goes on under a new token. */
struct account_change {
    struct str current, new;
};
MUST_CHECK enum err account_change_password(struct accounts *a, const struct principal *who,
                                            const struct account_change *change,
                                            const struct account_caller *from,
                                            struct account_session *out, struct why *why);
/* Who is signed in gives their password once more, for the session of 'token'. ERR_INVALID names
 * "password"; ERR_CONFLICT when they have none; ERR_BUSY as in account_sign_in(). */
MUST_CHECK enum err account_confirm(struct accounts *a, const struct principal *who,
                                    struct str token, struct str password,
                                    const struct account_caller *from, struct why *why);
/* Does it still count? Always for keys, and for people who have no password. */
bool account_confirmed(struct accounts *a, const struct principal *who, struct str token);
/* Sign somebody out everywhere, and void their links: after a role was changed or taken. */
MUST_CHECK enum err account_sign_out(struct accounts *a, uint32_t person, struct why *why);
/* Who a session's token stands for, in a brand or (NULL) on the server: never SQL. False when it
 * stands for nobody, or for nobody there; 'info' (may be NULL) is filled when the session lives. */
bool account_principal(struct accounts *a, struct str token, const char *brand,
                       struct principal *out, struct session_info *info);
