/* tagger.h - a thread of a running server that gives and takes tags as their rules say. */
#pragma once

#include "brand/data.h"

struct tagger;

/* NULL: no thread could be had. 'd' is borrowed until the stop. */
struct tagger *tagger_start(struct data *d);
void tagger_stop(struct tagger *t); /* NULL is allowed */
