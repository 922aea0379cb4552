/* table_chat.c - a row of a chat: a message and whom it is for, or a notice of the program itself.
 *
 * Display names are remembered with the id behind them. One that is first met in a notice stands
 * for itself until somebody speaks under it: then the two are one member. */
#include "base/utf8.h"
#include "intake/chat_notice.h"
#include "intake/chat_text.h"
#include "intake/question.h"
#include "intake/table_builder.h"

/* Whose a display name is. */
struct chat_name {
    struct str id; /* the value of a name identity */
    bool waiting;  /* met in notices only */
};

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

static struct chat_name *find_name(const struct builder *b, struct str name)
{
    uint64_t known;
    if (!name.p || !map_get(b->t->names, name, &known)) return NULL;
    return (struct chat_name *)(uintptr_t)known;
}

static struct chat_name *keep_name(struct builder *b, struct str name, struct str id)
{
    struct chat_name *kept = arena_alloc(b->p->arena, sizeof(*kept));
    kept->id = arena_str(b->p->arena, id);
    map_put(b->t->names, name, (uint64_t)(uintptr_t)kept);
    return kept;
}

/* Whoever joined under this name and now first speaks has an id as well. */
static void know_speaker(struct builder *b)
{
    struct fact *f = &b->fact;
    if (f->who_count == 0 || b->speaker.len == 0) return;
    struct str id = f->who[0].value;
    struct chat_name *known = find_name(b, b->speaker);
    if (!known) keep_name(b, b->speaker, id);
    if (!known || !known->waiting) return;
    known->waiting = false;
    if (str_eq(known->id, id)) return;
    f->who[f->who_count++] = (struct identity){IDENTITY_NAME, known->id};
    known->id = arena_str(b->p->arena, id);
}

/* The text says how long it is, whether it asks, and whom it is for; it is not kept. */
static void settle_text(struct builder *b)
{
    struct fact *f = &b->fact;
    struct chat_text t;
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
    const struct chat_name *other = find_name(b, t.quoted);
    if (!other) other = find_name(b, t.mentioned);
    if (other) f->other[f->other_count++] = (struct identity){IDENTITY_NAME, other->id};
}

static void settle_message(struct builder *b, struct str type)
{
    struct fact *f = &b->fact;
    if (f->who_count == 0 && b->speaker.len)
        f->who[f->who_count++] = (struct identity){IDENTITY_NAME, b->speaker};
    if (b->speaker.len) {
        builder_add(f->traits, &f->trait_count,
                    (struct fact_value){STR("nickname"), PROP_TEXT, 0, b->speaker});
    }
    if (type.len)
        builder_add(f->props, &f->prop_count, (struct fact_value){STR("type"), PROP_TEXT, 0, type});
    if (b->text.len && is_text(type)) settle_text(b);
    know_speaker(b);
}

void table_chat(struct builder *b)
{
    struct str type = type_word(b->text_type);
    const struct fact *f = &b->fact;
    bool nameless = f->who_count == 0 || str_eq(f->who[0].value, b->speaker);
    b->notice = is_notice(type) || (nameless && is_notice(b->speaker));
    if (!b->notice) settle_message(b, type);
}

/* ---- notices ---- */

static struct str kind_of(enum notice_kind kind)
{
    static const char *const names[] = {"group.joined", "group.left", "message.recalled",
                                        "message.reacted"};
    return str_of(names[kind]);
}

/* The identity of a display name, which may not have spoken yet. */
static struct identity *identity_of(struct builder *b, struct str name)
{
    struct chat_name *known = find_name(b, name);
    if (!known) {
        known = keep_name(b, name, name);
        known->waiting = true;
    }
    struct identity *id = arena_alloc(parse_arena(b->p), sizeof(*id));
    *id = (struct identity){IDENTITY_NAME, known->id};
    return id;
}

static struct fact fact_of(struct builder *b, const struct chat_notice *n, struct str name)
{
    struct fact f = {.at = b->fact.at, .kind = kind_of(n->kind), .amount = HISTORY_NO_AMOUNT};
    memcpy(f.code, b->fact.code, sizeof(f.code));
    f.who = identity_of(b, name);
    f.who_count = 1;
    if (n->other.len) {
        f.other = identity_of(b, n->other);
        f.other_count = 1;
    }
    return f;
}

bool table_chat_notice(struct builder *b)
{
    struct chat_notice n;
    bool group = b->p->options->group || b->fact.code[DIM_GROUP].len;
    bool own_kind = !str_is(b->fact.kind, "message.sent"); /* --as */
    if (own_kind || !chat_notice_read(b->text, &n)) return false;
    if (!group && n.kind <= NOTICE_LEFT) return false;
    bool any = false;
    for (struct str name; (name = chat_notice_next(&n.who)).p; any = true) {
        struct fact f = fact_of(b, &n, name);
        if (any) b->p->batch->counts.read++;
        parse_fact(b->p, &f);
    }
    return any;
}
