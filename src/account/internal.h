/* internal.h - the parts of the room; for accounts.c and signin.c only. */
#pragma once

#include <pthread.h>

#include "account/accounts.h"
#include "account/refusals.h"
#include "account/throttle.h"

struct accounts {
    struct data *data;
    struct keyring *keys;
    struct sessions *sessions;
    struct staff *staff;
    struct password_gate *gate;
    struct throttle *throttle;
    struct refusals *refusals;
    pthread_t flusher;    /* while 'flushing' */
    bool flushing;        /* there is such a thread */
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t wake;  /* stopping was set */
    bool stopping;
};
