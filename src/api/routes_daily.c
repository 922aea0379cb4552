/* routes_daily.c - a day, or a week, of a brand or of one group, as figures and as one text that an
 * operator copies into a chat (日报, 周报).
 *
 * Figures are of all members; of people only those are named whom the caller sees. What waits for
 * an answer, which group needs help and whom to talk to are told of the present only. */
#include <inttypes.h>

#include "api/asking.h"
#include "api/groups.h"
#include "api/internal.h"
#include "api/put.h"
#include "api/sight.h"
#include "api/ward.h"
#include "base/vec.h"
#include "groups/checkup.h"
#include "groups/daily.h"
#include "groups/unanswered.h"
#include "people/look.h"
#include "today/today.h"

enum { TALK_TO = 3 };

struct report_day {
    struct call *call;
    struct sql *db;
    struct group_record group; /* code 0 = the whole brand */
    enum lang lang;
    bool week, present;  /* present: the time is not over */
    int32_t first, last; /* days, both included */
    int64_t now;
    struct arena *arena;
    struct daily now_is, before;
    uint64_t waiting;
    int64_t longest_ms;
    struct health_day help; /* group 0 = none needs it */
    struct str help_name;
    uint32_t people[TALK_TO];
    struct str names[TALK_TO];
    uint32_t people_count;
};

/* ---- what is found ---- */

static enum err read_span(struct report_day *x, int32_t first, int32_t last, struct daily *out,
                          struct why *why)
{
    struct call *c = x->call;
    const struct zone *z = brand_zone(c->brand);
    const struct daily_ask ask = {.brand = c->brand,
                                  .db = x->db,
                                  .group = x->group.code,
                                  .from = zone_day_start(z, first),
                                  .to = zone_day_start(z, last + 1),
                                  .budget = c->budget};
    return daily_read(&ask, x->arena, out, why);
}

static enum err read_waiting(struct report_day *x, struct why *why)
{
    struct unanswered *list;
    size_t count;
    const struct unanswered_ask ask = {.brand = x->call->brand,
                                       .db = x->db,
                                       .now = x->now,
                                       .group = x->group.code,
                                       .budget = x->call->budget};
    TRY(unanswered_read(&ask, x->arena, &list, &count, why));
    x->waiting = count;
    x->longest_ms = count ? list[0].waited_ms : 0;
    return ERR_OK;
}

static double trouble(const struct health_day *d)
{
    bool bad = d->archetype == ARCHETYPE_MONOLOGUE || d->archetype == ARCHETYPE_STAGED ||
               d->archetype == ARCHETYPE_SELF_CENTRED;
    return bad ? d->scores[d->archetype] : 0;
}

/* The worst of those that are open, as they were last looked at. */
static enum err find_help(struct report_day *x, struct why *why)
{
    struct health_day *days;
    size_t count;
    enum err err = health_latest(x->db, x->arena, &days, &count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        struct group_record r;
        bool mine = x->group.code == 0 || days[i].group == x->group.code;
        if (!mine || trouble(&days[i]) <= (x->help.group ? trouble(&x->help) : 0)) continue;
        err = group_record_get(x->call->brand, x->db, days[i].group, x->arena, &r, why);
        if (err != ERR_OK || r.archived_at != TIME_NONE) continue;
        x->help = days[i];
        x->help_name = r.name;
    }
    return err;
}

static bool is_in(const struct daily *d, uint32_t member)
{
    for (uint32_t i = 0; i < d->members; i++) {
        if (d->in[i] == member) return true;
    }
    return false;
}

static enum err name_person(struct report_day *x, struct look *look, uint32_t member)
{
    struct str name;
    for (uint32_t i = 0; i < x->people_count; i++) {
        if (x->people[i] == member) return ERR_OK;
    }
    TRY(look_name(look, member, &name));
    if (!name.len) name = str_of(arena_printf(x->arena, "m%" PRIu32, member));
    x->people[x->people_count] = member;
    x->names[x->people_count++] = arena_str(x->arena, name);
    return ERR_OK;
}

/* The first on today's lists, of those whom the caller sees. */
static enum err find_people(struct report_day *x, struct why *why)
{
    struct today_load *loads;
    size_t count;
    struct look look;
    if (today_loads(x->db, x->last, x->arena, &loads, &count) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    look_begin(&look, x->call->brand, x->db, x->arena);
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        struct today_list list;
        err = today_list(x->db, loads[i].owner, x->last, x->arena, &list, why);
        for (size_t k = 0; err == ERR_OK && k < list.count && x->people_count < TALK_TO; k++) {
            const struct today_item *item = &list.items[k];
            bool wanted = item->state == TODAY_OPEN && sight_has(x->call, item->member) &&
                          (!x->group.code || is_in(&x->now_is, item->member));
            if (wanted && name_person(x, &look, item->member) != ERR_OK)
                err = why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
        }
    }
    look_end(&look);
    return err;
}

static enum err read_all(struct report_day *x, struct why *why)
{
    int32_t days = x->last - x->first + 1;
    TRY(read_span(x, x->first, x->last, &x->now_is, why));
    TRY(read_span(x, x->first - days, x->first - 1, &x->before, why));
    if (!x->present) return ERR_OK;
    TRY(read_waiting(x, why));
    TRY(find_help(x, why));
    return find_people(x, why);
}

/* ---- the text ---- */

#define SAY(x, en, zh) ((x)->lang == LANG_ZH ? (zh) : (en)) /* a format is to be seen as one */

static const char *reason(const struct report_day *x)
{
    static const char *const zh[] = {"自说自话", "自导自演", "自我中心"};
    static const char *const en[] = {"monologue", "staged", "self-centred"};
    return (x->lang == LANG_ZH ? zh : en)[x->help.archetype];
}

static void next(const struct report_day *x, struct strbuf *out)
{
    strbuf_add_text(out, SAY(x, " | ", "｜"));
}

/* A week is compared with the one before. */
static void add_before(const struct report_day *x, struct strbuf *out, int64_t n)
{
    if (x->week) strbuf_addf(out, SAY(x, " (week before: %" PRId64 ")", "（上周 %" PRId64 "）"), n);
}

static void say_title(const struct report_day *x, struct strbuf *out)
{
    const struct call *c = x->call;
    struct str name = x->group.code ? x->group.name : str_of(brand_name(c->brand));
    struct str first = ward_date(c, x->first), last = ward_date(c, x->last);
    strbuf_addf(out, SAY(x, "[" STR_FMT "] " STR_FMT, "【" STR_FMT "】" STR_FMT), STR_ARG(name),
                STR_ARG(first));
    if (x->week) strbuf_addf(out, SAY(x, " to " STR_FMT, "至" STR_FMT), STR_ARG(last));
}

static void say_coming(const struct report_day *x, struct strbuf *out)
{
    const struct daily *d = &x->now_is;
    strbuf_addf(out, SAY(x, " new %" PRIu32, " 新增 %" PRIu32), d->joined);
    for (uint32_t i = 0; i < d->source_count; i++) {
        struct str source =
            registry_code_text(x->call->brand, DIM_TOUCHPOINT, d->sources[i].touchpoint);
        strbuf_add_text(out, i ? SAY(x, ", ", "、") : SAY(x, " (", "（"));
        strbuf_addf(out, STR_FMT " %" PRIu32, STR_ARG(source), d->sources[i].count);
    }
    if (d->source_count) strbuf_add_text(out, SAY(x, ")", "）"));
    add_before(x, out, x->before.joined);
    next(x, out);
    strbuf_addf(out,
                SAY(x, "left %" PRIu32 ", %" PRIu32 " of them within 2 h of a post",
                    "退群 %" PRIu32 "，其中群发后2小时 %" PRIu32),
                d->left, d->left_after_post);
    add_before(x, out, x->before.left);
}

static void say_acts(const struct report_day *x, struct strbuf *out)
{
    const struct daily *d = &x->now_is;
    next(x, out);
    strbuf_addf(out, SAY(x, "active %" PRIu32 "/%" PRIu32, "活跃 %" PRIu32 "/%" PRIu32), d->active,
                d->members);
    add_before(x, out, x->before.active);
    next(x, out);
    strbuf_addf(out, SAY(x, "opened %" PRIu32 "/%" PRIu32, "打开 %" PRIu32 "/%" PRIu32), d->opened,
                d->members);
    add_before(x, out, x->before.opened);
}

static void say_waiting(const struct report_day *x, struct strbuf *out)
{
    next(x, out);
    strbuf_addf(out, SAY(x, "unanswered %" PRIu64, "未回复 %" PRIu64 " 条"), x->waiting);
    if (!x->waiting) return;
    int64_t minutes = x->longest_ms / TIME_MINUTE;
    if (minutes < 60) {
        strbuf_addf(out, SAY(x, ", longest %" PRId64 " min", "，最久 %" PRId64 " 分钟"), minutes);
    } else {
        strbuf_addf(out, SAY(x, ", longest %.1f h", "，最久 %.1f 小时"), (double)minutes / 60);
    }
}

static void say_money(const struct report_day *x, struct strbuf *out)
{
    const struct daily *d = &x->now_is;
    const struct brand *b = x->call->brand;
    const char *currency = brand_currency(b);
    double minor = 1;
    for (int i = 0; i < brand_currency_digits(b); i++)
        minor *= 10;
    next(x, out);
    strbuf_addf(out, SAY(x, "orders %" PRIu32, "成交 %" PRIu32 " 单"), d->orders);
    if (d->orders) {
        bool yuan = str_is(str_of(currency), "CNY");
        strbuf_addf(out, SAY(x, ", %s%s%.*f", " %s%s%.*f"), yuan ? "￥" : currency, yuan ? "" : " ",
                    brand_currency_digits(b), (double)d->amount / minor);
        if (d->amount > 0)
            strbuf_addf(out, SAY(x, ", %.0f%% from old members", "，老用户 %.0f%%"),
                        (double)d->amount_old / (double)d->amount * 100);
    }
    add_before(x, out, x->before.orders);
}

static void say_next(const struct report_day *x, struct strbuf *out)
{
    if (x->help.group) {
        next(x, out);
        strbuf_addf(out, SAY(x, "group to help: " STR_FMT " (%s)", "要帮的群：" STR_FMT "（%s）"),
                    STR_ARG(x->help_name), reason(x));
    }
    for (uint32_t i = 0; i < x->people_count; i++) {
        if (i == 0) next(x, out);
        const char *lead = i ? SAY(x, ", ", "、") : SAY(x, "talk first to ", "今天先聊：");
        strbuf_add_text(out, lead);
        strbuf_add_str(out, x->names[i]);
    }
}

static void say_all(const struct report_day *x, struct strbuf *out)
{
    say_title(x, out);
    say_coming(x, out);
    say_acts(x, out);
    if (x->present) say_waiting(x, out);
    say_money(x, out);
    say_next(x, out);
}

/* ---- the reply ---- */

static void put_figures(struct json_writer *w, const char *key, const struct daily *d)
{
    put_object(w, key);
    put_int(w, "joined", d->joined);
    put_int(w, "left", d->left);
    put_int(w, "left_after_post", d->left_after_post);
    put_int(w, "members", d->members);
    put_int(w, "active", d->active);
    put_int(w, "opened", d->opened);
    put_int(w, "orders", d->orders);
    put_int(w, "amount", d->amount);
    put_int(w, "amount_old", d->amount_old);
    json_end_object(w);
}

static void put_sources(const struct report_day *x, struct json_writer *w)
{
    put_array(w, "sources");
    for (uint32_t i = 0; i < x->now_is.source_count; i++) {
        const struct daily_source *s = &x->now_is.sources[i];
        json_begin_object(w);
        put_str(w, "touchpoint", registry_code_text(x->call->brand, DIM_TOUCHPOINT, s->touchpoint));
        put_int(w, "joined", s->count);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_next(const struct report_day *x, struct json_writer *w)
{
    put_int_or_null(w, "waiting", (int64_t)x->waiting, x->present);
    json_key(w, "help");
    if (x->help.group) {
        json_begin_object(w);
        put_text(w, "id", arena_printf(x->arena, "g%" PRIu32, x->help.group));
        put_str(w, "name", x->help_name);
        put_text(w, "archetype", archetype_name(x->help.archetype));
        json_end_object(w);
    } else {
        json_null(w);
    }
    put_array(w, "talk_to");
    for (uint32_t i = 0; i < x->people_count; i++) {
        json_begin_object(w);
        put_text(w, "id", arena_printf(x->arena, "m%" PRIu32, x->people[i]));
        put_str(w, "name", x->names[i]);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_report(const struct report_day *x, struct json_writer *w)
{
    struct strbuf text = {0};
    say_all(x, &text);
    json_begin_object(w);
    put_str(w, "text", strbuf_str(&text));
    put_str(w, "from", ward_date(x->call, x->first));
    put_str(w, "to", ward_date(x->call, x->last));
    put_figures(w, "figures", &x->now_is);
    put_figures(w, "before", &x->before);
    put_sources(x, w);
    put_next(x, w);
    json_end_object(w);
    strbuf_finish(&text);
}

/* Which days: that of the moment, or the week around it from Monday to then, or to its end. */
static void choose_days(struct report_day *x)
{
    const struct call *c = x->call;
    const struct zone *z = brand_zone(c->brand);
    int64_t at = call_has(c, "day") ? call_int(c, "day") : x->now;
    int32_t today = zone_day(z, x->now);
    if (at > x->now) at = x->now;
    x->first = x->last = zone_day(z, at);
    if (x->week) {
        x->first -= day_of_week(x->first) - 1;
        x->last = x->first + 6;
    }
    x->present = x->last >= today;
    if (x->present) x->last = today;
}

static enum err read_group(struct report_day *x, struct why *why)
{
    struct call *c = x->call;
    struct str group = call_str(c, "group");
    uint64_t code = 0;
    if (!group.len) return ERR_OK;
    bool sound = group.p[0] == 'g' && str_to_u64((struct str){group.p + 1, group.len - 1}, &code);
    if (!sound || code == 0 || code > registry_code_count(c->brand, DIM_GROUP))
        return why_fail(why, ERR_INVALID, MSG_NOT_FOUND, "group", STR_FMT, STR_ARG(group));
    return group_record_get(c->brand, x->db, (uint32_t)code, c->arena, &x->group, why);
}

static enum err get_daily(struct call *c, struct json_writer *w, struct why *why)
{
    struct report_day x = {.call = c,
                           .now = env_now(brand_env(c->brand)),
                           .lang = call_lang(c),
                           .week = str_is(call_str(c, "span"), "week")};
    TRY(call_reader(c, &x.db, why));
    TRY(read_group(&x, why));
    if (call_has(c, "lang")) x.lang = str_is(call_str(c, "lang"), "zh") ? LANG_ZH : LANG_EN;
    choose_days(&x);
    asking_fill(c->brand, c->budget);
    x.arena = arena_create(0);
    enum err err = read_all(&x, why);
    if (err == ERR_OK) put_report(&x, w);
    arena_destroy(x.arena);
    return err;
}

/* ---- the table ---- */

static const struct spec_field daily_query[] = {
    {.name = "group", .type = SPEC_TEXT, .max = 16, .doc = "of one group: \"g3\""},
    {.name = "day",
     .type = SPEC_TIME,
     .doc = "any moment of the day, or of the week; now unless given"},
    {.name = "span",
     .type = SPEC_ENUM,
     .choices = "day|week",
     .fallback = "day",
     .doc = "how much"},
    {.name = "lang",
     .type = SPEC_ENUM,
     .choices = "zh|en",
     .doc = "of the text; the caller's unless given"},
    {0},
};

#define FIGURES                                                                                    \
    "{\"joined\":12,\"left\":3,\"left_after_post\":1,\"members\":480,\"active\":96,"               \
    "\"opened\":140,\"orders\":8,\"amount\":128000,\"amount_old\":64000}"

const struct spec daily_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/{brand}/daily",
     .scope = SCOPE_MEMBERS_READ,
     .query = daily_query,
     .flags = SPEC_QUESTION | SPEC_PERSONAL | SPEC_SIGHT,
     .handle = get_daily,
     .summary = "A day or a week of the brand or of a group, as figures and as one text to pass on",
     .reply = "{\"text\":\"【山泉】2025-03-01 新增 12｜退群 3，其中群发后2小时 1\",\"from\":"
              "\"2025-03-01\",\"to\":\"2025-03-01\",\"figures\":" FIGURES ",\"before\":" FIGURES
              ",\"sources\":[{\"touchpoint\":\"门店海报\",\"joined\":7}],\"waiting\":2,\"help\":"
              "{\"id\":\"g3\",\"name\":\"辣妈三群\",\"archetype\":\"monologue\"},\"talk_to\":"
              "[{\"id\":\"m12\",\"name\":\"王婷\"}]}\n~{\"waiting\":null,\"help\":null}"},
    {0},
};
