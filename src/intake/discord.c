/* discord.c - JSON of DiscordChatExporter: a channel a file.
 *
 *   {"guild": {...}, "channel": {"id", "type", "category", "name"}, ..., "messages": [...]} */
#include "base/json.h"
#include "base/utf8.h"
#include "intake/chat.h"
#include "intake/json_feed.h"

struct heading {
    struct str guild, id, name;
    bool private;
};

static struct chat_account *account(struct chat *c, const struct json *user)
{
    struct str id = chat_text_of(c, user, "id"), name = chat_text_of(c, user, "nickname");
    if (name.len == 0) name = chat_text_of(c, user, "name");
    if (id.len == 0) return NULL;
    const char *own = arena_printf(c->scratch, "discord:" STR_FMT, STR_ARG(utf8_cut(id, 100)));
    return chat_account(c, IDENTITY_NAME, str_of(own), name);
}

static bool any(const struct json *row, const char *key)
{
    const struct json *list = json_get(row, key);
    return list && list->type == JSON_ARRAY && list->count > 0;
}

/* By the name of the first file. */
static enum message_type file_type(struct chat *c, const struct json *row)
{
    static const struct {
        const char *ending;
        enum message_type type;
    } list[] = {{".png", MESSAGE_IMAGE}, {".jpg", MESSAGE_IMAGE},  {".jpeg", MESSAGE_IMAGE},
                {".gif", MESSAGE_IMAGE}, {".webp", MESSAGE_IMAGE}, {".mp4", MESSAGE_VIDEO},
                {".mov", MESSAGE_VIDEO}, {".webm", MESSAGE_VIDEO}, {".ogg", MESSAGE_VOICE},
                {".mp3", MESSAGE_VOICE}};
    struct str name = chat_text_of(c, &json_get(row, "attachments")->items[0], "fileName");
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct str ending = str_of(list[i].ending);
        if (name.len < ending.len) continue;
        if (str_eq_fold((struct str){name.p + name.len - ending.len, ending.len}, ending))
            return list[i].type;
    }
    return MESSAGE_FILE;
}

static enum message_type type_of(struct chat *c, const struct json *row)
{
    if (any(row, "attachments")) return file_type(c, row);
    if (any(row, "stickers")) return MESSAGE_STICKER;
    bool said = chat_text_of(c, row, "content").len > 0;
    return !said && any(row, "embeds") ? MESSAGE_LINK : MESSAGE_TEXT;
}

/* What a bot says, and links show: a message without words has those of its first embed. */
static void read_embeds(struct chat *c, const struct json *row, struct chat_line *l)
{
    if (!any(row, "embeds")) return;
    const struct json *list = json_get(row, "embeds"), *first = &list->items[0];
    struct str title = chat_text_of(c, first, "title");
    struct str text = chat_text_of(c, first, "description");
    const char *between = title.len && text.len ? "\n" : "";
    if (!l->d.text.len)
        l->said.text = l->d.text = str_of(
            arena_printf(c->scratch, STR_FMT "%s" STR_FMT, STR_ARG(title), between, STR_ARG(text)));
    for (size_t i = 0; i < list->count; i++)
        chat_link(c, l, chat_text_of(c, &list->items[i], "url"));
}

/* Who passes a message on says what is in it, if nothing of their own. */
static void read_forwarded(struct chat *c, const struct json *row, struct chat_line *l)
{
    const struct json *passed = json_get(row, "forwardedMessage");
    if (!passed || passed->type != JSON_OBJECT) return;
    if (!l->d.text.len) {
        l->said.text = l->d.text = chat_text_of(c, passed, "content");
        l->d.type = type_of(c, passed);
    }
    read_embeds(c, passed, l);
}

/* The file does not say when: it counts with its message. */
static void put_reactions(struct chat *c, const struct json *row, const struct chat_line *of)
{
    const struct json *list = json_get(row, "reactions");
    for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++) {
        const struct json *users = json_get(&list->items[i], "users");
        struct str sign = chat_text_of(c, json_get(&list->items[i], "emoji"), "name");
        for (size_t k = 0; users && users->type == JSON_ARRAY && k < users->count; k++) {
            struct chat_line l = {.kind = "message.reacted", .at = of->at, .further = true};
            l.who = account(c, &users->items[k]);
            if (!l.who) continue;
            chat_address(&l, of->who, LINK_REACTION);
            const char *what = arena_printf(c->scratch, "r:" STR_FMT, STR_ARG(utf8_cut(sign, 24)));
            l.key = chat_key(c, of->said.message, what, l.who->identity.value);
            l.said.message = of->said.message;
            l.says = true;
            chat_put(c, &l);
        }
    }
}

static void put_edit(struct chat *c, const struct json *row, const struct chat_line *of)
{
    struct chat_line l = *of;
    if (!chat_time(c, json_get(row, "timestampEdited"), &l.at) || l.at < of->at) return;
    l.kind = "message.edited";
    l.further = l.said.edited = true;
    l.key = chat_key(c, of->said.message, "e",
                     str_of(arena_printf(c->scratch, "%lld", (long long)l.at)));
    l.d.link = LINK_NONE;
    l.other = NULL;
    chat_put(c, &l);
}

static void take_message(struct chat *c, const struct json *row, struct chat_line *l)
{
    const struct json *mentions = json_get(row, "mentions");
    l->kind = "message.sent";
    l->says = true;
    l->said.message = l->key;
    l->said.text = l->d.text = chat_text_of(c, row, "content");
    l->said.reply_to = chat_text_of(c, json_get(row, "reference"), "messageId");
    l->d.type = type_of(c, row);
    read_embeds(c, row, l);
    read_forwarded(c, row, l);
    chat_address(l, chat_author(c, l->said.reply_to), LINK_REPLY);
    l->d.counted = mentions && mentions->type == JSON_ARRAY;
    for (size_t i = 0; l->d.counted && i < mentions->count; i++) {
        l->d.mentions++;
        chat_address(l, account(c, &mentions->items[i]), LINK_MENTION);
    }
    chat_put(c, l);
    put_edit(c, row, l);
    put_reactions(c, row, l);
}

/* Whom the author brought in or removed is the one who is mentioned. */
static void take_notice(struct chat *c, const struct json *row, struct chat_line *l, bool joined)
{
    const struct json *mentions = json_get(row, "mentions");
    bool named = mentions && mentions->type == JSON_ARRAY && mentions->count > 0;
    struct chat_account *whom = named ? account(c, &mentions->items[0]) : NULL;
    l->kind = joined ? "group.joined" : "group.left";
    if (whom && whom != l->who) {
        l->other = l->who;
        l->who = whom;
    }
    chat_put(c, l);
}

static enum err take_row(struct chat_reader *r, const struct json *row, struct why *why)
{
    struct chat *c = &r->chat;
    struct chat_line l = {.key = chat_text_of(c, row, "id")};
    struct str type = chat_text_of(c, row, "type");
    if (l.key.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "id", NULL);
    if (!chat_time(c, json_get(row, "timestamp"), &l.at))
        return why_fail(why, ERR_INVALID, MSG_MISSING, "timestamp", NULL);
    l.who = account(c, json_get(row, "author"));
    if (!l.who) return why_fail(why, ERR_INVALID, MSG_MISSING, "author", NULL);
    bool joined = str_is(type, "GuildMemberJoin") || str_is(type, "RecipientAdd");
    if (joined || str_is(type, "RecipientRemove")) {
        take_notice(c, row, &l, joined);
    } else if (type.len == 0 || str_is(type, "Default") || str_is(type, "Reply") ||
               str_is(type, "ThreadStarterMessage") || str_is(type, "ChatInputCommand")) {
        take_message(c, row, &l);
    } else {
        chat_skip(c);
    }
    return ERR_OK;
}

static void keep(struct chat *c, const struct json *object, const char *key, struct str *out)
{
    *out = arena_str(c->p->arena, utf8_cut(chat_text_of(c, object, key), 120));
}

static enum err read_member(struct chat_reader *r, struct str key, bool *room, struct why *why)
{
    struct heading *h = r->own;
    struct chat *c = &r->chat;
    const struct json *value;
    if (str_is(key, "messages")) {
        bool both = h->guild.len && h->name.len;
        const char *name = arena_printf(c->p->arena, STR_FMT "%s" STR_FMT, STR_ARG(h->guild),
                                        both ? " / " : "", STR_ARG(h->name));
        chat_open(c, h->id, str_of(name));
        c->passed_over = h->private;
        return chat_rows(r, room, why);
    }
    TRY(chat_small(r, &value, why));
    if (str_is(key, "guild")) keep(c, value, "name", &h->guild);
    if (!str_is(key, "channel")) return ERR_OK;
    keep(c, value, "id", &h->id);
    keep(c, value, "name", &h->name);
    h->private = str_starts(chat_text_of(c, value, "type"), STR("Direct"));
    return ERR_OK;
}

enum err discord_parse(struct parse *p, struct why *why)
{
    struct json_feed feed;
    struct heading h = {{NULL, 0}, {NULL, 0}, {NULL, 0}, false};
    struct chat_reader r = {.row = take_row, .own = &h};
    bool room = true;
    chat_reader_begin(&r, p, &feed);
    return chat_reader_end(&r, chat_object(&r, read_member, &room, why), why);
}
