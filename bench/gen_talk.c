/* gen_talk.c - a deterministic file of messages in order of time, for measuring imports of chats.
 *
 *     gen_talk messages|csv ROWS >FILE
 *
 * messages: JSON lines as `wellfield import --format messages` takes them
 * csv:      id,at,group,sender,text for a table of SQLite (at in epoch ms)
 *
 * GROUPS groups of MEMBERS members each, over the 80 days before now. Two of three texts are those
 * of talk.h, the others English of everyday words; one of six or so asks, one of fifty has a link,
 * one of ten answers another of the last hundred of its group. */
#include <stdlib.h>
#include <time.h>

#include "talk.h"

#define GROUPS 40u
#define MEMBERS 125u
#define DAYS 80u
#define DAY_MS 86400000ull
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const words[] = {
    "the",    "a",     "is",    "you",      "it",    "to",     "and",      "for",    "have",
    "this",   "that",  "what",  "how",      "can",   "my",     "not",      "with",   "are",
    "today",  "price", "size",  "color",    "order", "thanks", "tomorrow", "course", "group",
    "lesson", "ship",  "still", "homework", "any",   "nice",   "please",   "refund", "when",
};

static void english(uint64_t x, char *out)
{
    unsigned count = 2 + (unsigned)(x & 7) + (unsigned)(x >> 3 & 7);
    size_t len = 0;
    for (unsigned i = 0; i < count; i++) {
        const char *word = words[talk_choice(talk_mix(x + i), COUNT(words))];
        len += (size_t)sprintf(out + len, "%s%s", i ? " " : "", word);
    }
    if (x % 6 == 1) sprintf(out + len, "?");
}

static void print_row(uint64_t id, uint64_t at, int json)
{
    struct talk t = talk_of(id);
    uint64_t x = talk_mix(id + 77);
    unsigned group = talk_choice(x, GROUPS), member = (unsigned)(x >> 20) % MEMBERS;
    char link[64] = "";
    if (x % 3 == 0) english(x, t.text);
    if (x % 50 == 7)
        snprintf(link, sizeof(link), " https://shop.example/p/%u", (unsigned)(x >> 40));
    if (!json) {
        printf("m%llu,%llu,%u,%u,%s%s\n", (unsigned long long)id, (unsigned long long)at, group,
               group * MEMBERS + member, t.text, link);
        return;
    }
    printf("{\"id\":\"m%llu\",\"time\":%llu,\"talker\":\"%u@chatroom\",\"talkerName\":\"群%u\","
           "\"sender\":\"wxid_%u\",\"senderName\":\"茶友%u\",\"type\":1,\"content\":\"%s%s\"",
           (unsigned long long)id, (unsigned long long)at, group, group, group * MEMBERS + member,
           group * MEMBERS + member, t.text, link);
    if (x % 10 == 3 && id > 100)
        printf(",\"reply_to\":\"m%llu\"", (unsigned long long)(id - 1 - (x >> 30) % 100));
    printf("}\n");
}

int main(int argc, char **argv)
{
    int json = argc == 3 && strcmp(argv[1], "messages") == 0;
    uint64_t rows = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (rows == 0 || (!json && strcmp(argv[1], "csv") != 0)) return 2;
    uint64_t from = (uint64_t)time(NULL) * 1000 - DAYS * DAY_MS;
    for (uint64_t i = 0; i < rows; i++)
        print_row(i, from + i * (DAYS * DAY_MS) / rows, json);
    return fflush(stdout) ? 1 : 0;
}
