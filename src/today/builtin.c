/* builtin.c - the reasons that come with the product; docs/today.md explains each.
 *
 * Weights are what we think they are worth, in tenths of a point of retention, until it is
 * measured. Live ones read events alone, no fields, so that looking at a member costs little. */
#include "today/internal.h"

#define ASKED                                                                                      \
    "did(\"dm.received\", within 3d, to now - 1h, where not props.question = false,"               \
    " not then \"dm.sent\" within 3d)"
#define WAITING                                                                                    \
    "did(\"message.sent\", within 3d, to now - 1h, where props.question = true,"                   \
    " not then \"message.answered\" within 3d)"

const struct builtin today_builtins[] = {
    {"asked", 90, 7, true, ASKED, {"asked, unanswered {n} h", "问了没人答，{n} 小时"}, {"hours"}},
    {TODAY_WAITING,
     88,
     7,
     true,
     WAITING,
     {"asked in a group, unanswered {n} h", "群里提问没人应答，{n} 小时"},
     {"hours"}},
    {"complaint",
     85,
     30,
     true,
     "did(\"conversation.rated\", within 7d, where props.rating <= 2)"
     " or did(\"order.refunded\", within 3d)",
     {"complaint: rated low or refunded {n} d ago", "有不满：{n} 天前给了低分或退款"},
     {"days"}},
    {"new-silent",
     70,
     30,
     false,
     "lifecycle = \"new\" and joined between now - 7d and now - 3d and not did(\"message.sent\")"
     " and not did(\"dm.received\")",
     {"new, silent for {n} days", "新人第 {n} 天还没说话"},
     {"days joined"}},
    {"thank",
     65,
     14,
     false,
     "contacts >= 1 and did(\"order.paid\", within 7d, to now - 1d, not then \"dm.sent\" within"
     " 7d)",
     {"bought, not thanked, day {n}", "买了还没人问候，第 {n} 天"},
     {"days did(\"order.paid\", within 7d, to now - 1d, not then \"dm.sent\" within 7d)"}},
    {"brought",
     60,
     14,
     true,
     "did(\"invite.accepted\", within 3d)",
     {"brought {n} friends just now", "刚带来 {n} 位朋友"},
     {"count"}},
    {"less",
     60,
     30,
     false,
     "usual_days >= 4 and pace < 0.5 and lifecycle in (\"effective\", \"active\", \"core\")",
     {"speaking less: {a} days a month before, {b} now", "话变少：原来每月 {a} 天，现在 {b} 天"},
     {"", "usual_days", "act_days"}},
    {"due",
     55,
     30,
     false,
     "order_due between now - 14d and now",
     {"order due: every {a} days on average, {b} already", "该复购了：平均 {a} 天一单，已 {b} 天"},
     {"", "order_gap", "days last_order"}},
    {"fading",
     58,
     60,
     false,
     "orders >= 3 and p_alive >= 0.2 and p_alive_drop >= 0.1",
     {"slipping away: every {a} days on average, silent for {b}",
      "快要流失：平均 {a} 天一单，已 {b} 天没来"},
     {"", "order_gap", "days last_order"}},
    {"birthday",
     50,
     300,
     false,
     "lifecycle in (\"active\", \"core\") and anniv(birthday) = today",
     {"birthday today", "今天生日"},
     {""}},
    {"anniversary",
     40,
     300,
     false,
     "lifecycle = \"core\" and anniv(joined) = today and joined < now - 300d",
     {"with us for {n} years today", "来这里 {n} 年了"},
     {"years joined"}},
    {0},
};
