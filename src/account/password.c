/* password.c - the gate is a count of those inside and of those who wait.
 *
 * What is hashed is the NFC form, since keyboards differ in how they write the same character. */
#include "account/password.h"

#include <pthread.h>
#include <sodium.h>

#include "account/common.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#define MEMORY_BYTES ((size_t)48 * 1024 * 1024)
#define PASSES 2
#define BYTES_MAX ((size_t)LIMIT_PASSWORD_CHARS * 4)

_Static_assert(PASSWORD_STORED >= crypto_pwhash_STRBYTES, "room for the text form");

/* The hash of no password: its last 32 bytes are made up. Comparing with it costs what comparing
 * with one of ours does; a test holds the figures in it to those above. */
const char password_of_nobody[] = "$argon2id$v=19$m=49152,t=2,p=1$V2VsbGZpZWxkTm9ib2R5IQ$"
                                  "bm9ib2R5IGhhcyB0aGlzIGFzIGEgcGFzc3dvcmQhISE";

struct password_gate {
    pthread_mutex_t lock;
    pthread_cond_t left; /* one of those inside has */
    int inside;          /* hashing now */
    int waiting;         /* to come in */
};

struct password_gate *password_gate_create(void)
{
    struct password_gate *g = mem_alloc(sizeof(*g));
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->left, NULL);
    return g;
}

void password_gate_destroy(struct password_gate *g)
{
    if (!g) return;
    pthread_cond_destroy(&g->left);
    pthread_mutex_destroy(&g->lock);
    mem_free(g);
}

static enum err enter(struct password_gate *g, struct why *why)
{
    pthread_mutex_lock(&g->lock);
    bool full = g->inside >= LIMIT_PASSWORD_HASHES && g->waiting >= LIMIT_PASSWORD_QUEUE;
    if (!full) {
        g->waiting++;
        while (g->inside >= LIMIT_PASSWORD_HASHES)
            pthread_cond_wait(&g->left, &g->lock);
        g->waiting--;
        g->inside++;
    }
    pthread_mutex_unlock(&g->lock);
    return full ? why_fail(why, ERR_BUSY, MSG_BUSY, "", "%d", 1) : ERR_OK;
}

static void leave(struct password_gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->inside--;
    pthread_cond_signal(&g->left);
    pthread_mutex_unlock(&g->lock);
}

enum err password_allowed(struct str password, struct str name, struct str brand, const char *field,
                          struct why *why)
{
    if (!utf8_valid(password)) return why_fail(why, ERR_INVALID, MSG_BAD_UTF8, field, NULL);
    size_t chars = utf8_count(password);
    if (chars < PASSWORD_CHARS_MIN || chars > LIMIT_PASSWORD_CHARS) {
        return why_fail(why, ERR_INVALID, MSG_PASSWORD_LENGTH, field, "%d|%d", PASSWORD_CHARS_MIN,
                        LIMIT_PASSWORD_CHARS);
    }
    struct arena *a = arena_create(0);
    const struct str own[] = {utf8_fold(a, name), utf8_fold(a, brand)};
    bool common = common_password(a, password, own, sizeof(own) / sizeof(own[0]));
    arena_destroy(a);
    return common ? why_fail(why, ERR_INVALID, MSG_PASSWORD_COMMON, field, NULL) : ERR_OK;
}

enum err password_hash(struct password_gate *g, struct str password, char out[PASSWORD_STORED],
                       struct why *why)
{
    struct arena *a = arena_create(0);
    struct str text = utf8_nfc(a, password);
    enum err err = enter(g, why);
    if (err == ERR_OK) {
        char stored[crypto_pwhash_STRBYTES];
        int failed = crypto_pwhash_str_alg(stored, text.p, text.len, PASSES, MEMORY_BYTES,
                                           crypto_pwhash_ALG_ARGON2ID13);
        leave(g);
        if (failed) {
            err = why_fail(why, ERR_UNAVAILABLE, MSG_BUSY, "", "%d", 1); /* no memory */
        } else {
            memcpy(out, stored, sizeof(stored));
        }
    }
    arena_destroy(a);
    return err;
}

enum err password_is(struct password_gate *g, struct str password, const char *stored, bool *right,
                     struct why *why)
{
    bool known = stored[0] != '\0';
    if (password.len > BYTES_MAX || !utf8_valid(password)) password = STR("");
    struct arena *a = arena_create(0);
    struct str text = utf8_nfc(a, password);
    enum err err = enter(g, why);
    if (err == ERR_OK) {
        bool same =
            crypto_pwhash_str_verify(known ? stored : password_of_nobody, text.p, text.len) == 0;
        leave(g);
        *right = same && known;
    }
    arena_destroy(a);
    return err;
}
