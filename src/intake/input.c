/* input.c - surveyed once, then streamed.
 *
 * The survey hashes the bytes, counts lines and finds the encoding by the whole file: a byte order
 * mark, a NUL as every second byte at the start, or NULs as second bytes only is UTF-16; strict
 * UTF-8 is UTF-8; else its lines are judged one by one (encoding.h): all of GB18030, none of it
 * (then it is UTF-8 again, so that the rows at fault are named one by one), or some, when each line
 * is read as what it is, and those that are neither come as they are, to be named as well.
 *
 * Invariant of recoding: raw[raw_at .. raw_len) are bytes of the file that iconv has not used, at
 * most a few when more are asked for. */
#include "intake/input.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "intake/line_code.h"
#include "intake/unpack.h"

#define RAW_BYTES ((size_t)1 << 18)

struct input {
    char *path;
    char *name; /* for messages */
    struct unpack *unpack;
    uint64_t peek;  /* no more than so many bytes are taken from it */
    uint64_t taken; /* since the beginning */
    struct input_info info;
    size_t mark; /* bytes of the byte order mark, still to be left out */
    iconv_t iconv;
    bool recoding;       /* iconv is open */
    bool gb_rules;       /* of INPUT_MIXED: a line that may be either is GB18030 */
    enum line_code line; /* of the line in hand */
    size_t line_left;    /* bytes of it, at raw_at */
    bool ended;          /* of the raw bytes */
    size_t raw_at, raw_len;
    char raw[RAW_BYTES];
};

/* ---- standard input ---- */

static enum err copy_all(int from, int to, char *buffer, struct why *why)
{
    for (;;) {
        ssize_t n = read(from, buffer, RAW_BYTES);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return why_fail(why, ERR_IO, MSG_IO, "", "read|standard input|%s", strerror(errno));
        if (n == 0) return ERR_OK;
        TRY(fs_write(to, buffer, (size_t)n, why));
    }
}

/* What cannot be read twice goes into a file that loses its name at once. */
static enum err spool(int from, const struct input_options *o, char *buffer, int *fd,
                      struct why *why)
{
    char path[512];
    int to = -1;
    snprintf(path, sizeof(path), "%.440s/import-%016" PRIx64 ".spool", o->spool_dir, o->spool_tag);
    TRY(fs_create(path, &to, why));
    enum err err = fs_open_read(path, fd, why);
    enum err removed = fs_remove(path, err == ERR_OK ? why : NULL);
    if (err == ERR_OK) err = removed;
    if (err == ERR_OK) err = copy_all(from, to, buffer, why);
    fs_close(to);
    if (err != ERR_OK) fs_close(*fd);
    return err;
}

static enum err open_fd(struct input *in, const struct input_options *o, int *fd, struct why *why)
{
    struct stat st;
    if (strcmp(in->path, "-") == 0) return spool(o->stdin_fd, o, in->raw, fd, why);
    int own = -1;
    TRY(fs_open_read(in->path, &own, why));
    if (fstat(own, &st) == 0 && S_ISREG(st.st_mode)) {
        *fd = own;
        return ERR_OK;
    }
    enum err err = spool(own, o, in->raw, fd, why);
    fs_close(own);
    return err;
}

/* ---- the survey ---- */

static enum err take(struct input *in, void *p, size_t size, size_t *len, struct why *why)
{
    uint64_t left = in->peek - in->taken;
    *len = 0;
    if (left == 0) return ERR_OK;
    TRY(unpack_read(in->unpack, p, left < size ? (size_t)left : size, len, why));
    in->taken += *len;
    return ERR_OK;
}

/* May it go on? A small file can unpack to one without an end. */
static enum err check_survey(const struct input *in, const struct input_options *o, struct why *why)
{
    if (o->stop && atomic_load(o->stop))
        return why_fail(why, ERR_CANCELLED, MSG_IMPORT_STOPPED, "", NULL);
    if (!o->unpacked_max || in->info.bytes <= o->unpacked_max) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_IMPORT_UNPACKS, "", "%" PRIu64, o->unpacked_max);
}

static uint64_t count_lines(const char *p, size_t len)
{
    uint64_t lines = 0;
    const char *end = p + len;
#ifdef __SSE2__
    const __m128i ends = _mm_set1_epi8('\n'), zero = _mm_setzero_si128();
    while (end - p >= 16) {
        __m128i seen = zero; /* in each byte, less than 256 of them */
        for (int i = 0; i < 255 && end - p >= 16; i++, p += 16) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
            seen = _mm_sub_epi8(seen, _mm_cmpeq_epi8(v, ends));
        }
        seen = _mm_sad_epu8(seen, zero);
        lines += (uint64_t)(_mm_extract_epi16(seen, 0) + _mm_extract_epi16(seen, 4));
    }
#endif
    for (; p < end; p++)
        lines += *p == '\n';
    return lines;
}

/* Bytes at the end that may be the beginning of a longer sequence. */
static size_t open_end(const char *p, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)p[len - back];
        if (c < 0x80) return 0;
        if (c < 0xC0) continue;
        size_t need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        return need > back ? back : 0;
    }
    return 0;
}

/* 'utf8' is NULL when nobody asks. */
static enum err survey(struct input *in, const struct input_options *o, bool *utf8, struct why *why)
{
    struct sha256_state hash;
    size_t held = 0, len;
    uint64_t line_end = 0; /* bytes up to the last one */
    bool good = utf8 != NULL;
    sha256_init(&hash);
    for (;;) {
        TRY(take(in, in->raw + held, RAW_BYTES - held, &len, why));
        if (len == 0) break;
        sha256_add(&hash, in->raw + held, len);
        in->info.bytes += len;
        TRY(check_survey(in, o, why));
        in->info.lines += count_lines(in->raw + held, len);
        size_t have = held + len;
        const char *end = memrchr(in->raw + held, '\n', len);
        if (end) line_end = in->info.bytes - (uint64_t)(in->raw + have - end) + 1;
        held = good ? open_end(in->raw, have) : 0;
        good = good && utf8_valid((struct str){in->raw, have - held});
        memmove(in->raw, in->raw + have - held, held);
    }
    in->info.cut = in->taken == in->peek;
    if (in->info.cut && line_end > 1) in->peek = line_end & ~(uint64_t)1;
    if (utf8) *utf8 = good && (held == 0 || in->info.cut);
    in->info.content = sha256_finish(&hash);
    return ERR_OK;
}

static enum err start_over(struct input *in, struct why *why)
{
    unpack_rewind(in->unpack);
    in->taken = 0;
    in->ended = false;
    in->line_left = 0;
    in->raw_at = 0;
    return take(in, in->raw, RAW_BYTES, &in->raw_len, why);
}

/* By the first bytes, which are in 'raw'. */
static bool find_mark(struct input *in)
{
    const unsigned char *p = (const unsigned char *)in->raw;
    size_t len = in->raw_len;
    in->mark = 0;
    if (len >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) {
        in->mark = 3;
        return true;
    }
    bool le_mark = len >= 2 && p[0] == 0xFF && p[1] == 0xFE;
    bool be_mark = len >= 2 && p[0] == 0xFE && p[1] == 0xFF;
    bool le_text = len >= 4 && p[0] && !p[1] && p[2] && !p[3];
    if (le_mark || be_mark) in->mark = 2;
    if (le_mark || le_text) in->info.encoding = INPUT_UTF16LE;
    if (be_mark) in->info.encoding = INPUT_UTF16BE;
    return le_mark || be_mark || le_text;
}

/* Chinese in UTF-16 without a mark: what is ASCII in it has a NUL as its second byte, line ends
 * among it, and first bytes are never NUL. */
static bool is_utf16le(const struct input *in)
{
    size_t second = 0;
    bool line_end = false;
    for (size_t i = 0; i + 1 < in->raw_len; i += 2) {
        if (in->raw[i] == '\0') return false;
        second += in->raw[i + 1] == '\0';
        line_end |= in->raw[i] == '\n' && in->raw[i + 1] == '\0';
    }
    return line_end && second * 32 > in->raw_len;
}

static enum err open_iconv(struct input *in, struct why *why)
{
    static const char *const names[] = {"UTF-8", "GB18030", "UTF-16LE", "UTF-16BE", "GB18030"};
    if (in->info.encoding == INPUT_UTF8) return ERR_OK;
    in->iconv = iconv_open("UTF-8", names[in->info.encoding]);
    if (in->iconv == (iconv_t)-1) /* NOLINT: the function's own sentinel */
        return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    in->recoding = true;
    return ERR_OK;
}

/* ---- recoding ---- */

static enum err more_raw(struct input *in, struct why *why)
{
    size_t rest = in->raw_len - in->raw_at, len;
    memmove(in->raw, in->raw + in->raw_at, rest);
    in->raw_at = 0;
    in->raw_len = rest;
    if (in->ended) return ERR_OK;
    TRY(take(in, in->raw + rest, RAW_BYTES - rest, &len, why));
    in->raw_len += len;
    in->ended = len == 0;
    return ERR_OK;
}

/* One call of iconv; *fault when the next bytes are none of the encoding's. */
static size_t recode_some(struct input *in, char *p, size_t size, bool *fault)
{
    char *from = in->raw + in->raw_at, *to = p;
    size_t from_left = in->raw_len - in->raw_at, to_left = size;
    size_t done = iconv(in->iconv, &from, &from_left, &to, &to_left);
    int code = done == (size_t)-1 ? errno : 0;
    in->raw_at = in->raw_len - from_left;
    *fault = code == EILSEQ || (code == EINVAL && in->ended);
    return size - to_left;
}

static enum err recode(struct input *in, char *p, size_t size, size_t *len, bool *faulty,
                       struct why *why)
{
    for (*len = 0; *len == 0;) {
        bool fault = false;
        if (in->raw_len - in->raw_at < 8) TRY(more_raw(in, why));
        if (in->raw_at == in->raw_len && in->ended) return ERR_OK;
        *len = recode_some(in, p, size - 3, &fault);
        if (!fault) continue;
        *faulty = true;
        size_t unit = in->info.encoding == INPUT_GB18030 ? 1 : 2, left = in->raw_len - in->raw_at;
        in->raw_at += unit < left ? unit : left;
        static const char replacement[] = {'\xEF', '\xBF', '\xBD'}; /* U+FFFD */
        memcpy(p + *len, replacement, sizeof(replacement));
        *len += sizeof(replacement);
    }
    return ERR_OK;
}

/* ---- lines of two encodings ---- */

/* The next line, with its end, or as much of it as there is room for; *len is 0 at the end. */
static enum err next_line(struct input *in, size_t *len, struct why *why)
{
    for (*len = 0;;) {
        const char *from = in->raw + in->raw_at;
        size_t held = in->raw_len - in->raw_at;
        *len = line_length(from, held);
        if (*len || held == 0 || held == RAW_BYTES || in->ended) {
            if (*len == 0) *len = held == RAW_BYTES ? held - open_end(from, held) : held;
            if (*len || in->ended) return ERR_OK;
        }
        TRY(more_raw(in, why));
    }
}

static enum line_code judged(const struct input *in, enum line_code code)
{
    if (code == LINE_EITHER) return in->gb_rules ? LINE_GB18030 : LINE_UTF8;
    if (code == LINE_DECODES) return in->gb_rules ? LINE_GB18030 : LINE_NEITHER;
    return code;
}

/* As recode(), a line at a time. */
static enum err recode_line(struct input *in, char *p, size_t size, size_t *len, struct why *why)
{
    for (*len = 0; *len == 0;) {
        if (in->line_left == 0) {
            TRY(next_line(in, &in->line_left, why));
            if (in->line_left == 0) return ERR_OK;
            struct str line = {in->raw + in->raw_at, in->line_left};
            in->line = judged(in, line_code_of(in->iconv, line));
        }
        char *from = in->raw + in->raw_at, *to = p;
        size_t from_left = in->line_left, to_left = size;
        if (in->line != LINE_GB18030 || iconv(in->iconv, &from, &from_left, &to, &to_left) == 0) {
            *len = size - to_left;
        } else if (errno == E2BIG) {
            *len = size - to_left;
        } else { /* it was cut, or is damaged after all: as it is */
            *len = size - to_left;
            in->line = LINE_NEITHER;
        }
        if (in->line != LINE_GB18030 && *len == 0) {
            *len = from_left < size ? from_left : size;
            memcpy(p, from, *len);
            from_left -= *len;
        }
        in->raw_at += in->line_left - from_left;
        in->line_left = from_left;
    }
    return ERR_OK;
}

/* What are its lines? */
static enum err judge_lines(struct input *in, struct why *why)
{
    uint64_t counts[LINE_CODES] = {0};
    size_t len = 1;
    in->info.encoding = INPUT_MIXED;
    enum err err = open_iconv(in, why);
    if (err == ERR_OK) err = start_over(in, why);
    while (err == ERR_OK) {
        err = next_line(in, &len, why);
        if (err != ERR_OK || len == 0) break;
        counts[line_code_of(in->iconv, (struct str){in->raw + in->raw_at, len})]++;
        in->raw_at += len;
    }
    TRY(err);
    in->gb_rules = counts[LINE_GB18030] >= counts[LINE_UTF8];
    if (counts[LINE_UTF8] == 0 && counts[LINE_NEITHER] == 0) {
        in->info.encoding = INPUT_GB18030;
    } else if (counts[LINE_GB18030] == 0) {
        iconv_close(in->iconv);
        in->recoding = false;
        in->info.encoding = INPUT_UTF8;
    }
    return ERR_OK;
}

static enum err find_encoding(struct input *in, bool utf8, struct why *why)
{
    TRY(start_over(in, why));
    bool told = find_mark(in);
    if (!told && !utf8 && is_utf16le(in)) {
        in->info.encoding = INPUT_UTF16LE;
        told = true;
    }
    if (told) return open_iconv(in, why);
    if (!utf8) TRY(judge_lines(in, why));
    if (in->recoding) iconv(in->iconv, NULL, NULL, NULL, NULL);
    return ERR_OK;
}

/* ---- opening and reading ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum err prepare(struct input *in, const struct input_options *o, struct why *why)
{
    bool utf8 = true;
    int fd = -1;
    if (is_folder(in->path)) {
        TRY(unpack_open_folder(in->path, &in->unpack, why));
    } else {
        TRY(open_fd(in, o, &fd, why));
        TRY(unpack_open(fd, in->name, o->sheet, &in->unpack, why));
    }
    in->info.sheets = unpack_sheets(in->unpack);
    in->info.bundle = unpack_is_bundle(in->unpack);
    TRY(survey(in, o, o->recode ? &utf8 : NULL, why));
    if (o->recode) TRY(find_encoding(in, utf8, why));
    TRY(start_over(in, why));
    if (!o->recode && in->raw_len >= 3 && memcmp(in->raw, "\xEF\xBB\xBF", 3) == 0) in->mark = 3;
    in->raw_at = in->mark;
    return ERR_OK;
}

enum err input_open(const char *path, const struct input_options *o, struct input **out,
                    struct why *why)
{
    struct input *in = mem_alloc(sizeof(*in));
    in->path = mem_strdup(path);
    in->name = mem_strdup(o->name ? o->name : path);
    in->peek = o->peek ? o->peek : UINT64_MAX;
    enum err err = prepare(in, o, why);
    if (err != ERR_OK) {
        input_close(in);
        return err;
    }
    *out = in;
    return ERR_OK;
}

void input_close(struct input *in)
{
    if (!in) return;
    if (in->recoding) iconv_close(in->iconv);
    unpack_close(in->unpack);
    mem_free(in->path);
    mem_free(in->name);
    mem_free(in);
}

const struct input_info *input_get_info(const struct input *in)
{
    return &in->info;
}

enum err input_read(struct input *in, char *p, size_t size, size_t *len, struct why *why)
{
    bool faulty = false;
    if (in->info.encoding == INPUT_MIXED) return recode_line(in, p, size, len, why);
    if (in->recoding) return recode(in, p, size, len, &faulty, why);
    size_t held = in->raw_len - in->raw_at;
    if (held == 0) return take(in, p, size, len, why);
    *len = held < size ? held : size;
    memcpy(p, in->raw + in->raw_at, *len);
    in->raw_at += *len;
    return ERR_OK;
}

double input_progress(const struct input *in)
{
    return unpack_progress(in->unpack);
}
