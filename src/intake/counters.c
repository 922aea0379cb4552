/* counters.c - relaxed atomics: each is right, together they may be a moment apart. */
#include "intake/counters.h"

#include <stdatomic.h>
#include <stdio.h>

#include "intake/http_intake.h"

static struct {
    atomic_uint_fast64_t requests, busy, unknown_key; /* requests */
    atomic_uint_fast64_t stored, duplicate, ignored;  /* events */
    atomic_uint_fast64_t identities_dropped, values_dropped, bytes;
    atomic_uint_fast64_t by_error[ERR_COUNT]; /* refused events */
} total;

static void add(atomic_uint_fast64_t *counter, uint64_t n)
{
    if (n) atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void counters_add(const struct intake_counts *counts)
{
    add(&total.requests, 1);
    add(&total.stored, counts->stored);
    add(&total.duplicate, counts->duplicate);
    add(&total.ignored, counts->ignored);
    add(&total.identities_dropped, counts->identities_dropped);
    add(&total.values_dropped, counts->values_dropped);
    add(&total.bytes, counts->bytes);
    if (counts->refused == 0) return;
    for (int e = 0; e < ERR_COUNT; e++)
        add(&total.by_error[e], counts->by_error[e]);
}

void counters_busy(void)
{
    add(&total.busy, 1);
}

void counters_unknown_key(void)
{
    add(&total.unknown_key, 1);
}

static void write_one(struct strbuf *out, const char *name, const char *label,
                      const atomic_uint_fast64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    strbuf_addf(out, "wellfield_intake_%s%s %llu\n", name, label, (unsigned long long)value);
}

void intake_metrics(struct strbuf *out)
{
    char label[64];
    write_one(out, "requests_total", "", &total.requests);
    write_one(out, "requests_busy_total", "", &total.busy);
    write_one(out, "requests_unknown_key_total", "", &total.unknown_key);
    write_one(out, "events_total", "{result=\"stored\"}", &total.stored);
    write_one(out, "events_total", "{result=\"duplicate\"}", &total.duplicate);
    write_one(out, "events_total", "{result=\"ignored\"}", &total.ignored);
    for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
        if (atomic_load_explicit(&total.by_error[e], memory_order_relaxed) == 0) continue;
        snprintf(label, sizeof(label), "{code=\"%s\"}", err_code((enum err)e));
        write_one(out, "events_refused_total", label, &total.by_error[e]);
    }
    write_one(out, "identities_dropped_total", "", &total.identities_dropped);
    write_one(out, "values_dropped_total", "", &total.values_dropped);
    write_one(out, "bytes_total", "", &total.bytes);
}
