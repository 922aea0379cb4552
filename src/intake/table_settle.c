/* table_settle.c - what more than one cell decides: a closed order, an amount in its currency, a
 * name that stands in for a missing phone, a message and whom it is for. */
#include "base/utf8.h"
#include "intake/chat_text.h"
#include "intake/question.h"
#include "intake/table_builder.h"

static enum err settle_kind(struct builder *b)
{
    struct fact *f = &b->fact;
    if (b->status.p) {
        b->entry = b->status_entry;
        switch (value_status(b->status)) {
        case STATUS_UNKNOWN:
            return builder_bad(b, MSG_UNKNOWN_STATUS, b->status);
        case STATUS_CREATED:
            f->kind = STR("order.created");
            return ERR_OK;
        case STATUS_PAID:
            f->kind = STR("order.paid");
            return ERR_OK;
        case STATUS_REFUNDED:
            f->kind = STR("order.refunded");
            return ERR_OK;
        case STATUS_CLOSED:
            if (!b->can_decide && !b->t->map.has_at)
                return builder_bad(b, MSG_STATUS_OPEN, b->status);
            f->kind = b->paid || b->refund ? STR("order.refunded") : STR("order.created");
            return ERR_OK;
        }
    }
    if (f->kind.p) return ERR_OK;
    if (b->t->map.has_kind) return why_fail(&b->why, ERR_INVALID, MSG_MISSING, "kind", NULL);
    f->kind = STR("member.identified");
    return ERR_OK;
}

static enum err settle_time(struct builder *b)
{
    struct fact *f = &b->fact;
    if (f->at != TIME_NONE) return ERR_OK;
    f->at = b->created;
    if (f->at == TIME_NONE && (!b->t->map.has_at || b->t->people)) f->at = b->p->now;
    if (f->at != TIME_NONE) return ERR_OK;
    return why_fail(&b->why, ERR_INVALID, MSG_MISSING, "at", NULL);
}

static enum err settle_amount(struct builder *b)
{
    struct fact *f = &b->fact;
    bool any = b->has_major || f->amount != HISTORY_NO_AMOUNT;
    if (any && b->foreign) {
        parse_foreign_amount(b->p, f, amount_double(&b->major));
    } else if (b->has_major && !amount_minor(&b->major, b->p->currency_digits, &f->amount)) {
        b->entry = b->amount;
        return builder_too_precise(b, b->amount_text);
    }
    if (!b->refund) return ERR_OK;
    if (str_is(f->kind, "order.refunded")) {
        f->amount = b->refund;
        return ERR_OK;
    }
    builder_add(f->props, &f->prop_count,
                (struct fact_value){STR("refund"), PROP_NUMBER, (double)b->refund, {NULL, 0}});
    return ERR_OK;
}

/* A name is an identity only when nothing better is there; and in a list of people two rows of one
 * name may be two people. */
static void settle_person(struct builder *b)
{
    struct fact *f = &b->fact;
    if (b->person.len == 0) return;
    for (uint32_t i = 0; i < f->who_count; i++) {
        if (fact_identity_usable(&f->who[i], parse_arena(b->p))) return;
    }
    f->who[f->who_count++] = (struct identity){IDENTITY_NAME, b->person};
    if (!b->t->people) return;
    uint64_t seen;
    bool twice = map_get(b->t->names, b->person, &seen);
    if (!twice) map_put(b->t->names, b->person, 1);
    if (!twice) return;
    builder_add(f->traits, &f->trait_count,
                (struct fact_value){STR("ambiguous"), PROP_BOOL, 1, {NULL, 0}});
}

/* ---- messages ---- */

/* The types of chat programs that number them. */
static struct str type_word(struct str type)
{
    static const struct {
        const char *number;
        const char *word;
    } types[] = {{"1", "text"},     {"3", "image"}, {"34", "voice"},    {"43", "video"},
                 {"47", "sticker"}, {"49", "app"},  {"10000", "system"}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_is(type, types[i].number)) return str_of(types[i].word);
    }
    return type;
}

static bool is_notice(struct str type)
{
    return str_is(type, "system") || str_is(type, "系统") || str_is(type, "系统消息");
}

static bool is_text(struct str type)
{
    return type.len == 0 || str_is(type, "text") || str_is(type, "文本") || str_is(type, "文字");
}

/* The id behind a display name that has spoken before. */
static bool find_name(const struct builder *b, struct str name, struct str *id)
{
    uint64_t known;
    if (!name.p || !map_get(b->t->names, name, &known)) return false;
    *id = *(const struct str *)(uintptr_t)known;
    return true;
}

static void remember_name(struct builder *b, struct str name, struct str id)
{
    struct str known;
    if (name.len == 0 || find_name(b, name, &known)) return;
    struct str *kept = arena_alloc(b->p->arena, sizeof(*kept));
    *kept = arena_str(b->p->arena, id);
    map_put(b->t->names, name, (uint64_t)(uintptr_t)kept);
}

/* The text says how long it is, whether it asks, and whom it is for; it is not kept. */
static void settle_text(struct builder *b)
{
    struct fact *f = &b->fact;
    struct chat_text t;
    struct str other;
    chat_text_read(b->text, &t);
    builder_add(
        f->props, &f->prop_count,
        (struct fact_value){STR("length"), PROP_NUMBER, (double)utf8_count(t.said), {NULL, 0}});
    builder_add(f->props, &f->prop_count,
                (struct fact_value){
                    STR("question"), PROP_BOOL, !t.signup && is_question(t.said), {NULL, 0}});
    if (t.signup) {
        builder_add(f->props, &f->prop_count,
                    (struct fact_value){STR("signup"), PROP_BOOL, 1, {NULL, 0}});
    }
    if (find_name(b, t.quoted, &other) || find_name(b, t.mentioned, &other))
        f->other[f->other_count++] = (struct identity){IDENTITY_NAME, other};
}

static void settle_message(struct builder *b)
{
    struct fact *f = &b->fact;
    struct str type = type_word(b->text_type);
    b->notice = is_notice(type);
    if (b->notice) return;
    if (f->who_count == 0 && b->speaker.len)
        f->who[f->who_count++] = (struct identity){IDENTITY_NAME, b->speaker};
    if (b->speaker.len) {
        builder_add(f->traits, &f->trait_count,
                    (struct fact_value){STR("nickname"), PROP_TEXT, 0, b->speaker});
    }
    if (type.len)
        builder_add(f->props, &f->prop_count, (struct fact_value){STR("type"), PROP_TEXT, 0, type});
    if (b->text.len && is_text(type)) settle_text(b);
    if (f->who_count) remember_name(b, b->speaker, f->who[0].value);
}

enum err table_settle(struct builder *b)
{
    TRY(settle_kind(b));
    b->entry = NULL;
    TRY(settle_time(b));
    TRY(settle_amount(b));
    settle_person(b);
    if (b->t->messages) settle_message(b);
    return ERR_OK;
}
