/* chat_notice.c - sentences of WeChat and WeCom, read from the left:
 *
 *   "A"邀请"B、C"加入了群聊         "B"通过扫描"A"分享的二维码加入群聊     "B"加入了群聊
 *   "A"将"B"移出了群聊              "B"退出了群聊
 *   "A" 撤回了一条消息              "A" 拍了拍 "B"
 *
 * A name stands in quotes, straight or curly; 你 and 我 are the one who made the export. */
#include "intake/chat_notice.h"

struct reader {
    struct str rest;
};

static void spaces(struct reader *r)
{
    while (r->rest.len && (r->rest.p[0] == ' ' || r->rest.p[0] == '\t'))
        r->rest = (struct str){r->rest.p + 1, r->rest.len - 1};
}

static bool take(struct reader *r, const char *text)
{
    struct str s = str_of(text);
    spaces(r);
    if (!str_starts(r->rest, s)) return false;
    r->rest = (struct str){r->rest.p + s.len, r->rest.len - s.len};
    return true;
}

/* What stands before 'end'. */
static bool up_to(struct reader *r, const char *end, struct str *out)
{
    size_t at = str_find(r->rest, str_of(end));
    if (at == SIZE_MAX || at == 0) return false;
    *out = (struct str){r->rest.p, at};
    r->rest = (struct str){r->rest.p + at, r->rest.len - at};
    return take(r, end);
}

/* A name, or {NULL, 0} for the exporter. */
static bool name(struct reader *r, struct str *out)
{
    *out = (struct str){NULL, 0};
    if (take(r, "你和") || take(r, "你、")) return name(r, out);
    if (take(r, "你") || take(r, "我")) return true;
    if (take(r, "\"")) return up_to(r, "\"", out);
    return take(r, "“") && up_to(r, "”", out);
}

static bool joined(struct reader *r)
{
    return take(r, "加入了群聊") || take(r, "加入群聊");
}

static bool read_joined(struct reader r, struct str first, struct chat_notice *out)
{
    struct str second;
    out->kind = NOTICE_JOINED;
    out->who = first;
    if (joined(&r)) return true;
    if (take(&r, "通过扫描")) {
        bool known = name(&r, &out->other) && take(&r, "分享的二维码") && joined(&r);
        return known;
    }
    if (!take(&r, "邀请") || !name(&r, &second)) return false;
    out->other = first;
    out->who = second;
    return joined(&r);
}

static bool read_left(struct reader r, struct str first, struct chat_notice *out)
{
    out->kind = NOTICE_LEFT;
    out->who = first;
    if (take(&r, "退出了群聊")) return true;
    return take(&r, "将") && name(&r, &out->who) && take(&r, "移出了群聊");
}

static bool read_act(struct reader r, struct str first, struct chat_notice *out)
{
    out->kind = NOTICE_RECALLED;
    out->who = first;
    if (take(&r, "撤回了一条消息")) return true;
    out->kind = NOTICE_NUDGED;
    return take(&r, "拍了拍") && name(&r, &out->other);
}

bool chat_notice_read(struct str text, struct chat_notice *out)
{
    static bool (*const readers[])(struct reader, struct str,
                                   struct chat_notice *) = {read_joined, read_left, read_act};
    struct reader r = {str_trim(text)};
    struct str first;
    if (!name(&r, &first)) return false;
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        *out = (struct chat_notice){.kind = NOTICE_JOINED};
        if (readers[i](r, first, out)) return out->who.len > 0;
    }
    return false;
}

struct str chat_notice_next(struct str *names)
{
    static const struct str between = {"、", 3};
    while (names->len) {
        struct str rest = *names;
        size_t at = str_find(rest, between);
        struct str one = {rest.p, at == SIZE_MAX ? rest.len : at};
        size_t used = at == SIZE_MAX ? rest.len : at + between.len;
        *names = (struct str){rest.p + used, rest.len - used};
        one = str_trim(one);
        if (one.len) return one;
    }
    return (struct str){NULL, 0};
}
