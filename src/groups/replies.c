/* replies.c - a window of the last messages, and points for each of them.
 *
 * A message is read once (replies_read.c); then the slots of the window are weighed, the latest
 * first. Of equal points the later message wins. Most slots have nothing to do with who speaks now
 * nor with whom they name: those have few points, and where these are too few they are passed over.
 *
 * Invariants: line n stands in slot n % REPLIES_WINDOW until line n + REPLIES_WINDOW comes; an
 * account is an index into 'accounts' and stays the same through renames, until all are forgotten
 * together with the window. */
#include "base/time.h"
#include "groups/replies_internal.h"

#define OPEN_MS (5 * TIME_MINUTE)
#define PARTNER_MS (10 * TIME_MINUTE)
#define NEWCOMER_MS (10 * TIME_MINUTE)
#define FEW 3 /* others who speak at once in a quiet chat */
#define FEW_MS (10 * TIME_MINUTE)
#define REACH_MS (2 * TIME_HOUR) /* older messages are not answered */
#define BRIEF_WORDS 2
#define LONG_WORDS 8

const char *const reply_evidence_names[REPLY_EVIDENCES] = {
#define X(name) #name,
    REPLY_EVIDENCE(X)
#undef X
};

/* Chosen on one half of the hand-made links that the tests measure with; docs/groups.md. */
const struct reply_weights reply_weights_default = {{
    [REPLY_ADDRESSED] = 90,    [REPLY_BARE] = 60,     [REPLY_NAMED] = 55,
    [REPLY_TO_ME] = 60,        [REPLY_NAMES_ME] = 15, [REPLY_TO_OTHER] = -15,
    [REPLY_PARTNER] = 25,      [REPLY_THEIRS] = 15,   [REPLY_QUIET] = 25,
    [REPLY_QUESTION] = 5,      [REPLY_OPEN] = 15,     [REPLY_ANSWERED] = -20,
    [REPLY_MINE] = -40,        [REPLY_LATEST] = 10,   [REPLY_ROOT] = 5,
    [REPLY_COMMAND] = 75,      [REPLY_BRIEF] = -35,   [REPLY_SPOKEN] = -60,
    [REPLY_SAME] = 60,         [REPLY_SAME_TO] = 40,  [REPLY_SAME_ABOVE] = 50,
    [REPLY_SAME_CALLED] = -25, [REPLY_AGE] = -20,     [REPLY_GAP] = -5,
    [REPLY_BEGIN] = 10,        [REPLY_NEWCOMER] = 10, [REPLY_ASKING] = 20,
    [REPLY_CALLING] = 50,      [REPLY_WORDY] = 5,
}};

/* ---- accounts ---- */

static void forget(struct replies *r)
{
    for (size_t i = 0; i < r->accounts.count; i++)
        mem_free(r->accounts.items[i].name);
    VEC_RESET(&r->accounts);
    map_reset(r->names);
    r->kept = r->lines;
}

static void call(struct account *a, struct str name)
{
    if (a->name && str_eq((struct str){a->name, a->len}, name)) return;
    mem_free(a->name);
    a->name = mem_alloc(name.len + 1);
    if (name.len) memcpy(a->name, name.p, name.len);
    a->len = name.len;
}

/* The account of a writer, new if need be. */
static uint32_t account_of(struct replies *r, struct str name)
{
    char folded[REPLIES_NAME_BYTES];
    uint64_t account;
    struct str key = replies_fold(name, folded);
    if (key.len == 0) key = name; /* told apart as it is written, and never found */
    if (map_get(r->names, key, &account)) {
        call(&r->accounts.items[account], name);
        return (uint32_t)account;
    }
    if (r->accounts.count == REPLIES_ACCOUNTS_MAX) forget(r);
    struct account fresh = {.said = REPLY_NONE, .called = REPLY_NONE, .to = NOBODY};
    call(&fresh, name);
    map_put(r->names, key, r->accounts.count);
    VEC_PUSH(&r->accounts, fresh);
    return (uint32_t)r->accounts.count - 1;
}

/* ---- weighing ---- */

static bool names(const struct reading *is, uint32_t who)
{
    for (size_t i = 0; i < is->named_count; i++) {
        if (is->named[i] == who) return true;
    }
    return false;
}

/* A message that looks for what it answers. */
struct asked {
    const struct replies *r;
    struct reading is;
    uint64_t seq;
    int64_t at;
    uint32_t who;
    bool question;
    uint64_t quiet; /* the newest by somebody else where few speak; REPLY_NONE */
};

/* How often 1 doubles until it is over 'n'. */
static int doublings(uint64_t n)
{
    return n ? 64 - __builtin_clzll(n) : 0;
}

static int points_of_distance(const struct asked *q, const struct slot *s)
{
    const int16_t *w = q->r->weights.of;
    uint64_t minutes = (uint64_t)(q->at - s->at) / (uint64_t)TIME_MINUTE;
    return w[REPLY_AGE] * doublings(minutes) + w[REPLY_GAP] * doublings(q->seq - s->seq - 1);
}

/* What the earlier one is by itself. */
static int points_of_text(const struct asked *q, const struct slot *s)
{
    const int16_t *w = q->r->weights.of;
    int points = 0;
    if (s->question && !q->question) points += w[REPLY_QUESTION];
    if (s->root) points += w[REPLY_ROOT];
    if (s->is.words <= BRIEF_WORDS) points += w[REPLY_BRIEF];
    bool open =
        s->question && !q->question && s->is.addressed == NOBODY && s->answered_by == NOBODY;
    if (open && q->at - s->at <= OPEN_MS) points += w[REPLY_OPEN];
    if (s->is.command && q->seq == s->seq + 1 && !q->is.command) points += w[REPLY_COMMAND];
    return points;
}

/* Whom the two speak to. */
static int points_of_people(const struct asked *q, const struct slot *s)
{
    const int16_t *w = q->r->weights.of;
    const struct account *me = &q->r->accounts.items[q->who];
    int points = 0;
    if (q->is.addressed == s->who) points += w[REPLY_ADDRESSED];
    if (q->is.bare == s->who) points += w[REPLY_BARE];
    if (names(&q->is, s->who)) points += w[REPLY_NAMED];
    if (s->is.addressed == q->who) points += w[REPLY_TO_ME];
    if (names(&s->is, q->who)) points += w[REPLY_NAMES_ME];
    if (s->is.addressed != NOBODY && s->is.addressed != q->who) points += w[REPLY_TO_OTHER];
    if (me->to == s->who && q->at - me->to_at <= PARTNER_MS) points += w[REPLY_PARTNER];
    if (s->to == q->who) points += w[REPLY_THEIRS];
    if (s->seq == q->quiet) points += w[REPLY_QUIET];
    if (s->answered_by == q->who) points += w[REPLY_MINE];
    if (s->answered_by != q->who && s->answered_by != NOBODY) points += w[REPLY_ANSWERED];
    if (q->r->accounts.items[s->who].said == s->seq) points += w[REPLY_LATEST];
    bool spoken = me->said != REPLY_NONE && me->said > s->seq;
    if (spoken && q->is.addressed != s->who) points += w[REPLY_SPOKEN];
    return points;
}

/* The earlier one is by the same: only the latest is continued. */
static bool continues(const struct asked *q, const struct slot *s, int *points)
{
    const int16_t *w = q->r->weights.of;
    const struct account *me = &q->r->accounts.items[q->who];
    if (me->said != s->seq) return false;
    *points = w[REPLY_SAME] + points_of_distance(q, s);
    if (q->is.addressed != NOBODY && q->is.addressed == s->is.addressed)
        *points += w[REPLY_SAME_TO];
    if (q->is.addressed != NOBODY && q->is.addressed != s->is.addressed) return false;
    if (q->seq == s->seq + 1) *points += w[REPLY_SAME_ABOVE];
    if (me->called != REPLY_NONE && me->called > s->seq) *points += w[REPLY_SAME_CALLED];
    return true;
}

/* Is the earlier one neither by nor to anybody whom the later one has to do with, nor in a place of
 * its own? Then 'plain_most' is the most that it has but for the distance. */
static bool is_plain(const struct asked *q, const struct slot *s)
{
    const struct account *me = &q->r->accounts.items[q->who];
    return s->who != q->is.bare && s->who != me->to && s->to != q->who &&
           s->is.addressed != q->who && s->seq != q->quiet && s->seq + 1 != q->seq &&
           (!q->is.named_count || !names(&q->is, s->who)) &&
           (!s->is.named_count || !names(&s->is, q->who));
}

/* False: it is not answered, or has no more points than 'most'. */
static bool weigh(const struct asked *q, const struct slot *s, int most, int *points)
{
    if (s->who == q->who) return continues(q, s, points) && *points > most;
    if (q->is.addressed != NOBODY && q->is.addressed != s->who) return false;
    int distance = points_of_distance(q, s);
    if (q->is.addressed == NOBODY && q->r->plain_most + distance <= most && is_plain(q, s))
        return false;
    *points = points_of_people(q, s) + points_of_text(q, s) + distance;
    return *points > most;
}

static int points_of_beginning(const struct asked *q)
{
    const int16_t *w = q->r->weights.of;
    const struct account *me = &q->r->accounts.items[q->who];
    int points = w[REPLY_BEGIN];
    if (me->said == REPLY_NONE || q->at - me->at > NEWCOMER_MS) points += w[REPLY_NEWCOMER];
    if (q->question && q->is.addressed == NOBODY) points += w[REPLY_ASKING];
    if (q->is.command) points += w[REPLY_CALLING];
    if (q->is.words >= LONG_WORDS && q->is.addressed == NOBODY) points += w[REPLY_WORDY];
    return points;
}

/* The newest message by somebody else, where few have spoken of late; REPLY_NONE. */
static uint64_t newest_of_few(const struct replies *r, const struct asked *q)
{
    uint32_t others[FEW];
    size_t count = 0;
    uint64_t newest = REPLY_NONE;
    uint64_t from = q->seq > r->kept + REPLIES_WINDOW ? q->seq - REPLIES_WINDOW : r->kept;
    for (uint64_t seq = q->seq; seq-- > from;) {
        const struct slot *s = &r->window[seq % REPLIES_WINDOW];
        if (q->at - s->at > FEW_MS) break;
        size_t i = 0;
        while (i < count && others[i] != s->who)
            i++;
        if (s->who == q->who || i < count) continue;
        if (count == FEW) return REPLY_NONE;
        others[count++] = s->who;
        if (newest == REPLY_NONE) newest = seq;
    }
    return newest;
}

/* The message with most points; NULL: beginning has at least as many. */
static struct slot *best(struct replies *r, const struct asked *q, int *score)
{
    struct slot *found = NULL;
    int begin = points_of_beginning(q), points, most = begin;
    uint64_t from = q->seq > r->kept + REPLIES_WINDOW ? q->seq - REPLIES_WINDOW : r->kept;
    for (uint64_t seq = q->seq; seq-- > from;) {
        struct slot *s = &r->window[seq % REPLIES_WINDOW];
        if (q->at - s->at > REACH_MS) break;
        if (!weigh(q, s, most, &points)) continue;
        most = points;
        found = s;
    }
    *score = most - begin;
    return found;
}

/* ---- the stream ---- */

/* See is_plain(). */
static int most_of_plain(const struct reply_weights *w)
{
    static const enum reply_evidence may[] = {REPLY_TO_OTHER, REPLY_MINE,   REPLY_ANSWERED,
                                              REPLY_LATEST,   REPLY_SPOKEN, REPLY_QUESTION,
                                              REPLY_ROOT,     REPLY_BRIEF,  REPLY_OPEN};
    int most = 0;
    for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++)
        most += w->of[may[i]] > 0 ? w->of[may[i]] : 0;
    return most;
}

struct replies *replies_create(const struct reply_weights *weights)
{
    struct replies *r = mem_alloc(sizeof(*r));
    r->weights = weights ? *weights : reply_weights_default;
    r->plain_most = most_of_plain(&r->weights);
    r->names = map_create();
    r->now = INT64_MIN;
    return r;
}

void replies_destroy(struct replies *r)
{
    if (!r) return;
    forget(r);
    VEC_FINISH(&r->accounts);
    map_destroy(r->names);
    mem_free(r);
}

void replies_renamed(struct replies *r, struct str from, struct str to)
{
    char old_key[REPLIES_NAME_BYTES], new_key[REPLIES_NAME_BYTES];
    uint32_t who = replies_find(r, from);
    struct str before = replies_fold(from, old_key), after = replies_fold(to, new_key);
    if (who == NOBODY || after.len == 0) return;
    map_remove(r->names, before);
    map_put(r->names, after, who);
    call(&r->accounts.items[who], to);
}

/* What is remembered of a line once it is known what it answers. */
static void remember(struct replies *r, const struct asked *q, struct slot *target, uint32_t to)
{
    struct account *me = &r->accounts.items[q->who];
    if (target && target->who != q->who && target->answered_by == NOBODY)
        target->answered_by = q->who;
    r->window[q->seq % REPLIES_WINDOW] = (struct slot){.seq = q->seq,
                                                       .at = q->at,
                                                       .who = q->who,
                                                       .to = to,
                                                       .answered_by = NOBODY,
                                                       .question = q->question,
                                                       .root = target == NULL,
                                                       .is = q->is};
    me->said = q->seq;
    me->at = q->at;
    if (to != NOBODY) {
        me->to = to;
        me->to_at = q->at;
        r->accounts.items[to].called = q->seq;
    }
    r->lines++;
}

void replies_said(struct replies *r, const struct reply_line *line, struct reply_found *out)
{
    struct asked q = {.r = r, .seq = r->lines, .question = line->question};
    if (line->at > r->now) r->now = line->at;
    q.at = r->now;
    q.who = account_of(r, line->who);
    replies_read(r, line->text, q.who, &q.is);
    q.quiet = newest_of_few(r, &q);
    struct slot *target = best(r, &q, &out->score);
    uint32_t to = q.is.addressed;
    if (target && to == NOBODY) to = target->who != q.who ? target->who : target->to;
    out->target = target ? target->seq : REPLY_NONE;
    remember(r, &q, target, to);
    out->to = (struct str){NULL, 0};
    if (to == NOBODY) return;
    const struct account *a = &r->accounts.items[to];
    out->to = (struct str){a->name, a->len};
}
