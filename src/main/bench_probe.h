/* bench_probe.h - what the machine and this process say of themselves while a bench runs. */
#pragma once

#include "base/env.h"
#include "base/err.h"

/* Bytes a second that 'threads' together read from memory in order; the best of a few rounds. */
double bench_probe_bandwidth(const struct env *env, int threads);

/* Memory of this process that is in no file, at its highest since the last reset. 0 where the
 * system does not tell. */
void bench_probe_reset(void);
uint64_t bench_probe_peak(void);

/* Time of processors that this process has used, all threads together. */
uint64_t bench_probe_cpu_ns(void);
