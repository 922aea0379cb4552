/* assets.c - binary search by path, then the smallest form that the caller takes.
 *
 * Each form has an ETag of its own, since its bytes are others. Nothing of a page may come from
 * elsewhere, and no page may be framed; styles in attributes are allowed, since charts set them. */
#include "api/assets.h"

#include <stdio.h>
#include <string.h>

#define FOR_GOOD "public, max-age=31536000, immutable"
#define POLICY                                                                                     \
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "    \
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; "         \
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

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

/* Does an Accept-Encoding header take this coding? Weights other than 0 do not matter here. */
static bool takes(struct str header, const char *coding)
{
    while (header.len > 0) {
        struct str params = str_cut(&header, ',');
        struct str name = str_trim(str_cut(&params, ';'));
        if (!str_eq_fold(name, str_of(coding))) continue;
        struct str q = str_trim(params);
        double weight = 1;
        if (q.len > 2 && (q.p[0] == 'q' || q.p[0] == 'Q') && q.p[1] == '=' &&
            !str_to_double((struct str){q.p + 2, q.len - 2}, &weight))
            weight = 0;
        return weight > 0;
    }
    return false;
}

static struct form choose(const struct asset *file, struct str accept)
{
    if (file->br.p && takes(accept, "br")) return (struct form){file->br, "br"};
    if (file->gz.p && takes(accept, "gzip")) return (struct form){file->gz, "gzip"};
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

static void add_page_headers(struct request *req)
{
    reply_header(req, "Content-Security-Policy", POLICY);
    reply_header(req, "Referrer-Policy", "no-referrer");
    reply_header(req, "Cross-Origin-Opener-Policy", "same-origin");
    reply_header(req, "Cross-Origin-Resource-Policy", "same-origin");
    reply_header(req, "X-Frame-Options", "DENY");
}

static void reply_file(struct request *req, const struct asset *file)
{
    char etag[64];
    struct form form = choose(file, request_header(req, "Accept-Encoding"));
    snprintf(etag, sizeof(etag), "\"%s%s%s\"", file->hash, form.coding ? "-" : "",
             form.coding ? form.coding : "");
    add_page_headers(req);
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
        reply_file(req, file);
    } else if (!looks_like_file(path) && (file = find(set, STR("index.html")))) {
        reply_file(req, file);
    } else {
        (void)why_fail(&why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, "", NULL);
        reply_problem(req, &why);
    }
}
