/* order.c - least significant byte first; bytes in which all values agree are passed over. */
#include "insight/order.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define INSERTION_MAX 32
#define SIGN (UINT64_C(1) << 63)

static void insertion_sort(int64_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int64_t value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--) {
            values[at] = values[at - 1];
        }
        values[at] = value;
    }
}

static void scatter(const uint64_t *from, uint64_t *to, size_t count, int byte, size_t *places)
{
    size_t place = 0;
    for (int i = 0; i < 256; i++) {
        size_t n = places[i];
        places[i] = place;
        place += n;
    }
    for (size_t i = 0; i < count; i++) {
        to[places[from[i] >> (8 * byte) & 255]++] = from[i];
    }
}

void order_sort(int64_t *values, size_t count)
{
    if (count <= INSERTION_MAX) {
        insertion_sort(values, count);
        return;
    }
    size_t counts[8][256] = {0};
    uint64_t *keys = mem_resize_array(NULL, count, sizeof(*keys));
    uint64_t *other = mem_resize_array(NULL, count, sizeof(*other));
    for (size_t i = 0; i < count; i++) {
        keys[i] = (uint64_t)values[i] ^ SIGN;
        for (int byte = 0; byte < 8; byte++) {
            counts[byte][keys[i] >> (8 * byte) & 255]++;
        }
    }
    for (int byte = 0; byte < 8; byte++) {
        if (counts[byte][keys[0] >> (8 * byte) & 255] == count) continue;
        scatter(keys, other, count, byte, counts[byte]);
        uint64_t *swap = keys;
        keys = other;
        other = swap;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = (int64_t)(keys[i] ^ SIGN);
    }
    mem_free(keys);
    mem_free(other);
}

int64_t order_quantile(const int64_t *sorted, size_t count, double p)
{
    assert(count > 0);
    double place = p * (double)(count - 1);
    size_t low = (size_t)place;
    size_t high = low + 1 < count ? low + 1 : low;
    double share = place - (double)low;
    int64_t between = sorted[high] - sorted[low];
    return sorted[low] + (int64_t)llround(share * (double)between);
}
