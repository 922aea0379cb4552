/* describe.h - what the log keeps of a message: properties, never its words. Any thread.
 *
 * Importers and the HTTP intake all ask here, so that a message has the same properties whichever
 * way it came: length (characters), question, joins (it asks what was just asked: 同问, +1), type,
 * link, promotion, mentions, lang, signup. A text has length and question always; the others are
 * there when they say something, so that what is not there is false or 0. */
#pragma once

#include "people/fact.h"

enum message_type {
    MESSAGE_UNKNOWN, /* not said: no property */
    MESSAGE_TEXT,
    MESSAGE_IMAGE,
    MESSAGE_VOICE,
    MESSAGE_VIDEO,
    MESSAGE_STICKER,
    MESSAGE_FILE,
    MESSAGE_LINK,
    MESSAGE_CARD, /* of a mini program, a product, a contact */
    MESSAGE_OTHER
};
/* "text" ... */
struct str message_type_name(enum message_type type);
/* MESSAGE_UNKNOWN when it is none of these names. */
enum message_type message_type_parse(struct str name);

/* How the member whom a message addresses is tied to it. */
enum message_link {
    LINK_NONE,
    LINK_REPLY,
    LINK_QUOTE,
    LINK_MENTION,
    LINK_INFERRED, /* the channel does not say it */
    LINK_REACTION
};

struct described {
    struct str text;  /* the writer's own words, without what they quote; may be empty */
    struct str links; /* it carries beside its words */
    enum message_type type;
    enum message_link link;
    bool counted;      /* 'mentions' is what the channel says; else they are counted in the text */
    uint32_t mentions; /* accounts named */
    bool signup;       /* a line of a list that grows (接龙): no question */
};

#define DESCRIBE_PROPS 9
/* Append to a list that has room for so many more; how many it was. Names and texts are constant.
 */
uint32_t describe(const struct described *d, struct fact_value *out);

/* promotion.c: does the text show what a promotion shows: a price, a voucher, an order word, a link
 * to a product? docs/definitions.md has the rules. Whether it is one depends on who wrote it. */
bool is_promotion(struct str text);
/* text_lang.c: "zh", "en" or "other" where that is sure, else {NULL, 0}. */
struct str text_lang(struct str text);
