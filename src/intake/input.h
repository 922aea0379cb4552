/* input.h - the bytes of one file to import, unpacked and in UTF-8.
 *
 * A file may be plain, gzip, zstd, an Excel workbook or an export of chats as a ZIP, told apart by
 * its first bytes and, of a ZIP, what is in it; or a folder with such an export. "-" is standard
 * input, which is kept in a nameless file of the data directory until it is closed.
 * input_open() reads everything once: the hash, the number of lines and the encoding are known
 * before the first row is used. One thread at a time. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/hash.h"

enum input_encoding {
    INPUT_UTF8,
    INPUT_GB18030,
    INPUT_UTF16LE,
    INPUT_UTF16BE,
    INPUT_MIXED, /* lines of UTF-8 and lines of GB18030 */
};

struct input_info {
    struct sha256 content; /* of the uncompressed bytes */
    uint64_t bytes;        /* uncompressed */
    uint64_t lines;        /* line ends in them */
    enum input_encoding encoding;
    const struct xlsx_sheets *sheets; /* it is a workbook, one of whose sheets comes as csv */
    bool bundle; /* it is an export of many files, which come behind each other (bundle.h) */
    bool cut;    /* only its beginning was looked at */
};

struct input_options {
    int stdin_fd;          /* what "-" reads */
    const char *spool_dir; /* where it is kept */
    uint64_t spool_tag;    /* makes its name, for as long as it has one, unlike others' */
    bool recode;           /* bring other encodings to UTF-8; else the bytes as they are */
    const char *name;      /* for messages; NULL = the path */
    const char *sheet;     /* of a workbook, by name; NULL = the first visible */
    uint64_t unpacked_max; /* bytes it may have, unpacked; 0 = no bound */
    uint64_t
        peek; /* only so many of them, up to the end of a line, are looked at and given; 0 = all */
    const atomic_bool *stop; /* set from outside: give up; may be NULL */
};

struct input;

/* ERR_NOT_FOUND, ERR_IO, ERR_CORRUPT (cannot be unpacked), ERR_TOO_LARGE (over unpacked_max,
 * or a limit of workbooks), ERR_INVALID (a workbook that cannot be read), ERR_CANCELLED. */
MUST_CHECK enum err input_open(const char *path, const struct input_options *o, struct input **out,
                               struct why *why);
void input_close(struct input *in); /* NULL is allowed */
const struct input_info *input_get_info(const struct input *in);

/* The next bytes, *len of them; 0 at the end. A byte order mark is left out; what its encoding does
 * not allow becomes U+FFFD, but bytes taken for UTF-8, and lines that are of
 * no encoding, come as they are. 'size' >= 64. */
MUST_CHECK enum err input_read(struct input *in, char *p, size_t size, size_t *len,
                               struct why *why);
/* How far it has been read, 0 to 1. */
double input_progress(const struct input *in);
