/* scope.c - names of bits, by SCOPE_LIST. */
#include "account/scope.h"

#include <assert.h>

static const char *const names[] = {
#define SCOPE(name, text) text,
    SCOPE_LIST(SCOPE)
#undef SCOPE
};

const char *scope_name(uint64_t bit)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (bit == UINT64_C(1) << i) return names[i];
    }
    if (bit == SCOPE_SIGNED_IN) return "signed in";
    assert(bit == 0);
    return "";
}

uint64_t scope_find(struct str name)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (str_is(name, names[i])) return UINT64_C(1) << i;
    }
    return 0;
}
