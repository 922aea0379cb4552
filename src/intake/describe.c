/* describe.c - the properties of a message, in one place. */
#include "intake/describe.h"

#include "base/utf8.h"
#include "intake/question.h"

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const struct str type_names[] = {
    [MESSAGE_UNKNOWN] = {NULL, 0},   [MESSAGE_TEXT] = NAME("text"),
    [MESSAGE_IMAGE] = NAME("image"), [MESSAGE_VOICE] = NAME("voice"),
    [MESSAGE_VIDEO] = NAME("video"), [MESSAGE_STICKER] = NAME("sticker"),
    [MESSAGE_FILE] = NAME("file"),   [MESSAGE_LINK] = NAME("link"),
    [MESSAGE_CARD] = NAME("card"),   [MESSAGE_OTHER] = NAME("other"),
};
static const struct str link_names[] = {
    [LINK_NONE] = {NULL, 0},
    [LINK_REPLY] = NAME("reply"),
    [LINK_QUOTE] = NAME("quote"),
    [LINK_MENTION] = NAME("mention"),
    [LINK_INFERRED] = NAME("inferred"),
    [LINK_REACTION] = NAME("reaction"),
};

struct str message_type_name(enum message_type type)
{
    return type_names[type];
}

enum message_type message_type_parse(struct str name)
{
    for (int t = MESSAGE_TEXT; t <= MESSAGE_OTHER; t++) {
        if (str_eq(name, type_names[t])) return (enum message_type)t;
    }
    return MESSAGE_UNKNOWN;
}

/* Behind a letter or digit an @ is part of an address. */
static bool begins_mention(struct str s, size_t at)
{
    if (at + 1 >= s.len) return false;
    char next = s.p[at + 1], before = at ? s.p[at - 1] : ' ';
    bool word = (before >= '0' && before <= '9') || (before >= 'a' && before <= 'z') ||
                (before >= 'A' && before <= 'Z') || before == '_' || before == '.';
    return !word && next != ' ' && next != '@' && next != '\n' && next != '\t' && next != '\r';
}

static uint32_t count_mentions(struct str s)
{
    uint32_t n = 0;
    for (size_t at = 0; at < s.len; at++) {
        const char *p = memchr(s.p + at, '@', s.len - at);
        if (!p) break;
        at = (size_t)(p - s.p);
        n += begins_mention(s, at);
    }
    return n;
}

struct list {
    struct fact_value *items;
    uint32_t count;
};

static void add_number(struct list *l, struct str name, double number)
{
    l->items[l->count++] = (struct fact_value){name, PROP_NUMBER, number, {NULL, 0}};
}

static void add_flag(struct list *l, struct str name, bool flag)
{
    l->items[l->count++] = (struct fact_value){name, PROP_BOOL, flag, {NULL, 0}};
}

static void add_text(struct list *l, struct str name, struct str text)
{
    l->items[l->count++] = (struct fact_value){name, PROP_TEXT, 0, text};
}

uint32_t describe(const struct described *d, struct fact_value *out)
{
    struct list l = {out, 0};
    bool text = d->type == MESSAGE_TEXT || d->text.len > 0;
    uint32_t mentions = d->counted ? d->mentions : count_mentions(d->text);
    if (text) add_number(&l, STR("length"), (double)utf8_count(d->text));
    if (text) add_flag(&l, STR("question"), !d->signup && is_question(d->text));
    if (text && joins_question(d->text)) add_flag(&l, STR("joins"), true);
    if (d->type != MESSAGE_UNKNOWN) add_text(&l, STR("type"), type_names[d->type]);
    if (d->link != LINK_NONE) add_text(&l, STR("link"), link_names[d->link]);
    if (d->type == MESSAGE_CARD || is_promotion(d->text) || is_promotion(d->links))
        add_flag(&l, STR("promotion"), true);
    if (mentions) add_number(&l, STR("mentions"), mentions);
    struct str lang = text_lang(d->text);
    if (lang.p) add_text(&l, STR("lang"), lang);
    if (d->signup) add_flag(&l, STR("signup"), true);
    return l.count;
}
