/* codec_text.c - strings of a dictionary: their lengths as a stream, then their bytes. */
#include "eventlog/codec_scratch.h"

#include <assert.h>

void codec_write_strings(struct codec_writer *w, const struct str *strings, size_t count,
                         struct strbuf *out)
{
    assert(count > 0 && count <= CODEC_ROWS_MAX);
    for (size_t i = 0; i < count; i++)
        w->a[i] = strings[i].len;
    stream_encode(w->streams, w->a, count, 0, out);
    for (size_t i = 0; i < count; i++)
        strbuf_add_str(out, strings[i]);
}

bool codec_read_strings(struct codec_reader *r, struct str bytes, size_t count, struct str *out)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    if (count == 0 || count > CODEC_ROWS_MAX) return false;
    if (!stream_open(&r->a, &in, count, 32) || !stream_read32(&r->a, r->narrow)) return false;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = get_bytes(&in, r->narrow[i]);
        if (!p) return false;
        out[i] = (struct str){(const char *)p, r->narrow[i]};
    }
    return byte_reader_left(&in) == 0;
}
