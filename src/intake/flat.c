/* flat.c - messages as plain objects of JSON, as chatlog and many scripts write them: in a list, in
 * an object that has such a list, or one a line.
 *
 *   {"seq", "time", "talker", "talkerName", "sender", "senderName", "type", "subType", "content"}
 *
 * Members are known by several names; the first of a list that is there counts. What the chat
 * program says itself is told by the type, and read as a sentence. */
#include <inttypes.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/chat.h"
#include "intake/chat_notice.h"
#include "intake/chat_signup.h"
#include "intake/chat_text.h"
#include "intake/chat_type.h"
#include "intake/json_feed.h"

#define LISTS "messages\0data\0list\0items\0records\0"

/* Names parted by NULs. */
static const struct json *member(const struct json *row, const char *names)
{
    for (; *names; names += strlen(names) + 1) {
        const struct json *v = json_get(row, names);
        if (v && v->type != JSON_NULL) return v;
    }
    return NULL;
}

static struct str text_member(struct chat *c, const struct json *row, const char *names)
{
    for (; *names; names += strlen(names) + 1) {
        struct str s = chat_text_of(c, row, names);
        if (s.p) return s;
    }
    return (struct str){NULL, 0};
}

/* Of private talk no group is named. */
static bool open_group(struct chat *c, const struct json *row)
{
    static const struct str room = {"@chatroom", 9};
    struct str talker = text_member(c, row, "talker\0Talker\0");
    struct str name =
        text_member(c, row, "talkerName\0TalkerName\0group\0group_name\0room\0channel\0chat\0");
    if (c->p->options->group) return true;
    if (talker.len && !str_ends(talker, room)) return false;
    if (name.len == 0 && talker.len == 0) return true;
    if (name.len == 0) name = talker;
    if (!str_eq(c->group, name)) chat_open(c, talker.len ? talker : name, name);
    return true;
}

static struct chat_account *writer(struct chat *c, const struct json *row)
{
    struct str name =
        text_member(c, row, "senderName\0sender_name\0from_name\0nickname\0author_name\0name\0");
    struct str id = text_member(c, row, "sender\0Sender\0sender_id\0from_id\0user_id\0author_id\0");
    if (id.len == 0) id = text_member(c, row, "from\0user\0author\0");
    if (id.len == 0) return chat_named(c, name);
    return chat_account(c, IDENTITY_NAME, utf8_cut(id, LIMIT_IDENTITY_BYTES), name);
}

/* ---- notices ---- */

static void put_notice(struct chat *c, const struct chat_notice *n, struct str name, int64_t at,
                       bool further)
{
    static const char *const kinds[] = {"group.joined", "group.left", "message.recalled",
                                        "message.reacted"};
    struct chat_line l = {.kind = kinds[n->kind], .at = at, .further = further};
    l.who = chat_named(c, name);
    struct chat_account *other = n->other.len ? chat_named(c, n->other) : NULL;
    if (n->kind == NOTICE_NUDGED) chat_address(&l, other, LINK_REACTION);
    if (n->kind != NOTICE_NUDGED && other != l.who) l.other = other;
    l.key = str_of(
        arena_printf(c->scratch, "%s:%016" PRIx64 ":%" PRId64, l.kind, recent_hash(name), at));
    chat_put(c, &l);
}

static void take_notice(struct chat *c, struct str text, int64_t at)
{
    struct chat_notice n;
    bool any = false;
    if (chat_notice_read(text, &n)) {
        for (struct str name; (name = chat_notice_next(&n.who)).p; any = true)
            put_notice(c, &n, name, at, any);
    }
    if (!any) chat_skip(c);
}

/* ---- messages ---- */

/* What the text says of whom it is for, where the row does not. */
static void read_text(struct chat_reader *r, struct str text, struct chat_line *l)
{
    struct chat *c = &r->chat;
    struct chat_text t;
    chat_text_read(text, &t);
    l->d.text = t.said;
    l->d.signup = t.signup;
    if (t.signup) l->d.text = chat_signup_new(r->own, c->place, text, c->scratch);
    if (t.coded) l->d.text = chat_text_plain(t.said, c->scratch);
    if (t.answers.len && l->said.reply_to.len == 0) l->said.reply_to = t.answers;
    chat_address(l, chat_author(c, l->said.reply_to), LINK_REPLY);
    chat_address(l, chat_known(c, t.quoted), LINK_QUOTE);
    chat_address(l, chat_known(c, t.mentioned), LINK_MENTION);
    l->said.text = l->d.text;
}

/* chatlog gives the message that is quoted whole. */
static void read_quote(struct chat *c, const struct json *row, struct chat_line *l)
{
    const struct json *of = json_get(json_get(row, "contents"), "refer");
    if (!of) return;
    if (l->said.reply_to.len == 0) l->said.reply_to = text_member(c, of, "seq\0id\0");
    chat_address(l, chat_author(c, l->said.reply_to), LINK_QUOTE);
    chat_address(l, chat_known(c, chat_text_of(c, of, "senderName")), LINK_QUOTE);
}

static enum err take_row(struct chat_reader *r, const struct json *row, struct why *why)
{
    struct chat *c = &r->chat;
    struct chat_line l = {.kind = "message.sent", .says = true};
    struct str type = text_member(c, row, "type\0Type\0message_type\0");
    struct str text = text_member(c, row, "content\0Content\0text\0message\0body\0StrContent\0");
    if (!open_group(c, row)) {
        chat_skip(c);
        return ERR_OK;
    }
    const struct json *at =
        member(row, "time\0Time\0timestamp\0date\0at\0created_at\0createTime\0CreateTime\0");
    if (!at) return why_fail(why, ERR_INVALID, MSG_MISSING, "time", NULL);
    if (!chat_time(c, at, &l.at))
        return why_fail(why, ERR_INVALID, MSG_BAD_TIME, "time", STR_FMT,
                        STR_ARG(utf8_cut(at->type == JSON_STRING ? at->string : STR(""), 60)));
    if (chat_type_is_notice(type)) {
        take_notice(c, text, l.at);
        return ERR_OK;
    }
    l.who = writer(c, row);
    if (!l.who) return why_fail(why, ERR_INVALID, MSG_MISSING, "sender", NULL);
    l.key = l.said.message = text_member(c, row, "id\0message_id\0msg_id\0MsgSvrID\0seq\0");
    l.said.reply_to = text_member(c, row, "reply_to\0reply_to_id\0reply_to_message_id\0");
    l.said.links = l.d.links = text_member(c, row, "links\0");
    l.said.qr = text_member(c, row, "qr\0");
    l.d.type = chat_type(type, text_member(c, row, "subType\0SubType\0"));
    if (l.d.type == MESSAGE_UNKNOWN) l.d.type = MESSAGE_TEXT;
    read_quote(c, row, &l);
    if (l.d.type == MESSAGE_TEXT) read_text(r, text, &l);
    chat_put(c, &l);
    return ERR_OK;
}

/* ---- the file ---- */

static enum err read_member(struct chat_reader *r, struct str key, bool *room, struct why *why)
{
    struct feed_value other;
    for (const char *name = LISTS; *name; name += strlen(name) + 1) {
        if (str_is(key, name)) return chat_rows(r, room, why);
    }
    return feed_take(r->feed, &other, why);
}

/* Is the first line whole by itself? */
static bool is_by_line(const struct window *w, struct arena *scratch)
{
    const char *p = w->p + w->at, *end = memchr(p, '\n', w->len - w->at);
    const struct json *row;
    if (!end && !w->ended) return false;
    struct str line = str_trim((struct str){p, end ? (size_t)(end - p) : w->len - w->at});
    if (json_parse(scratch, line, &row, NULL) != ERR_OK || row->type != JSON_OBJECT) return false;
    const struct json *list = member(row, LISTS);
    return !list || list->type != JSON_ARRAY;
}

static enum err read_lines(struct chat_reader *r, struct why *why)
{
    struct parse *p = r->chat.p;
    r->lists++;
    while (parse_room(p)) {
        struct line line;
        bool more;
        arena_reset(r->chat.scratch);
        TRY(window_line(&p->rows, &line, &more, why));
        if (!more) break;
        if (str_trim(line.text).len) chat_row(r, &line);
    }
    return ERR_OK;
}

static enum err read_all(struct chat_reader *r, struct why *why)
{
    bool room = true;
    char first;
    TRY(feed_peek(r->feed, &first, why));
    if (first == '[') return chat_rows(r, &room, why);
    if (first == '{' && is_by_line(r->feed->w, r->chat.scratch)) return read_lines(r, why);
    return chat_object(r, read_member, &room, why);
}

enum err flat_parse(struct parse *p, struct why *why)
{
    struct json_feed feed;
    struct recent *signups = recent_create();
    struct chat_reader r = {.row = take_row, .own = signups};
    chat_reader_begin(&r, p, &feed);
    r.chat.infers = true;
    enum err err = chat_reader_end(&r, read_all(&r, why), why);
    recent_destroy(signups);
    return err;
}
