/* inferring.h - whom a message of an imported chat is said to, where its file does not say.
 *
 * Every importer of chats without replies asks here (groups/replies.h does the thinking): messages
 * of each group are heard in the order of the file. One an import, over all of its files; one
 * thread. */
#pragma once

#include "people/fact.h"

struct inferring;
struct inferring *inferring_create(void);
void inferring_destroy(struct inferring *x); /* NULL is allowed */

/* Somebody who speaks: a member, or staff of whom only the code is known. */
struct inferring_account {
    struct identity member; /* value empty = it is staff */
    struct str staff;
};
struct inferring_line {
    struct str group;
    int64_t at;
    struct str who; /* the name that is shown, by which others speak to them */
    struct inferring_account account;
    struct str text;
    bool known;   /* the file says whom it is to: it is heard, and nothing is inferred of it */
    bool ordered; /* lines that go back in time are late, not the order of the file */
};
/* Texts are copied. True: it is said to '*to', which stays until the end. False, too, in a group
 * whose lines have gone back in time: what they answer would be behind them. */
bool inferring_said(struct inferring *x, const struct inferring_line *l,
                    struct inferring_account *to);
/* Who was called 'from' is called 'to' from here on. */
void inferring_renamed(struct inferring *x, struct str group, struct str from, struct str to);
