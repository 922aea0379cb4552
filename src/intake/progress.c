/* progress.c - see progress.h. */
#include "intake/progress.h"

#include <inttypes.h>
#include <unistd.h>

#define BAR 30
#define SECOND_NS UINT64_C(1000000000)

void progress_begin(struct progress *p, FILE *out, const struct env *env)
{
    *p = (struct progress){.out = out, .env = env};
    p->terminal = out && isatty(fileno(out));
    p->began_ns = p->told_ns = env_mono_ns(env);
}

void progress_clear(struct progress *p)
{
    if (!p->drawn) return;
    fprintf(p->out, "\r\033[K");
    fflush(p->out);
    p->drawn = false;
}

static void draw(struct progress *p, double part, uint64_t rows, const char *what)
{
    char bar[BAR + 1];
    int full = (int)(part * BAR);
    for (int i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR] = '\0';
    fprintf(p->out, "\r[%s] %3d %%  %" PRIu64 " rows  %s\033[K", bar, (int)(part * 100), rows,
            what);
    fflush(p->out);
    p->drawn = true;
}

void progress_tell(struct progress *p, double part, uint64_t rows, const char *what)
{
    uint64_t now = env_mono_ns(p->env);
    uint64_t pause = p->terminal ? SECOND_NS / 5 : 10 * SECOND_NS;
    if (!p->out || now - p->told_ns < pause) return;
    p->told_ns = now;
    if (p->terminal) {
        draw(p, part, rows, what);
        return;
    }
    fprintf(p->out, "%d %%, %" PRIu64 " rows, %" PRIu64 " s: %s\n", (int)(part * 100), rows,
            (now - p->began_ns) / SECOND_NS, what);
    fflush(p->out);
}
