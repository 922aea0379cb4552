/* language_test.c - choosing a language by Accept-Language. */
#include "http/client.h"

#include "http/language.h"

static void chinese_needs_to_come_first(void **state)
{
    static const struct {
        const char *accept; /* the header */
        enum lang wanted;   /* what it chooses */
    } cases[] = {
        {NULL, LANG_EN},
        {"", LANG_EN},
        {"zh", LANG_ZH},
        {"zh-CN", LANG_ZH},
        {"ZH-hant-TW;q=0.5", LANG_ZH},
        {"zha", LANG_EN},
        {"en,zh", LANG_EN},
        {"zh,en", LANG_ZH},
        {"zh-CN,zh;q=0.9,en;q=0.8", LANG_ZH},
        {"en-US,en;q=0.9,zh;q=0.8", LANG_EN},
        {"en;q=0.3, zh;q=0.7", LANG_ZH},
        {"fr, zh;q=0.9", LANG_ZH},
        {"zh;q=0", LANG_EN},
        {"zh;q=nan", LANG_EN},
        {"zh;q=2", LANG_EN},
        {"zh;q=", LANG_EN},
        {"zh;level=1", LANG_EN},
        {"*;q=0.1,,;,zh", LANG_ZH},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (language_of(str_of(cases[i].accept)) != cases[i].wanted) {
            fail_msg("wrong for \"%s\"", cases[i].accept);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chinese_needs_to_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
