/* table_chat.c - a row of a chat: a message and whom it is for, or a notice of the program itself.
 *
 * Display names are remembered with the id behind them. One that is first met in a notice stands
 * for itself until somebody speaks under it: then the two are one member. */
#include "brand/said.h"
#include "intake/chat_notice.h"
#include "intake/chat_signup.h"
#include "intake/chat_text.h"
#include "intake/chat_type.h"
#include "intake/describe.h"
#include "intake/inferring.h"
#include "intake/spoken.h"
#include "intake/table_builder.h"

#include <inttypes.h>

#include "base/utf8.h"

/* Whose a display name is. */
struct chat_name {
    struct str id;    /* the value of a name identity */
    struct str staff; /* or the code, of one who is known by that alone */
    bool waiting;     /* met in notices only */
};

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
    struct str staff = f->code[DIM_STAFF];
    if (b->speaker.len == 0 || (f->who_count == 0 && staff.len == 0)) return;
    struct str id = f->who_count ? f->who[0].value : STR("");
    struct chat_name *known = find_name(b, b->speaker);
    if (!known) known = keep_name(b, b->speaker, id);
    if (f->who_count == 0 && !str_eq(known->staff, staff))
        known->staff = arena_str(b->p->arena, staff);
    if (f->who_count == 0) known->waiting = false;
    if (known->waiting && !str_eq(known->id, id)) {
        f->who[f->who_count++] = (struct identity){IDENTITY_NAME, known->id};
        known->id = arena_str(b->p->arena, id);
    }
    known->waiting = false;
    if (b->message.len) recent_put(b->t->authors, recent_hash(b->message), (uintptr_t)known);
}

/* Whoever wrote the message that this one says it answers. */
static const struct chat_name *answered(const struct builder *b)
{
    uint64_t known;
    if (b->reply_to.len == 0 || !recent_get(b->t->authors, recent_hash(b->reply_to), &known))
        return NULL;
    return (const struct chat_name *)(uintptr_t)known;
}

/* Of those it names in one way or another, the first is the one addressed. */
static void address(struct builder *b, const struct chat_name *other, enum message_link link,
                    struct described *d)
{
    if (!other || d->link != LINK_NONE) return;
    d->link = link;
    b->to_staff = other->staff;
    if (other->staff.len == 0)
        b->fact.other[b->fact.other_count++] = (struct identity){IDENTITY_NAME, other->id};
}

static struct str group_of(const struct builder *b)
{
    struct str own = b->fact.code[DIM_GROUP];
    return own.len ? own : str_of(b->p->options->group);
}

/* Where there is no column that tells what a message answers. */
static void infer(struct builder *b, struct described *d)
{
    struct inferring_account to;
    const struct fact *f = &b->fact;
    struct inferring_line line = {.group = group_of(b),
                                  .at = f->at,
                                  .who = b->speaker,
                                  .text = d->text,
                                  .known = f->other_count || b->reply_to.len ||
                                           d->link != LINK_NONE || d->signup};
    if (b->t->carries || line.group.len == 0 || !str_is(f->kind, "message.sent")) return;
    if (f->who_count) {
        line.account.member = f->who[0];
        if (line.who.len == 0) line.who = f->who[0].value;
    } else {
        line.account.staff = f->code[DIM_STAFF];
    }
    if (!inferring_said(b->p->inferring, &line, &to)) return;
    d->link = LINK_INFERRED;
    b->to_staff = arena_str(parse_arena(b->p), to.staff);
    if (to.staff.len) return;
    to.member.value = arena_str(parse_arena(b->p), to.member.value);
    b->fact.other[b->fact.other_count++] = to.member;
}

/* What the text shows is kept with the event, the text itself goes with it to the rooms. */
static void settle_text(struct builder *b, struct described *d)
{
    struct chat_text t;
    chat_text_read(b->text, &t);
    d->text = t.said;
    d->signup = t.signup;
    if (t.signup) d->text = chat_signup_new(b->t->signups, group_of(b), b->text, parse_arena(b->p));
    if (t.coded) d->text = chat_text_plain(t.said, parse_arena(b->p));
    if (t.answers.len && b->reply_to.len == 0) b->reply_to = t.answers;
    address(b, answered(b), LINK_REPLY, d);
    address(b, find_name(b, t.quoted), LINK_QUOTE, d);
    address(b, find_name(b, t.mentioned), LINK_MENTION, d);
}

/* The id of a row whose message has one of its channel's is made of that. */
static struct str own_id(struct builder *b)
{
    struct str group = group_of(b);
    return str_of(arena_printf(parse_arena(b->p), "message:%016" PRIx64 ":" STR_FMT,
                               recent_hash(group) ^ recent_hash(str_of(b->p->options->source)),
                               STR_ARG(utf8_cut(b->message, 200))));
}

static struct str id_of(struct builder *b)
{
    const struct fact *f = &b->fact;
    const struct import_options *o = b->p->options;
    struct str group = group_of(b);
    struct str who = f->who_count ? f->who[0].value : b->speaker;
    struct saying of = {str_of(o->source), group, who, b->text, f->at};
    if (b->text.len == 0) of.text = b->text_type;
    return saying_id(b->t->sayings, &of, parse_arena(b->p));
}

static void settle_message(struct builder *b, struct str type)
{
    struct fact *f = &b->fact;
    struct described d = {.type = chat_type(type, b->text_subtype)};
    bool staff = f->code[DIM_STAFF].len > 0; /* then they are no member */
    if (f->who_count == 0 && b->speaker.len && !staff)
        f->who[f->who_count++] = (struct identity){IDENTITY_NAME, b->speaker};
    if (b->speaker.len && f->who_count) {
        builder_add(f->traits, &f->trait_count,
                    (struct fact_value){STR("nickname"), PROP_TEXT, 0, b->speaker});
    }
    bool text = d.type == MESSAGE_UNKNOWN || d.type == MESSAGE_TEXT;
    if (b->text.len && text) d.type = MESSAGE_TEXT;
    if (b->text.len && text) settle_text(b, &d);
    if (b->text.len && text) infer(b, &d);
    f->prop_count += describe(&d, f->props + f->prop_count);
    if (b->to_staff.len)
        builder_add(f->props, &f->prop_count,
                    (struct fact_value){STR("to_staff"), PROP_TEXT, 0, b->to_staff});
    struct said said = {.text = d.text,
                        .message = b->message,
                        .reply_to = b->reply_to,
                        .links = b->links,
                        .qr = b->qr};
    f->said = arena_copy(parse_arena(b->p), &said, sizeof(said));
    if (f->id.len == 0) f->id = b->message.len ? own_id(b) : id_of(b);
    know_speaker(b);
}

void table_chat(struct builder *b)
{
    struct str type = b->text_type;
    const struct fact *f = &b->fact;
    bool nameless = f->who_count == 0 || str_eq(f->who[0].value, b->speaker);
    b->notice = chat_type_is_notice(type) || (nameless && chat_type_is_notice(b->speaker));
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
