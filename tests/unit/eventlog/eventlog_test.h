/* eventlog_test.h - what the tests of the room share: seeds, a directory of their own, events. */
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/str.h"

/* WF_SEED=n replays a run. */
static inline uint64_t test_seed(uint64_t otherwise)
{
    const char *given = getenv("WF_SEED");
    uint64_t seed = otherwise;
    if (given) (void)str_to_u64(str_of(given), &seed);
    print_message("WF_SEED=%" PRIu64 "\n", seed);
    return seed;
}

/* A new directory under /tmp; test_path() names a file in it. */
struct test_dir {
    char path[64];
};

static inline struct test_dir test_dir_create(void)
{
    struct test_dir d = {"/tmp/wf-eventlog-XXXXXX"};
    assert_non_null(mkdtemp(d.path));
    return d;
}

static inline const char *test_path(const struct test_dir *d, const char *name)
{
    static char path[4][160];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof(path[0]), "%s/%s", d->path, name);
    return out;
}

static inline void test_dir_remove(struct test_dir *d)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", d->path);
    assert_int_equal(system(command), 0);
}

static inline double test_seconds(void)
{
    return (double)env_mono_ns(env_system()) / 1e9;
}
