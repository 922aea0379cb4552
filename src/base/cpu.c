/* cpu.c - asks the compiler's own table, which is filled before main. */
#include "base/cpu.h"

static bool without;

void cpu_set_plain(bool plain)
{
    without = plain;
}

bool cpu_has_avx2(void)
{
#if defined(__x86_64__)
    return !without && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
#else
    return false;
#endif
}
