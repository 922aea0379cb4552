/* node.h - the tree of an expression, shared by the files of this room only.
 *
 * Built by parse*.c and check.c in one arena, never changed after expr_parse() returned. Every
 * field of a member that an expression reads, segments included, has a slot: its place in the cache
 * that one evaluation fills. Every test on text of events has a text number: its place in the
 * tables that expr_events() fills. */
#pragma once

#include "expr/expr.h"

enum node_type {
    NODE_CONST,
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    NODE_TEST,
    NODE_DID,
    NODE_FLAG,
    NODE_SEGMENT
};

enum op {
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_CONTAINS,
    OP_STARTS,
    OP_IN,
    OP_NOT_IN,
    OP_BETWEEN,
    OP_NOT_BETWEEN,
    OP_NULL,
    OP_NOT_NULL
};

/* What the values of a field are, which says the operators and literals it takes. */
enum field_class {
    CLASS_NUMBER,
    CLASS_TEXT,
    CLASS_BOOL,
    CLASS_TIME,
    CLASS_DATE,
    CLASS_LIFECYCLE,
    CLASS_TRUST,
    CLASS_CIRCLE, /* names that stand for numbers */
    CLASS_ID,     /* "m12" */
    CLASS_KIND,
    CLASS_CODE,   /* numbers in a run, text to a person */
    CLASS_GROUPS, /* a set of codes */
    CLASS_PROP,
    CLASS_TRAIT /* as the literal beside it; traits not registered */
};

/* The dimensions stand in the order of enum dim. */
enum event_field {
    EVENT_KIND,
    EVENT_AT,
    EVENT_HOUR,
    EVENT_WEEKDAY,
    EVENT_DAY,
    EVENT_GROUP,
    EVENT_TOUCHPOINT,
    EVENT_CAMPAIGN,
    EVENT_CONTENT,
    EVENT_STAFF,
    EVENT_MEMBER,
    EVENT_OTHER,
    EVENT_AMOUNT,
    EVENT_PROP
};

/* What a test reads: a field of a member or of an event. */
struct subject {
    enum expr_about about;
    enum event_field event; /* about events */
    enum expr_field member; /* about members */
    enum field_class class; /* CLASS_PROP and CLASS_TRAIT only where nothing but null is asked */
    bool anniversary;       /* anniv() of the field */
    struct str name;  /* of a property, trait, experiment, or the group of circle(); else none */
    uint32_t slot;    /* about members */
    uint32_t prop[3]; /* EVENT_PROP: ids of its columns by enum prop_type, 0 = none */
};

enum literal_type {
    LITERAL_TEXT,
    LITERAL_NUMBER,
    LITERAL_BOOL,
    LITERAL_DATE,
    LITERAL_TIME,
    LITERAL_NOW,
    LITERAL_TODAY
};

struct literal {
    enum literal_type type;
    bool coded;      /* a text that stands for 'number': a stage, an id, a code */
    bool boolean;    /* LITERAL_BOOL */
    struct str text; /* LITERAL_TEXT, in NFC; stages by their English name */
    double number;   /* LITERAL_NUMBER, or what the text stands for */
    int64_t time;    /* DATE: day number; TIME: UTC ms; NOW, TODAY: ms added to it */
};

struct test {
    struct subject subject;
    enum op op;
    bool by_text;         /* codes and kinds are compared by their text, not their number */
    uint32_t text;        /* text number, when the subject is an event's text */
    uint32_t value_count; /* 1; 2 for between; any for in; 0 for null */
    const struct literal *values;
};

enum measure { MEASURE_COUNT, MEASURE_DAYS, MEASURE_SUM, MEASURE_DISTINCT };

/* "count >= 2": one condition on the set of events of a did(). */
struct condition {
    const struct condition *next; /* in the order written */
    enum measure measure;
    struct subject subject; /* MEASURE_DISTINCT */
    enum op op;             /* OP_EQ .. OP_GE */
    double number;
};

/* A kind by name and code. */
struct kind {
    struct str name;
    int code; /* -1: the brand has never seen it */
};

struct did {
    struct kind kind;
    const struct condition *conditions; /* NULL: at least one event */
    bool counts_only;                   /* no condition but on the count */
    bool has_within, has_from, has_to, has_then;
    int64_t within_ms;
    struct literal from, to;  /* dates, times, now or today */
    const struct node *where; /* about events; NULL: all */
    struct kind then;         /* must follow ... */
    int64_t then_ms;          /* ... within this */
    bool then_not;            /* or must not */
};

/* Calls that answer yes or no by a field. */
enum call {
    CALL_TAG,
    CALL_STAFF,
    CALL_TOUCHPOINT,
    CALL_CONSENTED,
    CALL_IN_GROUP,
    CALL_IN_LIST,
    CALL_COUNT
};

struct flag {
    enum call call;
    struct str args[2]; /* the second of consented() only */
    struct subject subject;
    uint32_t code; /* CALL_IN_GROUP: of the group, 0 = unknown */
};

/* A saved segment, read once however often it is named. */
struct segment {
    struct segment *next;
    struct str name;
    const struct node *root; /* NULL while it is being read */
    uint32_t number;         /* 0 .. segment_count - 1 */
    uint32_t height;         /* levels of its text, its own segments included */
    struct str text;         /* as saved */
};

struct node {
    enum node_type type;
    struct node *next; /* the sibling after it */
    union {
        bool value;         /* NODE_CONST */
        struct node *child; /* NODE_AND, NODE_OR: two or more; NODE_NOT: one */
        const struct test *test;
        const struct did *did;
        const struct flag *flag;
        const struct segment *segment;
    } u;
};

/* A field of a member, as asked of expr_context.get. */
struct slot {
    struct slot *next;
    enum expr_field field;
    struct str name;
    uint32_t number; /* 0 .. slot_count - 1 */
};

struct warning {
    struct warning *next;
    struct why why;
};

struct expr {
    enum expr_about about;
    const struct node *root;
    struct expr_catalog catalog; /* for names of codes while evaluating */
    struct slot *slots;          /* newest first */
    uint32_t slot_count;
    struct segment *segments; /* newest first */
    uint32_t segment_count;
    uint32_t text_count;      /* tests with a text number */
    struct warning *warnings; /* in the order found */
    uint32_t warning_count;
    uint64_t fields;        /* 1 << enum expr_field */
    struct columns columns; /* of events */
    bool columns_over;      /* more properties than 'columns' can hold */
    bool derived;           /* a derived kind is named */
};

/* The canonical form of a part. */
void print_node(struct strbuf *out, const struct expr *e, const struct node *n);
