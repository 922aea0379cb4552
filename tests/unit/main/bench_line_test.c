/* bench_line_test.c - lines read at one glance are those that a plain reader reads, with the same
 * numbers; all that the bench writes are among them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "main/bench_line.h"

#define TEXT_BYTES 256

#ifdef __SSE2__
#define TAKEN true
#else
#define TAKEN false
#endif

/* Digit by digit. */
static size_t read_plainly(const char *text, uint64_t *cells)
{
    const char *p = text;
    for (unsigned i = 0; i < BENCH_COLUMNS; i++) {
        const char *from = p;
        for (cells[i] = 0; *p >= '0' && *p <= '9'; p++)
            cells[i] = cells[i] * 10 + (uint64_t)(*p - '0');
        if (p == from || p - from > 10 || cells[i] > UINT32_MAX) return 0;
        if (*p++ != (i + 1 < BENCH_COLUMNS ? ',' : '\n')) return 0;
    }
    return (size_t)(p - text);
}

/* Whether it was taken. */
static bool check(const char *text)
{
    uint64_t cells[BENCH_COLUMNS];
    struct bench_line line;
    size_t used = bench_line_read(text, &line);
    if (used == 0) return false;
    assert_int_equal(used, read_plainly(text, cells));
    assert_int_equal(line.member, cells[0]);
    assert_int_equal(line.second, cells[1]);
    assert_int_equal(line.kind, cells[2]);
    assert_int_equal(line.channel, cells[3]);
    assert_int_equal(line.campaign, cells[4]);
    assert_int_equal(line.group, cells[5]);
    assert_int_equal(line.amount, cells[6]);
    return true;
}

static unsigned draw(struct rng *rng, unsigned digits)
{
    static const unsigned bounds[] = {10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    return (unsigned)rng_below(rng, bounds[rng_below(rng, digits)]);
}

static void make_line(struct rng *rng, char *text)
{
    memset(text, '9', TEXT_BYTES);
    int len = snprintf(text, TEXT_BYTES, "%u,%u,%u,%u,%u,%u,%u\n", draw(rng, 8),
                       1000000000 + (unsigned)rng_below(rng, 3294967296), draw(rng, 2),
                       draw(rng, 1), draw(rng, 2), draw(rng, 4), draw(rng, 8));
    text[len] = '7';
}

static void every_line_of_the_bench_is_taken(void **state)
{
    (void)state;
    char text[TEXT_BYTES];
    struct rng rng;
    rng_init(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        make_line(&rng, text);
        assert_int_equal(check(text), TAKEN);
    }
    memset(text, ',', sizeof(text));
    memcpy(text, "99999999,4294967295,9999,9999,9999,9999,99999999\n", 49);
    assert_int_equal(check(text), TAKEN);
}

static void what_is_wrong_anywhere_is_not_taken(void **state)
{
    (void)state;
    static const char others[] = {0,   '\n', '\r', ' ', '"', '+',        ',',        '-',
                                  '.', '/',  '0',  ':', 'a', (char)0x80, (char)0xb0, (char)0xff};
    char text[TEXT_BYTES];
    struct rng rng;
    rng_init(&rng, 2);
    for (int i = 0; i < 500; i++) {
        make_line(&rng, text);
        size_t len = strcspn(text, "\n") + 1;
        for (size_t at = 0; at < len; at++) {
            char kept = text[at];
            for (size_t k = 0; k < sizeof(others); k++) {
                text[at] = others[k];
                (void)check(text);
            }
            text[at] = kept;
        }
    }
}

static void cells_that_are_too_long_or_missing_are_not_taken(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "\n",
        ",,,,,,\n",
        "1,1735689600,1,1,1,1\n",
        "1,1735689600,1,1,1,1,0,9\n",
        "1,1735689600,1,1,1,,0\n",
        "1,1735689600,1,1,1,1,\n",
        ",1735689600,1,1,1,1,0\n",
        "123456789,1735689600,1,1,1,1,0\n",
        "1,173568960,1,1,1,1,0\n",
        "1,17356896000,1,1,1,1,0\n",
        "1,4294967296,1,1,1,1,0\n",
        "1,9999999999,1,1,1,1,0\n",
        "1,1735689600,12345,1,1,1,0\n",
        "1,1735689600,1,12345,1,1,0\n",
        "1,1735689600,1,1,12345,1,0\n",
        "1,1735689600,1,1,1,12345,0\n",
        "1,1735689600,1,1,1,1,123456789\n",
        "1,1735689600,1,1,1,1,0\r\n",
        "\"1\",1735689600,1,1,1,1,0\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[TEXT_BYTES];
        struct bench_line line;
        for (int c = 0; c < 2; c++) {
            memset(text, c ? ',' : '5', sizeof(text));
            memcpy(text, lines[i], strlen(lines[i]));
            assert_int_equal(bench_line_read(text, &line), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_bench_is_taken),
        cmocka_unit_test(what_is_wrong_anywhere_is_not_taken),
        cmocka_unit_test(cells_that_are_too_long_or_missing_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
