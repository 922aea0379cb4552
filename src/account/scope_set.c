/* scope_set.c - see scope_set.h. */
#include "account/scope_set.h"

#include <assert.h>
#include <stdio.h>

void scope_set_print(uint64_t scopes, char out[SCOPE_SET_TEXT])
{
    size_t len = 0;
    out[0] = '\0';
    for (int i = 0; i < SCOPE_COUNT; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if (!(scopes & bit)) continue;
        int n = snprintf(out + len, SCOPE_SET_TEXT - len, "%s%s", len ? " " : "", scope_name(bit));
        assert(n > 0 && (size_t)n < SCOPE_SET_TEXT - len);
        len += (size_t)n;
    }
}

uint64_t scope_set_parse(struct str text)
{
    uint64_t scopes = 0;
    while (text.p) {
        scopes |= scope_find(str_cut(&text, ' '));
    }
    return scopes;
}
