/* replies.c - what a log's messages answer by inference, for bench/replies.py.
 *
 *     replies [NAME=POINTS ...] <LINES >TARGETS
 *
 * A line of input is AT<tab>WHO<tab>TEXT, AT in milliseconds; an empty AT: WHO is called TEXT from
 * here on; "-" alone: another chat begins. A line of output per message: the number of the message
 * it answers, counted from 0 in its chat, or -, a tab, and the points. Weights named on the command
 * line replace the default ones. The last line is the number of messages and the seconds that
 * inference alone took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "groups/replies.h"
#include "intake/question.h"

static struct reply_weights weights;

static void set_weight(const char *arg)
{
    const char *equals = strchr(arg, '=');
    for (size_t i = 0; equals && i < REPLY_EVIDENCES; i++) {
        if (strlen(reply_evidence_names[i]) != (size_t)(equals - arg)) continue;
        if (strncmp(reply_evidence_names[i], arg, (size_t)(equals - arg)) != 0) continue;
        weights.of[i] = (int16_t)strtol(equals + 1, NULL, 10);
        return;
    }
    fprintf(stderr, "replies: no weight: %s\n", arg);
    exit(2);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t messages, took_ns;

static void said(struct replies *r, int64_t at, struct str who, struct str text)
{
    struct reply_found found;
    struct reply_line line = {at, who, text, is_question(text)};
    uint64_t began = now_ns();
    replies_said(r, &line, &found);
    took_ns += now_ns() - began;
    messages++;
    if (found.target == REPLY_NONE) {
        printf("-\t%d\n", found.score);
    } else {
        printf("%llu\t%d\n", (unsigned long long)found.target, found.score);
    }
}

int main(int argc, char **argv)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t len;
    weights = reply_weights_default;
    for (int i = 1; i < argc; i++)
        set_weight(argv[i]);
    struct replies *r = replies_create(&weights);
    while ((len = getline(&text, &room, stdin)) > 0) {
        struct str line = {text, (size_t)len};
        if (line.p[line.len - 1] == '\n') line.len--;
        if (str_is(line, "-")) {
            replies_destroy(r);
            r = replies_create(&weights);
            continue;
        }
        int64_t at;
        struct str when = str_cut(&line, '\t'), who = str_cut(&line, '\t');
        if (when.len == 0) {
            replies_renamed(r, who, line);
        } else if (str_to_i64(when, &at)) {
            said(r, at, who, line);
        }
    }
    replies_destroy(r);
    free(text);
    printf("%llu\t%.6f\n", (unsigned long long)messages, (double)took_ns / 1e9);
    return 0;
}
