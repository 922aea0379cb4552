/* gzip_test.c - packing, and undoing it within a bound. */
#include "http/client.h"

#include <zlib.h>

#include "base/mem.h"
#include "http/gzip.h"

/* gzip 'text' by zlib itself. */
static struct strbuf packed_of(struct str text)
{
    struct strbuf out = {0};
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    size_t bound = deflateBound(&z, text.len);
    unsigned char *to = mem_alloc(bound);
    z.next_in = (unsigned char *)(uintptr_t)text.p;
    z.avail_in = (unsigned)text.len;
    z.next_out = to;
    z.avail_out = (unsigned)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    strbuf_add(&out, to, bound - z.avail_out);
    deflateEnd(&z);
    mem_free(to);
    return out;
}

static void what_was_packed_comes_back(void **state)
{
    (void)state;
    char *text = mem_alloc(100000);
    for (size_t i = 0; i < 100000; i++) {
        text[i] = (char)(i * 7 % 251);
    }
    static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 100000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct strbuf packed = packed_of((struct str){text, sizes[i]}), out = {0};
        struct why why;
        assert_int_equal(gunzip(strbuf_str(&packed), sizes[i], &out, &why), ERR_OK);
        assert_true(str_eq(strbuf_str(&out), (struct str){text, sizes[i]}));
        if (sizes[i] > 0) {
            assert_int_equal(gunzip(strbuf_str(&packed), sizes[i] - 1, &out, &why), ERR_TOO_LARGE);
        }
        strbuf_finish(&packed);
        strbuf_finish(&out);
    }
    mem_free(text);
}

static void a_bomb_is_left_early(void **state)
{
    (void)state;
    size_t size = (size_t)64 * 1024 * 1024;
    char *zeros = mem_alloc(size);
    struct strbuf packed = packed_of((struct str){zeros, size}), out = {0};
    struct why why;
    mem_free(zeros);
    assert_int_equal(gunzip(strbuf_str(&packed), 1000, &out, &why), ERR_TOO_LARGE);
    assert_true(out.capacity < 100000);
    strbuf_finish(&packed);
    strbuf_finish(&out);
}

static void every_cut_and_every_addition_is_refused(void **state)
{
    (void)state;
    struct strbuf packed = packed_of(STR("the well in the field, the well in the field")),
                  out = {0};
    struct why why;
    for (size_t len = 0; len < packed.len; len++) {
        struct str cut = {packed.p, len};
        assert_int_equal(gunzip(cut, 1000, &out, &why), ERR_INVALID);
    }
    strbuf_add_char(&packed, 'x');
    assert_int_equal(gunzip(strbuf_str(&packed), 1000, &out, &why), ERR_INVALID);
    assert_string_equal(why.field, "body");
    packed.p[packed.len - 3] ^= 1;
    packed.len--;
    assert_int_equal(gunzip(strbuf_str(&packed), 1000, &out, &why), ERR_INVALID);
    assert_int_equal(gunzip(STR("not gzip at all"), 1000, &out, &why), ERR_INVALID);
    strbuf_finish(&packed);
    strbuf_finish(&out);
}

static void what_gets_smaller_is_packed_and_comes_back(void **state)
{
    (void)state;
    char text[5000], noise[300];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = "the well in the field, "[i % 23];
    }
    for (size_t i = 0; i < sizeof(noise); i++) {
        noise[i] = (char)(i * i * 2654435761u >> 7);
    }
    struct str plain = {text, sizeof(text)}, packed = gzip(plain);
    struct strbuf out = {0};
    struct why why;
    assert_true(packed.p && packed.len < 200);
    assert_int_equal(gunzip(packed, sizeof(text), &out, &why), ERR_OK);
    assert_true(str_eq(strbuf_str(&out), plain));
    union {
        const char *from;
        void *to;
    } ours = {.from = packed.p};
    mem_free(ours.to);
    strbuf_finish(&out);
    assert_null(gzip((struct str){noise, sizeof(noise)}).p);
    assert_null(gzip(STR("x")).p);
    assert_null(gzip(STR("")).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_gets_smaller_is_packed_and_comes_back),
        cmocka_unit_test(what_was_packed_comes_back),
        cmocka_unit_test(a_bomb_is_left_early),
        cmocka_unit_test(every_cut_and_every_addition_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
