/* session.h - what a command runs with: the same for a process of its own and for one that the
 * running server executes on behalf of a caller on its socket. */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "brand/data.h"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_FINDINGS = 3 };

struct session {
    struct data *data; /* open; NULL for commands that need none */
    const struct env *env;
    FILE *out, *err;     /* the caller's */
    int in_fd;           /* the caller's standard input */
    const char *cwd;     /* the caller's working directory */
    struct arena *arena; /* for the command's length */
    enum lang lang;      /* the caller's */
    bool serving;        /* inside the server */
};

/* A path of the caller's as an absolute one; "-" stays. */
const char *session_path(struct session *s, const char *path);
/* Say why on s->err: "wellfield: field: sentence"; returns EXIT_USAGE for ERR_INVALID, else
 * EXIT_FAILED. */
int session_fail(struct session *s, const struct why *why);
/* By the environment of this process, which is the caller's own. */
enum lang session_lang(void);
/* The brand of --brand, or the only one. */
MUST_CHECK enum err session_brand(struct session *s, const char *slug, struct brand **out,
                                  struct why *why);

struct command_entry {
    const char *name;
    int (*run)(struct session *s, int argc, char *const *argv);
    enum {
        NEEDS_NOTHING,
        NEEDS_DATA,
        NEEDS_DATA_ALONE
    } needs;           /* ALONE: never through the socket */
    const char *usage; /* "--data DIR ..." */
    const char *help;  /* one line */
};
extern const struct command_entry command_list[]; /* ends with {0} */

extern const struct module *const product_modules[]; /* modules.c */
void data_options_fill(struct data_options *o, const char *dir, const char *key, const char *store);

int command_init(struct session *s, int argc, char *const *argv);
int command_serve(struct session *s, int argc, char *const *argv);
int command_import(struct session *s, int argc, char *const *argv);
int command_query(struct session *s, int argc, char *const *argv);
int command_report(struct session *s, int argc, char *const *argv);
int command_verify(struct session *s, int argc, char *const *argv);
int command_backup(struct session *s, int argc, char *const *argv);
int command_restore(struct session *s, int argc, char *const *argv);
int command_erase(struct session *s, int argc, char *const *argv);
int command_staff(struct session *s, int argc, char *const *argv);
int command_link(struct session *s, int argc, char *const *argv);
int command_key(struct session *s, int argc, char *const *argv);
int command_audit(struct session *s, int argc, char *const *argv);
int command_simulate(struct session *s, int argc, char *const *argv);
int command_bench(struct session *s, int argc, char *const *argv);
int command_limits(struct session *s, int argc, char *const *argv);
int command_version(struct session *s, int argc, char *const *argv);
