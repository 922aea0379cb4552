/* slack_blocks.c - blocks are a tree: rich text of sections, lists and quotes, whose leaves are
 * words, people, links and signs; or sections of an app, with one text. */
#include "intake/slack_blocks.h"

#include "base/json.h"

static void add_plain(struct strbuf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == '&') {
            strbuf_add_text(out, "&amp;");
        } else if (s.p[i] == '<') {
            strbuf_add_text(out, "&lt;");
        } else {
            strbuf_add_char(out, s.p[i]);
        }
    }
}

/* "<", a sign of what it is, and that. */
static void add_marked(struct strbuf *out, const char *sign, struct str what)
{
    if (what.len == 0 || str_find_char(what, '>') != SIZE_MAX) return;
    strbuf_add_char(out, '<');
    strbuf_add_text(out, sign);
    strbuf_add_str(out, what);
    strbuf_add_char(out, '>');
}

/* Something that stands on a line of its own. */
static void begin_line(struct strbuf *out)
{
    if (out->len && out->p[out->len - 1] != '\n') strbuf_add_char(out, '\n');
}

static bool add_leaf(struct chat *c, const struct json *e, struct str type, struct strbuf *out)
{
    static const struct {
        const char *type, *member, *sign;
    } tags[] = {{"user", "user_id", "@"},
                {"channel", "channel_id", "#"},
                {"broadcast", "range", "!"},
                {"link", "url", ""}};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (!str_is(type, tags[i].type)) continue;
        add_marked(out, tags[i].sign, chat_text_of(c, e, tags[i].member));
        return true;
    }
    if (str_is(type, "mrkdwn")) {
        strbuf_add_str(out, chat_text_of(c, e, "text"));
    } else if (str_is(type, "text") || str_is(type, "plain_text")) {
        add_plain(out, chat_text_of(c, e, "text"));
    } else if (str_is(type, "emoji")) {
        strbuf_add_char(out, ':');
        add_plain(out, chat_text_of(c, e, "name"));
        strbuf_add_char(out, ':');
    } else {
        return false;
    }
    return true;
}

void slack_blocks_add(struct chat *c, const struct json *blocks, struct strbuf *out)
{
    for (size_t i = 0; blocks && blocks->type == JSON_ARRAY && i < blocks->count; i++) {
        const struct json *e = &blocks->items[i], *text = json_get(e, "text");
        if (add_leaf(c, e, chat_text_of(c, e, "type"), out)) continue;
        begin_line(out);
        if (text && text->type == JSON_OBJECT)
            (void)add_leaf(c, text, chat_text_of(c, text, "type"), out);
        slack_blocks_add(c, json_get(e, "fields"), out);
        slack_blocks_add(c, json_get(e, "elements"), out);
    }
}
