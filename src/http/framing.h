/* framing.h - is this request's head written in the one plain way, so that nobody in front of the
 * server can have read it otherwise? Pure functions, any thread; nothing is owned.
 *
 * libmicrohttpd 0.9.75 is lenient and hides it: it takes a bare LF for a line end, glues folded
 * lines to the name before them, cuts a value at a NUL, keeps a blank before the colon, takes the
 * first of two lengths and prefers a transfer coding to a length. But it parses in place: at the
 * first handler call the head still lies in one piece, from the method to the empty line, every
 * line end replaced by as many NULs as it had bytes and the colon by one. What does not fit that
 * picture was not sent plainly. Who refuses what:
 *
 * - framing_check, 400: bare LF, folding, NUL, CR or another control byte in a line; a blank before
 *   the colon or at a line's front; a name that is no token; two blanks or a tab in the request
 *   line; a target that is no path; Host missing (HTTP/1.1), repeated or malformed; a repeated
 *   Content-Length, Transfer-Encoding, Content-Type, Content-Encoding or Authorization; length and
 *   coding together; a coding in HTTP/1.0; a length with sign, blanks, leading zeros or over 18
 *   digits.
 * - framing_check, 431: over LIMIT_HEADERS lines, a line over LIMIT_HEADER_BYTES, a target over
 *   LIMIT_TARGET_BYTES.
 * - framing_check, 501: a method not in enum http_method (TRACE, CONNECT, PATCH, get, ..), a
 *   transfer coding other than "chunked".
 * - the library, 400: a length that is not digits, a header line without colon, chunk sizes that
 *   are not plain hexadecimal, a chunk that does not end where it should.
 * - the library, 413: a length or a chunk size over 64 bits.
 * - the library, 414 and 431: a head that outgrows its buffer.
 * - the library, 505: HTTP/2.0 and the like.
 * - the library, silent: a first line without a space closes the connection unanswered.
 *
 * server.c answers every refusal of a head at the first handler call, which makes the library close
 * and drop what follows; and closes after every chunked request, since line ends inside a chunked
 * body cannot be seen here.
 *
 * Three uses of NUL stay invisible and are read leniently: a line that begins with NUL before the
 * request line is skipped like an empty one; NUL LF ends a line like CR LF; and other mixtures of
 * NUL, CR and LF than CR LF CR LF end the head, four bytes with a NUL among them. Each needs a peer
 * in front that lets NUL through. */
#pragma once

#include "http/http.h"
#include "http/uri.h"

/* A request's head as the library left it in memory. */
struct head {
    const char *base;     /* the method; NUL-terminated */
    size_t size;          /* bytes from there past the empty line */
    const char *url;      /* where the library says the target begins */
    const char *version;  /* where it says the version begins; NUL-terminated */
    struct str target;    /* a copy of the target, made before the library worked on it */
    struct fields fields; /* names and values it found; slices of base[0..size) when all is well.
                             At most LIMIT_HEADERS + 1 */
};

/* What the head says of the body, and the method. */
struct framing {
    enum http_method method;
    bool chunked;    /* a body of unknown length follows */
    bool expects;    /* the client waits for 100 Continue */
    uint64_t length; /* bytes of body; 0 when chunked */
};

/* ERR_INVALID, ERR_HEADERS or ERR_NOT_IMPLEMENTED as listed above. */
MUST_CHECK enum err framing_check(const struct head *head, struct framing *out, struct why *why);
