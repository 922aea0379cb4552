/* session.c - what every command needs. */
#include "main/session.h"

#include <stdlib.h>
#include <string.h>

const char *session_path(struct session *s, const char *path)
{
    if (path[0] == '/' || strcmp(path, "-") == 0) return path;
    return arena_printf(s->arena, "%s/%s", s->cwd, path);
}

enum lang session_lang(void)
{
    const char *lang = getenv("LC_ALL");
    if (!lang || !*lang) lang = getenv("LC_MESSAGES");
    if (!lang || !*lang) lang = getenv("LANG");
    return lang && strncmp(lang, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
}

int session_fail(struct session *s, const struct why *why)
{
    char text[640];
    why_text(why, s->lang, text, sizeof(text));
    fprintf(s->err, "wellfield: %s\n", text);
    return why->err == ERR_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

enum err session_brand(struct session *s, const char *slug, struct brand **out, struct why *why)
{
    if (!slug && data_brand_count(s->data) == 1) {
        struct brand_facts f = data_brand_facts(s->data, 0);
        return data_brand(s->data, f.slug, out, why);
    }
    if (!slug) return why_fail(why, ERR_INVALID, MSG_MISSING, "--brand", NULL);
    return data_brand(s->data, slug, out, why);
}
