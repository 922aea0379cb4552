/* expr.h - the expression language: who (members) and which events. The grammar is
 * docs/expressions.md.
 *
 * One parser, one checker, one printer; an expression is immutable, lives in the arena it was
 * parsed into, and may be evaluated by any number of threads. Names are resolved through a catalog
 * once, at parse time; the catalog must outlive the expression, since tests on the text of codes
 * and kinds ask code_text and kind_text while evaluating, from any thread. Text is compared by code
 * points after NFC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/history.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/time.h"

struct expr;

/* Fields of a member that are not its events. What expr_context.get answers: lifecycle, trust and
 * circle by number (lifecycle: potential 0, new 1, effective 2, active 3, core 4, dormant 5,
 * churned 6; trust: unaware 0 .. shares 6; circle: core 0, influence 1, periphery 2); id as
 * TYPE_NUMBER; source, touchpoint and owner as TYPE_TEXT, their code; groups as TYPE_CODES of
 * DIM_GROUP; spent in minor units. 'name' is {NULL, 0} but for: FIELD_TRAIT      the trait's name
 * FIELD_EXPERIMENT  its code; TYPE_TEXT, the arm FIELD_CIRCLE     a group's code, or none: the
 * highest circle in any group FIELD_TAG        the tag; TYPE_BOOL           FIELD_CONSENTED
 * "channel/purpose"; TYPE_BOOL FIELD_STAFF      a staff code; TYPE_BOOL: on that person's contact
 * list FIELD_TOUCHPOINT none, or a code; TYPE_BOOL: ever came in by that touchpoint FIELD_LIST
 * a static segment's code; TYPE_BOOL: is on that list */
enum expr_field {
    FIELD_ID,
    FIELD_CREATED,
    FIELD_JOINED,
    FIELD_LAST_SEEN,
    FIELD_LAST_INTERACTION,
    FIELD_LAST_ORDER,
    FIELD_BIRTHDAY,
    FIELD_LIFECYCLE,
    FIELD_TRUST,
    FIELD_CIRCLE,
    FIELD_SOURCE,
    FIELD_TOUCHPOINT,
    FIELD_GROUPS,
    FIELD_CONTACTS,
    FIELD_RETURNED,
    FIELD_OUTSIDE,
    FIELD_READS,
    FIELD_SILENT_BUYER,
    FIELD_OWNER,
    FIELD_ORDERS,
    FIELD_SPENT,
    FIELD_INVITED,
    FIELD_QUALIFIED,
    FIELD_LANGUAGE,
    FIELD_TIMEZONE,
    FIELD_TRAIT, /* 'name' of expr_get says which */
    FIELD_TAG,
    FIELD_STAFF,
    FIELD_CONSENTED,
    FIELD_EXPERIMENT,
    FIELD_LIST,
    FIELD_LAST_ACT,
    FIELD_ACT_DAYS,
    FIELD_USUAL_DAYS,
    FIELD_PACE,
    FIELD_ORDER_GAP,
    FIELD_ORDER_DUE,
    FIELD_P_ALIVE,
    FIELD_P_ALIVE_DROP,
    FIELD_EXPECTED_ORDERS,
    FIELD_EXPECTED_VALUE,
    FIELD_RFM_R,
    FIELD_RFM_F,
    FIELD_RFM_M,
    FIELD_COUNT
};

enum expr_type { TYPE_NULL, TYPE_NUMBER, TYPE_TEXT, TYPE_BOOL, TYPE_TIME, TYPE_DATE, TYPE_CODES };

/* A value: null, or the member that its type names. */
struct expr_value {
    enum expr_type type;
    double number;   /* TYPE_NUMBER: counts, and money in minor units; enums by their order */
    struct str text; /* TYPE_TEXT */
    bool boolean;
    int64_t time;          /* TYPE_TIME: UTC ms; TYPE_DATE: day number (birthdays are dates) */
    const uint32_t *codes; /* TYPE_CODES: sorted set, e.g. the groups a member is in */
    uint32_t code_count;
};

/* How names become numbers. Any function may be NULL: then nothing is known by that name. */
struct expr_catalog {
    void *ctx;
    const struct zone *zone; /* the brand's; dates and days are in it */
    int currency_digits;     /* 2 for CNY */
    /* kind code, or -1 when the brand has never seen it (a warning; no event is of that kind) */
    int (*kind)(void *ctx, struct str name);
    bool (*kind_is_derived)(void *ctx, int kind);
    /* the code's number, or 0 */
    uint32_t (*code)(void *ctx, enum dim dim, struct str code);
    /* and back, for ordering and prefix tests on codes; {NULL,0} when unknown */
    struct str (*code_text)(void *ctx, enum dim dim, uint32_t code);
    struct str (*kind_text)(void *ctx, int kind);
    /* id of the typed property column, 0 when the brand has none */
    uint32_t (*prop)(void *ctx, struct str name, enum prop_type type);
    /* registered type of a trait; TYPE_NULL when unknown */
    enum expr_type (*trait)(void *ctx, struct str name);
    /* the expression text of a saved segment; {NULL,0} when there is none */
    struct str (*segment)(void *ctx, struct str name);
};

enum expr_about { EXPR_MEMBER, EXPR_EVENT };

/* Parse and check 'text' about members or about events. On failure why->field is 'field', and the
 * sentence names line, column, what was found and what could stand there. ERR_TOO_LARGE: over
 * LIMIT_EXPR_BYTES (as written or in canonical form), _DEPTH, _CALLS or _TOTAL_BYTES. 'now' and
 * 'today' are those of the evaluation. */
MUST_CHECK enum err expr_parse(struct arena *a, const struct expr_catalog *catalog,
                               enum expr_about about, struct str text, const char *field,
                               const struct expr **out, struct why *why);
/* The canonical form; parses back to the same tree. */
void expr_print(const struct expr *e, struct strbuf *out);
/* Unknown kinds, codes and properties found while parsing, each once; at most LIMIT_EXPR_CALLS. */
size_t expr_warning_count(const struct expr *e);
/* Number i of them, i below the count: to be rendered in the reader's language. The expression's.
 */
const struct why *expr_warning_why(const struct expr *e, size_t i);

/* Add the columns that evaluation reads to 'columns' (props stay ascending, without duplicates).
 * False when more than 64 properties would be needed. */
bool expr_columns(const struct expr *e, struct columns *columns);
/* Which member fields are read, as bits 1 << enum expr_field; and whether any derived kind is
 * named. */
uint64_t expr_fields(const struct expr *e);
bool expr_names_derived(const struct expr *e);

/* Member field number 'i' that is read, its own and those of saved segments; false when there are
 * no more. */
bool expr_get_field(const struct expr *e, size_t i, enum expr_field *field, struct str *name);

/* The saved segments that it names, itself or by another one that it names: number 'i' of them,
 * false when there are no more; the text is the saved expression. */
bool expr_get_segment(const struct expr *e, size_t i, struct str *name, struct str *text);

/* What evaluation needs beside the rows. */
struct expr_context {
    const struct zone *zone;
    int64_t now; /* as of: events after it are not seen by a member expression */
    const struct columns
        *columns; /* as asked of the scan: says where each property stands in props[] */
    /* value of a member's field; called at most once per field, member and evaluation */
    void (*get)(void *ctx, uint32_t member, enum expr_field field, struct str name,
                struct expr_value *out);
    void *get_ctx;
    struct arena *scratch; /* for evaluation; may be NULL for event expressions */
};

/* Does event row 'row' of the run match? */
bool expr_event(const struct expr *e, const struct expr_context *c, const struct history *h,
                uint32_t row);
/* Match rows from .. to-1 into mask[0 .. to-from-1] as 0 or 1; the same answers as expr_event. */
void expr_events(const struct expr *e, const struct expr_context *c, const struct history *h,
                 uint32_t from, uint32_t to, uint8_t *mask);
/* Does member 'index' of the run match, by its own rows and fields? One member's own history is a
 * run with one member: the same function is both evaluators. */
bool expr_member(const struct expr *e, const struct expr_context *c, const struct history *h,
                 uint32_t index);
/* Clear mask[i], which is 0 or 1, of the members of the run for whom the expression does not hold,
 * as far as counting their rows tells. True: that is the whole answer; false: of those left
 * expr_member() must be asked. */
bool expr_members(const struct expr *e, const struct expr_context *c, const struct history *h,
                  uint8_t *mask);

#define EXPR_REACH_KINDS (2 * LIMIT_EXPR_CALLS)

/* The rows that a member expression reads, but for those that its fields follow from. */
struct expr_reach {
    int64_t from, to; /* in [from, to); from > to: none */
    bool every_kind;  /* too many kinds to list */
    size_t kind_count;
    uint16_t kinds[EXPR_REACH_KINDS]; /* of these kinds */
    bool needed; /* it holds of no member who has no such row, whatever their fields are */
};
void expr_get_reach(const struct expr *e, const struct expr_context *c, struct expr_reach *out);
/* The same whenever now is: rows of all time, also where its windows are empty at some moments. */
void expr_get_reach_ever(const struct expr *e, struct arena *scratch, struct expr_reach *out);

/* Of a member's rows of a kind, those that a call reads as of now or later, fields left aside: the
 * newest 'last' of them; with last 0 all that are not before 'from', of others their number. */
struct expr_need {
    uint16_t kind;
    uint32_t last;
    int64_t from;
};
typedef void expr_need_fn(void *ctx, const struct expr_need *need);
/* Each call's; those of a kind as often as calls name it. */
void expr_each_need(const struct expr *e, const struct expr_context *c, expr_need_fn *fn,
                    void *ctx);

/* The next moment > c->now at which the answer may change by the clock alone; TIME_NONE if never.
 * Fields are taken as they are: what moves a field by the clock (a stage, a flag) knows its own
 * moment. */
int64_t expr_next_change(const struct expr *e, const struct expr_context *c,
                         const struct history *h, uint32_t index);

/* Why an expression holds of a member, or does not: each test and call of it, in the order written;
 * those of a saved segment come behind it, one level deeper. */
enum expr_clause_type { CLAUSE_CONST, CLAUSE_TEST, CLAUSE_DID, CLAUSE_FLAG, CLAUSE_SEGMENT };
struct expr_clause {
    enum expr_clause_type type;
    int level;                 /* of saved segments; 0 = of the expression itself */
    bool negated;              /* stands under an odd number of nots */
    bool holds;                /* by itself, nots left aside */
    struct str text;           /* in canonical form */
    struct str value;          /* CLAUSE_TEST: the field's value as text; {NULL, 0} = null */
    enum expr_type value_type; /* of what the text was made; a TYPE_TIME is RFC 3339 */
    uint32_t count;            /* CLAUSE_DID: events of its set */
    int64_t first_at, last_at; /* of them; TIME_NONE = none */
};
struct expr_clauses {
    struct expr_clause *items;
    size_t count;
};
/* All clauses, in 'arena'. */
void expr_explain(const struct expr *e, const struct expr_context *c, const struct history *h,
                  uint32_t index, struct arena *arena, struct expr_clauses *out);
