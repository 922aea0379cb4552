/* staff.h - the people who work with the server, and what each is in which brand.
 *
 * All of them are in memory, so that telling who somebody is costs no SQL; changes go to server.db
 * first. People are never deleted, since the audit log speaks of them: one without a role is
 * nobody anywhere. Any thread. */
#pragma once

#include "account/audit.h"
#include "account/password.h"
#include "account/principal.h"
#include "account/role.h"
#include "brand/data.h"

/* Of a name as stored: LIMIT_STAFF_NAME_CHARS characters and a NUL. */
#define STAFF_NAME_BYTES (LIMIT_STAFF_NAME_CHARS * 4 + 1)
/* The brand of a role in every brand there is and will be. */
#define STAFF_EVERYWHERE "*"

enum staff_state { STAFF_INVITED, STAFF_ACTIVE, STAFF_DISABLED };

struct person {
    uint32_t number;
    char name[STAFF_NAME_BYTES];    /* to sign in with; unique when folded */
    char display[STAFF_NAME_BYTES]; /* to show */
    enum lang lang;
    enum staff_state state; /* invited: has no password yet */
    int64_t seen_at;        /* TIME_NONE = never */
};

struct staff;
struct staff *staff_create(struct data *d);
void staff_destroy(struct staff *s);
/* Once, with the server database locked. */
MUST_CHECK enum err staff_load(struct staff *s, struct sql *db);

size_t staff_count(struct staff *s);
/* By name, folded as needed. False when there is none. */
bool staff_find(struct staff *s, struct str name, struct person *out);
bool staff_get(struct staff *s, uint32_t number, struct person *out);
/* The stored form of a password; "" when there is none. */
void staff_password(struct staff *s, uint32_t number, char out[PASSWORD_STORED]);
/* What they are in a brand; false when nothing. 'everywhere' (may be NULL): by a role in all. */
bool staff_role(struct staff *s, uint32_t number, const char *brand, enum role *out,
                bool *everywhere);
/* Do they still have a role anywhere? */
bool staff_has_role(struct staff *s, uint32_t number);
/* Scopes in one brand; with NULL, of all brands together. 0 of a disabled person. */
uint64_t staff_scopes(struct staff *s, uint32_t number, const char *brand);
/* Who a signed-in person is in a brand (NULL: on the server); false when not there or disabled. */
bool staff_principal(struct staff *s, uint32_t number, const char *brand, struct principal *out);
/* Numbers of those with a role in a brand, in the arena; NULL = all people. */
size_t staff_of_brand(struct staff *s, const char *brand, struct arena *arena, uint32_t **out);

/* A name as it is stored: without white space at its ends, NFC. ERR_INVALID names 'field'. */
MUST_CHECK enum err staff_name(struct str text, const char *field, char out[STAFF_NAME_BYTES],
                               struct why *why);

/* Changes; each writes a row of the audit log in the same transaction. 'by' NULL = command line. */
struct staff_new {
    struct str name;
    struct str display; /* empty = the name */
    enum lang lang;
    const char *brand; /* or STAFF_EVERYWHERE */
    enum role role;
    const char *password; /* stored form; "" = invited */
};
/* ERR_CONFLICT when the name is taken, and at the limit ERR_TOO_LARGE. */
MUST_CHECK enum err staff_add(struct staff *s, const struct principal *by,
                              const struct staff_new *new, uint32_t *number, struct why *why);
/* The very first person; ERR_CONFLICT when there are people already. */
MUST_CHECK enum err staff_add_first(struct staff *s, const struct staff_new *new, uint32_t *number,
                                    struct why *why);
/* Give or change a role. ERR_CONFLICT: would leave the brand without an owner, or they have a role
 * in every brand and 'brand' is one of them. */
MUST_CHECK enum err staff_set_role(struct staff *s, const struct principal *by, uint32_t number,
                                   const char *brand, enum role role, struct why *why);
/* Take it away. ERR_NOT_FOUND when they have none there; ERR_CONFLICT as above. */
MUST_CHECK enum err staff_take_role(struct staff *s, const struct principal *by, uint32_t number,
                                    const char *brand, struct why *why);
MUST_CHECK enum err staff_set_password(struct staff *s, const struct principal *by, uint32_t number,
                                       const char *stored, struct why *why);
MUST_CHECK enum err staff_set_disabled(struct staff *s, const struct principal *by, uint32_t number,
                                       bool disabled, struct why *why);
/* Their own to change; 'display' NULL = as it is. */
MUST_CHECK enum err staff_set_me(struct staff *s, uint32_t number, const char *display,
                                 enum lang lang, struct why *why);
/* Remember that they were here; written by staff_flush. */
void staff_seen(struct staff *s, uint32_t number, int64_t at);
MUST_CHECK enum err staff_flush(struct staff *s, struct sql *db);
