/* town_test.h - the town that a test's cases begin with, empty, on 2025-03-01 in Shanghai. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "insight/town.h"

static struct town town;

static int setup(void **state)
{
    (void)state;
    town_open(&town, "Asia/Shanghai", "2025-03-01T12:00:00+08:00");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}
