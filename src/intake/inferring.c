/* inferring.c - a table of groups, each with the kernel's memory and the accounts by shown name. */
#include "intake/inferring.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/time.h"
#include "groups/replies.h"
#include "intake/question.h"

#define GROUPS_MAX 4096                   /* remembered; one more, and all are forgotten */
#define SPEAKERS_MAX REPLIES_ACCOUNTS_MAX /* of a group; the same */
#define BACK_MS (5 * TIME_SECOND)         /* what is late by less is no other order */

struct room {
    struct replies *replies;
    struct map *accounts; /* shown name -> struct inferring_account */
    struct arena *arena;  /* of those */
    int64_t last;         /* TIME_NONE */
    bool backward;
};

struct inferring {
    struct map *rooms; /* group -> struct room */
};

struct inferring *inferring_create(void)
{
    struct inferring *x = mem_alloc(sizeof(*x));
    x->rooms = map_create();
    return x;
}

static void room_finish(struct room *r)
{
    replies_destroy(r->replies);
    map_destroy(r->accounts);
    arena_destroy(r->arena);
}

static void forget(struct inferring *x)
{
    struct str group;
    uint64_t at;
    for (size_t cursor = 0; map_next(x->rooms, &cursor, &group, &at);) {
        struct room *r = (struct room *)(uintptr_t)at;
        room_finish(r);
        mem_free(r);
    }
    map_reset(x->rooms);
}

void inferring_destroy(struct inferring *x)
{
    if (!x) return;
    forget(x);
    map_destroy(x->rooms);
    mem_free(x);
}

static void room_begin(struct room *r)
{
    *r = (struct room){.replies = replies_create(NULL),
                       .accounts = map_create(),
                       .arena = arena_create(0),
                       .last = TIME_NONE};
}

static struct room *room_of(struct inferring *x, struct str group)
{
    uint64_t at;
    if (map_get(x->rooms, group, &at)) return (struct room *)(uintptr_t)at;
    if (map_count(x->rooms) == GROUPS_MAX) forget(x);
    struct room *r = mem_alloc(sizeof(*r));
    room_begin(r);
    map_put(x->rooms, group, (uintptr_t)r);
    return r;
}

static const struct inferring_account *account_of(const struct room *r, struct str name)
{
    uint64_t at;
    if (name.len == 0 || !map_get(r->accounts, name, &at)) return NULL;
    return (const struct inferring_account *)(uintptr_t)at;
}

static void keep_account(struct room *r, struct str name, const struct inferring_account *a)
{
    const struct inferring_account *known = account_of(r, name);
    if (known && known->member.kind == a->member.kind &&
        str_eq(known->member.value, a->member.value) && str_eq(known->staff, a->staff))
        return;
    if (map_count(r->accounts) == SPEAKERS_MAX) {
        room_finish(r);
        room_begin(r);
    }
    struct inferring_account copy = {
        .member = {a->member.kind, arena_str(r->arena, a->member.value)},
        .staff = arena_str(r->arena, a->staff)};
    map_put(r->accounts, name, (uintptr_t)arena_copy(r->arena, &copy, sizeof(copy)));
}

bool inferring_said(struct inferring *x, const struct inferring_line *l,
                    struct inferring_account *to)
{
    struct reply_found found;
    if (l->who.len == 0 || l->text.len == 0) return false;
    struct room *r = room_of(x, l->group);
    bool back = r->last != TIME_NONE && l->at < r->last - BACK_MS;
    r->backward |= back && !l->ordered;
    r->last = l->at;
    keep_account(r, l->who, &l->account);
    if (r->backward || joins_question(l->text)) return false; /* the same again answers nothing */
    const struct reply_line line = {l->at, l->who, l->text, is_question(l->text)};
    replies_said(r->replies, &line, &found);
    const struct inferring_account *a = l->known ? NULL : account_of(r, found.to);
    if (!a) return false;
    *to = *a;
    return true;
}

void inferring_renamed(struct inferring *x, struct str group, struct str from, struct str to)
{
    struct room *r = room_of(x, group);
    const struct inferring_account named = {.member = {IDENTITY_NAME, to}};
    replies_renamed(r->replies, from, to);
    keep_account(r, to, &named);
}
