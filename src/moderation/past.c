/* past.c - what a rule would have found in what was said lately: each message that is kept is read
 * once, group by group, and judged by a book of that rule alone. */
#include "groups/messages.h"
#include "moderation/internal.h"

#define PAGE 500

struct looking {
    struct brand *brand;
    struct judge *judge;
    const struct past_ask *ask;
    struct past *out;
    struct learnt *learnt;
};

static bool may_go_on(const struct looking *l)
{
    const struct budget *b = l->ask->budget;
    return !b || !atomic_load(&b->cancel);
}

static void keep_sample(struct looking *l, const struct message *m, const struct found *f)
{
    struct past *out = l->out;
    struct arena *arena = l->ask->arena;
    if (out->sample_count == PAST_SAMPLES) return;
    struct span at = judge_place(l->judge, m->text, f->at), of_quote;
    struct str quote = case_quote(m->text, at, &of_quote);
    out->samples[out->sample_count++] = (struct past_sample){
        .at = m->at,
        .group = m->group,
        .persona = m->persona,
        .what = arena_str(arena, f->what),
        .quote = arena_str(arena, quote),
        .span = of_quote,
    };
}

static void judge_message(struct looking *l, const struct message *m)
{
    struct found found[1];
    const struct judged one = {.text = m->text,
                               .group = registry_code_text(l->brand, DIM_GROUP, m->group),
                               .group_code = m->group,
                               .persona = m->persona,
                               .role = m->staff ? EXEMPT_STAFF : 0,
                               .at = m->at,
                               .joined = TIME_NONE,
                               .sieve = l->learnt ? l->learnt->sieve : NULL};
    if (!m->text.len) return;
    l->out->messages++;
    if (!judge_ask(l->judge, &one, found, 1)) return;
    l->out->found++;
    keep_sample(l, m, &found[0]);
}

static enum err look_at_group(struct looking *l, uint32_t group, struct why *why)
{
    struct arena *page = arena_create(0);
    struct message_place last;
    struct messages got = {.more = true};
    struct messages_ask ask = {.brand = l->brand,
                               .group = group,
                               .find = STR(""),
                               .from = l->ask->from,
                               .to = l->ask->to,
                               .limit = PAGE,
                               .arena = page};
    enum err err = ERR_OK;
    while (err == ERR_OK && got.more && l->out->messages < LIMIT_MODERATION_PAST && may_go_on(l)) {
        arena_reset(page);
        err = messages_list(&ask, &got, why);
        if (err != ERR_OK) break;
        for (size_t i = 0; i < got.count; i++)
            judge_message(l, &got.items[i]);
        if (!got.count) break;
        last = (struct message_place){got.items[got.count - 1].at, got.items[got.count - 1].id};
        ask.before = &last;
    }
    l->out->more |= err == ERR_OK && got.more && got.count > 0;
    arena_destroy(page);
    return err;
}

enum err moderation_past(struct brand *b, const struct moderation_rule *r,
                         const struct past_ask *ask, struct past *out, struct why *why)
{
    struct moderation_rule rule = *r;
    struct book *book = NULL;
    enum err err = ERR_OK;
    *out = (struct past){0};
    rule.on = true;
    rule.newcomer_hours = 0;
    TRY(moderation_rule_check(&rule, why));
    if (rule.kind == RULE_FLOOD || rule.kind == RULE_COPIES)
        return why_fail(why, ERR_INVALID, MSG_MODERATION_NO_PAST, "kind", NULL);
    TRY(book_create(&rule, 1, &book, why));
    struct looking l = {b, mem_alloc(sizeof(*l.judge)), ask, out, room_learnt(room_of(b))};
    judge_use(l.judge, book);
    book_release(book);
    uint32_t groups = registry_code_count(b, DIM_GROUP);
    for (uint32_t group = 1; group <= groups && err == ERR_OK && may_go_on(&l); group++)
        err = look_at_group(&l, group, why);
    if (err == ERR_OK && !may_go_on(&l))
        err = why_fail(why, ERR_CANCELLED, MSG_QUERY_CANCELLED, "", NULL);
    judge_finish(l.judge);
    mem_free(l.judge);
    learnt_release(l.learnt);
    return err;
}
