/* cmd_init.c - wellfield init: the directory, the key, the first brand and its keys. */
#include <string.h>

#include "account/key.h"
#include "base/utf8.h"
#include "main/options.h"
#include "main/session.h"
#include "people/fact.h"
#include "people/fold.h"

struct init_args {
    const char *data, *brand, *name, *tz, *currency, *preset, *caps, *store, *key;
};

static void facts_of(const struct init_args *args, struct brand_facts *f)
{
    *f = (struct brand_facts){0};
    snprintf(f->slug, sizeof(f->slug), "%s", args->brand ? args->brand : "main");
    snprintf(f->name, sizeof(f->name), "%s", args->name ? args->name : f->slug);
    snprintf(f->zone, sizeof(f->zone), "%s", args->tz ? args->tz : "Asia/Shanghai");
    snprintf(f->currency, sizeof(f->currency), "%s", args->currency ? args->currency : "CNY");
    snprintf(f->preset, sizeof(f->preset), "%s", args->preset ? args->preset : "");
    snprintf(f->caps, sizeof(f->caps), "%s", args->caps ? args->caps : "");
}

static enum err check_args(const struct init_args *args, const struct brand_facts *f,
                           struct why *why)
{
    struct fold_rules rules;
    struct identity_caps caps;
    if (args->brand && strlen(args->brand) > LIMIT_SLUG_BYTES) {
        return why_fail(why, ERR_INVALID, MSG_BAD_SLUG, "--brand", "%d", LIMIT_SLUG_BYTES);
    }
    if (args->name && (strlen(args->name) >= sizeof(f->name) || !utf8_valid(str_of(args->name)))) {
        return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "--name", "%d", (int)sizeof(f->name) - 1);
    }
    if (args->tz && strlen(args->tz) >= sizeof(f->zone)) {
        return why_fail(why, ERR_INVALID, MSG_BAD_ZONE, "--tz", "%.60s", args->tz);
    }
    if (args->currency && strlen(args->currency) != 3) {
        return why_fail(why, ERR_INVALID, MSG_BAD_CURRENCY, "--currency", "%.60s", args->currency);
    }
    if (args->preset && !fold_rules_preset(str_of(args->preset), &rules)) {
        return why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "--preset",
                        "%.60s|training, fresh, knowledge, retail, beauty", args->preset);
    }
    if (args->caps && (strlen(args->caps) >= sizeof(f->caps) ||
                       !identity_caps_parse(str_of(args->caps), &caps))) {
        return why_fail(why, ERR_INVALID, MSG_BAD_CAPS, "--caps", "%d", LIMIT_IDENTITY_CAP);
    }
    return ERR_OK;
}

static enum err add_brand(struct session *s, struct data *d, const struct brand_facts *f,
                          struct why *why)
{
    char token[KEY_TEXT_MAX], public_key[KEY_TEXT_MAX], secret_key[KEY_TEXT_MAX];
    struct brand *b;
    TRY(data_add_brand(d, f, why));
    TRY(data_brand(d, f->slug, &b, why)); /* makes its tables, so that a bad store shows now */
    TRY(key_create(d, f->slug, KEY_TOKEN, token, why));
    TRY(key_create(d, f->slug, KEY_PUBLIC, public_key, why));
    TRY(key_create(d, f->slug, KEY_SECRET, secret_key, why));
    fprintf(s->out,
            "brand             %s\n"
            "api token         %s\n"
            "public write key  %s\n"
            "secret write key  %s\n"
            "\nThese are shown once. Start with: wellfield serve --data %s\n",
            f->slug, token, public_key, secret_key, data_dir(d));
    return ERR_OK;
}

static enum err init(struct session *s, const struct init_args *args, struct why *why)
{
    struct data_options o;
    struct brand_facts f;
    struct data *d;
    facts_of(args, &f);
    TRY(check_args(args, &f, why));
    data_options_fill(&o, args->data, args->key, args->store);
    TRY(data_init(&o, why));
    TRY(data_open(&o, &d, why));
    enum err err = add_brand(s, d, &f, why);
    data_close(d);
    return err;
}

int command_init(struct session *s, int argc, char *const *argv)
{
    struct init_args args = {0};
    struct why why = {0};
    const char **rest = arena_alloc_array(s->arena, (size_t)argc + 1, sizeof(*rest));
    int rest_count;
    const struct option options[] = {
        {"data", &args.data, NULL},         {"brand", &args.brand, NULL},
        {"name", &args.name, NULL},         {"tz", &args.tz, NULL},
        {"currency", &args.currency, NULL}, {"preset", &args.preset, NULL},
        {"caps", &args.caps, NULL},         {"store", &args.store, NULL},
        {"key", &args.key, NULL},           {0},
    };
    enum err err = options_parse(argc, argv, options, rest, &rest_count, &why);
    if (err == ERR_OK && !args.data) err = why_fail(&why, ERR_INVALID, MSG_MISSING, "--data", NULL);
    if (err == ERR_OK && rest_count)
        err = why_fail(&why, ERR_INVALID, MSG_UNKNOWN_OPTION, rest[0], NULL);
    if (err == ERR_OK) err = init(s, &args, &why);
    return err == ERR_OK ? EXIT_DONE : session_fail(s, &why);
}
