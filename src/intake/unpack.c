/* unpack.c - gzip members and zstd frames may follow one another; anything else behind them is
 * damage.
 *
 * Invariant: in[at .. len) are packed bytes read from the file and not yet used; 'inside' is set
 * from the first byte of a member until its end, so that an end of file meanwhile is a cut. */
#include "intake/unpack.h"

#include <inttypes.h>
#include <zlib.h>
#include <zstd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "intake/bundle.h"
#include "intake/xlsx.h"

#define IN_BYTES ((size_t)1 << 18)

enum packing { PLAIN, GZIP, ZSTD, SHEET, OLE, BUNDLE };

struct unpack {
    int fd;
    const char *path;
    uint64_t size;   /* of the file */
    uint64_t offset; /* next byte to read from it */
    enum packing packing;
    bool inside; /* a member has begun and not ended */
    z_stream z;
    ZSTD_DStream *zstd;
    struct xlsx *sheet;
    struct bundle *bundle;
    size_t at, len;
    unsigned char in[IN_BYTES];
};

static enum err damaged(const struct unpack *u, const char *what, struct why *why)
{
    return why_fail(why, ERR_CORRUPT, MSG_IMPORT_UNPACK, "", "%" PRIu64 "|%s|%s",
                    u->offset - (u->len - u->at), what, u->path);
}

static enum err read_file(struct unpack *u, void *p, size_t size, size_t *len, struct why *why)
{
    uint64_t left = u->size - u->offset;
    *len = left < size ? (size_t)left : size;
    if (*len == 0) return ERR_OK;
    TRY(fs_read_at(u->fd, p, *len, u->offset, why));
    u->offset += *len;
    return ERR_OK;
}

static enum err refill(struct unpack *u, struct why *why)
{
    if (u->at < u->len) return ERR_OK;
    u->at = 0;
    u->len = 0;
    return read_file(u, u->in, IN_BYTES, &u->len, why);
}

static enum packing packing_of(const unsigned char *p, size_t len)
{
    if (len >= 2 && p[0] == 0x1f && p[1] == 0x8b) return GZIP;
    if (len >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0) return ZSTD;
    if (xlsx_is_zip((struct str){(const char *)p, len})) return SHEET;
    if (xlsx_is_ole((struct str){(const char *)p, len})) return OLE;
    return PLAIN;
}

/* A workbook, unless it is an export of chats. What is too large or damaged for either is told as a
 * workbook, which most are. */
static enum err open_zip(struct unpack *u, const char *sheet, struct why *why)
{
    if (bundle_open_zip(u->fd, &u->bundle, NULL) != ERR_OK) u->bundle = NULL;
    if (!u->bundle) return xlsx_open(u->fd, sheet, &u->sheet, why);
    u->packing = BUNDLE;
    return ERR_OK;
}

enum err unpack_open_folder(const char *path, struct unpack **out, struct why *why)
{
    struct unpack *u = mem_alloc(sizeof(*u));
    u->fd = -1;
    u->path = path;
    u->packing = BUNDLE;
    enum err err = bundle_open_folder(path, &u->bundle, why);
    if (err != ERR_OK) {
        unpack_close(u);
        return err;
    }
    *out = u;
    return ERR_OK;
}

enum err unpack_open(int fd, const char *path, const char *sheet, struct unpack **out,
                     struct why *why)
{
    struct unpack *u = mem_alloc(sizeof(*u));
    u->fd = fd;
    u->path = path;
    enum err err = fs_size(fd, &u->size, why);
    if (err == ERR_OK) err = refill(u, why);
    u->packing = packing_of(u->in, u->len);
    if (err == ERR_OK && u->packing == GZIP && inflateInit2(&u->z, 15 + 16) != Z_OK)
        err = why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    if (u->packing == ZSTD) u->zstd = ZSTD_createDStream();
    if (err == ERR_OK && u->packing == ZSTD && !u->zstd)
        err = why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    if (err == ERR_OK && u->packing == SHEET) err = open_zip(u, sheet, why);
    if (err == ERR_OK && u->packing == OLE) err = xlsx_refuse_ole(fd, why);
    if (err == ERR_OK && sheet && u->packing != SHEET)
        err = why_fail(why, ERR_INVALID, MSG_SHEET_WANTS_BOOK, "sheet", NULL);
    if (err != ERR_OK) {
        unpack_close(u);
        return err;
    }
    unpack_rewind(u);
    *out = u;
    return ERR_OK;
}

void unpack_close(struct unpack *u)
{
    if (!u) return;
    if (u->packing == GZIP) inflateEnd(&u->z);
    ZSTD_freeDStream(u->zstd);
    xlsx_close(u->sheet);
    bundle_close(u->bundle);
    fs_close(u->fd);
    mem_free(u);
}

void unpack_rewind(struct unpack *u)
{
    u->offset = 0;
    u->at = u->len = 0;
    u->inside = false;
    if (u->packing == GZIP) inflateReset(&u->z);
    if (u->packing == ZSTD) ZSTD_DCtx_reset(u->zstd, ZSTD_reset_session_only);
    if (u->packing == SHEET) xlsx_rewind(u->sheet);
    if (u->packing == BUNDLE) bundle_rewind(u->bundle);
}

const struct xlsx_sheets *unpack_sheets(const struct unpack *u)
{
    return u->packing == SHEET ? xlsx_get_sheets(u->sheet) : NULL;
}

bool unpack_is_bundle(const struct unpack *u)
{
    return u->packing == BUNDLE;
}

double unpack_progress(const struct unpack *u)
{
    if (u->packing == SHEET) return xlsx_progress(u->sheet);
    if (u->packing == BUNDLE) return bundle_progress(u->bundle);
    return u->size ? (double)(u->offset - (u->len - u->at)) / (double)u->size : 1;
}

/* One step: from the bytes at hand into p; ends early at the end of a member. */
static enum err step_gzip(struct unpack *u, void *p, size_t size, size_t *len, struct why *why)
{
    u->z.next_in = u->in + u->at;
    u->z.avail_in = (uInt)(u->len - u->at);
    u->z.next_out = p;
    u->z.avail_out = (uInt)size;
    int code = inflate(&u->z, Z_NO_FLUSH);
    u->at = u->len - u->z.avail_in;
    *len = size - u->z.avail_out;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return damaged(u, u->z.msg ? u->z.msg : "not gzip data", why);
    u->inside = code != Z_STREAM_END;
    if (code == Z_STREAM_END) inflateReset(&u->z);
    return ERR_OK;
}

static enum err step_zstd(struct unpack *u, void *p, size_t size, size_t *len, struct why *why)
{
    ZSTD_inBuffer in = {u->in, u->len, u->at};
    ZSTD_outBuffer out = {p, size, 0};
    size_t left = ZSTD_decompressStream(u->zstd, &out, &in);
    u->at = in.pos;
    *len = out.pos;
    if (ZSTD_isError(left)) return damaged(u, ZSTD_getErrorName(left), why);
    u->inside = left != 0;
    return ERR_OK;
}

enum err unpack_read(struct unpack *u, void *p, size_t size, size_t *len, struct why *why)
{
    if (u->packing == PLAIN) return read_file(u, p, size, len, why);
    if (u->packing == SHEET) return xlsx_read(u->sheet, p, size, len, why);
    if (u->packing == BUNDLE) return bundle_read(u->bundle, p, size, len, why);
    if (size > IN_BYTES) size = IN_BYTES;
    for (*len = 0; *len == 0;) {
        TRY(refill(u, why));
        if (u->at == u->len && !u->inside) return ERR_OK;
        bool dry = u->at == u->len;
        TRY(u->packing == GZIP ? step_gzip(u, p, size, len, why) : step_zstd(u, p, size, len, why));
        if (dry && *len == 0) return damaged(u, "the file is cut off", why);
    }
    return ERR_OK;
}
