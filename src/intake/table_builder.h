/* table_builder.h - a row on its way from cells to a fact; inside src/intake only. */
#pragma once

#include "intake/table.h"
#include "intake/value.h"

struct builder {
    struct parse *p;
    struct table *t;
    const struct str *cells;
    size_t count;
    struct fact fact;
    struct str person;                                 /* TARGET_PERSON */
    struct str status;                                 /* VALUE_STATUS */
    struct str text, text_type, text_subtype, speaker; /* of a message */
    struct str message, reply_to; /* the channel's ids of it, and of the one it answers */
    struct str links, qr;         /* it carries, a line each */
    struct str to_staff;          /* staff code it is said to, of one who is no member */
    int64_t created;              /* TARGET_CREATED; TIME_NONE */
    int64_t refund;               /* minor units; 0 = none */
    bool can_decide;              /* a column of payment or refund exists */
    bool paid;                    /* the payment's time is there */
    struct amount major;          /* the amount as written */
    bool has_major;
    struct str amount_text; /* the same as text, and where it stands */
    const struct mapping_entry *amount;
    const struct mapping_entry *status_entry; /* where 'status' stands */
    bool foreign;                             /* props.currency is another */
    const struct mapping_entry *entry;        /* being read; NULL = none */
    bool notice;                              /* of the chat program itself: no row */
    struct why why;
};

/* Say what is wrong with a cell's value. */
enum err builder_bad(struct builder *b, enum msg msg, struct str value);

/* It has more decimals than the brand's currency. */
enum err builder_too_precise(struct builder *b, struct str value);

/* Append to one of the fact's lists, which have room for all that a row can hold. */
static inline void builder_add(struct fact_value *list, uint32_t *count, struct fact_value v)
{
    list[(*count)++] = v;
}

/* table_chat.c: fill the fact of a message, or find that the row is a notice (b->notice); and give
 * over what a notice says, each person's as a fact. False: it says nothing that is kept. */
void table_chat(struct builder *b);
bool table_chat_notice(struct builder *b);
/* table_staff.c: cells that name staff, and codes. */
MUST_CHECK enum err table_owner(struct builder *b, struct str s);
MUST_CHECK enum err table_contacts(struct builder *b, struct str s);
void table_code(struct builder *b, const struct mapping_entry *e, struct str s);
/* table_settle.c: what depends on more than one cell. */
MUST_CHECK enum err table_settle(struct builder *b);
