/* cmd_about.c - wellfield limits and wellfield version. */
#include <sodium.h>
#include <utf8proc.h>
#include <zstd.h>

#include "base/limits.h"
#include "base/version.h"
#include "main/session.h"

int command_limits(struct session *s, int argc, char *const *argv)
{
    (void)argc;
    (void)argv;
#define LIMIT(name, value, unit, what)                                                             \
    fprintf(s->out, "%-22s %12lld %-12s %s\n", #name, (long long)(value), unit, what);
    LIMIT_LIST(LIMIT)
#undef LIMIT
    return EXIT_DONE;
}

int command_version(struct session *s, int argc, char *const *argv)
{
    (void)argc;
    (void)argv;
    fprintf(s->out, "wellfield %s\n", WELLFIELD_VERSION);
    fprintf(s->out, "libsodium %s, utf8proc %s, zstd %s\n", sodium_version_string(),
            utf8proc_version(), ZSTD_versionString());
    return EXIT_DONE;
}
