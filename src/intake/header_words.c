/* header_words.c - the list, one line a role; no text stands in it twice. */
#include "intake/header_words.h"

#include "intake/value.h"

#define WORDS_MAX 16

static const struct words {
    enum role role;
    enum family family;
    const char *words[WORDS_MAX]; /* the best first */
} list[] = {
    {ROLE_ORDER, ORDERS, {"订单编号", "订单号", "订单ID", "order"}},
    {ROLE_PAID_AT, ORDERS, {"付款时间", "支付时间", "订单付款时间", "订单支付时间"}},
    {ROLE_AT, ORDERS, {"at"}},
    {ROLE_CREATED_AT, ORDERS, {"订单创建时间", "下单时间"}},
    {ROLE_AMOUNT,
     ORDERS,
     {"实付金额", "实收", "买家实际支付金额", "实收金额", "实付款", "实际支付金额", "amount"}},
    {ROLE_REFUND, ORDERS, {"退款金额", "refund"}},
    {ROLE_STATUS, ORDERS, {"订单状态", "交易状态", "status"}},
    {ROLE_PRODUCT, ORDERS, {"商品名称", "宝贝标题", "商品标题", "product"}},
    {ROLE_SKU, ORDERS, {"规格", "商家编码", "商品规格", "sku"}},
    {ROLE_QTY, ORDERS, {"数量", "商品数量", "宝贝总数量", "qty"}},
    {ROLE_STORE, ORDERS, {"门店", "店铺名称", "门店名称", "store"}},
    {ROLE_STAFF, ORDERS, {"导购", "销售员"}},
    {ROLE_STAFF, PEOPLE, {"添加人账号", "添加人帐号", "添加人", "跟进人"}},
    {ROLE_STAFF, ORDERS, {"staff"}},
    {ROLE_OWNER, PEOPLE, {"所属员工", "归属员工", "客户归属", "负责人", "owner"}},
    {ROLE_CONTACTS, PEOPLE, {"联系员工", "跟进员工", "contacts"}},
    {ROLE_COST, ORDERS, {"成本价", "cost"}},
    {ROLE_UNIONID, PEOPLE, {"unionid"}},
    {ROLE_WECOM, PEOPLE, {"外部联系人ID", "external_userid", "wecom"}},
    {ROLE_OPENID, PEOPLE, {"openid"}},
    {ROLE_EMAIL, PEOPLE, {"邮箱", "email"}},
    {ROLE_MORE_EMAIL, PEOPLE, {"备用邮箱", "邮箱2", "email2"}},
    {ROLE_NUMBER, PEOPLE, {"会员编号", "客户编号", "会员ID", "客户ID", "用户ID"}},
    {ROLE_NAME,
     PEOPLE,
     {"昵称", "客户名称", "会员名", "买家会员名", "会员昵称", "客户昵称", "买家昵称", "微信昵称",
      "member"}},
    {ROLE_REMARK, PEOPLE, {"备注", "remark"}},
    {ROLE_PHONE,
     PEOPLE,
     {"手机号", "手机", "手机号码", "联系手机", "收货人手机", "收货人手机号", "备注手机",
      "联系电话", "phone"}},
    {ROLE_MORE_PHONE,
     PEOPLE,
     {"备用手机", "备用手机号", "备用电话", "第二手机", "第二手机号", "手机2", "手机号2",
      "手机号码2", "联系电话2", "手机3", "手机号3", "phone2", "phone3"}},
    {ROLE_CONTACT_AT, PEOPLE, {"添加时间"}},
    {ROLE_JOINED_AT, PEOPLE, {"入群时间", "joined"}},
    {ROLE_SOURCE, PEOPLE, {"来源", "添加方式", "source"}},
    {ROLE_TAGS, PEOPLE, {"标签", "tags"}},
    {ROLE_GENDER, PEOPLE, {"性别", "gender"}},
    {ROLE_CITY, PEOPLE, {"城市", "city"}},
    {ROLE_BIRTHDAY, PEOPLE, {"生日", "birthday"}},
    {ROLE_LEVEL, PEOPLE, {"会员等级", "level"}},
    {ROLE_POINTS, PEOPLE, {"积分", "points"}},
    {ROLE_GROUP, GROUPS, {"群名称", "group", "群ID"}},
    {ROLE_NOTED, GROUPS, {"群主"}},
    {ROLE_CREATED_AT, GROUPS, {"创建时间"}},
    {ROLE_NOTED, GROUPS, {"群公告"}},
    {ROLE_SENT_AT, MESSAGES, {"时间", "发送时间"}},
    {ROLE_SPEAKER, MESSAGES, {"发送人", "发送者"}},
    {ROLE_TEXT, MESSAGES, {"内容", "消息内容", "message"}},
    {ROLE_TEXT_TYPE, MESSAGES, {"消息类型"}},
    /* WeChatMsg, MemoTrace */
    {ROLE_NOTED, MESSAGES, {"localId", "TalkerId"}},
    {ROLE_TEXT_TYPE, MESSAGES, {"Type"}},
    {ROLE_TEXT_SUBTYPE, MESSAGES, {"SubType"}},
    {ROLE_NOTED, MESSAGES, {"IsSender"}},
    {ROLE_SENT_EPOCH, MESSAGES, {"CreateTime"}},
    {ROLE_TEXT, MESSAGES, {"StrContent"}},
    {ROLE_SENT_AT, MESSAGES, {"StrTime"}},
    {ROLE_SPEAKER, MESSAGES, {"NickName"}},
    {ROLE_SENDER, MESSAGES, {"Sender"}},
    /* chatlog */
    {ROLE_SENT_AT, MESSAGES, {"Time"}},
    {ROLE_SPEAKER, MESSAGES, {"SenderName"}},
    {ROLE_NOTED, MESSAGES, {"TalkerName", "Talker"}},
    {ROLE_TEXT, MESSAGES, {"Content"}},
    /* tables of messages made by hand or by a script */
    {ROLE_SENT_AT, MESSAGES, {"timestamp"}},
    {ROLE_SENDER, MESSAGES, {"sender_id"}},
    {ROLE_SPEAKER, MESSAGES, {"sender"}},
    {ROLE_TEXT, MESSAGES, {"text"}},
    {ROLE_TEXT_TYPE, MESSAGES, {"message_type"}},
    {ROLE_TEXT_ID, MESSAGES, {"message_id", "消息ID"}},
    {ROLE_REPLY_TO, MESSAGES, {"reply_to", "回复"}},
    {ROLE_LINKS, MESSAGES, {"links", "链接"}},
    {ROLE_QR, MESSAGES, {"qr", "二维码"}},
};

static struct str without_brackets(struct str s)
{
    size_t narrow = str_find_char(s, '('), wide = str_find(s, STR("（"));
    size_t end = narrow < wide ? narrow : wide;
    if (end > 0 && end < s.len) s.len = end;
    return str_trim(s);
}

bool header_find(struct str cell, struct header *out)
{
    struct str text = without_brackets(value_unwrap(cell));
    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        const struct words *w = &list[i];
        for (unsigned k = 0; k < WORDS_MAX && w->words[k]; k++) {
            struct str word = str_of(w->words[k]);
            bool same = w->family == MESSAGES ? str_eq(text, word) : str_eq_fold(text, word);
            if (!same) continue;
            *out = (struct header){w->role, w->family, i * WORDS_MAX + k};
            return true;
        }
    }
    return false;
}
