/* moderation.h - order in groups 群秩序: rules, what they find in messages, and what staff make of
 * it.
 *
 * A rule says what to look for (terms, ways out of the group, floods, copies, ads), in which
 * groups, of whom, and how grave it is. What is found in a message is a case: a row with the rule,
 * the account and the words, for staff to confirm or dismiss; and where the rule asks for more than
 * a note, a task to be done in the channel. Rules are records with versions; they are compiled
 * beside the writer and put in the place of those before them. Messages pass through on_said. */
#pragma once

#include "base/limits.h"
#include "brand/brand.h"
#include "moderation/sieve.h"
#include "moderation/traces.h"
#include "people/idset.h"

struct budget;

extern const struct module moderation_module;

#define MODERATION_FRESH_MS TIME_HOUR          /* older messages make no case: they are counted */
#define MODERATION_AGAIN_MS (10 * TIME_MINUTE) /* found again so soon is the same case */
#define MODERATION_KEEP_DAYS 180               /* cases, and counts of what was found */
#define MODERATION_NEWCOMER_HOURS 720          /* the longest that an account can be new */
#define MODERATION_QUOTE_BYTES 600             /* kept of a message's words */

/* ---- rules ---- */

enum rule_kind {
    RULE_TERMS,
    RULE_LINKS,    /* links to hosts that are not allowed */
    RULE_CONTACTS, /* phones, mail, ids of other messengers */
    RULE_FLOOD,    /* 'number' messages of an account within 'seconds' */
    RULE_COPIES,   /* much the same text in 'number' groups within 'seconds' */
    RULE_ADS,      /* what the sieve takes for an ad */
    RULE_KINDS
};
/* What is asked for, in order of gravity. */
enum rule_action { ACTION_NOTE, ACTION_HIDE, ACTION_WARN, ACTION_MUTE, ACTION_REMOVE, ACTIONS };
/* Who is not judged. */
enum { EXEMPT_STAFF = 1, EXEMPT_BOT = 2, EXEMPT_PARTNER = 4 };

extern const char *const rule_kind_names[RULE_KINDS]; /* "terms" ... */
extern const char *const rule_action_names[ACTIONS];  /* "note" ... */

struct moderation_rule {
    uint32_t id; /* 0 = a new one */
    enum rule_kind kind;
    enum rule_action action;
    bool on;
    bool whole;         /* RULE_TERMS: words of letters stand alone */
    unsigned exempt;    /* EXEMPT_* */
    unsigned traces;    /* RULE_CONTACTS and RULE_LINKS: bits 1 << enum trace */
    int newcomer_hours; /* only accounts that joined the group so lately; 0 = all */
    int number, seconds;
    int mute_hours; /* ACTION_MUTE */
    struct str name;
    struct str groups; /* a line each; empty = all */
    struct str terms;  /* a line each; /…/ is a pattern, # begins a remark */
    struct str allow;  /* RULE_LINKS: hosts, a line each */
    struct str author; /* who changed it last */
    uint64_t version;  /* from 1 */
    int64_t changed_at;
};

/* All in order of id, in 'arena'; without terms unless 'whole'. */
MUST_CHECK enum err moderation_rules(struct sql *db, bool whole, struct arena *arena,
                                     struct moderation_rule **out, size_t *count, struct why *why);
/* With terms. ERR_NOT_FOUND. */
MUST_CHECK enum err moderation_rule_get(struct sql *db, uint32_t id, struct arena *arena,
                                        struct moderation_rule *out, struct why *why);
/* Add a rule (id 0), or put it in the place of the one of its id and version; id, version and time
 * are filled in. ERR_INVALID names the field, and the line of terms; ERR_PRECONDITION: it was
 * changed meanwhile; ERR_TOO_LARGE over LIMIT_MODERATION_*. On return it is in use. */
MUST_CHECK enum err moderation_rule_save(struct brand *b, struct moderation_rule *r,
                                         struct why *why);
MUST_CHECK enum err moderation_rule_remove(struct brand *b, const struct moderation_rule *r,
                                           struct why *why);
/* A version that was before, newest first: those of a rule, terms left out. */
MUST_CHECK enum err moderation_rule_versions(struct sql *db, uint32_t id, struct arena *arena,
                                             struct moderation_rule **out, size_t *count,
                                             struct why *why);
/* Terms of a list: how many words and patterns. */
struct term_counts {
    uint32_t words, patterns;
};
struct term_counts moderation_count_terms(struct str terms);
/* What of each rule became: of cases, and of messages too old to make one. */
struct rule_result {
    uint64_t open, confirmed, dismissed, counted;
};
MUST_CHECK enum err moderation_result(struct sql *db, uint32_t rule, struct rule_result *out);

/* A list of ads' common words that a brand may begin with, for 'terms'. */
extern const char moderation_starter[];

/* ---- what a text would make ---- */

/* One thing found. */
struct finding {
    uint32_t rule; /* id */
    enum rule_kind kind;
    enum rule_action action;
    struct str what; /* the term, or the kind of trace; in the arena */
    struct span at;  /* bytes of the text; 0 to 0 = all of it */
    double sure;     /* RULE_ADS: 0 to 1; else 1 */
};
#define MODERATION_FINDINGS 200
struct trial {
    struct str text, qr, group; /* empty group = any */
    unsigned role;              /* one of EXEMPT_*; 0 = a member */
    bool newcomer;
};
struct tried {
    struct finding *items; /* the gravest first */
    size_t count;
    double sure; /* of the sieve, that it is an ad; NAN until it has learnt enough */
};
/* All that the rules in use find in a text. */
void moderation_try(struct brand *b, const struct trial *trial, struct arena *arena,
                    struct tried *out);
/* What a rule would have found in messages of [from, to) that are kept, were it there then: without
 * those that look at more than words (ERR_INVALID), and whoever was new. */
#define PAST_SAMPLES 20
struct past_ask {
    int64_t from, to;
    struct budget *budget; /* can be cancelled; NULL = none */
    struct arena *arena;
};
struct past_sample {
    int64_t at;
    uint32_t group, persona;
    struct str what, quote;
    struct span span; /* of the quote */
};
struct past {
    uint64_t messages; /* looked at */
    uint64_t found;    /* of them */
    bool more;         /* there were more than LIMIT_MODERATION_PAST */
    struct past_sample samples[PAST_SAMPLES];
    size_t sample_count;
};
MUST_CHECK enum err moderation_past(struct brand *b, const struct moderation_rule *r,
                                    const struct past_ask *ask, struct past *out, struct why *why);
/* Are words found by Vectorscan? */
bool moderation_by_vectorscan(struct brand *b);

/* ---- cases ---- */

enum case_state { CASE_OPEN, CASE_CONFIRMED, CASE_DISMISSED, CASE_APPEALED, CASE_STATES };
/* What is to be done in the channel. */
enum case_task { TASK_NONE, TASK_TODO, TASK_DONE, TASK_LIFT, TASK_LIFTED, CASE_TASKS };
extern const char *const case_state_names[CASE_STATES]; /* "open" ... */
extern const char *const case_task_names[CASE_TASKS];   /* "none" ... */

struct moderation_case {
    uint32_t id;
    uint64_t seq; /* of the message */
    int64_t at, last_at;
    uint32_t times;   /* found again within MODERATION_AGAIN_MS */
    uint32_t persona; /* 0 = staff wrote it */
    uint32_t group;   /* code */
    uint32_t rule;
    uint64_t rule_version;
    enum rule_kind kind;
    enum rule_action action;
    int mute_hours;
    struct str what;    /* the term, or the kind of trace */
    struct str quote;   /* the words, cut around the place */
    struct span span;   /* of the quote */
    struct str message; /* the channel's id */
    uint32_t others;    /* rules that found something in it, too */
    enum case_state state;
    struct str by; /* who said so; empty = nobody */
    int64_t by_at; /* TIME_NONE */
    struct str note;
    enum case_task task;
    struct str task_by;
    int64_t task_at;
};

struct case_filter {
    int state;                /* enum case_state; -1 = all */
    bool tasks;               /* only those with something to do in the channel */
    uint32_t rule;            /* 0 = all */
    uint32_t group;           /* 0 = all */
    uint32_t persona;         /* 0 = all */
    uint32_t below;           /* newest first from here; 0 = from the newest */
    const struct idset *only; /* of these members; NULL = all, and what staff wrote */
    size_t limit;
};
MUST_CHECK enum err moderation_cases(struct sql *db, const struct case_filter *f,
                                     struct arena *arena, struct moderation_case **out,
                                     size_t *count, struct why *why);
MUST_CHECK enum err moderation_case_get(struct sql *db, uint32_t id, struct arena *arena,
                                        struct moderation_case *out, struct why *why);
/* How many are open or appealed, and how many tasks there are; of 'only' as above. */
struct case_counts {
    uint64_t open, appealed, tasks;
};
MUST_CHECK enum err moderation_count(struct sql *db, const struct idset *only,
                                     struct case_counts *out);

enum case_verdict {
    CASE_VERDICT_CONFIRM,
    CASE_VERDICT_DISMISS,
    CASE_VERDICT_APPEAL,
    CASE_VERDICT_DONE,
    CASE_VERDICT_LIFTED,
    CASE_VERDICTS
};
extern const char *const case_verdict_names[CASE_VERDICTS]; /* "confirm" ... */
/* Say what is so of a case. ERR_CONFLICT when it is in no state for it. A dismissed one whose task
 * was done has it to be lifted. Of a case of RULE_ADS, confirming and dismissing teach the sieve.
 */
MUST_CHECK enum err moderation_decide(struct brand *b, uint32_t id, enum case_verdict verdict,
                                      struct str by, struct str note, struct why *why);

/* ---- the sieve for ads ---- */

/* Teach it a text, which is forgotten but for its grams; 'persona' 0 = nobody's. */
MUST_CHECK enum err moderation_teach(struct brand *b, struct str text, bool ad, uint32_t persona,
                                     struct str by, struct why *why);
struct lesson {
    uint32_t ads, others;     /* marks it has learnt from */
    bool ready;               /* enough of both */
    struct sieve_trial trial; /* of marks it had not seen */
    struct sieve_trial since; /* of marks made once it was ready: what it had said before */
};
MUST_CHECK enum err moderation_lesson(struct brand *b, struct sql *db, struct lesson *out,
                                      struct why *why);
/* Forget all marks. */
MUST_CHECK enum err moderation_unlearn(struct brand *b, struct why *why);
