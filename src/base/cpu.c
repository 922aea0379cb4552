/* cpu.c - asks the compiler's own table, once, before main. */
#include "base/cpu.h"

enum cpu_level cpu_used = CPU_PLAIN;

static enum cpu_level find_level(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") ||
        !__builtin_cpu_supports("popcnt"))
        return CPU_PLAIN;
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return wide ? CPU_AVX512 : CPU_AVX2;
#else
    return CPU_PLAIN;
#endif
}

void cpu_limit(enum cpu_level most)
{
    enum cpu_level have = find_level();
    cpu_used = have < most ? have : most;
}

__attribute__((constructor)) static void begin(void)
{
    cpu_limit(CPU_AVX512);
}
