/* telegram.c - result.json of Telegram Desktop: one chat, or an account's chats in a list.
 *
 *   {"name", "type", "id", "messages": [...]}
 *   {..., "chats": {"list": [{"name", "type", "id", "messages": [...]}, ...]}, "left_chats": ...}
 *
 * What names a chat stands before its messages. Notices speak of people by name, messages by id.
 * Private chats are passed over. */
#include "base/json.h"
#include "base/utf8.h"
#include "intake/chat.h"
#include "intake/json_feed.h"

/* ---- accounts ---- */

/* "user123"; a channel, or a group itself, speaks under its own id, and old exports have numbers.
 */
static struct chat_account *account(struct chat *c, struct str id, struct str name)
{
    struct str digits = id;
    if (id.len == 0) return chat_named(c, name);
    if (str_starts(id, STR("user"))) digits = (struct str){id.p + 4, id.len - 4};
    uint64_t number;
    if (str_to_u64(digits, &number)) return chat_account(c, IDENTITY_TELEGRAM, digits, name);
    const char *own = arena_printf(c->scratch, "telegram:" STR_FMT, STR_ARG(utf8_cut(id, 100)));
    return chat_account(c, IDENTITY_NAME, str_of(own), name);
}

static bool read_time(struct chat *c, const struct json *row, const char *local, const char *unix,
                      int64_t *out)
{
    int64_t seconds;
    if (str_to_i64(chat_text_of(c, row, unix), &seconds) && seconds < INT64_MAX / 1000 &&
        seconds > INT64_MIN / 1000) {
        *out = seconds * 1000;
        return true;
    }
    return chat_time(c, json_get(row, local), out);
}

/* ---- text ---- */

/* A text, or a list of texts and of objects with one. */
static struct str read_text(struct chat *c, const struct json *row)
{
    const struct json *text = json_get(row, "text");
    struct strbuf out = {0};
    if (!text || text->type == JSON_STRING) return text ? text->string : STR("");
    for (size_t i = 0; text->type == JSON_ARRAY && i < text->count; i++) {
        const struct json *part = &text->items[i];
        if (part->type == JSON_STRING) strbuf_add_str(&out, part->string);
        if (part->type == JSON_OBJECT) strbuf_add_str(&out, chat_text_of(c, part, "text"));
    }
    struct str whole = arena_str(c->scratch, out.len ? strbuf_str(&out) : STR(""));
    strbuf_finish(&out);
    return whole;
}

/* Links behind words, and on the buttons of a bot. */
static void read_links(struct chat *c, const struct json *row, struct chat_line *l)
{
    const struct json *text = json_get(row, "text"), *rows = json_get(row, "inline_bot_buttons");
    for (size_t i = 0; text && text->type == JSON_ARRAY && i < text->count; i++)
        chat_link(c, l, chat_text_of(c, &text->items[i], "href"));
    for (size_t i = 0; rows && rows->type == JSON_ARRAY && i < rows->count; i++) {
        const struct json *buttons = &rows->items[i];
        for (size_t k = 0; buttons->type == JSON_ARRAY && k < buttons->count; k++) {
            if (str_is(chat_text_of(c, &buttons->items[k], "type"), "url"))
                chat_link(c, l, chat_text_of(c, &buttons->items[k], "data"));
        }
    }
}

/* The parts that mention somebody; of one without a public name the id is known. */
static void read_mentions(struct chat *c, const struct json *row, struct chat_line *l)
{
    const struct json *list = json_get(row, "text_entities");
    if (!list || list->type != JSON_ARRAY) list = json_get(row, "text");
    for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++) {
        const struct json *part = &list->items[i];
        struct str type = chat_text_of(c, part, "type"), id = chat_text_of(c, part, "user_id");
        bool named = str_is(type, "mention_name");
        if (!named && !str_is(type, "mention")) continue;
        l->d.mentions++;
        if (named && id.len) chat_address(l, account(c, id, STR("")), LINK_MENTION);
    }
    l->d.counted = list && list->type == JSON_ARRAY;
}

static enum message_type read_type(struct chat *c, const struct json *row)
{
    static const struct {
        const char *name;
        enum message_type type;
    } media[] = {{"sticker", MESSAGE_STICKER},  {"voice_message", MESSAGE_VOICE},
                 {"audio_file", MESSAGE_VOICE}, {"video_message", MESSAGE_VIDEO},
                 {"video_file", MESSAGE_VIDEO}, {"animation", MESSAGE_STICKER}};
    static const struct {
        const char *member;
        enum message_type type;
    } members[] = {{"photo", MESSAGE_IMAGE},
                   {"file", MESSAGE_FILE},
                   {"contact_information", MESSAGE_CARD},
                   {"location_information", MESSAGE_OTHER},
                   {"poll", MESSAGE_OTHER},
                   {"game_title", MESSAGE_OTHER},
                   {"invoice_information", MESSAGE_CARD}};
    struct str type = chat_text_of(c, row, "media_type");
    for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
        if (str_is(type, media[i].name)) return media[i].type;
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (json_get(row, members[i].member)) return members[i].type;
    }
    return MESSAGE_TEXT;
}

/* ---- messages ---- */

static void put_reactions(struct chat *c, const struct json *row, const struct chat_line *of)
{
    const struct json *list = json_get(row, "reactions");
    for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++) {
        const struct json *kind = &list->items[i], *recent = json_get(kind, "recent");
        for (size_t k = 0; recent && recent->type == JSON_ARRAY && k < recent->count; k++) {
            const struct json *by = &recent->items[k];
            struct str id = chat_text_of(c, by, "from_id"), name = chat_text_of(c, by, "from");
            struct chat_line l = {.kind = "message.reacted", .at = of->at, .further = true};
            l.who = account(c, id, name);
            if (!l.who) continue;
            (void)chat_time(c, json_get(by, "date"), &l.at);
            chat_address(&l, of->who, LINK_REACTION);
            struct str sign = chat_text_of(c, kind, "emoji");
            const char *what = arena_printf(c->scratch, "r:" STR_FMT, STR_ARG(utf8_cut(sign, 16)));
            l.key = chat_key(c, of->said.message, what, l.who->identity.value);
            l.said.message = of->said.message;
            l.says = true;
            chat_put(c, &l);
        }
    }
}

/* The export has the words as they are now: the edit repeats them, at its own time. */
static void put_edit(struct chat *c, const struct json *row, const struct chat_line *of)
{
    struct chat_line l = *of;
    if (!json_get(row, "edited") && !json_get(row, "edited_unixtime")) return;
    if (!read_time(c, row, "edited", "edited_unixtime", &l.at) || l.at < of->at) return;
    l.kind = "message.edited";
    l.further = l.said.edited = true;
    l.key = chat_key(c, of->said.message, "e",
                     str_of(arena_printf(c->scratch, "%lld", (long long)l.at)));
    l.d.link = LINK_NONE;
    l.other = NULL;
    chat_put(c, &l);
}

static enum err missing(const char *field, struct why *why)
{
    return why_fail(why, ERR_INVALID, MSG_MISSING, field, NULL);
}

static enum err take_message(struct chat *c, const struct json *row, struct why *why)
{
    struct chat_line l = {.kind = "message.sent", .says = true};
    l.said.message = l.key = chat_text_of(c, row, "id");
    if (l.key.len == 0) return missing("id", why);
    if (!read_time(c, row, "date", "date_unixtime", &l.at)) return missing("date", why);
    l.who = account(c, chat_text_of(c, row, "from_id"), chat_text_of(c, row, "from"));
    if (!l.who) return missing("from_id", why);
    l.said.text = l.d.text = read_text(c, row);
    if (!l.d.text.len) l.said.text = l.d.text = chat_text_of(c, json_get(row, "poll"), "question");
    read_links(c, row, &l);
    l.said.reply_to = chat_text_of(c, row, "reply_to_message_id");
    l.d.type = read_type(c, row);
    chat_address(&l, chat_author(c, l.said.reply_to), LINK_REPLY);
    read_mentions(c, row, &l);
    chat_put(c, &l);
    put_edit(c, row, &l);
    put_reactions(c, row, &l);
    return ERR_OK;
}

/* ---- notices ---- */

struct notice {
    const char *action, *kind;
    bool listed; /* 'members' names whom it befell, the actor did it */
};

static const struct notice *notice_of(struct str action)
{
    static const struct notice list[] = {{"invite_members", "group.joined", true},
                                         {"create_group", "group.joined", true},
                                         {"join_group_by_link", "group.joined", false},
                                         {"join_group_by_request", "group.joined", false},
                                         {"remove_members", "group.left", true}};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (str_is(action, list[i].action)) return &list[i];
    }
    return NULL;
}

static void put_notice(struct chat *c, struct chat_line *l, struct str id)
{
    if (!l->who) return;
    if (l->other == l->who) l->other = NULL;
    l->key = chat_key(c, id, l->kind, l->who->identity.value);
    chat_put(c, l);
    l->further = true;
}

static enum err take_notice(struct chat *c, const struct json *row, struct why *why)
{
    const struct notice *n = notice_of(chat_text_of(c, row, "action"));
    const struct json *members = json_get(row, "members");
    struct str id = chat_text_of(c, row, "id");
    struct chat_line l = {.kind = n ? n->kind : ""};
    if (!n || (n->listed && (!members || members->type != JSON_ARRAY))) {
        chat_skip(c);
        return ERR_OK;
    }
    if (id.len == 0) return missing("id", why);
    if (!read_time(c, row, "date", "date_unixtime", &l.at)) return missing("date", why);
    struct chat_account *actor =
        account(c, chat_text_of(c, row, "actor_id"), chat_text_of(c, row, "actor"));
    for (size_t i = 0; n->listed && i < members->count; i++) {
        if (members->items[i].type != JSON_STRING) continue; /* a deleted account is null */
        l.who = chat_named(c, members->items[i].string);
        l.other = actor;
        put_notice(c, &l, id);
    }
    l.other = chat_named(c, chat_text_of(c, row, "inviter"));
    l.who = actor;
    if (!n->listed) put_notice(c, &l, id);
    if (!l.further) chat_skip(c);
    return ERR_OK;
}

static enum err take_row(struct chat_reader *r, const struct json *row, struct why *why)
{
    struct chat *c = &r->chat;
    if (str_is(chat_text_of(c, row, "type"), "service")) return take_notice(c, row, why);
    return take_message(c, row, why);
}

/* ---- the file ---- */

/* What names the chat at hand, until its messages come. */
struct heading {
    struct str id, name;
    bool private;
};

static void set_text(struct chat *c, const struct json *value, struct str *out)
{
    const struct json object = {
        .type = JSON_OBJECT, .count = 1, .items = value, .keys = (const struct str[]){{"v", 1}}};
    if (value) *out = arena_str(c->p->arena, utf8_cut(chat_text_of(c, &object, "v"), 200));
}

static void set_type(const struct json *value, struct heading *h)
{
    static const char *const types[] = {"personal_chat", "bot_chat", "saved_messages",
                                        "verification_codes", "replies"};
    for (size_t i = 0; value && i < sizeof(types) / sizeof(types[0]); i++)
        h->private |= value->type == JSON_STRING && str_is(value->string, types[i]);
}

static enum err read_chat(struct chat_reader *r, bool *room, struct why *why);

/* The list of chats: each is an object of its own. */
static enum err read_list(struct chat_reader *r, bool *room, struct why *why)
{
    struct str key;
    bool in, more;
    struct feed_value other;
    TRY(feed_enter(r->feed, &in, why));
    if (!in) return feed_take(r->feed, &other, why);
    while (*room) {
        TRY(feed_next(r->feed, &key, &more, why));
        if (!more) return ERR_OK;
        TRY(read_chat(r, room, why));
    }
    return ERR_OK;
}

static enum err read_member(struct chat_reader *r, struct str key, struct heading *h, bool *room,
                            struct why *why)
{
    struct chat *c = &r->chat;
    const struct json *value;
    if (str_is(key, "messages")) {
        chat_open(c, h->id, h->name);
        c->passed_over = h->private;
        return chat_rows(r, room, why);
    }
    if (str_is(key, "chats") || str_is(key, "left_chats")) return read_chat(r, room, why);
    if (str_is(key, "list")) return read_list(r, room, why);
    bool name = str_is(key, "name"), id = str_is(key, "id"), type = str_is(key, "type");
    TRY(chat_small(r, &value, why));
    if (name) set_text(c, value, &h->name);
    if (id) set_text(c, value, &h->id);
    if (type) set_type(value, h);
    return ERR_OK;
}

/* An object that is a chat, or holds some. */
static enum err read_chat(struct chat_reader *r, bool *room, struct why *why)
{
    struct heading h = {{NULL, 0}, {NULL, 0}, false};
    struct str key;
    struct feed_value other;
    bool in, more;
    TRY(feed_enter(r->feed, &in, why));
    if (!in) return feed_take(r->feed, &other, why);
    while (*room) {
        TRY(feed_next(r->feed, &key, &more, why));
        if (!more) return ERR_OK;
        TRY(read_member(r, key, &h, room, why));
    }
    return ERR_OK;
}

enum err telegram_parse(struct parse *p, struct why *why)
{
    struct json_feed feed;
    struct chat_reader r = {.row = take_row};
    bool room = true;
    chat_reader_begin(&r, p, &feed);
    return chat_reader_end(&r, read_chat(&r, &room, why), why);
}
