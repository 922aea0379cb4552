/* persona_map.c - looking things up in the map of shared personas. */
#include "base/vec.h"
#include "eventlog/scan.h"

/* Place of a persona in the map, or its count. */
static size_t place_of(const struct persona_map *map, uint32_t persona)
{
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->persona[middle] < persona) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < map->count && map->persona[low] == persona ? low : map->count;
}

uint32_t persona_map_member(const struct persona_map *map, uint32_t persona)
{
    size_t place = map ? place_of(map, persona) : 0;
    return map && place < map->count ? map->member[place] : persona;
}

size_t persona_map_of(const struct persona_map *map, uint32_t member, struct arena *arena,
                      uint32_t **out)
{
    VEC(uint32_t) found = {0};
    VEC_PUSH(&found, member);
    bool shared = map && place_of(map, member) < map->count;
    for (size_t i = 0; shared && i < map->count; i++) {
        if (map->member[i] == member && map->persona[i] != member)
            VEC_PUSH(&found, map->persona[i]);
    }
    size_t count = found.count;
    *out = arena_copy(arena, found.items, count * sizeof(**out));
    VEC_FINISH(&found);
    return count;
}
