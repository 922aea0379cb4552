/* headers.c - headers that map themselves: exports of shops, customer lists, chats.
 *
 * A header is known by its whole text, without what stands in brackets behind it: 实付金额(元).
 * Small letters and capitals are the same, but for those of chats, whose programs write them one
 * way. Where several columns play one role, a cell of the one that stands first in the list counts,
 * and the next where that is empty, or a phone that is nobody's own. */
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/table.h"
#include "intake/value.h"

enum family { ORDERS, PEOPLE, GROUPS, MESSAGES, FAMILY_COUNT };

enum role {
    ROLE_ORDER,
    ROLE_PAID_AT,
    ROLE_CREATED_AT,
    ROLE_AT, /* of whatever the row is */
    ROLE_AMOUNT,
    ROLE_REFUND,
    ROLE_STATUS,
    ROLE_PRODUCT,
    ROLE_SKU,
    ROLE_QTY,
    ROLE_STORE,
    ROLE_STAFF,
    ROLE_OWNER,    /* of a member */
    ROLE_CONTACTS, /* of a member: staff */
    ROLE_COST,
    ROLE_UNIONID,
    ROLE_WECOM,
    ROLE_OPENID,
    ROLE_EMAIL,
    ROLE_MORE_EMAIL, /* besides the one of ROLE_EMAIL */
    ROLE_NUMBER,     /* a customer's, unique in its source */
    ROLE_NAME,
    ROLE_REMARK,
    ROLE_PHONE,
    ROLE_MORE_PHONE, /* besides the one of ROLE_PHONE */
    ROLE_CONTACT_AT,
    ROLE_JOINED_AT,
    ROLE_SOURCE,
    ROLE_TAGS,
    ROLE_GENDER,
    ROLE_CITY,
    ROLE_BIRTHDAY,
    ROLE_LEVEL,
    ROLE_POINTS,
    ROLE_GROUP,
    ROLE_NOTED, /* known, of no use to a fact */
    ROLE_SENT_AT,
    ROLE_SENT_EPOCH,
    ROLE_SPEAKER,
    ROLE_SENDER,
    ROLE_TEXT,
    ROLE_TEXT_TYPE,
    ROLE_TEXT_SUBTYPE,
    ROLE_TEXT_ID,
    ROLE_REPLY_TO,
    ROLE_COUNT
};

static const struct header {
    const char *text;
    enum role role;
    enum family family;
} known[] = {
    {"订单编号", ROLE_ORDER, ORDERS},
    {"订单号", ROLE_ORDER, ORDERS},
    {"订单ID", ROLE_ORDER, ORDERS},
    {"order", ROLE_ORDER, ORDERS},
    {"付款时间", ROLE_PAID_AT, ORDERS},
    {"支付时间", ROLE_PAID_AT, ORDERS},
    {"订单付款时间", ROLE_PAID_AT, ORDERS},
    {"订单支付时间", ROLE_PAID_AT, ORDERS},
    {"at", ROLE_AT, ORDERS},
    {"订单创建时间", ROLE_CREATED_AT, ORDERS},
    {"下单时间", ROLE_CREATED_AT, ORDERS},
    {"实付金额", ROLE_AMOUNT, ORDERS},
    {"实收", ROLE_AMOUNT, ORDERS},
    {"买家实际支付金额", ROLE_AMOUNT, ORDERS},
    {"实收金额", ROLE_AMOUNT, ORDERS},
    {"实付款", ROLE_AMOUNT, ORDERS},
    {"实际支付金额", ROLE_AMOUNT, ORDERS},
    {"amount", ROLE_AMOUNT, ORDERS},
    {"退款金额", ROLE_REFUND, ORDERS},
    {"refund", ROLE_REFUND, ORDERS},
    {"订单状态", ROLE_STATUS, ORDERS},
    {"交易状态", ROLE_STATUS, ORDERS},
    {"status", ROLE_STATUS, ORDERS},
    {"商品名称", ROLE_PRODUCT, ORDERS},
    {"宝贝标题", ROLE_PRODUCT, ORDERS},
    {"商品标题", ROLE_PRODUCT, ORDERS},
    {"product", ROLE_PRODUCT, ORDERS},
    {"规格", ROLE_SKU, ORDERS},
    {"商家编码", ROLE_SKU, ORDERS},
    {"商品规格", ROLE_SKU, ORDERS},
    {"sku", ROLE_SKU, ORDERS},
    {"数量", ROLE_QTY, ORDERS},
    {"商品数量", ROLE_QTY, ORDERS},
    {"宝贝总数量", ROLE_QTY, ORDERS},
    {"qty", ROLE_QTY, ORDERS},
    {"门店", ROLE_STORE, ORDERS},
    {"店铺名称", ROLE_STORE, ORDERS},
    {"门店名称", ROLE_STORE, ORDERS},
    {"store", ROLE_STORE, ORDERS},
    {"导购", ROLE_STAFF, ORDERS},
    {"销售员", ROLE_STAFF, ORDERS},
    {"所属员工", ROLE_OWNER, PEOPLE},
    {"归属员工", ROLE_OWNER, PEOPLE},
    {"客户归属", ROLE_OWNER, PEOPLE},
    {"负责人", ROLE_OWNER, PEOPLE},
    {"owner", ROLE_OWNER, PEOPLE},
    {"联系员工", ROLE_CONTACTS, PEOPLE},
    {"跟进员工", ROLE_CONTACTS, PEOPLE},
    {"contacts", ROLE_CONTACTS, PEOPLE},
    {"添加人账号", ROLE_STAFF, PEOPLE},
    {"添加人帐号", ROLE_STAFF, PEOPLE},
    {"添加人", ROLE_STAFF, PEOPLE},
    {"跟进人", ROLE_STAFF, PEOPLE},
    {"staff", ROLE_STAFF, ORDERS},
    {"成本价", ROLE_COST, ORDERS},
    {"cost", ROLE_COST, ORDERS},
    {"unionid", ROLE_UNIONID, PEOPLE},
    {"外部联系人ID", ROLE_WECOM, PEOPLE},
    {"external_userid", ROLE_WECOM, PEOPLE},
    {"wecom", ROLE_WECOM, PEOPLE},
    {"openid", ROLE_OPENID, PEOPLE},
    {"邮箱", ROLE_EMAIL, PEOPLE},
    {"email", ROLE_EMAIL, PEOPLE},
    {"备用邮箱", ROLE_MORE_EMAIL, PEOPLE},
    {"邮箱2", ROLE_MORE_EMAIL, PEOPLE},
    {"email2", ROLE_MORE_EMAIL, PEOPLE},
    {"会员编号", ROLE_NUMBER, PEOPLE},
    {"客户编号", ROLE_NUMBER, PEOPLE},
    {"会员ID", ROLE_NUMBER, PEOPLE},
    {"客户ID", ROLE_NUMBER, PEOPLE},
    {"用户ID", ROLE_NUMBER, PEOPLE},
    {"昵称", ROLE_NAME, PEOPLE},
    {"客户名称", ROLE_NAME, PEOPLE},
    {"会员名", ROLE_NAME, PEOPLE},
    {"买家会员名", ROLE_NAME, PEOPLE},
    {"会员昵称", ROLE_NAME, PEOPLE},
    {"客户昵称", ROLE_NAME, PEOPLE},
    {"买家昵称", ROLE_NAME, PEOPLE},
    {"微信昵称", ROLE_NAME, PEOPLE},
    {"member", ROLE_NAME, PEOPLE},
    {"备注", ROLE_REMARK, PEOPLE},
    {"remark", ROLE_REMARK, PEOPLE},
    {"手机号", ROLE_PHONE, PEOPLE},
    {"手机", ROLE_PHONE, PEOPLE},
    {"手机号码", ROLE_PHONE, PEOPLE},
    {"联系手机", ROLE_PHONE, PEOPLE},
    {"收货人手机", ROLE_PHONE, PEOPLE},
    {"收货人手机号", ROLE_PHONE, PEOPLE},
    {"备注手机", ROLE_PHONE, PEOPLE},
    {"联系电话", ROLE_PHONE, PEOPLE},
    {"phone", ROLE_PHONE, PEOPLE},
    {"备用手机", ROLE_MORE_PHONE, PEOPLE},
    {"备用手机号", ROLE_MORE_PHONE, PEOPLE},
    {"备用电话", ROLE_MORE_PHONE, PEOPLE},
    {"第二手机", ROLE_MORE_PHONE, PEOPLE},
    {"第二手机号", ROLE_MORE_PHONE, PEOPLE},
    {"手机2", ROLE_MORE_PHONE, PEOPLE},
    {"手机号2", ROLE_MORE_PHONE, PEOPLE},
    {"手机号码2", ROLE_MORE_PHONE, PEOPLE},
    {"联系电话2", ROLE_MORE_PHONE, PEOPLE},
    {"手机3", ROLE_MORE_PHONE, PEOPLE},
    {"手机号3", ROLE_MORE_PHONE, PEOPLE},
    {"phone2", ROLE_MORE_PHONE, PEOPLE},
    {"phone3", ROLE_MORE_PHONE, PEOPLE},
    {"添加时间", ROLE_CONTACT_AT, PEOPLE},
    {"入群时间", ROLE_JOINED_AT, PEOPLE},
    {"joined", ROLE_JOINED_AT, PEOPLE},
    {"来源", ROLE_SOURCE, PEOPLE},
    {"添加方式", ROLE_SOURCE, PEOPLE},
    {"source", ROLE_SOURCE, PEOPLE},
    {"标签", ROLE_TAGS, PEOPLE},
    {"tags", ROLE_TAGS, PEOPLE},
    {"性别", ROLE_GENDER, PEOPLE},
    {"gender", ROLE_GENDER, PEOPLE},
    {"城市", ROLE_CITY, PEOPLE},
    {"city", ROLE_CITY, PEOPLE},
    {"生日", ROLE_BIRTHDAY, PEOPLE},
    {"birthday", ROLE_BIRTHDAY, PEOPLE},
    {"会员等级", ROLE_LEVEL, PEOPLE},
    {"level", ROLE_LEVEL, PEOPLE},
    {"积分", ROLE_POINTS, PEOPLE},
    {"points", ROLE_POINTS, PEOPLE},
    {"群名称", ROLE_GROUP, GROUPS},
    {"group", ROLE_GROUP, GROUPS},
    {"群ID", ROLE_GROUP, GROUPS},
    {"群主", ROLE_NOTED, GROUPS},
    {"创建时间", ROLE_CREATED_AT, GROUPS},
    {"群公告", ROLE_NOTED, GROUPS},
    {"时间", ROLE_SENT_AT, MESSAGES},
    {"发送时间", ROLE_SENT_AT, MESSAGES},
    {"发送人", ROLE_SPEAKER, MESSAGES},
    {"发送者", ROLE_SPEAKER, MESSAGES},
    {"内容", ROLE_TEXT, MESSAGES},
    {"消息内容", ROLE_TEXT, MESSAGES},
    {"message", ROLE_TEXT, MESSAGES},
    {"消息类型", ROLE_TEXT_TYPE, MESSAGES},
    /* WeChatMsg, MemoTrace */
    {"localId", ROLE_NOTED, MESSAGES},
    {"TalkerId", ROLE_NOTED, MESSAGES},
    {"Type", ROLE_TEXT_TYPE, MESSAGES},
    {"SubType", ROLE_TEXT_SUBTYPE, MESSAGES},
    {"IsSender", ROLE_NOTED, MESSAGES},
    {"CreateTime", ROLE_SENT_EPOCH, MESSAGES},
    {"StrContent", ROLE_TEXT, MESSAGES},
    {"StrTime", ROLE_SENT_AT, MESSAGES},
    {"NickName", ROLE_SPEAKER, MESSAGES},
    {"Sender", ROLE_SENDER, MESSAGES},
    /* chatlog */
    {"Time", ROLE_SENT_AT, MESSAGES},
    {"SenderName", ROLE_SPEAKER, MESSAGES},
    {"TalkerName", ROLE_NOTED, MESSAGES},
    {"Talker", ROLE_NOTED, MESSAGES},
    {"Content", ROLE_TEXT, MESSAGES},
    /* tables of messages made by hand or by a script */
    {"timestamp", ROLE_SENT_AT, MESSAGES},
    {"sender_id", ROLE_SENDER, MESSAGES},
    {"sender", ROLE_SPEAKER, MESSAGES},
    {"text", ROLE_TEXT, MESSAGES},
    {"message_type", ROLE_TEXT_TYPE, MESSAGES},
    {"message_id", ROLE_TEXT_ID, MESSAGES},
    {"消息ID", ROLE_TEXT_ID, MESSAGES},
    {"reply_to", ROLE_REPLY_TO, MESSAGES},
    {"回复", ROLE_REPLY_TO, MESSAGES},
};

static struct str without_brackets(struct str s)
{
    size_t narrow = str_find_char(s, '('), wide = str_find(s, STR("（"));
    size_t end = narrow < wide ? narrow : wide;
    if (end > 0 && end < s.len) s.len = end;
    return str_trim(s);
}

static const struct header *find(struct str cell)
{
    struct str text = without_brackets(value_unwrap(cell));
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct str name = str_of(known[i].text);
        bool same = known[i].family == MESSAGES ? str_eq(text, name) : str_eq_fold(text, name);
        if (same) return &known[i];
    }
    return NULL;
}

size_t headers_known(const struct str *cells, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += find(cells[i]) != NULL;
    return n;
}

/* ---- from roles to entries ---- */

struct plan {
    struct mapping *map;
    struct seat {
        const struct header *header;
        struct str text; /* as it stands in the file */
        uint32_t column; /* from 1 */
    } seats[LIMIT_MAP_ENTRIES];
    size_t count;
    bool played[ROLE_COUNT];
    size_t votes[FAMILY_COUNT];
};

static void look(struct plan *plan, const struct str *headers, size_t count)
{
    for (size_t i = 0; i < count && plan->count < LIMIT_MAP_ENTRIES; i++) {
        const struct header *h = find(headers[i]);
        if (!h) continue;
        plan->votes[h->family]++;
        plan->played[h->role] = true;
        plan->seats[plan->count++] = (struct seat){h, value_unwrap(headers[i]), (uint32_t)i + 1};
    }
}

static bool has(const struct plan *plan, enum role role)
{
    return plan->played[role];
}

/* In the order of the list; columns of one header in that of the file. */
static const struct seat *next_seat(const struct plan *plan, enum role role,
                                    const struct seat *after)
{
    const struct seat *best = NULL;
    for (const struct seat *s = plan->seats; s < plan->seats + plan->count; s++) {
        bool behind = !after || s->header > after->header ||
                      (s->header == after->header && s->column > after->column);
        if (s->header->role == role && behind && (!best || s->header < best->header)) best = s;
    }
    return best;
}

/* Each of the columns, or, of what a row has one of, what the first says that has something. */
static void add_seats(struct plan *plan, enum role role, struct mapping_entry e, bool each)
{
    const struct seat *seat = next_seat(plan, role, NULL);
    for (; seat && plan->map->count < LIMIT_MAP_ENTRIES; seat = next_seat(plan, role, seat)) {
        e.column = seat->column;
        e.source = seat->text;
        plan->map->has_at |= e.target == TARGET_AT;
        plan->map->has_kind |= e.target == TARGET_KIND;
        plan->map->entries[plan->map->count++] = e;
        e.instead = !each;
    }
}

static void add(struct plan *plan, enum role role, struct mapping_entry e)
{
    add_seats(plan, role, e, false);
}

static void add_prop(struct plan *plan, enum role role, const char *name, enum value_type type)
{
    add(plan, role,
        (struct mapping_entry){.target = TARGET_PROP, .type = type, .name = str_of(name)});
}

static void add_trait(struct plan *plan, enum role role, const char *name, enum value_type type)
{
    add(plan, role,
        (struct mapping_entry){.target = TARGET_TRAIT, .type = type, .name = str_of(name)});
}

static void add_to(struct plan *plan, enum role role, enum target target, enum value_type type)
{
    add(plan, role, (struct mapping_entry){.target = target, .type = type});
}

/* The time in a column of its own name, or in the one that is just "at". */
static void add_at(struct plan *plan, enum role role)
{
    struct mapping_entry e = {.target = TARGET_AT, .type = VALUE_DATE};
    add(plan, role, e);
    e.instead = has(plan, role);
    add(plan, ROLE_AT, e);
}

static void add_kind(struct plan *plan, const char *kind)
{
    plan->map->has_kind = true;
    plan->map->entries[plan->map->count++] =
        (struct mapping_entry){.target = TARGET_KIND, .type = VALUE_CONST, .source = str_of(kind)};
}

/* 'owner': a column of owners says who it was with where no other does. */
static void add_codes(struct plan *plan, bool owner)
{
    struct mapping_entry e = {.target = TARGET_CODE, .type = VALUE_TEXT, .dim = DIM_STAFF};
    add(plan, ROLE_STAFF, e);
    e.instead = has(plan, ROLE_STAFF);
    if (owner) add(plan, ROLE_OWNER, e);
    e.instead = false;
    e.dim = DIM_GROUP;
    add(plan, ROLE_GROUP, e);
}

static void add_identity(struct plan *plan, enum role role, enum identity_kind kind)
{
    add(plan, role,
        (struct mapping_entry){.target = TARGET_MEMBER, .type = VALUE_IDENTITY, .identity = kind});
}

/* Further ones of a person, each of which they may come back by. */
static void add_more(struct plan *plan, enum role role, enum identity_kind kind)
{
    const struct mapping_entry e = {
        .target = TARGET_MEMBER, .type = VALUE_IDENTITY, .identity = kind};
    add_seats(plan, role, e, true);
}

static void add_person(struct plan *plan)
{
    add_identity(plan, ROLE_UNIONID, IDENTITY_UNIONID);
    add_identity(plan, ROLE_WECOM, IDENTITY_WECOM);
    add_identity(plan, ROLE_OPENID, IDENTITY_OPENID);
    add_identity(plan, ROLE_PHONE, IDENTITY_PHONE);
    add_more(plan, ROLE_MORE_PHONE, IDENTITY_PHONE);
    add_identity(plan, ROLE_EMAIL, IDENTITY_EMAIL);
    add_more(plan, ROLE_MORE_EMAIL, IDENTITY_EMAIL);
    add_identity(plan, ROLE_NUMBER, IDENTITY_NAME);
    add_to(plan, ROLE_NAME, TARGET_PERSON, VALUE_TEXT);
    add_trait(plan, ROLE_NAME, "nickname", VALUE_TEXT);
    add_trait(plan, ROLE_REMARK, "remark", VALUE_TEXT);
    add_trait(plan, ROLE_SOURCE, "source", VALUE_TEXT);
    add_to(plan, ROLE_TAGS, TARGET_TAGS, VALUE_TEXT);
    add_trait(plan, ROLE_GENDER, "gender", VALUE_TEXT);
    add_trait(plan, ROLE_CITY, "city", VALUE_TEXT);
    add_to(plan, ROLE_BIRTHDAY, TARGET_BIRTHDAY, VALUE_DATE);
    add_trait(plan, ROLE_LEVEL, "level", VALUE_TEXT);
    add_trait(plan, ROLE_POINTS, "points", VALUE_NUMBER);
}

static bool plan_orders(struct plan *plan)
{
    if (has(plan, ROLE_STATUS)) add_to(plan, ROLE_STATUS, TARGET_KIND, VALUE_STATUS);
    if (!has(plan, ROLE_STATUS)) add_kind(plan, "order.paid");
    add_at(plan, ROLE_PAID_AT);
    add_to(plan, ROLE_CREATED_AT, TARGET_CREATED, VALUE_DATE);
    add_to(plan, ROLE_AMOUNT, TARGET_AMOUNT, VALUE_DECIMAL);
    add_to(plan, ROLE_REFUND, TARGET_REFUND, VALUE_DECIMAL);
    add_prop(plan, ROLE_ORDER, "order", VALUE_TEXT);
    add_prop(plan, ROLE_PRODUCT, "product", VALUE_TEXT);
    add_prop(plan, ROLE_SKU, "sku", VALUE_TEXT);
    add_prop(plan, ROLE_QTY, "qty", VALUE_NUMBER);
    add_prop(plan, ROLE_STORE, "store", VALUE_TEXT);
    add_prop(plan, ROLE_COST, "cost", VALUE_DECIMAL);
    add_codes(plan, true);
    add_person(plan);
    return plan->map->has_at || has(plan, ROLE_CREATED_AT);
}

static bool plan_people(struct plan *plan, bool group)
{
    bool contact = has(plan, ROLE_CONTACT_AT);
    bool joined = has(plan, ROLE_JOINED_AT) && (group || has(plan, ROLE_GROUP));
    if (joined && (group || !contact)) {
        add_kind(plan, "group.joined");
        add_to(plan, ROLE_JOINED_AT, TARGET_AT, VALUE_DATE);
    } else if (contact) {
        add_kind(plan, "contact.added");
        add_to(plan, ROLE_CONTACT_AT, TARGET_AT, VALUE_DATE);
    } else {
        add_kind(plan, "member.identified");
        add_at(plan, ROLE_JOINED_AT);
    }
    /* whose contact list it is: its owner column says on whose they are */
    bool whose = contact && !(joined && group) && !has(plan, ROLE_STAFF);
    add_codes(plan, whose);
    if (!whose) add_to(plan, ROLE_OWNER, TARGET_OWNER, VALUE_TEXT);
    add_to(plan, ROLE_CONTACTS, TARGET_CONTACTS, VALUE_TEXT);
    add_person(plan);
    for (enum role role = ROLE_UNIONID; role <= ROLE_NAME; role++) {
        if (has(plan, role)) return true;
    }
    return has(plan, ROLE_PHONE) || has(plan, ROLE_MORE_PHONE);
}

/* Seconds since 1970 are the same in every zone, so they win over a local time. */
static void add_sent_at(struct plan *plan)
{
    struct mapping_entry e = {.target = TARGET_AT, .type = VALUE_DATE};
    if (has(plan, ROLE_SENT_EPOCH)) {
        e.format.style = DATE_EPOCH;
        add(plan, ROLE_SENT_EPOCH, e);
    } else {
        add_at(plan, ROLE_SENT_AT);
    }
}

static bool plan_messages(struct plan *plan)
{
    add_kind(plan, "message.sent");
    add_sent_at(plan);
    add_identity(plan, ROLE_SENDER, IDENTITY_NAME);
    add_to(plan, ROLE_SPEAKER, TARGET_SPEAKER, VALUE_TEXT);
    add_to(plan, ROLE_TEXT, TARGET_MESSAGE, VALUE_TEXT);
    add_to(plan, ROLE_TEXT_TYPE, TARGET_MESSAGE_TYPE, VALUE_TEXT);
    add_to(plan, ROLE_TEXT_SUBTYPE, TARGET_MESSAGE_SUBTYPE, VALUE_TEXT);
    add_to(plan, ROLE_TEXT_ID, TARGET_MESSAGE_ID, VALUE_TEXT);
    add_to(plan, ROLE_REPLY_TO, TARGET_REPLY_TO, VALUE_TEXT);
    add_codes(plan, true);
    return plan->map->has_at && (has(plan, ROLE_SPEAKER) || has(plan, ROLE_SENDER));
}

bool headers_map(const struct str *headers, size_t count, bool group, struct table *out)
{
    struct plan plan = {.map = &out->map};
    out->map = (struct mapping){.count = 0};
    out->people = false;
    out->known = true;
    look(&plan, headers, count);
    out->messages = plan.votes[MESSAGES] >= 2;
    if (out->messages) return plan_messages(&plan);
    if (has(&plan, ROLE_PAID_AT) || has(&plan, ROLE_ORDER) || has(&plan, ROLE_AMOUNT))
        return plan_orders(&plan);
    out->people = true;
    return plan.votes[PEOPLE] > 0 && plan_people(&plan, group);
}

static bool is_read(const struct table *t, size_t column)
{
    for (uint32_t i = 0; i < t->map.count; i++) {
        if (t->map.entries[i].column == column + 1) return true;
    }
    return false;
}

void headers_unused(const struct table *t, const struct str *headers, size_t count, struct why *out)
{
    struct strbuf list = {0};
    for (size_t i = 0; i < count && list.len < sizeof(out->args); i++) {
        struct str text = value_unwrap(headers[i]);
        const struct header *h = find(headers[i]);
        if (text.len == 0 || is_read(t, i) || (h && h->role == ROLE_NOTED)) continue;
        if (list.len) strbuf_add_text(&list, ", ");
        strbuf_add_str(&list, utf8_cut(text, 60));
    }
    if (list.len) {
        struct str shown = utf8_cut(strbuf_str(&list), sizeof(out->args) - 1);
        (void)why_fail(out, ERR_OK, MSG_IMPORT_UNUSED, "", STR_FMT, STR_ARG(shown));
    }
    strbuf_finish(&list);
}
