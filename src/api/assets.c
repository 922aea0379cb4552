/* assets.c - binary search by path, then the smallest form that the caller takes.
 *
 * Each form has an ETag of its own, since its bytes are others. Nothing of a page may come from
 * elsewhere, and no page may be framed; styles in attributes are allowed, since charts set them. */
#include "api/assets.h"

#include <stdio.h>
#include <string.h>

#define FOR_GOOD "public, max-age=31536000, immutable"
#define POLICY                                                                                     \
    "default-src 'self'; script-src 'self' %s; style-src 'self' %s; "                              \
    "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "                \
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "                 \
    "frame-ancestors 'none'"
#define POLICY_MAX 640

/* A form of a file that goes over the wire. */
struct form {
    struct str bytes;
    const char *coding; /* Content-Encoding; NULL = none */
};

static const struct asset *find(const struct asset_set *set, struct str path)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(path, str_of(set->files[middle].path));
        if (order == 0) return &set->files[middle];
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* Is it a file by its looks, so that its absence is an error? */
static bool looks_like_file(struct str path)
{
    if (str_starts(path, STR("assets/"))) return true;
    size_t slash = path.len;
    while (slash > 0 && path.p[slash - 1] != '/')
        slash--;
    return str_find_char((struct str){path.p + slash, path.len - slash}, '.') != SIZE_MAX;
}

static struct form choose(const struct request *req, const struct asset *file)
{
    if (file->br.p && request_takes(req, "br")) return (struct form){file->br, "br"};
    if (file->gz.p && request_takes(req, "gzip")) return (struct form){file->gz, "gzip"};
    return (struct form){file->plain, NULL};
}

static bool is_held(struct str held, const char *etag)
{
    while (held.p) {
        struct str one = str_trim(str_cut(&held, ','));
        if (str_starts(one, STR("W/"))) one = (struct str){one.p + 2, one.len - 2};
        if (str_is(one, etag)) return true;
    }
    return false;
}

static void add_page_headers(struct request *req, const struct asset_set *set)
{
    char policy[POLICY_MAX];
    snprintf(policy, sizeof(policy), POLICY, set->script, set->style);
    reply_header(req, "Content-Security-Policy", policy);
    reply_header(req, "Referrer-Policy", "no-referrer");
    reply_header(req, "Cross-Origin-Opener-Policy", "same-origin");
    reply_header(req, "Cross-Origin-Resource-Policy", "same-origin");
    reply_header(req, "X-Frame-Options", "DENY");
}

static void reply_file(struct request *req, const struct asset_set *set, const struct asset *file)
{
    char etag[64];
    struct form form = choose(req, file);
    snprintf(etag, sizeof(etag), "\"%s%s%s\"", file->hash, form.coding ? "-" : "",
             form.coding ? form.coding : "");
    add_page_headers(req, set);
    reply_header(req, "ETag", etag);
    reply_header(req, "Vary", "Accept-Encoding");
    reply_header(req, "Cache-Control", file->hashed ? FOR_GOOD : "no-cache");
    if (is_held(request_header(req, "If-None-Match"), etag)) {
        reply(req, 304, NULL, STR(""));
        return;
    }
    if (form.coding) reply_header(req, "Content-Encoding", form.coding);
    reply_constant(req, 200, file->type, form.bytes);
}

static void reply_unbuilt(struct request *req)
{
    reply(req, 404, "text/plain; charset=utf-8",
          STR("This Wellfield was built without its console. Build it with `make` on a machine "
              "that has Node.js and npm (without CONSOLE=0), and start it again.\n"
              "本程序构建时未包含控制台。请在装有 Node.js 和 npm 的机器上运行 "
              "make（不带 CONSOLE=0）重新构建，然后重新启动。\n"));
}

void assets_reply(const struct asset_set *set, struct request *req, struct str path)
{
    const struct asset *file = find(set, path);
    struct why why;
    if (set->count == 0) {
        reply_unbuilt(req);
    } else if (file) {
        reply_file(req, set, file);
    } else if (!looks_like_file(path) && (file = find(set, STR("index.html")))) {
        reply_file(req, set, file);
    } else {
        (void)why_fail(&why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, "", NULL);
        reply_problem(req, &why);
    }
}
