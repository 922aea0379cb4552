/* line_code.h - in which encoding one line is, of a file that is not UTF-8 throughout. Pure
 * functions.
 *
 * A line may by accident be both: Chinese of GB18030 is now and then sound UTF-8, and nearly all of
 * UTF-8 decodes as GB18030. What tells is what the bytes say: Chinese of UTF-8 takes three bytes a
 * character, which Chinese of GB18030 hardly ever looks like throughout a line. */
#pragma once

#include <iconv.h>

#include "base/str.h"

enum line_code {
    LINE_ASCII,
    LINE_UTF8,    /* with Chinese, Japanese or Korean in it */
    LINE_EITHER,  /* sound UTF-8, with nothing that tells */
    LINE_GB18030, /* it decodes, with a common character of Chinese in it */
    LINE_DECODES, /* as GB18030, but nothing tells that it is, or it may be damaged UTF-8 */
    LINE_NEITHER,
    LINE_CODES
};

/* 'from_gb18030' is iconv's, to UTF-8; it is left as it was. */
enum line_code line_code_of(iconv_t from_gb18030, struct str line);
/* Bytes up to and with the first end of a line, '\n' or '\r'; 0 = there is none. */
size_t line_length(const char *p, size_t len);
