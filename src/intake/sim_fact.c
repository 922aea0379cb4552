/* sim_fact.c - deeds kept for their day, and turned into facts.
 *
 * Identities are made from the salt and the person's number alone, so they are never stored; phones
 * are a one-to-one map of numbers within a run. */
#include <assert.h>
#include <string.h>

#include "intake/sim.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROPS_MAX 7
#define TRAITS_MAX 4

static const char *const kind_names[DEED_KIND_COUNT] = {
    [DEED_PAGE_VIEWED] = "page.viewed",
    [DEED_TOUCH_CLICKED] = "touchpoint.clicked",
    [DEED_TOUCH_SCANNED] = "touchpoint.scanned",
    [DEED_IDENTIFIED] = "member.identified",
    [DEED_CONTACT_ADDED] = "contact.added",
    [DEED_CONTACT_DELETED] = "contact.deleted",
    [DEED_GROUP_JOINED] = "group.joined",
    [DEED_GROUP_LEFT] = "group.left",
    [DEED_MESSAGE] = "message.sent",
    [DEED_REACTED] = "message.reacted",
    [DEED_DM_RECEIVED] = "dm.received",
    [DEED_DM_SENT] = "dm.sent",
    [DEED_SHARE_CLICKED] = "share.clicked",
    [DEED_INVITE_PAID] = "invite.paid",
    [DEED_CONTENT_SENT] = "content.sent",
    [DEED_CONTENT_VIEWED] = "content.viewed",
    [DEED_CONTENT_SHARED] = "content.shared",
    [DEED_CHECKIN] = "checkin.done",
    [DEED_SURVEY] = "survey.answered",
    [DEED_LIVE] = "live.attended",
    [DEED_CLASS] = "class.attended",
    [DEED_TESTIMONIAL] = "testimonial.submitted",
    [DEED_TESTIMONIAL_APPROVED] = "testimonial.approved",
    [DEED_SAMPLE] = "sample.given",
    [DEED_ORDER_CREATED] = "order.created",
    [DEED_ORDER_PAID] = "order.paid",
    [DEED_ORDER_REFUNDED] = "order.refunded",
    [DEED_CAMPAIGN_JOINED] = "campaign.joined",
    [DEED_INVITE_ACCEPTED] = "invite.accepted",
    [DEED_INVITE_QUALIFIED] = "invite.qualified",
    [DEED_REWARD_GRANTED] = "reward.granted",
    [DEED_VOUCHER_ISSUED] = "voucher.issued",
    [DEED_VOUCHER_REDEEMED] = "voucher.redeemed",
};

struct deed sim_deed(enum deed_kind kind, uint32_t person, int64_t at)
{
    return (struct deed){
        .kind = (uint8_t)kind, .person = person, .at = at, .amount = HISTORY_NO_AMOUNT};
}

/* ---- days to come ---- */

static uint32_t later_place(struct sim *s)
{
    uint32_t place = s->later_free;
    if (place) {
        s->later_free = s->later.items[place - 1].next;
        return place;
    }
    VEC_PUSH(&s->later, (struct later){0});
    return (uint32_t)s->later.count;
}

void sim_do(struct sim *s, const struct deed *d)
{
    struct deed copy = *d;
    if (copy.who == 0 && copy.person) copy.who = sim_face(sim_person(s, copy.person));
    assert(copy.person == 0 || sim_person(s, copy.person)->has);
    if (copy.at < s->today.end) {
        VEC_PUSH(&s->deeds, copy);
        return;
    }
    int32_t day = zone_day(s->zone, copy.at) - s->first_day;
    if (day >= s->days) return;
    uint32_t place = later_place(s);
    s->later.items[place - 1] = (struct later){copy, s->later_head[day]};
    s->later_head[day] = place;
}

void sim_due(struct sim *s)
{
    uint32_t place = s->later_head[s->today.index];
    while (place) {
        struct later *l = &s->later.items[place - 1];
        uint32_t next = l->next;
        VEC_PUSH(&s->deeds, l->deed);
        l->next = s->later_free;
        s->later_free = place;
        place = next;
    }
}

/* ---- identities ---- */

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t person_hash(const struct sim *s, uint32_t number, unsigned purpose)
{
    return mix(mix(s->salt + number) + purpose);
}

/* 'prefix' and 12 letters or digits. */
static struct str opaque(struct str prefix, uint64_t hash, struct arena *arena)
{
    static const char digits[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    size_t len = prefix.len + 12;
    char *p = arena_alloc(arena, len);
    memcpy(p, prefix.p, prefix.len);
    for (size_t i = prefix.len; i < len; i++) {
        p[i] = digits[hash % (sizeof(digits) - 1)];
        hash /= sizeof(digits) - 1;
        if (i == prefix.len + 9) hash = mix(hash);
    }
    return (struct str){p, len};
}

#define PHONES UINT64_C(7000000000) /* 13000000000 to 19999999999 */

static struct str phone(const struct sim *s, uint32_t number, struct arena *arena)
{
    const struct str country = STR("+86");
    uint64_t at = (number * UINT64_C(2654435761) + s->salt % PHONES) % PHONES;
    uint64_t digits = UINT64_C(13000000000) + at;
    size_t len = country.len + 11;
    char *p = arena_alloc(arena, len);
    memcpy(p, country.p, country.len);
    for (size_t i = len; i > country.len; i--) {
        p[i - 1] = (char)('0' + digits % 10);
        digits /= 10;
    }
    return (struct str){p, len};
}

static struct str identity_text(const struct sim *s, uint32_t number, enum identity_kind kind,
                                struct arena *arena)
{
    if (kind == IDENTITY_PHONE) return phone(s, number, arena);
    struct str prefix = STR("a-");
    if (kind == IDENTITY_USER) prefix = STR("u");
    if (kind == IDENTITY_WECOM) prefix = STR("wm");
    if (kind == IDENTITY_OPENID) prefix = STR("o");
    return opaque(prefix, person_hash(s, number, kind), arena);
}

static uint32_t identities(const struct sim *s, uint32_t number, uint16_t who, struct arena *arena,
                           struct identity **out)
{
    uint32_t count = 0;
    if (number == 0) return 0;
    *out = arena_alloc_array(arena, (size_t)__builtin_popcount(who), sizeof(**out));
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        if (!(who & (1u << k))) continue;
        enum identity_kind kind = (enum identity_kind)k;
        (*out)[count++] = (struct identity){kind, identity_text(s, number, kind, arena)};
    }
    return count;
}

/* ---- traits and properties ---- */

static struct fact_value text_value(const char *name, struct str text)
{
    return (struct fact_value){.name = str_of(name), .type = PROP_TEXT, .text = text};
}

static struct fact_value number_value(const char *name, double number)
{
    return (struct fact_value){.name = str_of(name), .type = PROP_NUMBER, .number = number};
}

static struct fact_value bool_value(const char *name)
{
    return (struct fact_value){.name = str_of(name), .type = PROP_BOOL, .number = 1};
}

static void add_traits(const struct sim *s, uint32_t number, struct arena *arena, struct fact *f)
{
    static const char *const families[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄",
                                           "周", "吴", "徐", "孙", "胡", "朱", "高", "林"};
    static const char *const given[] = {"婷", "静", "敏", "丽", "洋", "欣怡", "雨桐", "子涵",
                                        "佳", "颖", "晨", "雪", "倩", "明月", "小北", "安然"};
    static const char *const cities[] = {"上海", "杭州", "广州", "深圳", "北京",
                                         "成都", "南京", "武汉", "苏州", "长沙"};
    uint64_t h = person_hash(s, number, 99);
    f->traits = arena_alloc_array(arena, TRAITS_MAX, sizeof(*f->traits));
    const char *name = arena_printf(arena, "%s%s", families[h % 16], given[h / 16 % 16]);
    f->traits[f->trait_count++] = text_value("name", str_of(name));
    f->traits[f->trait_count++] = text_value("city", str_of(cities[h / 256 % 10]));
    f->traits[f->trait_count++] =
        text_value("gender", h / 4096 % 10 < 8 ? STR("female") : STR("male"));
    const char *birthday = arena_printf(arena, "%04u-%02u-%02u", 1970 + (unsigned)(h >> 20) % 36,
                                        1 + (unsigned)(h >> 28) % 12, 1 + (unsigned)(h >> 36) % 28);
    f->traits[f->trait_count++] = text_value("birthday", str_of(birthday));
}

static void add_prop(struct fact *f, struct fact_value value)
{
    f->props[f->prop_count++] = value;
}

static void add_talk_props(const struct deed *d, struct fact *f)
{
    if (d->length) add_prop(f, number_value("length", d->length));
    if (d->flags & DEED_QUESTION) add_prop(f, bool_value("question"));
    if (d->flags & DEED_TEMPLATE) add_prop(f, bool_value("template"));
    if (d->flags & DEED_BOT) add_prop(f, bool_value("bot"));
}

static void add_trade_props(const struct sim *s, const struct deed *d, struct arena *arena,
                            struct fact *f)
{
    double price;
    if (d->kind == DEED_VOUCHER_ISSUED || d->kind == DEED_VOUCHER_REDEEMED) {
        const char *voucher =
            arena_printf(arena, "V%04x%07u", (unsigned)(s->salt & 0xffff), d->order);
        add_prop(f, text_value("voucher", str_of(voucher)));
    } else if (d->order) {
        const char *order =
            arena_printf(arena, "W%04x%07u", (unsigned)(s->salt & 0xffff), d->order);
        add_prop(f, text_value("order", str_of(order)));
        bool offline = d->flags & DEED_OFFLINE;
        add_prop(f, text_value("channel", offline ? STR("offline") : STR("online")));
        if (offline) add_prop(f, text_value("store", sim_touchpoint(d->touchpoint)));
    }
    if (d->product) {
        add_prop(f, text_value("product", sim_product(d->product, &price)));
        add_prop(f, number_value("qty", d->quantity));
    }
}

static void add_codes(const struct sim *s, const struct deed *d, struct fact *f)
{
    if (d->group) f->code[DIM_GROUP] = sim_group(s, d->group);
    if (d->content) f->code[DIM_CONTENT] = sim_content(s, d->content);
    if (d->touchpoint) f->code[DIM_TOUCHPOINT] = sim_touchpoint(d->touchpoint);
    if (d->staff) f->code[DIM_STAFF] = sim_staff(d->staff);
    if (d->campaign) f->code[DIM_CAMPAIGN] = sim_campaign(s, d->campaign);
}

void sim_fact(struct sim *s, const struct deed *d, struct arena *arena, struct fact *out)
{
    *out = (struct fact){.at = d->at, .amount = d->amount, .kind = str_of(kind_names[d->kind])};
    out->who_count = identities(s, d->person, d->who, arena, &out->who);
    if (d->other) {
        uint16_t face = sim_face(sim_person(s, d->other));
        out->other_count = identities(s, d->other, face, arena, &out->other);
    }
    add_codes(s, d, out);
    if (d->flags & DEED_TRAITS) add_traits(s, d->person, arena, out);
    if (!d->length && !d->flags && !d->order && !d->product) return;
    out->props = arena_alloc_array(arena, PROPS_MAX, sizeof(*out->props));
    add_talk_props(d, out);
    add_trade_props(s, d, arena, out);
}
