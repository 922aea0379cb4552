/* cmd_erase.c - wellfield erase: one member goes, found by an identity; or all whom a list names go
 * (again), from a store that was restored by other means than `wellfield restore`. */
#include <inttypes.h>

#include "brand/erasures.h"
#include "main/options.h"
#include "main/session.h"
#include "people/erasure.h"

static enum err find(struct session *s, struct brand *b, const char *text, const char *source,
                     uint32_t *member, struct why *why)
{
    struct identity id;
    struct str scope = source ? str_of(source) : STR("");
    TRY(fact_identity_parse(str_of(text), &id, s->arena, why));
    TRY(people_find(b, &id, scope, member, why));
    if (*member) return ERR_OK;
    return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%.80s", text);
}

static int replay(struct session *s, const char *list)
{
    struct erase_replay done;
    struct why why = {0};
    enum err err = people_replay_erasures(s->data, session_path(s, list), &done, &why);
    if (err != ERR_OK) return session_fail(s, &why);
    fprintf(s->out, "{\"lines\":%" PRIu64 ",\"personas\":%" PRIu64 ",\"events\":%" PRIu64 "}\n",
            done.lines, done.personas, done.events);
    return EXIT_DONE;
}

int command_erase(struct session *s, int argc, char *const *argv)
{
    const char *data = NULL, *slug = NULL, *key = NULL, *source = NULL, *copy = NULL, *list = NULL;
    struct why why = {0};
    struct brand *b;
    struct people_erased erased = {0};
    uint32_t member = 0;
    uint64_t receipt = 0;
    const struct erase_order by_command = {0, STR("command"), STR("asked")};
    struct erase_order order = by_command;
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {{"data", &data, NULL},
                                     {"brand", &slug, NULL},
                                     {"source", &source, NULL},
                                     {"key", &key, NULL},
                                     {"erasure-log", &copy, NULL},
                                     {"erasures", &list, NULL},
                                     {0}};
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    if (err == ERR_OK && list && rest_count == 0 && !slug) return replay(s, list);
    if (err == ERR_OK && list)
        err = why_fail(&why, ERR_INVALID, MSG_UNKNOWN_OPTION, "--erasures", NULL);
    if (err == ERR_OK && rest_count != 1)
        err = why_fail(&why, ERR_INVALID, MSG_ONE_ARGUMENT, "KIND:VALUE", "%d", rest_count);
    if (err == ERR_OK) err = session_brand(s, slug, &b, &why);
    if (err == ERR_OK) err = find(s, b, rest[0], source, &member, &why);
    if (err == ERR_OK && copy) err = data_copy_erasures(s->data, session_path(s, copy), &why);
    order.member = member;
    if (err == ERR_OK) err = people_erase_for(b, &order, &erased, &receipt, &why);
    if (err != ERR_OK) return session_fail(s, &why);
    fprintf(s->out,
            "{\"member\":\"m%" PRIu32 "\",\"personas\":%" PRIu32 ",\"events\":%" PRIu64
            ",\"parts\":%" PRIu32 ",\"receipt\":%" PRIu64 "}\n",
            member, erased.personas, erased.events, erased.parts, receipt);
    return EXIT_DONE;
}
