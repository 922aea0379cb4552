/* replies.h - which message of a chat a message answers, where the channel does not say.
 *
 * Messages of one chat are fed in order of time; each is weighed against those before it, and
 * against beginning a conversation of its own. What speaks for a pair is evidence (the writer is
 * named at the start, a question is open, the two are talking), each kind has a weight in points,
 * and the points that beginning anew gets are the threshold. Names are matched without regard to
 * ASCII case. One thread each; what is borrowed says so. docs/groups.md, "Inferred replies". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define REPLIES_WINDOW 128         /* messages back that can be answered */
#define REPLIES_ACCOUNTS_MAX 65536 /* names remembered; one more, and all are forgotten */
#define REPLIES_NAME_BYTES 64      /* longer names are never found in a text */
#define REPLY_NONE UINT64_MAX

/* clang-format off */
/* Of an earlier message by somebody else (T) and a message by S: */
#define REPLY_EVIDENCE(X)                                                                          \
    X(ADDRESSED)   /* the text begins with T's name and a mark, or @T */                           \
    X(BARE)        /* it begins with T's name alone */                                             \
    X(NAMED)       /* T's name is in the text */                                                   \
    X(TO_ME)       /* the earlier message addresses S */                                           \
    X(NAMES_ME)    /* S's name is in it */                                                         \
    X(TO_OTHER)    /* it addresses somebody else */                                                \
    X(PARTNER)     /* S spoke to T last */                                                         \
    X(THEIRS)      /* the earlier message was taken as said to S */                                \
    X(QUIET)       /* few speak, and it is the newest by somebody else */                          \
    X(QUESTION)    /* it asks and the later one does not */                                        \
    X(OPEN)        /* so, nobody by name, and nobody has answered, within 5 minutes */             \
    X(ANSWERED)    /* somebody else has answered it */                                             \
    X(MINE)        /* S has answered it before */                                                  \
    X(LATEST)      /* it is T's latest */                                                          \
    X(ROOT)        /* it began a conversation */                                                   \
    X(COMMAND)     /* it is a command to a bot (!word), the one line above */                      \
    X(BRIEF)       /* it has at most two words */                                                  \
    X(SPOKEN)      /* S has spoken since, and does not name T */                                   \
    /* Of an earlier message by S: */                                                              \
    X(SAME)        /* it is the latest of S */                                                     \
    X(SAME_TO)     /* both address the same */                                                     \
    X(SAME_ABOVE)  /* it is the line above */                                                      \
    X(SAME_CALLED) /* something was said to S since */                                             \
    /* Of either, each time its age doubles (from a minute) and the lines between do: */           \
    X(AGE)                                                                                         \
    X(GAP)                                                                                         \
    /* Of beginning anew: */                                                                       \
    X(BEGIN)       /* always: the threshold */                                                     \
    X(NEWCOMER)    /* S has said nothing for ten minutes */                                        \
    X(ASKING)      /* the text asks nobody by name */                                              \
    X(CALLING)     /* it is a command to a bot */                                                  \
    X(WORDY)       /* it has at least eight words and addresses nobody */
/* clang-format on */

enum reply_evidence {
#define X(name) REPLY_##name,
    REPLY_EVIDENCE(X)
#undef X
        REPLY_EVIDENCES
};
extern const char *const reply_evidence_names[REPLY_EVIDENCES];

/* Points by kind of evidence. */
struct reply_weights {
    int16_t of[REPLY_EVIDENCES];
};
extern const struct reply_weights reply_weights_default;

struct reply_line {
    int64_t at; /* not before the line fed last, or it counts as of the same moment */
    struct str who;
    struct str text;
    bool question; /* the text asks (intake/question.h) */
};

struct reply_found {
    uint64_t target; /* what it answers: the lines fed are counted from 0; REPLY_NONE: it begins */
    struct str to;   /* whom it is said to; empty = nobody. Borrowed until the next call */
    int score;       /* points over beginning anew; 0 or less: it begins */
};

struct replies;

/* 'weights' are copied; NULL: the default ones. Never NULL. */
struct replies *replies_create(const struct reply_weights *weights);
void replies_destroy(struct replies *r); /* NULL is allowed */
/* The next message. */
void replies_said(struct replies *r, const struct reply_line *line, struct reply_found *out);
/* Who was called 'from' is called 'to' from here on. */
void replies_renamed(struct replies *r, struct str from, struct str to);
