/* starter.c - a list to begin with: how ads in groups speak of money, schemes and ways out. It is
 * offered, never imposed, and says nothing of anybody's opinions. */
#include "moderation/moderation.h"

const char moderation_starter[] =
    "# 引流\n加微信领\n加我微信\n加v领\n私聊我领\n扫码进群领\n进群领红包\n加群领红包\n"
    "# 刷单与兼职\n刷单\n刷好评返现\n日结兼职\n在家兼职\n日赚\n轻松月入\n躺赚\n"
    "招代理\n招募代理\n零投入\n无需经验日结\n"
    "# 贷款与套现\n无抵押贷款\n秒批贷款\n黑户可贷\n信用卡套现\n花呗套现\n养卡提额\n"
    "# 荐股\n荐股群\n内幕股票\n带单老师\n稳赚不赔\n"
    "# 代办\n代开发票\n办证刻章\n"
    "# 赌\n/(首充|充值)送\\d{2,}/\n棋牌上分\n"
    "# in English\nwork from home and earn\nmake money fast\n"
    "guaranteed profit\nno investment required\n"
    "/(earn|make) \\d{2,}( ?(usd|dollars))? (a|per) day/\n";
