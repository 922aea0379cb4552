/* messages_test.c - words as they are indexed and asked for, and text.db beside the log. */
#include "groups/messages.h"

#define PLACE_MODULES &people_module, &groups_module
#include "brand_place.h"

static const struct sender sender = {.level = SENDER_IMPORT, .origin = {"import:1", 8}};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    place_open(p, "Asia/Shanghai");
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    place_close(*state);
    free(*state);
    return 0;
}

/* ---- words ---- */

static void expect_words(const char *text, const char *words)
{
    struct arena *a = arena_create(0);
    struct strbuf got = {0};
    struct str rest = messages_words(a, str_of(text));
    while (rest.len) { /* how many blanks there are says nothing */
        struct str word = str_cut(&rest, ' ');
        if (word.len && got.len) strbuf_add_char(&got, ' ');
        strbuf_add_str(&got, word);
    }
    assert_string_equal(got.p ? got.p : "", words);
    strbuf_finish(&got);
    arena_destroy(a);
}

static void texts_are_folded_and_cut_into_words(void **state)
{
    (void)state;
    expect_words("周六10点 Room-Seven！", "周 六 10 点 room seven");
    expect_words("ＷＥＬＬ field", "well field");
    expect_words("ありがとう 감사", "あ り が と う 감 사");
    expect_words("Привет, мир", "привет мир");
    expect_words("😊 —— ，。…\"*", "");
    expect_words("", "");
}

static void expect_question(const char *find, const char *question)
{
    struct arena *a = arena_create(0);
    struct str got = messages_question(a, str_of(find));
    assert_true(str_is(str_trim(got), question));
    arena_destroy(a);
}

static void what_is_looked_for_is_quoted_and_signs_are_left_out(void **state)
{
    (void)state;
    expect_question("hello", "\"hello\"*");
    expect_question("a\" OR \"b", "\"a\"* AND \"or\"* AND \"b\"*");
    expect_question("😊", "");
    expect_question("  ", "");
    expect_question("NEAR(x", "\"near x\"*");
}

/* ---- the file ---- */

struct talk {
    const char *kind, *user, *text, *message;
};

static enum err run_tell(struct tx *tx, void *arg, struct why *why)
{
    const struct talk *t = arg;
    struct identity who = {IDENTITY_USER, str_of(t->user)};
    struct said said = {.text = str_of(t->text), .message = str_of(t->message)};
    struct fact f = {.at = PLACE_NOW,
                     .kind = str_of(t->kind),
                     .who = &who,
                     .who_count = 1,
                     .amount = HISTORY_NO_AMOUNT,
                     .said = &said};
    struct people_result result;
    f.code[DIM_GROUP] = STR("tea");
    return people_record(tx, &sender, &f, &result, why);
}

static enum err tell(struct place *p, const char *kind, const char *user, const char *text,
                     const char *message)
{
    struct talk t = {kind, user, text, message};
    struct why why = {0};
    return brand_call(p->brand, run_tell, &t, false, &why);
}

/* So many messages of the group hold it. */
static size_t found(struct place *p, const char *find)
{
    struct arena *a = arena_create(0);
    struct messages m;
    struct why why = {0};
    const struct messages_ask ask = {.brand = p->brand,
                                     .group = registry_find_code(p->brand, DIM_GROUP, STR("tea")),
                                     .find = str_of(find),
                                     .from = INT64_MIN,
                                     .to = INT64_MAX,
                                     .limit = 100,
                                     .arena = a};
    place_must(messages_list(&ask, &m, &why), &why, "messages_list");
    size_t count = m.count;
    arena_destroy(a);
    return count;
}

static void count_finding(void *ctx, const char *what)
{
    (void)what;
    ++*(int *)ctx;
}

static void expect_sound(struct place *p)
{
    int findings = 0;
    struct why why = {0};
    place_must(messages_verify(p->brand, count_finding, &findings, &why), &why, "verify");
    assert_int_equal(findings, 0);
}

static void words_are_there_at_once_and_after_opening_again(void **state)
{
    struct place *p = *state;
    assert_int_equal(found(p, "anything"), 0); /* there is no file yet */
    assert_int_equal(tell(p, "message.sent", "u1", "周六还有课吗", "1"), ERR_OK);
    assert_int_equal(tell(p, "message.sent", "u2", "有的", "2"), ERR_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(found(p, ""), 2);
        assert_int_equal(found(p, "还有课"), 1);
        assert_int_equal(found(p, "课有"), 0);
        expect_sound(p);
        place_reopen(p);
    }
}

static void an_edit_and_a_recall_change_what_is_found(void **state)
{
    struct place *p = *state;
    assert_int_equal(tell(p, "message.sent", "u1", "first words", "1"), ERR_OK);
    assert_int_equal(tell(p, "message.edited", "u1", "second words", "1"), ERR_OK);
    assert_int_equal(found(p, "first"), 0);
    assert_int_equal(found(p, "second"), 1);
    assert_int_equal(tell(p, "message.recalled", "u1", NULL, "1"), ERR_OK);
    assert_int_equal(found(p, "second"), 0);
    assert_int_equal(found(p, ""), 1);
    assert_int_equal(tell(p, "message.recalled", "u1", NULL, "none such"), ERR_OK);
    expect_sound(p);
}

/* In the order told: what changes a message may be before it, as where an import sorts by member.
 */
static enum err run_out_of_order(struct tx *tx, void *arg, struct why *why)
{
    struct talk told[] = {{"message.edited", "u2", "second words", "1"},
                          {"message.recalled", "u3", NULL, "2"},
                          {"message.sent", "u1", "first words", "1"},
                          {"message.sent", "u1", "taken back", "2"}};
    (void)arg;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        TRY(run_tell(tx, &told[i], why));
    return ERR_OK;
}

static void a_change_told_before_its_message_in_one_batch_counts(void **state)
{
    struct place *p = *state;
    struct why why = {0};
    place_must(brand_call(p->brand, run_out_of_order, NULL, false, &why), &why, "tell");
    assert_int_equal(found(p, "first"), 0);
    assert_int_equal(found(p, "second"), 1);
    assert_int_equal(found(p, "taken"), 0);
    assert_int_equal(found(p, ""), 2);
    expect_sound(p);
}

static enum err run_then_fail(struct tx *tx, void *arg, struct why *why)
{
    TRY(run_tell(tx, arg, why));
    return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL); /* the batch is rolled back */
}

static enum err run_then_discard(struct tx *tx, void *arg, struct why *why)
{
    tx_discard(tx);
    return run_tell(tx, arg, why);
}

static void a_batch_that_is_rolled_back_leaves_no_words(void **state)
{
    struct place *p = *state;
    struct talk t = {"message.sent", "u1", "never came to be", "7"};
    struct why why = {0};
    assert_int_equal(tell(p, "message.sent", "u1", "before", "1"), ERR_OK);
    assert_int_equal(brand_call(p->brand, run_then_fail, &t, false, &why), ERR_STORE);
    assert_int_equal(brand_call(p->brand, run_then_discard, &t, true, &why), ERR_OK);
    assert_int_equal(found(p, "never"), 0);
    assert_int_equal(tell(p, "message.sent", "u1", "after", "2"), ERR_OK);
    place_reopen(p);
    assert_int_equal(found(p, ""), 2);
    expect_sound(p);
}

static void a_recalled_message_that_is_told_has_no_words(void **state)
{
    struct place *p = *state;
    assert_int_equal(tell(p, "message.recalled", "u1", "gone before it was known", "9"), ERR_OK);
    assert_int_equal(found(p, ""), 0);
}

static void a_text_of_the_largest_size_is_kept(void **state)
{
    struct place *p = *state;
    struct strbuf text = {0};
    while (text.len + 3 <= LIMIT_MESSAGE_TEXT)
        strbuf_add_text(&text, "长");
    assert_int_equal(tell(p, "message.sent", "u1", text.p, "1"), ERR_OK);
    assert_int_equal(found(p, "长长长长"), 1);
    strbuf_finish(&text);
    expect_sound(p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_folded_and_cut_into_words),
        cmocka_unit_test(what_is_looked_for_is_quoted_and_signs_are_left_out),
        TEST(words_are_there_at_once_and_after_opening_again),
        TEST(an_edit_and_a_recall_change_what_is_found),
        TEST(a_change_told_before_its_message_in_one_batch_counts),
        TEST(a_batch_that_is_rolled_back_leaves_no_words),
        TEST(a_recalled_message_that_is_told_has_no_words),
        TEST(a_text_of_the_largest_size_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
