/* slack.c - an export of a Slack workspace, its files behind each other as bundle.h gives them.
 *
 *   users.json: [{"id", "name", "is_bot", "profile": {"display_name", "real_name"}}, ...]
 *   CHANNEL/2024-01-05.json: [{"type": "message", "user", "text", "ts", ...}, ...]
 *
 * A message is known by its channel and "ts", the seconds at which it was sent. A path only names a
 * channel; one that leads elsewhere is a reject, and its file is passed over. */
#include "base/json.h"
#include "base/utf8.h"
#include "intake/chat.h"
#include "intake/json_feed.h"
#include "intake/slack_blocks.h"

#define PATH_BYTES 500

static struct chat_account *account(struct chat *c, struct str id, struct str name)
{
    if (id.len == 0) return NULL;
    const char *own = arena_printf(c->scratch, "slack:" STR_FMT, STR_ARG(utf8_cut(id, 100)));
    return chat_account(c, IDENTITY_NAME, str_of(own), name);
}

/* The first that is said. */
static struct str name_of(struct chat *c, const struct json *profile, struct str other)
{
    struct str name = chat_text_of(c, profile, "display_name");
    if (name.len == 0) name = chat_text_of(c, profile, "real_name");
    return name.len ? name : other;
}

/* "1500000000.000100" */
static bool read_ts(struct str ts, int64_t *out)
{
    struct str rest = ts;
    int64_t seconds, part = 0;
    if (!str_to_i64(str_cut(&rest, '.'), &seconds)) return false;
    if (seconds > INT64_MAX / 2000 || seconds < INT64_MIN / 2000) return false;
    struct str ms = utf8_cut(rest, 3);
    if (ms.len == 3 && !str_to_i64(ms, &part)) return false;
    *out = seconds * 1000 + part;
    return true;
}

/* ---- text ---- */

/* What stands between < and >: whom it mentions, a channel, a link. */
static void add_tag(struct chat *c, struct str tag, struct chat_line *l, struct strbuf *out)
{
    struct str label = tag;
    struct str what = str_cut(&label, '|');
    bool person = str_starts(what, STR("@U")) || str_starts(what, STR("@W"));
    if (person) {
        struct str id = {what.p + 1, what.len - 1};
        struct chat_account *a = account(c, id, label);
        l->d.mentions++;
        chat_address(l, a, LINK_MENTION);
        strbuf_add_char(out, '@');
        strbuf_add_str(out, a->name.len ? a->name : id);
    } else if (str_starts(what, STR("#")) || str_starts(what, STR("!"))) {
        strbuf_add_char(out, what.p[0] == '#' ? '#' : '@');
        strbuf_add_str(out, label.len ? label : (struct str){what.p + 1, what.len - 1});
    } else {
        strbuf_add_str(out, what);
    }
}

static bool add_entity(struct str s, size_t *at, struct strbuf *out)
{
    static const struct {
        struct str code;
        char sign;
    } list[] = {{{"&amp;", 5}, '&'}, {{"&lt;", 4}, '<'}, {{"&gt;", 4}, '>'}};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (!str_starts((struct str){s.p + *at, s.len - *at}, list[i].code)) continue;
        strbuf_add_char(out, list[i].sign);
        *at += list[i].code.len;
        return true;
    }
    return false;
}

static struct str read_text(struct chat *c, struct str s, struct chat_line *l)
{
    struct strbuf out = {0};
    l->d.counted = true;
    for (size_t at = 0; at < s.len;) {
        const char *end = s.p[at] == '<' ? memchr(s.p + at, '>', s.len - at) : NULL;
        if (end) {
            add_tag(c, (struct str){s.p + at + 1, (size_t)(end - s.p) - at - 1}, l, &out);
            at = (size_t)(end - s.p) + 1;
        } else if (s.p[at] != '&' || !add_entity(s, &at, &out)) {
            strbuf_add_char(&out, s.p[at++]);
        }
    }
    struct str text = arena_str(c->scratch, out.len ? strbuf_str(&out) : STR(""));
    strbuf_finish(&out);
    return text;
}

static enum message_type type_of(struct chat *c, const struct json *row)
{
    static const struct {
        const char *mime;
        enum message_type type;
    } list[] = {{"image/", MESSAGE_IMAGE}, {"video/", MESSAGE_VIDEO}, {"audio/", MESSAGE_VOICE}};
    const struct json *files = json_get(row, "files");
    if (!files || files->type != JSON_ARRAY || files->count == 0) return MESSAGE_TEXT;
    struct str mime = chat_text_of(c, &files->items[0], "mimetype");
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (str_starts(mime, str_of(list[i].mime))) return list[i].type;
    }
    return MESSAGE_FILE;
}

/* ---- messages ---- */

/* The export does not say when: it counts with its message. */
static void put_reactions(struct chat *c, const struct json *row, const struct chat_line *of)
{
    const struct json *list = json_get(row, "reactions");
    for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++) {
        const struct json *users = json_get(&list->items[i], "users");
        struct str sign = utf8_cut(chat_text_of(c, &list->items[i], "name"), 30);
        for (size_t k = 0; users && users->type == JSON_ARRAY && k < users->count; k++) {
            struct chat_line l = {.kind = "message.reacted", .at = of->at, .further = true};
            if (users->items[k].type != JSON_STRING) continue;
            l.who = account(c, users->items[k].string, STR(""));
            if (!l.who) continue;
            chat_address(&l, of->who, LINK_REACTION);
            const char *what = arena_printf(c->scratch, "r:" STR_FMT, STR_ARG(sign));
            l.key = chat_key(c, of->said.message, what, l.who->identity.value);
            l.said.message = of->said.message;
            l.says = true;
            chat_put(c, &l);
        }
    }
}

/* What is said in blocks alone. */
static void read_blocks(struct chat *c, const struct json *row, struct chat_line *l)
{
    struct strbuf out = {0};
    slack_blocks_add(c, json_get(row, "blocks"), &out);
    if (out.len) l->said.text = l->d.text = read_text(c, str_trim(strbuf_str(&out)), l);
    strbuf_finish(&out);
}

/* What a bot says, and links show: a message without words has those of its first attachment. */
static void read_attachments(struct chat *c, const struct json *row, struct chat_line *l)
{
    const struct json *list = json_get(row, "attachments");
    for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++) {
        const struct json *one = &list->items[i];
        struct str text = chat_text_of(c, one, "text");
        if (!text.len) text = chat_text_of(c, one, "fallback");
        if (!l->d.text.len && text.len) l->said.text = l->d.text = read_text(c, text, l);
        chat_link(c, l, chat_text_of(c, one, "title_link"));
        chat_link(c, l, chat_text_of(c, one, "from_url"));
    }
}

static void put_edit(struct chat *c, const struct json *row, const struct chat_line *of)
{
    struct chat_line l = *of;
    struct str ts = chat_text_of(c, json_get(row, "edited"), "ts");
    if (!read_ts(ts, &l.at) || l.at < of->at) return;
    l.kind = "message.edited";
    l.further = l.said.edited = true;
    l.key = chat_key(c, of->said.message, "e", ts);
    l.d.link = LINK_NONE;
    l.other = NULL;
    chat_put(c, &l);
}

/* Bots have an id or at least a name. */
static struct chat_account *writer(struct chat *c, const struct json *row)
{
    struct str name = name_of(c, json_get(row, "user_profile"), STR(""));
    struct str id = chat_text_of(c, row, "user");
    if (id.len) return account(c, id, name);
    name = chat_text_of(c, row, "username");
    id = chat_text_of(c, row, "bot_id");
    return account(c, id.len ? id : name, name);
}

static void take_message(struct chat *c, const struct json *row, struct chat_line *l)
{
    struct str thread = chat_text_of(c, row, "thread_ts");
    l->kind = "message.sent";
    l->says = true;
    l->said.message = l->key;
    if (thread.len && !str_eq(thread, l->key)) l->said.reply_to = thread;
    struct chat_account *parent = chat_author(c, l->said.reply_to);
    if (!parent && l->said.reply_to.len)
        parent = account(c, chat_text_of(c, row, "parent_user_id"), STR(""));
    chat_address(l, parent, LINK_REPLY);
    l->said.text = l->d.text = read_text(c, chat_text_of(c, row, "text"), l);
    l->d.type = type_of(c, row);
    if (!l->d.text.len) read_blocks(c, row, l);
    read_attachments(c, row, l);
    chat_put(c, l);
    put_edit(c, row, l);
    put_reactions(c, row, l);
}

static void take_notice(struct chat *c, const struct json *row, struct chat_line *l, bool joined)
{
    struct chat_account *inviter = account(c, chat_text_of(c, row, "inviter"), STR(""));
    l->kind = joined ? "group.joined" : "group.left";
    if (joined && inviter != l->who) l->other = inviter;
    l->key = chat_key(c, l->key, l->kind, STR(""));
    chat_put(c, l);
}

static bool ends_in(struct str subtype, const char *what)
{
    return str_starts(subtype, STR("channel_")) || str_starts(subtype, STR("group_"))
               ? str_ends(subtype, str_of(what))
               : false;
}

static enum err take_row(struct chat_reader *r, const struct json *row, struct why *why)
{
    static const char *const spoken[] = {"",           "bot_message",      "me_message",
                                         "file_share", "thread_broadcast", "file_comment"};
    struct chat *c = &r->chat;
    struct str subtype = chat_text_of(c, row, "subtype");
    struct chat_line l = {.key = chat_text_of(c, row, "ts")};
    bool joined = ends_in(subtype, "_join"), left = ends_in(subtype, "_leave"), talk = false;
    for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++)
        talk |= str_is(subtype, spoken[i]);
    if (!joined && !left && !talk) {
        chat_skip(c);
        return ERR_OK;
    }
    if (l.key.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "ts", NULL);
    if (!read_ts(l.key, &l.at))
        return why_fail(why, ERR_INVALID, MSG_BAD_TIME, "ts", STR_FMT,
                        STR_ARG(utf8_cut(l.key, 60)));
    l.who = writer(c, row);
    if (!l.who) return why_fail(why, ERR_INVALID, MSG_MISSING, "user", NULL);
    if (talk) take_message(c, row, &l);
    if (!talk) take_notice(c, row, &l, joined);
    return ERR_OK;
}

/* ---- files ---- */

/* People of the workspace are no rows. */
static enum err take_user(struct chat_reader *r, const struct json *row, struct why *why)
{
    struct chat *c = &r->chat;
    struct str name = name_of(c, json_get(row, "profile"), chat_text_of(c, row, "real_name"));
    (void)why;
    if (name.len == 0) name = chat_text_of(c, row, "name");
    (void)account(c, chat_text_of(c, row, "id"), name);
    c->p->batch->counts.read--;
    return ERR_OK;
}

/* The line behind a FEED_END. */
static enum err read_path(struct chat_reader *r, char path[PATH_BYTES], bool *more, struct why *why)
{
    struct line line;
    struct window *w = r->feed->w;
    TRY(window_line(w, &line, more, why));
    if (!*more) return ERR_OK;
    w->line = 1; /* lines are told as of the file */
    r->feed->line_at = r->feed->offset;
    struct str name = utf8_cut(line.text, PATH_BYTES - 1);
    memcpy(path, name.p, name.len);
    path[name.len] = '\0';
    return ERR_OK;
}

enum place { PLACE_USERS, PLACE_CHANNEL, PLACE_PRIVATE, PLACE_NONE, PLACE_WRONG };

/* Only "folder/file.json" of a folder that could be a channel holds messages. */
static enum place place_of(struct str path, struct str *channel)
{
    struct str rest = path;
    *channel = str_cut(&rest, '/');
    bool leads_out = str_find(path, STR("..")) != SIZE_MAX ||
                     str_find_char(path, '\\') != SIZE_MAX ||
                     str_find_char(path, '?') != SIZE_MAX || str_find_char(path, ':') != SIZE_MAX;
    if (leads_out || channel->len == 0 || !utf8_valid(path)) return PLACE_WRONG;
    if (str_is(path, "users.json")) return PLACE_USERS;
    if (!rest.p || rest.len == 0) return PLACE_NONE;
    if (str_find_char(rest, '/') != SIZE_MAX) return PLACE_WRONG;
    bool direct = channel->len >= 9 && channel->p[0] == 'D';
    for (size_t i = 0; direct && i < channel->len; i++)
        direct = (channel->p[i] >= 'A' && channel->p[i] <= 'Z') ||
                 (channel->p[i] >= '0' && channel->p[i] <= '9');
    return direct || str_starts(*channel, STR("mpdm-")) ? PLACE_PRIVATE : PLACE_CHANNEL;
}

static enum err read_file(struct chat_reader *r, const char *path, bool *room, struct why *why)
{
    struct chat *c = &r->chat;
    struct str channel;
    struct why own = {0};
    enum place place = place_of(str_of(path), &channel);
    r->row = place == PLACE_USERS ? take_user : take_row;
    if (place == PLACE_NONE) return ERR_OK;
    if (place == PLACE_WRONG) {
        parse_row(c->p, 0, str_of(path));
        (void)why_fail(&own, ERR_INVALID, MSG_ARCHIVE_PATH, path, NULL);
        parse_reject(c->p, 0, &own);
        return ERR_OK;
    }
    if (place != PLACE_USERS) chat_open(c, channel, channel);
    c->passed_over = place == PLACE_PRIVATE;
    TRY(chat_rows(r, room, why));
    chat_report(r);
    return ERR_OK;
}

static enum err read_all(struct chat_reader *r, struct why *why)
{
    bool more, room = true;
    TRY(feed_skip_text(r->feed, &more, why));
    while (more && room) {
        char path[PATH_BYTES];
        TRY(read_path(r, path, &more, why));
        if (!more) break;
        room = parse_room(r->chat.p);
        r->file = path;
        if (room) TRY(read_file(r, path, &room, why));
        r->file = NULL;
        if (room) TRY(feed_skip_text(r->feed, &more, why));
    }
    return ERR_OK;
}

enum err slack_parse(struct parse *p, struct why *why)
{
    struct json_feed feed;
    struct chat_reader r = {.row = take_row};
    chat_reader_begin(&r, p, &feed);
    return chat_reader_end(&r, read_all(&r, why), why);
}
