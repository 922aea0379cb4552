/* options.c - see options.h. */
#include "main/options.h"

#include <stdio.h>
#include <string.h>

static enum err bad(struct why *why, enum msg msg, const char *arg)
{
    char field[90];
    snprintf(field, sizeof(field), "%.80s", arg);
    return why_fail(why, ERR_INVALID, msg, field, NULL);
}

static const struct option *find(const struct option *list, const char *name, size_t len)
{
    for (; list->name; list++) {
        if (strlen(list->name) == len && strncmp(list->name, name, len) == 0) return list;
    }
    return NULL;
}

enum err options_parse(int argc, char *const *argv, const struct option *list, const char **rest,
                       int *rest_count, struct why *why)
{
    bool ended = false;
    *rest_count = 0;
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        if (ended || strncmp(arg, "--", 2) != 0) {
            rest[(*rest_count)++] = arg;
            continue;
        }
        ended = arg[2] == '\0';
        if (ended) continue;
        const char *equals = strchr(arg, '=');
        size_t len = equals ? (size_t)(equals - arg) - 2 : strlen(arg) - 2;
        const struct option *o = find(list, arg + 2, len);
        if (!o) return bad(why, MSG_UNKNOWN_OPTION, arg);
        if (o->flag) {
            if (equals) return bad(why, MSG_TAKES_NO_VALUE, arg);
            *o->flag = true;
        } else if (equals) {
            *o->value = equals + 1;
        } else if (i + 1 < argc) {
            *o->value = argv[++i];
        } else {
            return bad(why, MSG_NEEDS_VALUE, arg);
        }
    }
    return ERR_OK;
}
