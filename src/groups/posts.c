/* posts.c - one walk along the messages; who was seen in a thread is known by its number. */
#include "groups/posts.h"

static void add_post(const struct talk *t, struct posts *p, uint32_t message)
{
    const struct talk_message *m = &t->messages[message];
    const struct post *before = p->post_count ? &p->posts[p->post_count - 1] : p->posts;
    int64_t silence = p->post_count ? m->at - t->messages[before->last].at : INT64_MAX;
    if (silence >= THREAD_GAP)
        p->threads[p->thread_count++] =
            (struct thread){.first = p->post_count, .account = m->account};
    if (silence > POST_GAP || before->account != m->account) {
        p->posts[p->post_count++] =
            (struct post){.first = message, .account = m->account, .thread = p->thread_count - 1};
        p->threads[p->thread_count - 1].count++;
    }
    struct post *post = &p->posts[p->post_count - 1];
    post->last = message;
    post->promotion |= m->promotion;
    p->post_of[message] = p->post_count - 1;
}

void posts_make(const struct talk *t, const bool *suspect, struct arena *arena, struct posts *out)
{
    uint32_t *seen = arena_alloc_array(arena, t->account_count + 1, sizeof(*seen)); /* thread + 1 */
    *out = (struct posts){0};
    out->posts = arena_alloc_array(arena, t->message_count + 1, sizeof(*out->posts));
    out->threads = arena_alloc_array(arena, t->message_count + 1, sizeof(*out->threads));
    out->post_of = arena_alloc_array(arena, t->message_count + 1, sizeof(*out->post_of));
    for (uint32_t i = 0; i < t->message_count; i++) {
        const struct talk_message *m = &t->messages[i];
        out->post_of[i] = TALK_NONE;
        if (m->link == TALK_REACTION || t->accounts[m->account].role == ACCOUNT_BOT) continue;
        add_post(t, out, i);
        struct thread *thread = &out->threads[out->thread_count - 1];
        if (seen[m->account] == out->thread_count) continue;
        seen[m->account] = out->thread_count;
        thread->people++;
        thread->members += talk_is_member(t, m->account) && !(suspect && suspect[m->account]);
    }
}
