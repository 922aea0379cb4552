/* chat_signup.c - the lines behind a number, looked up among those that were seen. */
#include "intake/chat_signup.h"

/* "12. words", "12、words", "12 words": the words; {NULL, 0} for other lines. */
static struct str numbered(struct str line)
{
    size_t n = 0;
    while (n < line.len && line.p[n] >= '0' && line.p[n] <= '9')
        n++;
    struct str rest = {line.p + n, line.len - n};
    if (n == 0 || n > 4) return (struct str){NULL, 0};
    if (str_starts(rest, STR("、"))) return str_trim((struct str){rest.p + 3, rest.len - 3});
    if (!rest.len || (rest.p[0] != '.' && rest.p[0] != ' ')) return (struct str){NULL, 0};
    return str_trim((struct str){rest.p + 1, rest.len - 1});
}

struct str chat_signup_new(struct recent *seen, struct str group, struct str text,
                           struct arena *arena)
{
    struct str rest = str_trim(text), last = STR(""), title = {NULL, 0};
    uint64_t list = recent_hash(group), known;
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    bool any = false;
    (void)str_cut(&rest, '\n'); /* #接龙 */
    while (rest.len) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        struct str words = numbered(line);
        if (line.len) last = line;
        if (line.len && !title.p && !words.p) list ^= recent_hash(title = line) * 3;
        if (!words.p || words.len == 0) continue;
        any = true;
        uint64_t hash = recent_hash(words) ^ list * 5;
        if (recent_get(seen, hash, &known)) continue;
        recent_put(seen, hash, 1);
        if (len) out[len++] = '\n';
        memcpy(out + len, words.p, words.len);
        len += words.len;
    }
    return any ? (struct str){out, len} : last;
}
