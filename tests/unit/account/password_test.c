/* password_test.c - what may be a password, and that one is compared whole and by as much work for
 * nobody as for somebody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "account/common.h"
#include "account/password.h"
#include "base/env.h"
#include "base/limits.h"

static enum msg refusal(const char *password)
{
    struct why why = {0};
    enum err err =
        password_allowed(str_of(password), STR("Lily Chen"), STR("teahouse"), "password", &why);
    if (err == ERR_OK) return MSG_NONE;
    assert_int_equal(err, ERR_INVALID);
    assert_string_equal(why.field, "password");
    return why.msg;
}

static void the_length_is_counted_in_characters(void **state)
{
    (void)state;
    char text[4 * 130] = "";
    assert_int_equal(refusal(""), MSG_PASSWORD_LENGTH);
    assert_int_equal(refusal("kX3vq2z"), MSG_PASSWORD_LENGTH);
    assert_int_equal(refusal("kX3vq2zp"), MSG_NONE);
    assert_int_equal(refusal("山高水长月落"), MSG_PASSWORD_LENGTH);
    assert_int_equal(refusal("山高水长月落乌啼"), MSG_NONE);
    for (int i = 0; i < 128; i++)
        strcat(text, i % 3 ? "长" : "q");
    assert_int_equal(refusal(text), MSG_NONE);
    strcat(text, "z");
    assert_int_equal(refusal(text), MSG_PASSWORD_LENGTH);
    assert_int_equal(refusal("abc\xff\xfe-defgh"), MSG_BAD_UTF8);
}

static void no_sort_of_character_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(refusal("correct horse battery staple"), MSG_NONE);
    assert_int_equal(refusal("93847561029"), MSG_NONE);
    assert_int_equal(refusal("ungewohnterweise"), MSG_NONE);
    assert_int_equal(refusal("!)(#&~^%{}"), MSG_NONE);
}

static void what_others_try_first_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "password",   "Password1",  "P@ssw0rd",   "12345678",   "1234567890", "87654321",
        "qwertyuiop", "asdfghjkl",  "1qaz2wsx",   "aaaaaaaa",   "abcabcabc",  "12121212",
        "abcdefgh",   "iloveyou",   "sunshine1",  "dragon2024", "!!dragon!!", "woaini1314",
        "19890604",   "20240229",   "31121999",   "wellfield1", "Wellfield!", "teahouse2024",
        "lily chen",  "Lily Chen1", "trustno1!!", "52013145",   "letmein123", "ADMINISTRATOR",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (refusal(bad[i]) != MSG_PASSWORD_COMMON) fail_msg("%s is let pass", bad[i]);
    }
}

static void every_password_of_the_list_is_refused(void **state)
{
    (void)state;
    assert_true(common_list_count >= 3000);
    for (size_t i = 0; i < common_list_count; i++) {
        enum msg msg = refusal(common_list[i]);
        if (msg != MSG_PASSWORD_COMMON && msg != MSG_PASSWORD_LENGTH)
            fail_msg("%s is let pass", common_list[i]);
        if (i > 0) assert_true(strcmp(common_list[i - 1], common_list[i]) < 0);
    }
}

static bool is(struct password_gate *g, const char *password, const char *stored)
{
    bool right = true;
    struct why why;
    assert_int_equal(password_is(g, str_of(password), stored, &right, &why), ERR_OK);
    return right;
}

static void a_password_is_compared_whole(void **state)
{
    (void)state;
    struct password_gate *g = password_gate_create();
    struct why why;
    char stored[PASSWORD_STORED], long_text[4 * LIMIT_PASSWORD_CHARS + 2];
    assert_int_equal(password_hash(g, STR("caf\xc3\xa9-and-cream"), stored, &why), ERR_OK);
    assert_non_null(strstr(stored, "$argon2id$v=19$m=49152,t=2,p=1$"));
    assert_null(strstr(stored, "cream"));
    assert_true(is(g, "caf\xc3\xa9-and-cream", stored));
    assert_true(is(g, "cafe\xcc\x81-and-cream", stored)); /* the same, typed otherwise */
    assert_false(is(g, "caf\xc3\xa9-and-crea", stored));
    assert_false(is(g, "caf\xc3\xa9-and-cream ", stored));
    assert_false(is(g, "Caf\xc3\xa9-and-cream", stored));
    assert_false(is(g, "", stored));
    memset(long_text, 'a', sizeof(long_text));
    long_text[128] = '\0';
    assert_int_equal(password_hash(g, str_of(long_text), stored, &why), ERR_OK);
    assert_true(is(g, long_text, stored));
    long_text[127] = 'b';
    assert_false(is(g, long_text, stored));
    password_gate_destroy(g);
}

/* A text form that libsodium does not read would be refused at once, which could be timed. */
static void nobody_is_compared_with_by_the_same_work(void **state)
{
    (void)state;
    struct password_gate *g = password_gate_create();
    struct why why;
    char stored[PASSWORD_STORED];
    assert_int_equal(password_hash(g, STR("something-else"), stored, &why), ERR_OK);
    assert_int_equal(crypto_pwhash_str_needs_rehash(stored, 2, (size_t)48 << 20), 0);
    assert_int_equal(crypto_pwhash_str_needs_rehash(password_of_nobody, 2, (size_t)48 << 20), 0);
    assert_int_equal(strlen(password_of_nobody), strlen(stored));
    assert_false(is(g, "wrong-password", ""));
    assert_false(is(g, "", ""));
    password_gate_destroy(g);
}

struct crowd {
    struct password_gate *gate;
    pthread_barrier_t start;
    int done, busy;
    pthread_mutex_t lock;
};

static void *one_of_many(void *arg)
{
    struct crowd *c = arg;
    struct why why;
    char stored[PASSWORD_STORED];
    pthread_barrier_wait(&c->start);
    enum err err = password_hash(c->gate, STR("one-of-many-here"), stored, &why);
    pthread_mutex_lock(&c->lock);
    if (err == ERR_OK) c->done++;
    if (err == ERR_BUSY) c->busy++;
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void a_crowd_is_told_to_come_again(void **state)
{
    (void)state;
    struct crowd c = {.gate = password_gate_create(), .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[32];
    pthread_barrier_init(&c.start, NULL, 32);
    for (int i = 0; i < 32; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_many, &c), 0);
    for (int i = 0; i < 32; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(c.done + c.busy, 32);
    assert_true(c.done >= LIMIT_PASSWORD_HASHES + LIMIT_PASSWORD_QUEUE);
    assert_true(c.busy > 0);
    pthread_barrier_destroy(&c.start);
    password_gate_destroy(c.gate);
}

int main(void)
{
    env_system(); /* starts libsodium */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_is_counted_in_characters),
        cmocka_unit_test(no_sort_of_character_is_asked_for),
        cmocka_unit_test(what_others_try_first_is_refused),
        cmocka_unit_test(every_password_of_the_list_is_refused),
        cmocka_unit_test(a_password_is_compared_whole),
        cmocka_unit_test(nobody_is_compared_with_by_the_same_work),
        cmocka_unit_test(a_crowd_is_told_to_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
