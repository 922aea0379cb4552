/* cpu.h - what this processor has beyond the baseline that everything is built for.
 *
 * Any thread. It is found out before main; the choice is made at each call, so that tests can
 * compare all ways. */
#pragma once

#include <stdbool.h>

enum cpu_level {
    CPU_PLAIN,  /* the baseline */
    CPU_AVX2,   /* AVX2, and what came before or with it: BMI2 and the count of bits */
    CPU_AVX512, /* the same at twice the width: AVX-512 F, BW, DQ, VL */
};

/* What is used at present; read by the functions below alone. */
extern enum cpu_level cpu_used;

static inline bool cpu_has_avx2(void)
{
    return cpu_used >= CPU_AVX2;
}

static inline bool cpu_has_avx512(void)
{
    return cpu_used >= CPU_AVX512;
}

/* Use no more than this, and no more than there is, from here on; for tests. Not while another
 * thread reads. */
void cpu_limit(enum cpu_level most);
