/* cpu.h - what this processor has beyond the baseline that everything is built for.
 *
 * Any thread. The choice is made at each call, not at the start of the program, so that
 * tests can compare both ways. */
#pragma once

#include <stdbool.h>

/* AVX2, and what came before or with it: BMI2 and the count of bits. */
bool cpu_has_avx2(void);
/* Do without, from here on; for tests. Not while another thread reads. */
void cpu_set_plain(bool plain);
