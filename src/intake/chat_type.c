/* chat_type.c - two lists. */
#include "intake/chat_type.h"

/* The types of chat programs that number them. */
static struct str type_word(struct str type)
{
    static const struct {
        const char *number;
        const char *word;
    } types[] = {{"1", "text"},   {"3", "image"},      {"34", "voice"},    {"42", "card"},
                 {"43", "video"}, {"47", "sticker"},   {"48", "other"},    {"49", "app"},
                 {"50", "other"}, {"10000", "system"}, {"10002", "system"}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_is(type, types[i].number)) return str_of(types[i].word);
    }
    return type;
}

/* What an app message (49) holds, by its further number. */
static enum message_type app_type(struct str sub)
{
    static const struct {
        const char *number;
        enum message_type type;
    } types[] = {{"1", MESSAGE_TEXT},  {"57", MESSAGE_TEXT}, {"3", MESSAGE_LINK},
                 {"4", MESSAGE_LINK},  {"5", MESSAGE_LINK},  {"51", MESSAGE_LINK},
                 {"6", MESSAGE_FILE},  {"74", MESSAGE_FILE}, {"8", MESSAGE_STICKER},
                 {"33", MESSAGE_CARD}, {"36", MESSAGE_CARD}, {"87", MESSAGE_TEXT}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_is(sub, types[i].number)) return types[i].type;
    }
    return MESSAGE_OTHER;
}

/* Exports name types in either language. */
enum message_type chat_type(struct str given, struct str sub)
{
    struct str type = type_word(given);
    static const struct {
        const char *word;
        enum message_type type;
    } words[] = {
        {"文本", MESSAGE_TEXT},     {"文字", MESSAGE_TEXT},        {"引用", MESSAGE_TEXT},
        {"图片", MESSAGE_IMAGE},    {"语音", MESSAGE_VOICE},       {"视频", MESSAGE_VIDEO},
        {"表情", MESSAGE_STICKER},  {"动画表情", MESSAGE_STICKER}, {"文件", MESSAGE_FILE},
        {"链接", MESSAGE_LINK},     {"小程序", MESSAGE_CARD},      {"名片", MESSAGE_CARD},
        {"picture", MESSAGE_IMAGE}, {"audio", MESSAGE_VOICE},      {"emotion", MESSAGE_STICKER},
        {"weapp", MESSAGE_CARD}};
    if (type.len == 0) return MESSAGE_UNKNOWN;
    if (str_is(type, "app")) return app_type(sub);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_is(type, words[i].word)) return words[i].type;
    }
    enum message_type known = message_type_parse(type);
    return known == MESSAGE_UNKNOWN ? MESSAGE_OTHER : known;
}

bool chat_type_is_notice(struct str given)
{
    struct str type = type_word(given);
    return str_is(type, "system") || str_is(type, "系统") || str_is(type, "系统消息");
}
