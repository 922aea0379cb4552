/* assets.h - the files of a web application inside the binary, served under a prefix.
 *
 * A file whose name holds a hash of its content is cached for good; any other is asked for again
 * and answered with 304 while it is the same. A path that is no file is the application's own: it
 * gets index.html. Constant; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "http/http.h"

/* One file; made by tools/embed. */
struct asset {
    const char *path; /* "assets/index-Bx3kQ2aa.js" */
    const char *type; /* Content-Type */
    const char *hash; /* of its content, in hex */
    bool hashed;      /* its name changes with its content */
    struct str plain; /* as it is */
    struct str br;    /* the same by Brotli; {NULL, 0} = not there */
    struct str gz;    /* and by gzip */
};

/* Sorted by path, bytewise; no files = there is no application. */
struct asset_set {
    const struct asset *files;
    size_t count;
    const char *script; /* what a policy calls the script inside index.html: "'sha256-…'"; or "" */
    const char *style;  /* and the style inside it */
};

/* console/dist as it was when the binary was built. */
extern const struct asset_set console_assets;

/* Answer GET of a path below the prefix ("" = index.html). */
void assets_reply(const struct asset_set *set, struct request *req, struct str path);
