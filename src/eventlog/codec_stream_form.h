/* codec_stream_form.h - what the writer and the reader of streams must agree on. */
#pragma once

enum stream_form {
    STREAM_CONSTANT = 0,   /* one value */
    STREAM_PACKED = 1,     /* base, scale, blocks of packed numbers with patches */
    STREAM_DICTIONARY = 2, /* values, and a stream of indexes into them */
    STREAM_BYTES = 3,      /* base, scale, controls, numbers of whole bytes */
};

/* The places of up to so many patches of a block are listed; of more, a bitmap is kept. */
#define PATCH_LIST_MAX 16
