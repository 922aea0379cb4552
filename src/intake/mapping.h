/* mapping.h - the map language: which column of a table becomes what.
 *
 * TARGET=TYPE:SOURCE[:FORMAT], entries separated by commas or line ends; TARGET?= counts only where
 * the entry before it gave nothing. docs/import.md describes
 * it. A map is immutable after mapping_parse() and lives in its arena. */
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "intake/date.h"
#include "people/fact.h"

enum target {
    TARGET_ID,
    TARGET_AT,
    TARGET_KIND,
    TARGET_AMOUNT,
    TARGET_MEMBER,
    TARGET_OTHER,
    TARGET_CODE,
    TARGET_PROP,
    TARGET_TRAIT,
    TARGET_TAGS,    /* several in a cell */
    TARGET_CREATED, /* the time when the other one is empty */
    TARGET_PERSON,  /* a name: an identity when the row has no better one */
    TARGET_REFUND,
    TARGET_MESSAGE, /* its text: properties of it */
    TARGET_MESSAGE_TYPE,
    TARGET_MESSAGE_SUBTYPE, /* what narrows the type, as chat programs number it */
    TARGET_MESSAGE_ID,      /* the channel's own */
    TARGET_REPLY_TO,        /* the id of the message it answers */
    TARGET_SPEAKER,         /* a display name; an identity where there is no id */
    TARGET_BIRTHDAY,
    TARGET_OWNER,    /* who of the staff answers for the member */
    TARGET_CONTACTS, /* staff whose contact the member is, several in a cell */
    TARGET_LINKS,    /* links that a message carries, a line each */
    TARGET_QR        /* what QR codes in it say */
};

enum value_type {
    VALUE_TEXT,
    VALUE_INTEGER,
    VALUE_NUMBER,
    VALUE_DECIMAL,
    VALUE_DATE,
    VALUE_CONST,
    VALUE_STATUS,
    VALUE_IDENTITY
};

struct mapping_entry {
    enum target target;
    enum value_type type;
    enum dim dim;                /* TARGET_CODE */
    enum identity_kind identity; /* VALUE_IDENTITY */
    struct str name;             /* TARGET_PROP, TARGET_TRAIT */
    struct str source;           /* header name, "$N", or the constant */
    uint32_t column;             /* from 1: $N, or after binding; 0 = not bound */
    bool instead;                /* counts only where the entry before it gave nothing */
    struct date_format format;   /* VALUE_DATE */
};

struct mapping {
    struct mapping_entry entries[LIMIT_MAP_ENTRIES];
    uint32_t count;
    bool has_kind, has_at;
};

/* 'as' is the kind of --as, or NULL. Field "--map" in errors. */
MUST_CHECK enum err mapping_parse(struct arena *a, struct str text, const char *as,
                                  struct mapping *out, struct why *why);
/* Make 'kind', which is valid, the kind of every row. */
void mapping_set_kind(struct mapping *m, const char *kind);
/* What a column becomes by an entry, as a person would call it; *word is its one word. */
const char *mapping_means(struct arena *a, const struct mapping_entry *e, const char **word);
/* The entry as a map says it. */
const char *mapping_text(struct arena *a, const struct mapping_entry *e);
const char *mapping_dim_name(enum dim dim); /* "group"; "" of the origin */
/* Does an entry name its column by a header? */
bool mapping_wants_headers(const struct mapping *m);
