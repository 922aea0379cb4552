/* chat.c - accounts by id and by name, and facts of what they did. */
#include "intake/chat.h"
#include "intake/inferring.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "intake/spoken.h"

void chat_begin(struct chat *c, struct parse *p, const char *channel)
{
    *c = (struct chat){.p = p,
                       .channel = channel,
                       .scratch = arena_create(0),
                       .accounts = map_create(),
                       .names = map_create(),
                       .groups = map_create(),
                       .authors = recent_create(),
                       .sayings = recent_create()};
    chat_open(c, STR(""), STR(""));
}

void chat_end(struct chat *c)
{
    arena_destroy(c->scratch);
    map_destroy(c->accounts);
    map_destroy(c->names);
    map_destroy(c->groups);
    recent_destroy(c->authors);
    recent_destroy(c->sayings);
}

/* What a chat is called in the brand: as its channel calls it, unless another is. */
static struct str group_name(struct chat *c, struct str id, struct str name)
{
    uint64_t own = recent_hash(id), known;
    if (name.len == 0 || id.len == 0) return name.len ? name : id;
    if (!map_get(c->groups, name, &known)) map_put(c->groups, name, own);
    if (!map_get(c->groups, name, &known) || known == own) return name;
    return str_of(arena_printf(c->p->arena, STR_FMT " (" STR_FMT ")",
                               STR_ARG(utf8_cut(name, LIMIT_CODE_BYTES / 2)),
                               STR_ARG(utf8_cut(id, LIMIT_CODE_BYTES / 4))));
}

void chat_open(struct chat *c, struct str id, struct str name)
{
    const struct import_options *o = c->p->options;
    struct str group = o->group ? str_of(o->group) : group_name(c, id, name);
    struct str place = id.len ? id : group;
    c->group = arena_str(c->p->arena, utf8_cut(group, LIMIT_CODE_BYTES));
    c->place = str_of(arena_printf(c->p->arena, "%s:" STR_FMT ":" STR_FMT, c->channel,
                                   STR_ARG(utf8_cut(str_of(o->source), 60)),
                                   STR_ARG(utf8_cut(place, 60))));
    c->passed_over = false;
}

/* ---- accounts ---- */

static void give_name(struct chat *c, struct chat_account *a, struct str name)
{
    uint64_t known;
    name = utf8_cut(str_trim(name), LIMIT_IDENTITY_BYTES);
    if (name.len == 0 || str_eq(name, a->name)) return;
    a->name = arena_str(c->p->arena, name);
    a->named = false;
    struct chat_account *other = NULL;
    if (map_get(c->names, name, &known)) other = (struct chat_account *)(uintptr_t)known;
    if (other == a) return;
    if (other && !other->waiting) return; /* the first who is shown so keeps the name */
    if (other) a->stand_in = other->identity.value;
    map_put(c->names, name, (uintptr_t)a);
}

struct chat_account *chat_account(struct chat *c, enum identity_kind kind, struct str id,
                                  struct str name)
{
    uint64_t known;
    struct chat_account *a;
    const char *key = arena_printf(c->scratch, "%d:" STR_FMT, (int)kind, STR_ARG(id));
    if (map_get(c->accounts, str_of(key), &known)) {
        a = (struct chat_account *)(uintptr_t)known;
    } else {
        a = arena_alloc(c->p->arena, sizeof(*a));
        *a = (struct chat_account){.identity = {kind, arena_str(c->p->arena, id)}};
        map_put(c->accounts, str_of(key), (uintptr_t)a);
    }
    give_name(c, a, name);
    return a;
}

struct chat_account *chat_named(struct chat *c, struct str name)
{
    uint64_t known;
    name = utf8_cut(str_trim(name), LIMIT_IDENTITY_BYTES);
    if (name.len == 0) return NULL;
    if (map_get(c->names, name, &known)) return (struct chat_account *)(uintptr_t)known;
    struct chat_account *a = arena_alloc(c->p->arena, sizeof(*a));
    *a = (struct chat_account){.identity = {IDENTITY_NAME, arena_str(c->p->arena, name)},
                               .waiting = true};
    a->name = a->identity.value;
    map_put(c->names, name, (uintptr_t)a);
    return a;
}

struct chat_account *chat_known(const struct chat *c, struct str name)
{
    uint64_t known;
    if (name.len == 0 || !map_get(c->names, name, &known)) return NULL;
    return (struct chat_account *)(uintptr_t)known;
}

static uint64_t message_hash(const struct chat *c, struct str message)
{
    return recent_hash(message) ^ recent_hash(c->place) * 3;
}

struct chat_account *chat_author(struct chat *c, struct str message)
{
    uint64_t known;
    if (message.len == 0 || !recent_get(c->authors, message_hash(c, message), &known)) return NULL;
    return (struct chat_account *)(uintptr_t)known;
}

/* ---- facts ---- */

static void put_who(struct chat *c, struct chat_account *a, struct fact *f)
{
    struct identity *ids = arena_alloc_array(parse_arena(c->p), 2, sizeof(*ids));
    ids[0] = a->identity;
    f->who_count = 1;
    if (a->stand_in.len && !str_eq(a->stand_in, a->identity.value)) {
        ids[1] = (struct identity){IDENTITY_NAME, a->stand_in};
        f->who_count = 2;
    }
    a->stand_in = (struct str){NULL, 0};
    f->who = ids;
}

/* The name that is shown, once and when it changes. */
static void put_name(struct chat *c, struct chat_account *a, struct fact *f)
{
    if (a->waiting || a->named || a->name.len == 0) return;
    a->named = true;
    struct fact_value v = {STR("nickname"), PROP_TEXT, 0, {NULL, 0}};
    v.text = arena_str(parse_arena(c->p), utf8_cut(a->name, LIMIT_PROP_VALUE_BYTES));
    f->traits = arena_copy(parse_arena(c->p), &v, sizeof(v));
    f->trait_count = 1;
}

static struct str id_of(struct chat *c, const struct chat_line *l)
{
    struct arena *a = parse_arena(c->p);
    if (l->key.len) {
        return str_of(arena_printf(a, STR_FMT ":" STR_FMT, STR_ARG(c->place),
                                   STR_ARG(utf8_cut(l->key, 100))));
    }
    struct saying of = {c->place, c->group, {NULL, 0}, l->said.text, l->at};
    if (l->who) of.who = l->who->identity.value;
    if (l->said.text.len == 0) of.text = message_type_name(l->d.type);
    return saying_id(c->sayings, &of, a);
}

static void put_said(struct chat *c, const struct chat_line *l, struct fact *f)
{
    struct arena *a = parse_arena(c->p);
    struct said said = l->said;
    said.text = arena_str(a, utf8_cut(said.text, (size_t)2 * LIMIT_MESSAGE_TEXT));
    said.message = arena_str(a, said.message);
    said.reply_to = arena_str(a, said.reply_to);
    said.qr = arena_str(a, utf8_cut(said.qr, LIMIT_MESSAGE_CARRIED));
    said.links = arena_str(a, utf8_cut(said.links, LIMIT_MESSAGE_CARRIED));
    f->said = arena_copy(a, &said, sizeof(said));
}

/* Whom it is said to, where neither the row nor the chat says what messages answer. */
static void infer(struct chat *c, const struct chat_line *l, struct fact *f, struct described *d)
{
    struct inferring_account to;
    c->carries |= l->said.reply_to.len > 0;
    if (!c->infers || c->carries || !l->says || !l->who) return;
    const struct inferring_line line = {.group = c->place,
                                        .at = l->at,
                                        .who = l->who->name.len ? l->who->name
                                                                : l->who->identity.value,
                                        .account = {.member = l->who->identity},
                                        .text = l->d.text,
                                        .known = l->other || l->d.signup};
    if (!inferring_said(c->p->inferring, &line, &to)) return;
    to.member.value = arena_str(parse_arena(c->p), to.member.value);
    f->other = arena_copy(parse_arena(c->p), &to.member, sizeof(to.member));
    f->other_count = 1;
    d->link = LINK_INFERRED;
}

void chat_link(struct chat *c, struct chat_line *l, struct str link)
{
    if (!link.len || str_find(l->said.text, link) != SIZE_MAX) return;
    struct str links = l->said.links;
    if (links.len + link.len >= LIMIT_MESSAGE_CARRIED) return;
    const char *more = arena_printf(c->scratch, STR_FMT "%s" STR_FMT, STR_ARG(links),
                                    links.len ? "\n" : "", STR_ARG(link));
    l->said.links = l->d.links = str_of(more);
}

void chat_put(struct chat *c, const struct chat_line *l)
{
    struct arena *a = parse_arena(c->p);
    struct described d = l->d;
    struct fact f = {.at = l->at, .kind = str_of(l->kind), .amount = HISTORY_NO_AMOUNT};
    struct fact_value props[DESCRIBE_PROPS];
    bool sent = str_is(f.kind, "message.sent");
    f.id = id_of(c, l);
    f.code[DIM_GROUP] = parse_keep(c->p, c->group);
    if (l->who) put_who(c, l->who, &f);
    if (l->who) put_name(c, l->who, &f);
    if (l->other) {
        f.other = arena_copy(a, &l->other->identity, sizeof(l->other->identity));
        f.other_count = 1;
    }
    if (l->says) put_said(c, l, &f);
    if (sent) infer(c, l, &f, &d);
    f.prop_count = describe(&d, props);
    if (f.prop_count) f.props = arena_copy(a, props, f.prop_count * sizeof(*props));
    if (l->further) c->p->batch->counts.read++;
    parse_fact(c->p, &f);
    if (sent && l->who && l->said.message.len)
        recent_put(c->authors, message_hash(c, l->said.message), (uintptr_t)l->who);
}

void chat_skip(struct chat *c)
{
    c->p->batch->counts.read--;
    c->p->batch->counts.skipped++;
}

struct str chat_key(struct chat *c, struct str id, const char *what, struct str of)
{
    return str_of(arena_printf(c->scratch, STR_FMT ":%s:" STR_FMT, STR_ARG(id), what,
                               STR_ARG(utf8_cut(of, 60))));
}

void chat_address(struct chat_line *l, struct chat_account *other, enum message_link link)
{
    if (!other || l->other || other == l->who) return;
    l->other = other;
    l->d.link = link;
}
