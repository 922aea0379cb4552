/* main.c - the command line: find the command, open the data directory or the server's socket, run
 * it. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/log.h"
#include "main/session.h"
#include "main/socket.h"

const struct command_entry command_list[] = {
    {"init", command_init, NEEDS_NOTHING,
     "--data DIR [--brand SLUG] [--name TEXT] [--tz ZONE] [--currency CODE] [--preset NAME]\n"
     "                    [--caps KIND=N,...] [--store URL]",
     "make a data directory, or add a brand; prints its keys once"},
    {"serve", command_serve, NEEDS_NOTHING,
     "--data DIR [--listen ADDR:PORT] [--store URL] [--log json|human] [--trust-proxy CIDR,...]\n"
     "                    [--backup-dir DIR] [--erasure-log FILE]",
     "run the server (default 127.0.0.1:8080)"},
    {"import", command_import, NEEDS_DATA,
     "--data DIR --brand SLUG --format FMT [--as KIND] [--map MAP|FILE] [--group NAME] [--source "
     "NAME]\n"
     "                    [--sheet NAME] [--date YYYY-MM-DD] [--tz ZONE] [--dry-run] [--strict]\n"
     "                    [--rejects FILE] FILE...",
     "bring in tables, events and chats (.gz, .zst, - too); docs/import.md lists the formats"},
    {"query", command_query, NEEDS_DATA,
     "--data DIR --brand SLUG [--format json|table|csv] 'JSON' | -",
     "ask a question (docs/query.md)"},
    {"report", command_report, NEEDS_DATA,
     "--data DIR --brand SLUG [--format text|json|html] [--from DATE] [--to DATE]",
     "the brand at a glance"},
    {"verify", command_verify, NEEDS_DATA, "--data DIR [--brand SLUG]",
     "rebuild every projection beside the stored one, check every checksum"},
    {"backup", command_backup, NEEDS_DATA, "--data DIR OUT.tar.zst",
     "a consistent copy, also while serving"},
    {"restore", command_restore, NEEDS_NOTHING,
     "IN.tar.zst --data DIR --erasures FILE|none [--key FILE]",
     "a new data directory from a backup, without those whom the list names (DIR.erasures.log)"},
    {"erase", command_erase, NEEDS_DATA,
     "--data DIR (--brand SLUG [--source NAME] [--erasure-log FILE] KIND:VALUE | --erasures FILE)",
     "erase the member with this identity, such as phone:13800138000, or all whom a list names"},
    {"staff", command_staff, NEEDS_DATA,
     "add NAME | list | reset NAME | remove NAME | disable NAME | enable NAME  --data DIR\n"
     "                    [--brand SLUG] [--role ROLE] [--url URL]",
     "people: without --brand of every brand; add and reset print a one-time link"},
    {"link", command_link, NEEDS_DATA, "--data DIR [--name NAME] [--url URL]",
     "a one-time link that signs somebody in (default: owner, who is made if need be)"},
    {"key", command_key, NEEDS_DATA,
     "add | list | revoke NUMBER  --data DIR [--brand SLUG] [--kind token|public|secret]\n"
     "                    [--name TEXT] [--scopes NAME,...] [--expires DAYS]",
     "API tokens and write keys; add prints the secret, once"},
    {"audit", command_audit, NEEDS_DATA, "--data DIR [--brand SLUG] [--action NAME|FAMILY.]",
     "the audit log as JSON lines, newest first"},
    {"simulate", command_simulate, NEEDS_DATA,
     "--data DIR --brand SLUG (--members N --days N [--start DATE] | --groups N) [--seed N]",
     "a believable brand's history, or the talk of groups of six kinds"},
    {"bench", command_bench, NEEDS_NOTHING,
     "[--events N] [--members N] [--days N] [--seed N] [--threads N] [--runs N] [--parts 1-3]\n"
     "                    [--only NAME | --more] [--data DIR] [--csv FILE] [--rows DIR] [--format "
     "text|json]",
     "measure the engine on made-up events (docs/bench.md); --data keeps them for the next time"},
    {"limits", command_limits, NEEDS_NOTHING, "", "every named maximum"},
    {"version", command_version, NEEDS_NOTHING, "", "version and libraries"},
    {0},
};

static int usage(FILE *out, int code)
{
    fprintf(out, "Wellfield: run a private-domain community, measured.\n\nusage:\n");
    for (const struct command_entry *c = command_list; c->name; c++) {
        fprintf(out, "  wellfield %-8s %s\n                    %s\n", c->name, c->usage, c->help);
    }
    fprintf(out,
            "\nExit codes: 0 done, 1 failed, 2 usage, 3 findings or (with --strict) rejects.\n");
    return code;
}

static const struct command_entry *find(const char *name)
{
    for (const struct command_entry *c = command_list; c->name; c++) {
        if (strcmp(c->name, name) == 0) return c;
    }
    return NULL;
}

/* The value of an option without parsing the rest, which is the command's. */
static const char *peek(int argc, char *const *argv, const char *name)
{
    size_t len = strlen(name);
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], name, len) != 0) continue;
        if (argv[i][len] == '=') return argv[i] + len + 1;
        if (argv[i][len] == '\0' && i + 1 < argc) return argv[i + 1];
    }
    return NULL;
}

/* Run with the directory opened here, or by the server that has it. */
static int run_on_data(struct session *s, const struct command_entry *c, int argc,
                       char *const *argv)
{
    const char *dir = peek(argc, argv, "--data");
    struct why why = {0};
    int code = EXIT_FAILED;
    if (!dir) {
        why_fail(&why, ERR_INVALID, MSG_MISSING, "--data", NULL);
        return session_fail(s, &why);
    }
    struct data_options o;
    data_options_fill(&o, dir, peek(argc, argv, "--key"), NULL);
    enum err err = data_open(&o, &s->data, &why);
    if (err == ERR_LOCKED && socket_call(dir, argc, argv, &code, &why) == ERR_OK) return code;
    if (err != ERR_OK) return session_fail(s, &why);
    code = c->run(s, argc - 1, argv + 1);
    data_close(s->data);
    return code;
}

int main(int argc, char **argv)
{
    char cwd[4096];
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    log_init(LOG_WARN, LOG_AUTO);
    if (argc < 2) return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return usage(stdout, EXIT_DONE);
    const struct command_entry *c = find(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
    if (!c) return usage(stderr, EXIT_USAGE);
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") != 0) continue;
        printf("usage: wellfield %s %s\n%s\n", c->name, c->usage, c->help);
        return EXIT_DONE;
    }
    struct session s = {
        .env = env_system(),
        .out = stdout,
        .err = stderr,
        .in_fd = STDIN_FILENO,
        .cwd = getcwd(cwd, sizeof(cwd)) ? cwd : "/",
        .arena = arena_create(0),
        .lang = session_lang(),
    };
    int code = c->needs == NEEDS_NOTHING ? c->run(&s, argc - 2, argv + 2)
                                         : run_on_data(&s, c, argc - 1, argv + 1);
    if (fflush(stdout) != 0 && code == EXIT_DONE) code = EXIT_FAILED;
    arena_destroy(s.arena);
    return code;
}
