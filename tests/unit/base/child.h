/* child.h - run a function in a child process: to see it abort, or what it writes to stderr. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run fn(); its stderr, cut to size-1 bytes, in 'out'. Returns the status of waitpid(). */
static inline int child_run(void (*fn)(void), char *out, size_t size)
{
    int ends[2];
    size_t len = 0;
    int status = 0;
    if (pipe(ends) != 0) exit(99);
    pid_t pid = fork();
    if (pid < 0) exit(99);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n = 1; n > 0 && len<size - 1; len += n> 0 ? (size_t)n : 0) {
        n = read(ends[0], out + len, size - 1 - len);
    }
    out[len] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return status;
}

/* Does fn() abort after a line that holds 'text'? */
static inline bool child_aborts(void (*fn)(void), const char *text)
{
    char out[4096];
    int status = child_run(fn, out, sizeof(out));
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(out, text) != NULL;
}
