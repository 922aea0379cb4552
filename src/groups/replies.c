/* replies.c - a window of the last messages, and points for each of them.
 *
 * A message is read once (whom it addresses, whom it names, how long it is); then every slot of the
 * window is weighed with a fixed number of comparisons. Of equal points the later message wins.
 *
 * Invariants: line n stands in slot n % REPLIES_WINDOW until line n + REPLIES_WINDOW comes; an
 * account is an index into 'accounts' and stays the same through renames, until all are forgotten
 * together with the window. */
#include "groups/replies.h"

#include "base/map.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/vec.h"

#define NOBODY UINT32_MAX
#define NAMED_MAX 3    /* names of a text that are kept */
#define TOKENS_MAX 64  /* words of a text that are looked up as names */
#define BARE_BYTES 3   /* shorter names need a mark behind them */
#define PREFIX_BYTES 4 /* so much of a name stands for it */
#define OPEN_MS (5 * TIME_MINUTE)
#define PARTNER_MS (10 * TIME_MINUTE)
#define NEWCOMER_MS (10 * TIME_MINUTE)
#define FEW 3 /* others who speak at once in a quiet chat */
#define FEW_MS (10 * TIME_MINUTE)
#define REACH_MS (2 * TIME_HOUR) /* older messages are not answered */
#define BRIEF_WORDS 2
#define LONG_WORDS 8

/* What a text is, read once. */
struct reading {
    uint32_t addressed; /* by name and mark at the start, or @name; NOBODY */
    uint32_t bare;      /* by name alone at the start; NOBODY */
    uint32_t named[NAMED_MAX];
    size_t named_count;
    int words; /* runs of letters; an ideograph counts half */
    bool command;
};

struct slot {
    uint64_t seq;
    int64_t at;
    uint32_t who;
    uint32_t to;          /* whom it was taken as said to; NOBODY */
    uint32_t answered_by; /* the first who did; NOBODY */
    bool question, root;
    struct reading is;
};

struct account {
    char *name; /* as last written; owned */
    size_t len;
    uint64_t called; /* the newest line taken as said to it; REPLY_NONE */
    uint64_t said;   /* the newest line by it; REPLY_NONE */
    int64_t at;      /* of the newest line by it */
    uint32_t to;     /* whom it spoke to last */
    int64_t to_at;
};

struct replies {
    struct reply_weights weights;
    struct slot window[REPLIES_WINDOW];
    uint64_t lines; /* fed */
    uint64_t kept;  /* lines before this one are forgotten */
    int64_t now;
    struct map *names; /* folded name to account */
    VEC(struct account) accounts;
};

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

/* ---- names ---- */

/* ASCII letters made small in 'out'; {NULL, 0}: no name that is found in texts. */
static struct str fold(struct str name, char out[REPLIES_NAME_BYTES])
{
    if (name.len == 0 || name.len > REPLIES_NAME_BYTES) return (struct str){NULL, 0};
    for (size_t i = 0; i < name.len; i++)
        out[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
    return (struct str){out, name.len};
}

static uint32_t find(const struct replies *r, struct str name)
{
    char folded[REPLIES_NAME_BYTES];
    uint64_t account;
    struct str key = fold(name, folded);
    if (key.len == 0 || !map_get(r->names, key, &account)) return NOBODY;
    return (uint32_t)account;
}

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
    struct str key = fold(name, folded);
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

/* ---- reading a text ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What ends a name at the start of a text; its bytes, 0 = nothing does. Asked of each byte. */
static size_t mark_at(struct str s, size_t at)
{
    static const char firsts[] = ":,;>.-!?\xEF\xE3";
    if (!memchr(firsts, s.p[at], sizeof(firsts) - 1)) return 0;
    static const char *const marks[] = {":", ",", ";", ">", "：", "，", "、", "..", "-", "!", "?"};
    struct str rest = {s.p + at, s.len - at};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (str_starts(rest, str_of(marks[i]))) return strlen(marks[i]);
    }
    return 0;
}

/* The end of the word at 'at'. */
static size_t word_end(struct str s, size_t at)
{
    static const char *const blank = "\xE2\x80\x85"; /* U+2005 behind @name */
    for (; at < s.len && !is_space(s.p[at]); at++) {
        if (s.p[at] == blank[0] && str_starts((struct str){s.p + at, s.len - at}, str_of(blank)))
            break;
    }
    return at;
}

/* Without marks at the end. */
static struct str bare_word(struct str s)
{
    while (s.len && strchr(":,;.!?)>'\"", s.p[s.len - 1]))
        s.len--;
    return s;
}

/* Who is meant by a name that is not whole, of those who spoke lately. */
static uint32_t find_by_prefix(const struct replies *r, struct str part)
{
    if (part.len < PREFIX_BYTES) return NOBODY;
    uint64_t from = r->lines > r->kept + REPLIES_WINDOW ? r->lines - REPLIES_WINDOW : r->kept;
    for (uint64_t seq = r->lines; seq-- > from;) {
        uint32_t who = r->window[seq % REPLIES_WINDOW].who;
        const struct account *a = &r->accounts.items[who];
        struct str name = {a->name, a->len};
        size_t len = name.len < part.len ? name.len : part.len;
        if (len < PREFIX_BYTES) continue;
        if (str_eq_fold((struct str){name.p, len}, (struct str){part.p, len})) return who;
    }
    return NOBODY;
}

/* "@name text", "@nametext": the longest name that is known. */
static uint32_t find_at_sign(const struct replies *r, struct str s)
{
    size_t end = word_end(s, 0);
    if (end > REPLIES_NAME_BYTES) end = REPLIES_NAME_BYTES;
    for (; end > 0; end--) {
        uint32_t who = find(r, (struct str){s.p, end});
        if (who != NOBODY) return who;
    }
    return NOBODY;
}

static void read_start(const struct replies *r, struct str s, uint32_t me, struct reading *out)
{
    size_t end = 0, mark = 0;
    if (s.len > 1 && s.p[0] == '@') {
        out->addressed = find_at_sign(r, (struct str){s.p + 1, s.len - 1});
        if (out->addressed == me) out->addressed = NOBODY;
        return;
    }
    uint32_t who = NOBODY;
    while (end < s.len && end <= REPLIES_NAME_BYTES && !is_space(s.p[end])) {
        mark = mark_at(s, end);
        if (mark && (who = find(r, (struct str){s.p, end})) != NOBODY) break;
        end++;
    }
    struct str word = bare_word((struct str){s.p, end});
    bool marked = who != NOBODY || word.len < end;
    if (who == NOBODY) who = find(r, word);
    if (who == NOBODY && marked) who = find_by_prefix(r, word);
    if (who == me) who = NOBODY;
    if (marked) {
        out->addressed = who;
    } else if (word.len >= BARE_BYTES) {
        out->bare = who;
    }
}

static void add_name(struct reading *out, uint32_t who)
{
    for (size_t i = 0; i < out->named_count; i++) {
        if (out->named[i] == who) return;
    }
    if (out->named_count < NAMED_MAX) out->named[out->named_count++] = who;
}

static void read_words(const struct replies *r, struct str s, uint32_t me, struct reading *out)
{
    int halves = 0;
    size_t at = 0;
    for (int n = 0; at < s.len && n < TOKENS_MAX; n++) {
        while (at < s.len && is_space(s.p[at]))
            at++;
        size_t end = word_end(s, at);
        struct str word = bare_word((struct str){s.p + at, end - at});
        if (word.len && word.p[0] == '@') word = (struct str){word.p + 1, word.len - 1};
        if (word.len) halves += 2;
        for (size_t i = 0; i < word.len; i++)
            halves += (unsigned char)word.p[i] >= 0xE4;
        uint32_t who = word.len >= BARE_BYTES ? find(r, word) : NOBODY;
        if (who != NOBODY && who != me) add_name(out, who);
        at = end > at ? end : at + 1;
    }
    out->words = halves / 2;
}

static void read_text(const struct replies *r, struct str text, uint32_t me, struct reading *out)
{
    struct str s = str_trim(text);
    *out = (struct reading){.addressed = NOBODY, .bare = NOBODY};
    if (s.len == 0) return;
    read_start(r, s, me, out);
    read_words(r, s, me, out);
    out->command = s.len > 1 && s.p[0] == '!' && !is_space(s.p[1]) && s.p[1] != '!';
}

static bool names(const struct reading *is, uint32_t who)
{
    for (size_t i = 0; i < is->named_count; i++) {
        if (is->named[i] == who) return true;
    }
    return false;
}

/* ---- weighing ---- */

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

static bool weigh(const struct asked *q, const struct slot *s, int *points)
{
    if (s->who == q->who) return continues(q, s, points);
    if (q->is.addressed != NOBODY && q->is.addressed != s->who) return false;
    *points = points_of_people(q, s) + points_of_text(q, s) + points_of_distance(q, s);
    return true;
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
        if (!weigh(q, s, &points) || points <= most) continue;
        most = points;
        found = s;
    }
    *score = most - begin;
    return found;
}

/* ---- the stream ---- */

struct replies *replies_create(const struct reply_weights *weights)
{
    struct replies *r = mem_alloc(sizeof(*r));
    r->weights = weights ? *weights : reply_weights_default;
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
    uint32_t who = find(r, from);
    struct str before = fold(from, old_key), after = fold(to, new_key);
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
    read_text(r, line->text, q.who, &q.is);
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
