/* header_words.h - the headers that shops, customer lists and chats give their columns. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* The kind of table in which a header is at home: what a table is, its headers vote on. */
enum family { ORDERS, PEOPLE, GROUPS, MESSAGES, FAMILY_COUNT };

/* What a column is in its table. */
enum role {
    ROLE_ORDER,
    ROLE_PAID_AT,
    ROLE_CREATED_AT,
    ROLE_AT, /* of whatever the row is */
    ROLE_AMOUNT,
    ROLE_REFUND,
    ROLE_STATUS,
    ROLE_PRODUCT,
    ROLE_SKU,
    ROLE_QTY,
    ROLE_STORE,
    ROLE_STAFF,
    ROLE_OWNER,    /* of a member */
    ROLE_CONTACTS, /* of a member: staff */
    ROLE_COST,
    ROLE_UNIONID,
    ROLE_WECOM,
    ROLE_OPENID,
    ROLE_EMAIL,
    ROLE_MORE_EMAIL, /* besides the one of ROLE_EMAIL */
    ROLE_NUMBER,     /* a customer's, unique in its source */
    ROLE_NAME,
    ROLE_REMARK,
    ROLE_PHONE,
    ROLE_MORE_PHONE, /* besides the one of ROLE_PHONE */
    ROLE_CONTACT_AT,
    ROLE_JOINED_AT,
    ROLE_SOURCE,
    ROLE_TAGS,
    ROLE_GENDER,
    ROLE_CITY,
    ROLE_BIRTHDAY,
    ROLE_LEVEL,
    ROLE_POINTS,
    ROLE_GROUP,
    ROLE_NOTED, /* known, of no use to a fact */
    ROLE_SENT_AT,
    ROLE_SENT_EPOCH,
    ROLE_SPEAKER,
    ROLE_SENDER,
    ROLE_TEXT,
    ROLE_TEXT_TYPE,
    ROLE_TEXT_SUBTYPE,
    ROLE_TEXT_ID,
    ROLE_REPLY_TO,
    ROLE_LINKS,
    ROLE_QR,
    ROLE_COUNT
};

struct header {
    enum role role;
    enum family family;
    unsigned place; /* in the list: of two with one role the lower is the better one */
};

/* Is the cell a known header? Its whole text is looked at, unwrapped (value_unwrap) and without
 * what stands in brackets behind it: 实付金额(元). Small letters and capitals are the same, but for
 * those of chats, whose programs write them one way. */
bool header_find(struct str cell, struct header *out);
