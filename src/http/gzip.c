/* gzip.c - unpacking, zlib writes through a block on the stack, so that a bomb costs no more memory
 * than 'size_max' and is left as soon as it passes it. */
#include "http/gzip.h"

#define ZLIB_CONST /* next_in is only read */
#include <limits.h>
#include <zlib.h>

#include "base/mem.h"

#define GZIP_ONLY (16 + MAX_WBITS) /* as zlib wants it said */
#define MEMORY 8                   /* its default */

static enum err inflate_all(z_stream *z, size_t size_max, struct strbuf *out, struct why *why)
{
    unsigned char block[16384];
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        z->next_out = block;
        z->avail_out = sizeof(block);
        result = inflate(z, Z_NO_FLUSH);
        size_t n = sizeof(block) - z->avail_out;
        if (result != Z_STREAM_END && (result != Z_OK || n == 0)) {
            return why_fail(why, ERR_INVALID, MSG_HTTP_GZIP, "body", NULL);
        }
        if (n > size_max - out->len) {
            return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "body", "%zu", size_max);
        }
        strbuf_add(out, block, n);
    }
    if (z->avail_in > 0) return why_fail(why, ERR_INVALID, MSG_HTTP_GZIP, "body", NULL);
    return ERR_OK;
}

enum err gunzip(struct str packed, size_t size_max, struct strbuf *out, struct why *why)
{
    z_stream z = {0};
    if (packed.len > UINT_MAX || inflateInit2(&z, GZIP_ONLY) != Z_OK) {
        return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    }
    z.next_in = (const unsigned char *)packed.p;
    z.avail_in = (unsigned)packed.len;
    strbuf_reset(out);
    enum err err = inflate_all(&z, size_max, out, why);
    inflateEnd(&z);
    return err;
}

struct str gzip(struct str plain)
{
    struct str none = {NULL, 0};
    z_stream z = {0};
    if (plain.len < 2 || plain.len > UINT_MAX ||
        deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_ONLY, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return none;
    size_t room = plain.len - 1; /* or it is not smaller */
    unsigned char *packed = mem_alloc(room);
    z.next_in = (const unsigned char *)plain.p;
    z.avail_in = (unsigned)plain.len;
    z.next_out = packed;
    z.avail_out = (unsigned)room;
    bool whole = deflate(&z, Z_FINISH) == Z_STREAM_END;
    size_t len = room - z.avail_out;
    deflateEnd(&z);
    if (whole) return (struct str){(const char *)packed, len};
    mem_free(packed);
    return none;
}
