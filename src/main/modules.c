/* modules.c - the rooms of the product, in the order in which events pass through them. */
#include "account/store.h"
#include "base/env.h"
#include "groups/checkup.h"
#include "intake/import.h"
#include "main/session.h"
#include "moderation/moderation.h"
#include "people/people.h"
#include "saved/saved.h"
#include "scores/scores.h"
#include "segments/segments.h"
#include "today/today.h"

const struct module *const product_modules[] = {
    &people_module, &scores_module,     &segments_module, &today_module,  &groups_module,
    &health_module, &moderation_module, &saved_module,    &import_module, NULL};

void data_options_fill(struct data_options *o, const char *dir, const char *key, const char *store)
{
    *o = (struct data_options){
        .dir = dir,
        .key_path = key,
        .store = store,
        .env = env_system(),
        .modules = product_modules,
        .server_tables = account_migrations,
    };
}
