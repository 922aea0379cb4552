/* bench_probe.c - the kernel keeps the highest resident size (VmHWM) and sets it back when 5 is
 * written to clear_refs. What of it is in files is subtracted: the program itself, as the engine
 * maps nothing. */
#include "main/bench_probe.h"

#include <sys/resource.h>

#include "base/fs.h"
#include "base/mem.h"
#include "main/bench_threads.h"

#define WORDS (UINT64_C(32) << 20) /* of 8 bytes: 256 MiB together, over any cache */
#define ROUNDS 5

struct slice {
    const uint64_t *words;
    uint64_t count; /* of them, divisible by 4 */
    uint64_t sum;
};

static void sum_slice(void *arg)
{
    struct slice *s = arg;
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (uint64_t i = 0; i < s->count; i += 4) {
        a += s->words[i];
        b += s->words[i + 1];
        c += s->words[i + 2];
        d += s->words[i + 3];
    }
    s->sum = a + b + c + d;
}

static bool read_once(struct slice *slices, int count)
{
    uint64_t sum = 0, words = 0;
    bench_threads_run(sum_slice, slices, sizeof(*slices), count);
    for (int i = 0; i < count; i++) {
        sum += slices[i].sum;
        words += slices[i].count;
    }
    return sum == words;
}

double bench_probe_bandwidth(const struct env *env, int threads)
{
    struct slice slices[BENCH_THREADS_MAX] = {0};
    int count = threads < BENCH_THREADS_MAX ? threads : BENCH_THREADS_MAX;
    uint64_t share = WORDS / (uint64_t)count / 4 * 4, words = share * (uint64_t)count, best_ns = 0;
    uint64_t *memory = mem_alloc_array(words, sizeof(*memory));
    for (uint64_t i = 0; i < words; i++)
        memory[i] = 1;
    for (int i = 0; i < count; i++)
        slices[i] = (struct slice){.words = memory + (uint64_t)i * share, .count = share};
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t began = env_mono_ns(env);
        bool read = read_once(slices, count);
        uint64_t ns = env_mono_ns(env) - began;
        if (read && (best_ns == 0 || ns < best_ns)) best_ns = ns;
    }
    mem_free(memory);
    return best_ns ? (double)(words * sizeof(*memory)) * 1e9 / (double)best_ns : 0;
}

void bench_probe_reset(void)
{
    int fd = -1;
    mem_trim();
    if (fs_create("/proc/self/clear_refs", &fd, NULL) != ERR_OK) return;
    if (fs_write(fd, "5", 1, NULL) != ERR_OK) {
        /* then the peak is that of the whole run */
    }
    fs_close(fd);
}

/* KiB behind a name in /proc/self/status. */
static uint64_t status_kib(struct str status, struct str name)
{
    uint64_t value = 0;
    size_t at = str_find(status, name);
    if (at == SIZE_MAX) return 0;
    struct str rest = {status.p + at + name.len, status.len - at - name.len};
    struct str line = str_trim(str_cut(&rest, '\n'));
    return str_to_u64(str_cut(&line, ' '), &value) ? value : 0;
}

uint64_t bench_probe_peak(void)
{
    struct strbuf text = {0};
    uint64_t kib = 0;
    if (fs_read_file("/proc/self/status", 65536, &text, NULL) == ERR_OK) {
        struct str status = strbuf_str(&text);
        uint64_t peak = status_kib(status, STR("VmHWM:"));
        uint64_t shared =
            status_kib(status, STR("RssFile:")) + status_kib(status, STR("RssShmem:"));
        kib = peak > shared ? peak - shared : 0;
    }
    strbuf_finish(&text);
    return kib * 1024;
}

static uint64_t ns_of(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000;
}

uint64_t bench_probe_cpu_ns(void)
{
    struct rusage used = {0};
    getrusage(RUSAGE_SELF, &used);
    return ns_of(&used.ru_utime) + ns_of(&used.ru_stime);
}
