/* address.c - one table of groups behind one lock: inference takes microseconds.
 *
 * Invariant: speakers[i] is the identity whose value stands for i in 'places'; 'writers' leads from
 * a channel's id of a message to a place. A message that comes again is known by its id and teaches
 * nothing. */
#include "intake/address.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "brand/said.h"
#include "groups/replies.h"
#include "intake/question.h"

struct speaker {
    enum identity_kind kind;
    char *value;
};

struct chat {
    struct replies *replies;
    struct map *places;  /* value of an identity to a speaker */
    struct map *writers; /* id of a message to a speaker */
    VEC(struct speaker) speakers;
    bool carries; /* its messages say what they answer: nothing is inferred */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map *chats; /* slug, line end, group: to a struct chat; under the lock */

static struct chat *chat_create(void)
{
    struct chat *c = mem_alloc(sizeof(*c));
    c->replies = replies_create(NULL);
    c->places = map_create();
    c->writers = map_create();
    return c;
}

static void forget(struct chat *c)
{
    for (size_t i = 0; i < c->speakers.count; i++)
        mem_free(c->speakers.items[i].value);
    VEC_RESET(&c->speakers);
    map_reset(c->places);
    map_reset(c->writers);
    replies_destroy(c->replies);
    c->replies = replies_create(NULL);
}

static void chat_destroy(struct chat *c)
{
    forget(c);
    replies_destroy(c->replies);
    map_destroy(c->places);
    map_destroy(c->writers);
    VEC_FINISH(&c->speakers);
    mem_free(c);
}

static struct chat *chat_of(struct brand *b, struct str group, struct arena *arena)
{
    uint64_t at;
    struct str key = str_of(arena_printf(arena, "%s\n" STR_FMT, brand_slug(b), STR_ARG(group)));
    if (!chats) chats = map_create();
    if (map_get(chats, key, &at)) return (struct chat *)(uintptr_t)at;
    if (map_count(chats) == ADDRESS_CHATS) {
        struct str old;
        for (size_t cursor = 0; map_next(chats, &cursor, &old, &at);)
            chat_destroy((struct chat *)(uintptr_t)at);
        map_reset(chats);
    }
    struct chat *c = chat_create();
    map_put(chats, key, (uintptr_t)c);
    return c;
}

static uint64_t speaker_of(struct chat *c, const struct identity *id)
{
    uint64_t place;
    if (map_get(c->places, id->value, &place)) return place;
    place = c->speakers.count;
    struct speaker s = {id->kind, mem_alloc(id->value.len + 1)};
    memcpy(s.value, id->value.p, id->value.len);
    VEC_PUSH(&c->speakers, s);
    map_put(c->places, id->value, place);
    return place;
}

/* Say whom it is said to, and how that is known. */
static void tie(struct fact *f, const struct speaker *to, struct str how, struct arena *arena)
{
    struct identity *other = arena_alloc(arena, sizeof(*other));
    struct fact_value *props = arena_alloc_array(arena, f->prop_count + 1, sizeof(*props));
    *other = (struct identity){to->kind, arena_str(arena, str_of(to->value))};
    f->other = other;
    f->other_count = 1;
    for (uint32_t i = 0; i < f->prop_count; i++) {
        props[i] = f->props[i];
        if (str_is(props[i].name, "link")) return; /* the sender says how */
    }
    if (f->prop_count == LIMIT_PROPS_PER_EVENT) return;
    props[f->prop_count] = (struct fact_value){STR("link"), PROP_TEXT, 0, how};
    f->props = props;
    f->prop_count++;
}

static void answer_named(struct chat *c, struct fact *f, uint64_t me, struct arena *arena)
{
    uint64_t to;
    c->carries = true;
    if (!map_get(c->writers, f->said->reply_to, &to) || to == me) return;
    tie(f, &c->speakers.items[to], STR("reply"), arena);
}

/* Reading a text takes longer than all the rest here: it has been read when it came in. */
static bool asks(const struct fact *f)
{
    for (uint32_t i = 0; i < f->prop_count; i++) {
        const struct fact_value *v = &f->props[i];
        if (v->type == PROP_BOOL && str_is(v->name, "question")) return v->number != 0;
    }
    return is_question(f->said->text);
}

static void infer(struct chat *c, struct fact *f, struct arena *arena)
{
    uint64_t to;
    struct reply_found found;
    const struct reply_line line = {f->at, f->who->value, f->said->text, asks(f)};
    if (joins_question(f->said->text)) return; /* who asks the same answers nothing */
    replies_said(c->replies, &line, &found);
    if (c->carries || found.to.len == 0 || !map_get(c->places, found.to, &to)) return;
    tie(f, &c->speakers.items[to], STR("inferred"), arena);
}

static void address(struct brand *b, struct fact *f, struct arena *arena)
{
    uint64_t known;
    const struct said *said = f->said;
    struct str group = f->code[DIM_GROUP];
    if (!said || !group.len || !f->who_count || f->other_count) return;
    if (!str_is(f->kind, "message.sent") || !f->who->value.len) return;
    struct chat *c = chat_of(b, group, arena);
    if (c->speakers.count == ADDRESS_SPEAKERS || map_count(c->writers) == ADDRESS_MESSAGES)
        forget(c);
    if (said->message.len && map_get(c->writers, said->message, &known)) return;
    uint64_t me = speaker_of(c, f->who);
    if (said->message.len) map_put(c->writers, said->message, me);
    if (said->reply_to.len) {
        answer_named(c, f, me, arena);
    } else if (said->text.len) {
        infer(c, f, arena);
    }
}

void address_facts(struct brand *b, struct fact *facts, size_t count, struct arena *arena)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any |= facts[i].said != NULL;
    if (!any) return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        address(b, &facts[i], arena);
    pthread_mutex_unlock(&lock);
}
