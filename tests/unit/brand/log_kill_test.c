/* log_kill_test.c - whenever the process is killed, every acknowledged event is there, and once. */
#include "log_load.h"

#include <signal.h>
#include <sys/wait.h>

#define KILLS 100

/* Emit, load and compact without end; each acknowledged count goes into the pipe. */
static void work(struct room *r, int pipe_fd, int64_t next)
{
    room_open(r);
    for (uint32_t i = 0;; i++) {
        struct why why = {0};
        int64_t count = 1 + (next * 7 + i) % 60;
        if (i % 5 == 4) {
            bulk(r, next, count);
        } else {
            assert_int_equal(room_emit(r, next, count), 0);
        }
        next += count;
        if (write(pipe_fd, &next, sizeof(next)) != sizeof(next)) _exit(2);
        if (i % 9 == 8) must(brand_compact(r->brand, &why), &why);
        if (i % 13 == 12) must(brand_flush(r->brand, &why), &why);
    }
}

/* What was acknowledged before the kill, which comes while the brand opens or after its first
 * acknowledgement. */
static int64_t kill_after(struct room *r, int64_t next, struct rng *rng)
{
    int fds[2];
    int64_t acked = next, got;
    bool opening = rng_below(rng, 5) == 0;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fds[0]);
        work(r, fds[1], next);
    }
    close(fds[1]);
    if (!opening) assert_int_equal(read(fds[0], &acked, sizeof(acked)), sizeof(acked));
    usleep((useconds_t)(2000 + rng_below(rng, 40000)));
    kill(child, SIGKILL);
    while (read(fds[0], &got, sizeof(got)) == sizeof(got))
        acked = got;
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status)); /* it did not end by a failure of its own */
    close(fds[0]);
    return acked;
}

static void every_acknowledged_event_survives_a_kill_exactly_once(void **state)
{
    struct room *r = *state;
    struct rng rng;
    const char *given = getenv("WF_SEED");
    uint64_t seed = (uint64_t)env_now(env_system());
    int64_t next = 0, acked_in_all = 0;
    int kills = engine_of_run() == SQL_POSTGRES ? KILLS / 4 : KILLS; /* it opens more slowly */
    if (given) assert_true(str_to_u64(str_of(given), &seed));
    print_message("WF_SEED=%" PRIu64 "\n", seed);
    rng_init(&rng, seed);
    room_close(r);
    for (int i = 0; i < kills; i++) {
        int64_t acked = kill_after(r, next, &rng);
        acked_in_all += acked - next;
        room_open(r);
        int64_t there = (int64_t)brand_stats(r->brand).seq;
        assert_true(there >= acked && there <= acked + 60);
        expect_log(r, (uint64_t)there);
        if (i % 10 == 9) assert_int_equal(findings(r), 0);
        if (there) assert_int_equal(room_emit(r, there - 1, 1), 1);
        room_close(r);
        next = there;
    }
    print_message("%d kills, %" PRId64 " events acknowledged\n", kills, acked_in_all);
    assert_true(acked_in_all > kills / 2);
    room_open(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_acknowledged_event_survives_a_kill_exactly_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
