/* said_test.c - what a message says reaches the rooms with its event's place, live and in bulk, and
 * no other event has it. */
#include <stdbool.h>

struct module;
static const struct module listener;
#define PLACE_MODULES &people_module, &listener
#include "place_loads.h"

#include "base/limits.h"

/* ---- a room that listens ---- */

struct heard {
    uint64_t seq;
    int64_t at;
    struct str kind;
    char text[64], message[16], reply_to[16];
    bool edited, recalled;
};
static struct heard heard[16];
static int heard_count, events_seen, events_with_words;

static enum err listen_event(struct tx *tx, void *state, const struct event *ev, uint64_t seq)
{
    (void)state;
    (void)seq;
    const struct said *said = tx_said(tx);
    struct str kind = registry_kind_name(tx_brand(tx), ev->kind);
    events_seen++;
    events_with_words += said != NULL;
    if (said) assert_true(str_starts(kind, STR("message.")));
    return ERR_OK;
}

static enum err listen_said(struct tx *tx, void *state, const struct event *ev, uint64_t seq,
                            const struct said *said)
{
    (void)state;
    struct heard *h = &heard[heard_count++];
    *h = (struct heard){
        seq,          ev->at,        registry_kind_name(tx_brand(tx), ev->kind), "", "", "",
        said->edited, said->recalled};
    snprintf(h->text, sizeof(h->text), STR_FMT, STR_ARG(said->text));
    snprintf(h->message, sizeof(h->message), STR_FMT, STR_ARG(said->message));
    snprintf(h->reply_to, sizeof(h->reply_to), STR_FMT, STR_ARG(said->reply_to));
    return ERR_OK;
}

static const struct module listener = {
    .name = "listener", .on_event = listen_event, .on_said = listen_said};

static void forget(void)
{
    memset(heard, 0, sizeof(heard));
    heard_count = events_seen = events_with_words = 0;
}

/* ---- facts ---- */

static struct identity anna[] = {{IDENTITY_NAME, {"anna", 4}}};
static struct identity ben[] = {{IDENTITY_NAME, {"ben", 3}}};
static const struct said hello = {.text = {"你好", 6}, .message = {"m1", 2}};
static const struct said answer = {
    .text = {"hi anna", 7}, .message = {"m2", 2}, .reply_to = {"m1", 2}};
static const struct said better = {.text = {"你好啊", 9}, .message = {"m1", 2}, .edited = true};
static const struct said gone = {.message = {"m2", 2}, .recalled = true};

static struct fact fact_of(int64_t at, const char *kind, struct identity *who,
                           const struct said *said)
{
    struct fact f = {.at = at,
                     .kind = str_of(kind),
                     .who = who,
                     .who_count = 1,
                     .amount = HISTORY_NO_AMOUNT,
                     .said = said};
    f.code[DIM_GROUP] = STR("g");
    return f;
}

#define FACTS 5
static void make_facts(struct fact out[FACTS])
{
    out[0] = fact_of(1000, "message.sent", anna, &hello);
    out[1] = fact_of(2000, "message.sent", ben, &answer);
    out[1].other = anna;
    out[1].other_count = 1;
    out[2] = fact_of(3000, "message.sent", ben, NULL); /* words that nobody has */
    out[3] = fact_of(4000, "message.edited", anna, &better);
    out[4] = fact_of(5000, "message.recalled", ben, &gone);
}

/* The four, each at its place among what was heard. */
static void expect_heard(int hello_at, int answer_at, int better_at, int gone_at)
{
    assert_int_equal(heard_count, 4);
    assert_string_equal(heard[hello_at].text, "你好");
    assert_string_equal(heard[hello_at].message, "m1");
    assert_string_equal(heard[hello_at].reply_to, "");
    assert_string_equal(heard[answer_at].text, "hi anna");
    assert_string_equal(heard[answer_at].reply_to, "m1");
    assert_true(heard[better_at].edited && !heard[better_at].recalled);
    assert_string_equal(heard[better_at].text, "你好啊");
    assert_true(str_is(heard[better_at].kind, "message.edited"));
    assert_true(heard[gone_at].recalled && !heard[gone_at].edited);
    assert_string_equal(heard[gone_at].message, "m2");
}

/* ---- cases ---- */

static void words_come_with_their_own_event(void **state)
{
    (void)state;
    struct place p;
    struct fact facts[FACTS];
    forget();
    make_facts(facts);
    place_open(&p, "Asia/Shanghai");
    send_live(&p, facts, FACTS);
    expect_heard(0, 1, 2, 3);
    /* members, joins, anna's answered message and the messages: four of them say something */
    assert_int_equal(events_with_words, 4);
    assert_true(events_seen > FACTS + 2);
    /* the last event of the log is the last message: its seq is the log's */
    assert_int_equal(heard[3].seq, brand_stats(p.brand).seq);
    for (int i = 1; i < heard_count; i++)
        assert_true(heard[i].seq > heard[i - 1].seq);
    forget();
    place_reopen(&p); /* what is folded again says nothing */
    assert_int_equal(heard_count, 0);
    assert_int_equal(events_with_words, 0);
    place_close(&p);
}

/* The events of a part lie by persona: anna's before ben's. */
static void words_come_in_bulk_with_the_row_of_their_event(void **state)
{
    (void)state;
    struct place p;
    struct fact facts[FACTS];
    forget();
    make_facts(facts);
    place_open(&p, "Asia/Shanghai");
    send_bulk(&p, facts, FACTS);
    expect_heard(0, 2, 1, 3); /* in the order of the rows */
    /* anna: created 1, joined 2, m1 3, answered 4, edited 5; ben: created 6, joined 7, m2 8, then
     * one without words 9, recalled 10 */
    assert_int_equal(heard[0].seq, 3);
    assert_int_equal(heard[1].seq, 5);
    assert_int_equal(heard[2].seq, 8);
    assert_int_equal(heard[3].seq, 10);
    assert_int_equal(brand_stats(p.brand).seq, 10);
    place_close(&p);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct strbuf text = {0};
    struct said said = {.message = STR("m")};
    struct why why = {0};
    uint32_t junk;
    /* 25 bytes each: a family of four */
    for (int i = 0; i < 4000; i++)
        strbuf_add_text(&text, "👨‍👩‍👧‍👦");
    said.text = strbuf_str(&text);
    struct fact f = fact_of(1000, "message.sent", anna, &said);
    assert_int_equal(fact_check(&f, PLACE_NOW, a, &junk, &why), ERR_OK);
    assert_int_equal(f.said->text.len, LIMIT_MESSAGE_TEXT / 25 * 25);
    assert_int_equal(said.text.len, 100000); /* the sender's own is as it was */
    strbuf_finish(&text);
    arena_destroy(a);
}

static void bad_texts_and_ids_are_refused(void **state)
{
    (void)state;
    static const struct said bad[] = {
        {.text = {"a\xff", 2}}, {.text = {"a\0b", 3}}, {.text = {"a", 1}, .message = {"\xc0", 1}}};
    static const char *const fields[] = {"text", "text", "message"};
    struct arena *a = arena_create(0);
    char id[LIMIT_MESSAGE_ID_BYTES + 1];
    uint32_t junk;
    for (size_t i = 0; i < 3; i++) {
        struct why why = {0};
        struct fact f = fact_of(1000, "message.sent", anna, &bad[i]);
        assert_int_equal(fact_check(&f, PLACE_NOW, a, &junk, &why), ERR_INVALID);
        assert_string_equal(why.field, fields[i]);
    }
    memset(id, 'x', sizeof(id));
    struct said said = {.reply_to = {id, sizeof(id)}};
    struct fact f = fact_of(1000, "message.sent", anna, &said);
    struct why why = {0};
    assert_int_equal(fact_check(&f, PLACE_NOW, a, &junk, &why), ERR_TOO_LARGE);
    assert_string_equal(why.field, "reply_to");
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_with_their_own_event),
        cmocka_unit_test(words_come_in_bulk_with_the_row_of_their_event),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(bad_texts_and_ids_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
