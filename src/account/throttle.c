/* throttle.c - three tables of sets of WAYS entries, found by a keyed hash; a new entry takes the
 * place of the one in its set that was silent longest. So memory is bounded, and nobody who does
 * not know the key can push a certain entry out. */
#include "account/throttle.h"

#include <pthread.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/time.h"

#define SETS 4096
#define WAYS 4
#define FORGOTTEN_MS (15 * TIME_MINUTE)

enum count { BY_PAIR, BY_ADDRESS, BY_NAME, COUNTS };

static const struct {
    int free; /* attempts without waiting */
    int most; /* seconds to wait at most */
} rules[COUNTS] = {
    [BY_PAIR] = {5, 60}, [BY_ADDRESS] = {20, 60}, [BY_NAME] = {20, THROTTLE_NAME_WAIT}};

struct entry {
    struct hash128 key; /* of what is counted */
    int64_t last_at;    /* of the last attempt; 0 = free entry */
    int failed;         /* attempts since the last right one */
};

struct throttle {
    const struct env *env;
    uint8_t key[32]; /* of the hashes */
    pthread_mutex_t lock;
    struct entry entries[COUNTS][SETS][WAYS];
};

struct throttle *throttle_create(const struct env *env)
{
    struct throttle *t = mem_alloc(sizeof(*t));
    t->env = env;
    env_random(env, t->key, sizeof(t->key));
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void throttle_destroy(struct throttle *t)
{
    if (!t) return;
    pthread_mutex_destroy(&t->lock);
    mem_free(t);
}

/* Its entry, or the one to be used for it. */
static struct entry *find(struct throttle *t, enum count by, struct hash128 key, int64_t now)
{
    struct entry *set = t->entries[by][key.lo % SETS], *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].last_at && hash128_eq(set[i].key, key)) {
            oldest = &set[i];
            break;
        }
        if (set[i].last_at < oldest->last_at) oldest = &set[i];
    }
    bool same = oldest->last_at && hash128_eq(oldest->key, key);
    if (!same || now - oldest->last_at > FORGOTTEN_MS || now < oldest->last_at)
        *oldest = (struct entry){.key = key};
    return oldest;
}

static int64_t wait_ms(const struct entry *e, enum count by)
{
    int over = e->failed - rules[by].free;
    if (over < 0) return 0;
    int64_t seconds = over < 6 ? INT64_C(1) << over : rules[by].most;
    return (seconds < rules[by].most ? seconds : rules[by].most) * TIME_SECOND;
}

static void find_all(struct throttle *t, struct str name, struct str address,
                     struct entry *out[COUNTS])
{
    struct strbuf pair = {0};
    int64_t now = env_now(t->env);
    strbuf_add_str(&pair, name);
    strbuf_add_char(&pair, '\0');
    strbuf_add_str(&pair, address);
    out[BY_PAIR] = find(t, BY_PAIR, hash_keyed(t->key, pair.p, pair.len), now);
    out[BY_ADDRESS] = find(t, BY_ADDRESS, hash_keyed(t->key, address.p, address.len), now);
    out[BY_NAME] = find(t, BY_NAME, hash_keyed(t->key, name.p, name.len), now);
    strbuf_finish(&pair);
}

int throttle_begin(struct throttle *t, struct str name, struct str address)
{
    struct entry *e[COUNTS];
    int64_t now = env_now(t->env), longest = 0;
    pthread_mutex_lock(&t->lock);
    find_all(t, name, address, e);
    for (int by = 0; by < COUNTS; by++) {
        int64_t left = e[by]->last_at + wait_ms(e[by], (enum count)by) - now;
        longest = left > longest ? left : longest;
    }
    for (int by = 0; longest == 0 && by < COUNTS; by++) {
        e[by]->failed++;
        e[by]->last_at = now;
    }
    pthread_mutex_unlock(&t->lock);
    return (int)((longest + TIME_SECOND - 1) / TIME_SECOND);
}

/* An address keeps its count: who knows one password could try others' for ever. */
void throttle_right(struct throttle *t, struct str name, struct str address)
{
    struct entry *e[COUNTS];
    pthread_mutex_lock(&t->lock);
    find_all(t, name, address, e);
    *e[BY_PAIR] = *e[BY_NAME] = (struct entry){0};
    if (e[BY_ADDRESS]->failed > 0) e[BY_ADDRESS]->failed--;
    pthread_mutex_unlock(&t->lock);
}
