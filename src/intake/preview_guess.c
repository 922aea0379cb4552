/* preview_guess.c - what a file is, by its first lines. */
#include "intake/preview.h"

#define LINES 50

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t words(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += !is_space(s.p[i]) && (i == 0 || is_space(s.p[i - 1]));
    return n;
}

/* [09:14] or [2004-12-25 or === */
static bool is_chat(struct str s)
{
    if (str_starts(s, STR("=== "))) return true;
    if (s.len < 6 || s.p[0] != '[' || !is_digit(s.p[1]) || !is_digit(s.p[2])) return false;
    return s.p[3] == ':' || (is_digit(s.p[3]) && is_digit(s.p[4]) && s.p[5] == '-');
}

/* A message of the Segment protocol says its type; an event of ours has none. */
static bool is_segment(struct str line)
{
    static const char *const types[] = {"track", "identify", "page", "screen", "group", "alias"};
    struct str rest = line;
    size_t at = str_find(rest, STR("\"type\""));
    if (str_find(line, STR("\"identities\"")) != SIZE_MAX || at == SIZE_MAX) return false;
    rest = (struct str){rest.p + at + 6, rest.len - at - 6};
    size_t open = str_find_char(rest, '"');
    if (open == SIZE_MAX) return false;
    rest = (struct str){rest.p + open + 1, rest.len - open - 1};
    struct str type = str_cut(&rest, '"');
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_is(type, types[i])) return true;
    }
    return false;
}

struct signs {
    size_t lines, chat;
    size_t words; /* of each line; 0 = they differ */
    bool parted;  /* some line holds a delimiter of csv */
};

static bool is_parted(struct str s)
{
    return str_find_char(s, ',') != SIZE_MAX || str_find_char(s, ';') != SIZE_MAX ||
           str_find_char(s, '\t') != SIZE_MAX;
}

static void look(struct signs *s, struct str line)
{
    size_t n = words(line);
    s->words = s->lines == 0 || s->words == n ? n : 0;
    s->lines++;
    s->chat += is_chat(line);
    s->parted |= is_parted(line);
}

static bool holds(struct str text, const char *name)
{
    return str_find(text, str_of(name)) != SIZE_MAX;
}

/* "name" : [ */
static bool has_list(struct str text, const char *name)
{
    size_t at = str_find(text, str_of(name));
    if (at == SIZE_MAX) return false;
    struct str rest =
        str_trim((struct str){text.p + at + strlen(name), text.len - at - strlen(name)});
    if (!str_starts(rest, STR(":"))) return false;
    return str_starts(str_trim((struct str){rest.p + 1, rest.len - 1}), STR("["));
}

/* A document of JSON that is an export of chats; false when it is something else. */
static bool is_chat_export(struct str text, enum import_format *out)
{
    struct str s = str_trim(text);
    if (s.len && s.p[0] == '[' && holds(s, "\"content\"") && holds(s, "\"time\"")) {
        *out = IMPORT_MESSAGES;
        return true;
    }
    if (s.len == 0 || s.p[0] != '{') return false;
    if (holds(s, "\"guild\"") && holds(s, "\"channel\"")) {
        *out = IMPORT_DISCORD;
        return true;
    }
    *out = IMPORT_TELEGRAM;
    if (holds(s, "\"chats\"") && holds(s, "\"list\"")) return true;
    return has_list(s, "\"messages\"") && holds(s, "\"type\"");
}

enum import_format preview_guess(struct str text)
{
    struct signs s = {0};
    enum import_format chat;
    if (is_chat_export(text, &chat)) return chat;
    if (str_starts(text, STR("From ")) && holds(text, "\nFrom:") && holds(text, "\nDate:"))
        return IMPORT_MBOX;
    while (text.len && s.lines < LINES) {
        struct str line = str_trim(str_cut(&text, '\n'));
        if (line.len == 0) continue;
        if (s.lines == 0 && line.p[0] == '{')
            return is_segment(line) ? IMPORT_SEGMENT : IMPORT_JSONL;
        if (text.p || s.lines == 0) look(&s, line); /* the last may be cut */
    }
    if (s.chat * 2 > s.lines) return IMPORT_IRC;
    return !s.parted && s.words > 1 ? IMPORT_COLUMNS : IMPORT_CSV;
}
