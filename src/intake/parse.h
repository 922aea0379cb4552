/* parse.h - what the formats share: rows come in, facts and rejects go out, batch by batch.
 *
 * A format's parser is a function that runs on the parser's thread until the input ends. Before it
 * reads a row it calls parse_room(), which may begin a new batch; when it has read one,
 * parse_row(), then any of the others. */
#pragma once

#include "intake/batch.h"
#include "intake/by_time.h"
#include "intake/date.h"
#include "intake/window.h"

#define PARSE_KINDS_BITS 7
#define PARSE_KEPT_BITS 12
#define PARSE_MET_BITS 12

/* One that parse_keep gave out. */
struct kept_text {
    struct text_ends ends;
    struct str text; /* p is NULL when the place is free */
    uint32_t worth;  /* how many others may ask for the place in vain */
};

/* A member's only identity in some fact of the batch. */
struct met_who {
    struct text_ends ends; /* of 'value' */
    struct str value;      /* as it stood in the row */
    struct identity *who;  /* as fact_check left it */
    struct hash128 key;    /* by people_key; 0,0 = not to be used */
    enum identity_kind kind;
};

struct colleagues;
struct inferring;
struct table;

/* Who looks at the first rows of a file instead of importing it. */
struct parse_look {
    uint64_t rows_max; /* rows that are read */
    /* A row as it stands; then, of a table, its cells. False: no fact is made of them. */
    void (*row)(void *ctx, uint64_t line, struct str text);
    bool (*cells)(void *ctx, const struct str *cells, size_t count);
    /* Before the rows of a table: its headers, if it has some, and what its columns are read as.
     * A table that cannot be read is told with 'why', and its rows are shown all the same. */
    void (*headers)(void *ctx, const struct str *headers, size_t count);
    void (*bound)(void *ctx, const struct table *table, const struct why *why);
    void *ctx;
};

struct parse {
    const struct import_options *options;
    struct brand *brand;  /* whose keys find members; NULL = they are left to the writer */
    const char *path;     /* of the file, for a date in its name */
    const char *currency; /* the brand's */
    int currency_digits;
    int64_t now; /* when the import began: what is not dated is dated so */
    struct input *in;
    struct window rows;
    struct dates dates;
    struct arena *arena;           /* lives as long as the file */
    struct kept_text *kept;        /* texts of the batch, by hash_ends; NULL = none yet */
    struct met_who *met;           /* identities of the batch, by hash_ends; NULL = none yet */
    struct inferring *inferring;   /* whom messages are said to, over all files of one import */
    struct mapping *map;           /* compiled --map; NULL = none */
    struct colleagues *colleagues; /* whom columns of staff name; NULL = codes, as they stand */
    struct belt *belt;
    struct batch *batch; /* being filled; NULL when stopped */
    uint64_t row;        /* number of the current row, from 1 */
    uint64_t line;       /* where it stands */
    uint64_t skip;       /* rows up to here are applied already */
    size_t batch_rows;   /* facts of one batch at most */
    struct str text;     /* the current row as it stands, for rejects */
    uint64_t staff_row;  /* the latest that named staff that nobody is, by its number */
    /* a file that is not in order of time: its facts wait until all are read, then come sorted */
    const struct parse_look *look;           /* NULL in an import */
    const char *spool_dir;                   /* where they wait; NULL = they never do */
    uint64_t spool_tag;                      /* of the file they wait in */
    struct by_time *sorted;                  /* NULL = in order, as far as is known */
    uint64_t sorted_skip;                    /* of the sorted facts so many are applied already */
    uint64_t sorted_row;                     /* of them so many were given out */
    bool handed;                             /* a batch went to the other side */
    bool merging;                            /* all are read */
    struct why failed;                       /* .err: why the parser cannot go on */
    bool stopped;                            /* by --strict or by the other side */
    struct str kinds[1 << PARSE_KINDS_BITS]; /* that may be imported, by hash_ends; see parse.c */
};

/* Begin the first batch, and the file; false: the other side wants none. */
bool parse_begin(struct parse *p);
/* Make room for a row: what was read before may go with its batch, and facts of it cannot be
 * changed any more. False: stop, without an error. */
bool parse_room(struct parse *p);
/* Would parse_room() begin a new batch? */
bool parse_full(const struct parse *p);
/* Behind the last row: bring the facts that wait, if any. */
MUST_CHECK enum err parse_merge(struct parse *p, struct why *why);
/* Hand over the last batch. */
void parse_finish(struct parse *p);
/* A row was read, at this line, with this text. */
void parse_row(struct parse *p, uint64_t line, struct str text);
/* The row is this fact: checked, then stored or rejected. Its arrays lie in p->batch->arena, but
 * for 'who' of one identity, which is copied. The fact as kept in the batch, NULL when it was not;
 * valid until the next one. */
struct fact *parse_fact(struct parse *p, struct fact *f);
void parse_reject(struct parse *p, uint32_t column, const struct why *why);
/* An amount in another currency than the brand's: kept as properties. Call before parse_fact. */
void parse_foreign_amount(struct parse *p, struct fact *f, double amount);

struct arena *parse_arena(struct parse *p); /* of the batch */
/* A copy of 'text' that lives as long as the batch. Texts that come again and again, as codes do,
 * have one copy, near to hand on the writer's side, too. */
struct str parse_keep(struct parse *p, struct str text);

/* Read the rows of p->options->format; the formats. */
MUST_CHECK enum err parse_format(struct parse *p, struct why *why);
MUST_CHECK enum err csv_parse(struct parse *p, struct why *why);
MUST_CHECK enum err columns_parse(struct parse *p, struct why *why);
MUST_CHECK enum err jsonl_parse(struct parse *p, struct why *why);
MUST_CHECK enum err segment_parse(struct parse *p, struct why *why);
MUST_CHECK enum err irc_parse(struct parse *p, struct why *why);
MUST_CHECK enum err telegram_parse(struct parse *p, struct why *why);
MUST_CHECK enum err discord_parse(struct parse *p, struct why *why);
MUST_CHECK enum err slack_parse(struct parse *p, struct why *why);
MUST_CHECK enum err flat_parse(struct parse *p, struct why *why);
MUST_CHECK enum err mbox_parse(struct parse *p, struct why *why);
/* The memory of irc across files. */
