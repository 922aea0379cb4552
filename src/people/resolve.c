/* resolve.c - from the identities on an event to one persona.
 *
 * The identities, highest rank first, are looked up. The highest-ranked known one decides the
 * member, unless that member cannot take those ranked above it: then it is the lower-ranked of two
 * that cannot be together, and left out. Every other is attached (unknown), already there, merged
 * in (of another member), or left out:
 *   - over the cap of values of its kind (caps.c): left out and counted, nothing merges;
 *   - from a public key: two known members never merge, and a known member gains no identity but an
 *     anonymous one.
 * With none known a persona is made. The event takes the persona of its highest-ranked kept
 * identity. */
#include <stdlib.h>

#include "people/plan.h"

struct candidate {
    const struct identity *identity;
    struct hash128 key;
    uint32_t persona; /* 0 = unknown */
    bool keep;
    enum conflict_cause cause; /* why it was left out, when another member's; CONFLICT_NONE */
};

struct work {
    struct people *p;
    struct tx *tx;
    const struct sender *sender;
    const struct fact *fact;
    struct candidate list[LIMIT_IDENTITIES_PER_EVENT];
    size_t count;
    uint32_t anchor;                      /* the persona that decided the member */
    uint32_t member;                      /* the member all belong to; 0 = none known yet */
    uint32_t counts[IDENTITY_KIND_COUNT]; /* values the member has, when counted */
    bool counted;
    struct resolved *out;
};

static bool is_anonymous(enum identity_kind kind)
{
    return kind == IDENTITY_ANON || kind == IDENTITY_DEVICE;
}

static bool counts_known(const uint32_t counts[IDENTITY_KIND_COUNT])
{
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        if (counts[k] && !is_anonymous((enum identity_kind)k)) return true;
    }
    return false;
}

/* Highest rank first; equal ranks as sent. Insertion: there are at most 16. */
static enum err collect(struct work *w, const struct identity *ids, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct candidate c = {&ids[i], identity_key(w->p, &ids[i], w->sender->scope), 0, true,
                              CONFLICT_NONE};
        TRY(identity_find(w->p, tx_sql(w->tx), c.key, &c.persona));
        size_t at = w->count++;
        while (at > 0 && w->list[at - 1].identity->kind > ids[i].kind) {
            w->list[at] = w->list[at - 1];
            at--;
        }
        w->list[at] = c;
    }
    return ERR_OK;
}

static enum err count_values(struct work *w)
{
    if (w->counted) return ERR_OK;
    w->counted = true;
    if (w->member == 0) return ERR_OK;
    return identity_counts(w->p, tx_sql(w->tx), w->member, w->counts);
}

/* Over the cap of its kind, or not to be had from such a sender. */
static void leave_out(struct work *w, struct candidate *c)
{
    c->keep = false;
    w->out->dropped++;
}

/* Another member's, and the two stay two: a person may judge. */
static void keep_apart(struct work *w, struct candidate *c, enum conflict_cause cause)
{
    c->keep = false;
    c->cause = cause;
    w->out->apart++;
    if (cause == CONFLICT_RENAME || cause == CONFLICT_PUBLIC) {
        w->out->conflicts++;
    } else {
        w->out->dropped++;
    }
}

/* c belongs to another member than the event's: merge them if the rules allow. */
static enum err merge_in(struct work *w, struct candidate *c, uint32_t other)
{
    uint32_t theirs[IDENTITY_KIND_COUNT];
    if (w->fact->rename) {
        keep_apart(w, c, CONFLICT_RENAME);
        return ERR_OK;
    }
    TRY(count_values(w));
    TRY(identity_counts(w->p, tx_sql(w->tx), other, theirs));
    if (w->sender->level == SENDER_PUBLIC && counts_known(w->counts) && counts_known(theirs)) {
        keep_apart(w, c, CONFLICT_PUBLIC);
        return ERR_OK;
    }
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        /* who alone is over it, by hand, does not become so by this */
        if (theirs[k] && w->counts[k] && w->counts[k] + theirs[k] > w->p->caps.of[k]) {
            keep_apart(w, c, CONFLICT_CAP);
            return ERR_OK;
        }
    }
    struct merge_edge edge = {
        .a = w->anchor, .b = c->persona, .how = MERGE_RULE, .source = w->sender->origin};
    TRY(identity_merge(w->p, w->tx, &edge));
    w->out->merged++;
    w->out->merged_into = edge.kept;
    w->out->merged_away = edge.away;
    w->member = edge.kept;
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++)
        w->counts[k] += theirs[k];
    return ERR_OK;
}

/* Does an identity more make a persona known? Its own are asked, not those of the whole member: a
 * merge may be undone. */
static enum err note_known(struct work *w, bool member_known)
{
    bool known = member_known;
    if (w->out->became_known) return ERR_OK;
    if (known) TRY(identity_is_known(w->p, tx_sql(w->tx), w->anchor, &known));
    w->out->became_known = !known;
    return ERR_OK;
}

/* c is unknown: may the member have it? */
static enum err may_attach(struct work *w, struct candidate *c, bool fresh)
{
    enum identity_kind kind = c->identity->kind;
    TRY(count_values(w));
    if (w->counts[kind] + 1 > w->p->caps.of[kind] && !w->fact->rename) {
        leave_out(w, c);
        return ERR_OK;
    }
    bool known = counts_known(w->counts);
    if (!fresh && w->sender->level == SENDER_PUBLIC && known && !is_anonymous(kind)) {
        leave_out(w, c);
        return ERR_OK;
    }
    if (!fresh && !is_anonymous(kind)) TRY(note_known(w, known));
    w->counts[kind]++;
    return ERR_OK;
}

static enum err insert_kept(struct work *w, uint32_t persona)
{
    for (size_t i = 0; i < w->count; i++) {
        struct candidate *c = &w->list[i];
        if (!c->keep || c->persona) continue;
        struct identity_row row = {
            .identity = c->identity,
            .key = c->key,
            .persona = persona,
            .verified = w->sender->level != SENDER_PUBLIC,
            .first_seen = w->fact->at,
            .source = w->sender->origin,
        };
        TRY(identity_insert(w->p, w->tx, &row));
        c->persona = persona;
    }
    return ERR_OK;
}

/* The same identity twice on one event is one. */
static void drop_repeats(struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (w->list[k].keep && hash128_eq(w->list[k].key, w->list[i].key))
                w->list[i].keep = false;
        }
    }
}

static enum err create(struct work *w)
{
    bool fresh = true;
    w->counted = true;
    for (size_t i = 0; i < w->count; i++) {
        if (w->list[i].keep) TRY(may_attach(w, &w->list[i], fresh));
    }
    w->out->created = true;
    w->out->known = counts_known(w->counts);
    w->out->persona = w->p->next_persona++;
    return insert_kept(w, w->out->persona);
}

static enum err join_known(struct work *w, uint32_t persona)
{
    for (size_t i = 0; i < w->count; i++) {
        struct candidate *c = &w->list[i];
        if (!c->keep) continue;
        if (c->persona == 0) {
            TRY(may_attach(w, c, false));
            continue;
        }
        uint32_t other = identity_member(w->p, c->persona);
        if (other != w->member) TRY(merge_in(w, c, other));
    }
    TRY(insert_kept(w, persona));
    for (size_t i = 0; i < w->count; i++) {
        if (!w->list[i].keep) continue;
        w->out->persona = w->list[i].persona;
        break;
    }
    return ERR_OK;
}

/* Would so many values above its own be too many for one who has 'theirs'? */
static bool is_crowded(const struct work *w, const uint32_t above[IDENTITY_KIND_COUNT],
                       const uint32_t theirs[IDENTITY_KIND_COUNT])
{
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        if (above[k] && theirs[k] && above[k] + theirs[k] > w->p->caps.of[k]) return true;
    }
    return false;
}

/* The identity that decides the member; NULL = none is known. */
static enum err find_anchor(struct work *w, struct candidate **anchor)
{
    uint32_t above[IDENTITY_KIND_COUNT] = {0}, theirs[IDENTITY_KIND_COUNT];
    bool any_above = false;
    *anchor = NULL;
    for (size_t i = 0; i < w->count && !*anchor; i++) {
        struct candidate *c = &w->list[i];
        if (!c->keep) continue;
        if (c->persona == 0) {
            enum identity_kind kind = c->identity->kind;
            any_above = true;
            if (above[kind] < w->p->caps.of[kind]) above[kind]++;
            continue;
        }
        if (any_above && !w->fact->rename) {
            uint32_t member = identity_member(w->p, c->persona);
            TRY(identity_counts(w->p, tx_sql(w->tx), member, theirs));
            if (is_crowded(w, above, theirs)) {
                keep_apart(w, c, CONFLICT_TAKEN);
                continue;
            }
        }
        *anchor = c;
    }
    return ERR_OK;
}

/* Those who might have been one member, for a person to judge. */
static enum err note_conflicts(const struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct candidate *c = &w->list[i];
        if (c->cause == CONFLICT_NONE) continue;
        struct conflict_seen seen = {
            .a = w->out->persona,
            .b = c->persona,
            .key = c->key,
            .kind = c->identity->kind,
            .cause = c->cause,
            .at = w->fact->at,
            .source = w->sender->origin,
        };
        if (identity_member(w->p, seen.a) == identity_member(w->p, seen.b)) continue;
        TRY(conflict_note(w->p, w->tx, &seen));
    }
    return ERR_OK;
}

static enum err resolve_all(struct work *w, const struct identity *ids, uint32_t count, bool other)
{
    TRY(collect(w, ids, count));
    if (w->fact->rename && !other && w->list[0].persona == 0) return ERR_OK; /* nobody to rename */
    drop_repeats(w);
    struct candidate *anchor;
    TRY(find_anchor(w, &anchor));
    if (!anchor) {
        TRY(create(w));
        return note_conflicts(w);
    }
    w->anchor = anchor->persona;
    w->member = identity_member(w->p, anchor->persona);
    TRY(join_known(w, anchor->persona));
    return note_conflicts(w);
}

enum err resolve(const struct plan *plan, const struct sender *sender, const struct fact *fact,
                 bool other, struct resolved *out)
{
    struct people *p = plan->p;
    struct tx *tx = plan->tx;
    const struct identity *ids = other ? fact->other : fact->who;
    uint32_t count = other ? fact->other_count : fact->who_count;
    *out = (struct resolved){0};
    if (count == 1) { /* by far the most: one identity, and it is known */
        bool known = !other && fact_keyed(fact);
        struct hash128 key = known ? fact->who_key : identity_key(p, ids, sender->scope);
        TRY(identity_find(p, tx_sql(tx), key, &out->persona));
    }
    if (count == 0 || out->persona) return ERR_OK;
    struct work w = {.p = p, .tx = tx, .sender = sender, .fact = fact, .out = out};
    return resolve_all(&w, ids, count, other);
}
