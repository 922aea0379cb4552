/* routes_brand.c - what the console asks of a brand as a whole: the overview, the names that
 * queries can use, the settings. */
#include "api/internal.h"
#include "api/members.h"
#include "api/put.h"
#include "api/sight.h"
#include "people/kinds.h"

#define CATALOG_CODES_MAX 1000 /* of each dimension */

static enum err get_overview(struct call *c, struct json_writer *w, struct why *why)
{
    return overview_write_within(c->api->overviews, c->brand, sight_expression(c), w->out, why);
}

/* ---- the catalog ---- */

static void put_kinds(const struct call *c, struct json_writer *w)
{
    static const char *const families[] = {
        [FAMILY_OWN] = "own",           [FAMILY_TOUCHPOINT] = "touchpoint",
        [FAMILY_IDENTITY] = "identity", [FAMILY_RELATION] = "relation",
        [FAMILY_TALK] = "talk",         [FAMILY_MIRROR] = "mirror",
        [FAMILY_CONTENT] = "content",   [FAMILY_PARTICIPATION] = "participation",
        [FAMILY_TRADE] = "trade",       [FAMILY_CAMPAIGN] = "campaign",
        [FAMILY_VOUCHER] = "voucher",   [FAMILY_TOUCH] = "touch",
        [FAMILY_FIELD] = "field",       [FAMILY_SERVICE] = "service",
        [FAMILY_DERIVED] = "derived",
    };
    put_array(w, "kinds");
    for (uint32_t k = 1; k <= registry_kind_count(c->brand); k++) {
        struct str name = registry_kind_name(c->brand, (int)k);
        enum kind_family family = kind_family(name);
        json_begin_object(w);
        put_str(w, "kind", name);
        put_str(w, "label", registry_kind_label(c->brand, (int)k));
        put_text(w, "family", families[family]);
        put_bool(w, "derived", family == FAMILY_DERIVED);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_props(const struct call *c, struct json_writer *w)
{
    static const char *const types[] = {
        [PROP_TEXT] = "text", [PROP_NUMBER] = "number", [PROP_BOOL] = "bool"};
    put_array(w, "props");
    for (uint32_t id = 1; id <= registry_prop_count(c->brand); id++) {
        enum prop_type type;
        struct str name = registry_prop_name(c->brand, id, &type);
        json_begin_object(w);
        put_str(w, "name", name);
        put_text(w, "type", types[type]);
        json_end_object(w);
    }
    json_end_array(w);
}

static enum err put_traits(struct json_writer *w, struct sql *db)
{
    struct sql_stmt *s = sql_use(db, "SELECT name, type FROM trait_name ORDER BY name");
    put_array(w, "traits");
    for (bool row;;) {
        struct str spelling;
        TRY(sql_step(s, &row));
        if (!row) break;
        int64_t type = sql_int(s, 1);
        json_begin_object(w);
        put_str(w, "name", sql_str(s, 0));
        put_text(w, "type", type == TYPE_TEXT ? "text" : type == TYPE_BOOL ? "bool" : "number");
        put_bool(w, "personal", fact_personal(sql_str(s, 0), &spelling));
        json_end_object(w);
    }
    json_end_array(w);
    return ERR_OK;
}

static void put_codes(const struct call *c, struct json_writer *w, const char *key, enum dim dim)
{
    uint32_t count = registry_code_count(c->brand, dim);
    put_array(w, key);
    for (uint32_t code = 1; code <= count && code <= CATALOG_CODES_MAX; code++)
        json_str(w, registry_code_text(c->brand, dim, code));
    json_end_array(w);
}

static void put_stages(struct json_writer *w)
{
    put_array(w, "stages");
    for (int s = 0; s < STAGE_COUNT; s++) {
        json_begin_object(w);
        put_text(w, "stage", stage_name((enum stage)s));
        put_text(w, "zh", stage_name_zh((enum stage)s));
        put_text(w, "en", stage_name((enum stage)s));
        json_end_object(w);
    }
    json_end_array(w);
    put_array(w, "trust");
    for (int t = 0; t < TRUST_COUNT; t++) {
        json_begin_object(w);
        put_text(w, "stage", trust_name((enum trust)t));
        put_text(w, "zh", trust_name_zh((enum trust)t));
        put_text(w, "en", trust_name((enum trust)t));
        json_end_object(w);
    }
    json_end_array(w);
}

static enum err get_catalog(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db;
    TRY(call_reader(c, &db, why));
    json_begin_object(w);
    put_kinds(c, w);
    put_props(c, w);
    if (put_traits(w, db) != ERR_OK) return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    put_codes(c, w, "groups", DIM_GROUP);
    put_codes(c, w, "touchpoints", DIM_TOUCHPOINT);
    put_codes(c, w, "campaigns", DIM_CAMPAIGN);
    put_codes(c, w, "contents", DIM_CONTENT);
    put_codes(c, w, "staff", DIM_STAFF);
    put_stages(w);
    json_end_object(w);
    return ERR_OK;
}

/* ---- settings ---- */

static void put_rules(struct json_writer *w, const char *key, const struct fold_rules *r)
{
    put_object(w, key);
    put_int(w, "dormant_days", r->dormant_days);
    put_int(w, "churned_days", r->churned_days);
    put_int(w, "left_hours", r->left_hours);
    put_int(w, "order_days", r->order_days);
    put_int(w, "window_days", r->window_days);
    put_int(w, "before_days", r->before_days);
    json_end_object(w);
}

static enum err get_settings(struct call *c, struct json_writer *w, struct why *why)
{
    struct fold_names names;
    struct fold_rules usual;
    (void)why;
    people_fold_names(c->brand, c->arena, &names);
    fold_rules_default(&usual);
    const char *preset = brand_preset(c->brand);
    char hours[HOURS_TEXT_SIZE];
    json_begin_object(w);
    put_text(w, "slug", brand_slug(c->brand));
    put_text(w, "name", brand_name(c->brand));
    put_text(w, "zone", zone_name(brand_zone(c->brand)));
    put_text(w, "currency", brand_currency(c->brand));
    put_int(w, "currency_digits", brand_currency_digits(c->brand));
    hours_print(brand_hours(c->brand), hours);
    put_text(w, "service_hours", hours);
    put_text(w, "preset", preset[0] ? preset : "knowledge");
    put_text(w, "caps", brand_caps(c->brand));
    put_rules(w, "rules", &names.rules);
    put_rules(w, "rules_default", &usual);
    json_end_object(w);
    return ERR_OK;
}

/* What was so before and is after; both are written down with the change. */
static enum err write_down(const struct call *c, const struct brand_change changes[2],
                           struct why *why)
{
    struct strbuf texts[2] = {{0}, {0}};
    char hours[HOURS_TEXT_SIZE];
    for (int i = 0; i < 2; i++) {
        struct json_writer w = {.out = &texts[i]};
        json_begin_object(&w);
        put_text(&w, "name", changes[i].name);
        hours_print(changes[i].hours, hours);
        put_text(&w, "service_hours", hours);
        json_end_object(&w);
    }
    enum err err = call_audit(c, "settings", strbuf_str(&texts[0]), strbuf_str(&texts[1]), why);
    strbuf_finish(&texts[0]);
    strbuf_finish(&texts[1]);
    return err;
}

static enum err put_settings(struct call *c, struct json_writer *w, struct why *why)
{
    struct str name = arena_str(c->arena, str_trim(call_str(c, "name")));
    struct brand_change before = {brand_name(c->brand), brand_hours(c->brand)};
    struct brand_change after = {name.p, before.hours};
    if (name.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "name", NULL);
    if (call_has(c, "service_hours") && !hours_parse(call_str(c, "service_hours"), &after.hours))
        return why_fail(why, ERR_INVALID, MSG_BAD_HOURS, "service_hours", NULL);
    TRY(data_change_brand(c->data, brand_slug(c->brand), &after, why));
    TRY(write_down(c, (struct brand_change[2]){before, after}, why));
    return get_settings(c, w, why);
}

static const struct spec_field settings_body[] = {
    {.name = "name",
     .type = SPEC_TEXT,
     .required = true,
     .min = 1,
     .max = LIMIT_NAME_BYTES,
     .doc = "what people call the brand"},
    {.name = "service_hours",
     .type = SPEC_TEXT,
     .min = HOURS_TEXT_SIZE - 1,
     .max = HOURS_TEXT_SIZE - 1,
     .doc = "in which staff answer, such as 09:00-22:00; default: as they are"},
    {0},
};

#define SETTINGS                                                                                   \
    "{\"slug\":\"shop\",\"name\":\"Shop\",\"zone\":\"Asia/Shanghai\","                             \
    "\"currency\":\"CNY\",\"currency_digits\":2,\"service_hours\":\"09:00-22:00\",\"preset\":"     \
    "\"knowledge\",\"caps\":\"\","                                                                 \
    "\"rules\":{\"dormant_days\":14,\"churned_days\":90,\"left_hours\":24,"                        \
    "\"order_days\":180,\"window_days\":28,\"before_days\":84},"                                   \
    "\"rules_default\":{\"dormant_days\":14,\"churned_days\":90,\"left_hours\":24,"                \
    "\"order_days\":180,\"window_days\":28,\"before_days\":84}}"

/* ---- the table ---- */

const struct spec brand_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/overview",
     .scope = SCOPE_OVERVIEW_READ,
     .flags = SPEC_SIGHT,
     .handle = get_overview,
     .summary = "The brand at one look, computed once for all callers; of the members seen, with"
                " what cannot be limited to them in left_out",
     .reply = "{\"as_of\":\"2025-03-01T00:00:00+08:00\",\"from\":\"2025-01-01T00:00:00+08:00\","
              "\"first_at\":\"2025-01-01T00:00:00+08:00\","
              "\"last_at\":\"2025-02-28T20:15:00+08:00\",\"ended\":false,\"members\":2314,"
              "\"active\":801,\"events\":48211,"
              "\"stages\":[{\"at\":\"2025-02-24T00:00:00+08:00\",\"potential\":12,\"new\":20,"
              "\"effective\":310,\"active\":120,\"core\":31,\"dormant\":1400,\"churned\":421,"
              "\"visitors\":55}],"
              "\"flow_from\":\"2025-02-01T00:00:00+08:00\","
              "\"flow\":[[1,0,0,0,0,0,0]],\"arrived\":[3,0,0,0,0,0,0],"
              "\"days\":[{\"at\":\"2025-02-28T00:00:00+08:00\",\"value\":912}],"
              "\"kinds\":[{\"kind\":\"message.sent\",\"events\":20112}],"
              "\"retention\":{\"cohorts\":[{\"at\":\"2025-02-24T00:00:00+08:00\",\"size\":40,"
              "\"returned\":[31,null]}]},\"groups\":[{\"group\":\"mothers-1\",\"members\":180,"
              "\"speakers\":44,\"messages\":910,"
              "\"last_message_at\":\"2025-02-28T20:15:00+08:00\",\"daily\":[12,30]}],"
              "\"left_out\":[],\"past_due\":false,\"age_ms\":1204,\"due\":false}\n"
              "~{\"first_at\":null,\"last_at\":null,\"flow_from\":null,\"groups\":[{\"last_message_"
              "at\":null}],\"left_out\":[\"groups\"]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/catalog",
     .scope = SCOPE_MEMBERS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_catalog,
     .summary = "The names that expressions and queries of this brand can use",
     .reply = "{\"kinds\":[{\"kind\":\"order.paid\",\"label\":null,\"family\":\"trade\","
              "\"derived\":false}],\"props\":[{\"name\":\"order\",\"type\":\"text\"}],"
              "\"traits\":[{\"name\":\"city\",\"type\":\"text\",\"personal\":false}],"
              "\"groups\":[\"mothers-1\"],\"touchpoints\":[\"shop-1\"],\"campaigns\":[],"
              "\"contents\":[],\"staff\":[],"
              "\"stages\":[{\"stage\":\"new\",\"zh\":\"新生\",\"en\":\"new\"}],"
              "\"trust\":[{\"stage\":\"bought\",\"zh\":\"买了你\",\"en\":\"bought\"}]}\n"
              "~{\"kinds\":[{\"label\":\"x\"}],\"campaigns\":[\"spring\"],"
              "\"contents\":[\"poster-1\"],\"staff\":[\"lily\"]}"},
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/settings",
     .scope = SCOPE_SETTINGS_READ,
     .flags = SPEC_ANY_REACH,
     .handle = get_settings,
     .summary = "The brand's name, zone, currency and the numbers of its definitions",
     .reply = SETTINGS},
    {.method = HTTP_PUT,
     .path = "/api/v1/{brand}/settings",
     .scope = SCOPE_SETTINGS_WRITE,
     .body = settings_body,
     .body_max = 4096,
     .handle = put_settings,
     .audit = "settings.changed",
     .summary = "Change the brand's name and service hours",
     .reply = SETTINGS},
    {0},
};
