/* irc_notice.c - notices are known by their wording; where /me looks like one, by all of it. */
#include "intake/irc_notice.h"

#include <string.h>

static const struct str known_as = {"is now known as ", 16};

struct str irc_nick(struct str nick)
{
    nick = str_trim(nick);
    if (nick.len > 1 && strchr("@+%~&!", nick.p[0])) nick = (struct str){nick.p + 1, nick.len - 1};
    return nick;
}

/* The next word; what is left begins with no blank. */
static struct str word(struct str *s)
{
    size_t end = 0;
    while (end < s->len && s->p[end] != ' ' && s->p[end] != '\t')
        end++;
    struct str w = {s->p, end};
    *s = str_trim((struct str){s->p + end, s->len - end});
    return w;
}

static bool begins(struct str s, const char *const list[])
{
    for (size_t i = 0; list[i]; i++) {
        if (str_starts(s, str_of(list[i]))) return true;
    }
    return false;
}

/* *** Joins: nick (host) */
static bool is_movement(struct str verb)
{
    static const char *const verbs[] = {"Joins:", "Parts:", "Quits:", NULL};
    return begins(verb, verbs) && verb.len == 6;
}

/* === nick [host] has joined #channel; odd clients have nicks of several words. */
static bool is_presence(struct str notice)
{
    static const char *const phrases[] = {" has joined", " has left", " has quit",
                                          " entered the room", " left the room"};
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (str_find(notice, str_of(phrases[i])) != SIZE_MAX) return true;
    }
    return false;
}

static bool read_rename(struct str nick, struct str rest, struct irc_line *out)
{
    if (!str_starts(rest, known_as)) return false;
    rest = str_trim((struct str){rest.p + known_as.len, rest.len - known_as.len});
    struct str name = irc_nick(word(&rest));
    if (!nick.len || !name.len || rest.len) return false;
    out->nick = nick;
    out->text = name;
    out->what = IRC_RENAME;
    return true;
}

void irc_notice_read(struct str said, struct irc_line *out)
{
    struct str rest = str_trim(said), whole = rest;
    out->what = IRC_NOTE;
    out->nick = irc_nick(word(&rest));
    size_t behind = (size_t)(rest.p - whole.p); /* the blank before it belongs to a phrase */
    if (rest.len && behind) rest = (struct str){rest.p - 1, rest.len + 1};
    if (is_movement(out->nick) || is_presence(rest))
        out->what = IRC_PRESENCE;
    else
        (void)read_rename(out->nick, str_trim(rest), out);
}

/* ---- where a star stands for both ---- */

/* "nick (user@host) has joined #channel"; HexChat names no host of who quits. */
static bool has_moved(struct str rest)
{
    static const char *const verbs[] = {"has joined", "has left", "has quit", "Quit", NULL};
    bool host = false;
    while (str_starts(rest, STR("("))) {
        struct str of = word(&rest);
        host |= str_ends(of, STR(")"));
    }
    return (host && begins(rest, verbs)) || str_starts(rest, STR("has quit ("));
}

/* Of the channel or of the client. */
static bool is_house(struct str said)
{
    static const char *const list[] = {
        "Now talking in #", "Now talking on #", "Rejoined channel #", "Topic is '", "Topic for #",
        "Disconnected",     "Looking up ",      "Connecting to ",     "Connected.", "You are now ",
        "You have ",        "Channel #",        "Retrieving #",       NULL};
    return begins(said, list) ||
           (str_starts(said, STR("Set by ")) && str_find(said, STR(" on ")) != SIZE_MAX);
}

/* What somebody did to the channel. */
static bool is_act(struct str rest)
{
    static const char *const list[] = {"sets mode: ",
                                       "sets mode ",
                                       "sets ban on ",
                                       "removes ban on ",
                                       "gives channel operator status to ",
                                       "removes channel operator status from ",
                                       "gives voice to ",
                                       "removes voice from ",
                                       "was kicked by ",
                                       "has kicked ",
                                       "has changed the topic to: ",
                                       "changes topic to '",
                                       NULL};
    return begins(rest, list);
}

void irc_star_read(struct str said, struct irc_line *out)
{
    struct str rest = str_trim(said), whole = rest;
    struct str nick = irc_nick(word(&rest));
    out->what = IRC_NOTE;
    out->nick = nick;
    if (!nick.len || nick.p[0] == '*') return;
    if (is_movement(nick) || has_moved(rest)) {
        out->what = IRC_PRESENCE;
    } else if (!is_house(whole) && !is_act(rest) && !read_rename(nick, rest, out)) {
        out->what = IRC_MESSAGE;
        out->text = rest;
    }
}

/* Action: nick waves; Nick change: a -> b; nick (host) joined #channel. */
void irc_eggdrop_read(struct str said, struct irc_line *out)
{
    static const char *const verbs[] = {"joined #", "left #", "left irc", "rejoined #", NULL};
    static const struct str action = {"Action: ", 8}, change = {"Nick change: ", 13};
    struct str rest = str_trim(said);
    bool acts = str_starts(rest, action), renames = str_starts(rest, change);
    size_t sign = acts ? action.len : renames ? change.len : 0;
    rest = (struct str){rest.p + sign, rest.len - sign};
    struct str nick = irc_nick(word(&rest));
    out->what = IRC_NOTE;
    if (acts && nick.len) {
        out->what = IRC_MESSAGE;
        out->nick = nick;
        out->text = rest;
    } else if (renames && str_starts(rest, STR("-> "))) {
        out->what = IRC_RENAME;
        out->nick = nick;
        out->text = irc_nick((struct str){rest.p + 3, rest.len - 3});
    } else if (str_starts(rest, STR("("))) {
        (void)word(&rest);
        if (begins(rest, verbs)) out->what = IRC_PRESENCE;
    }
}
