/* fact_value.c - properties and traits.
 *
 * Personal names (e-mail, phone, name, address, IP address, user agent) never become properties,
 * which are plain in the event files. On member.identified they move to the member's traits under
 * one spelling, as text, where they are sealed; on any other kind they may be a product's or a
 * place's, and are left out and counted. */
#include "people/fact_internal.h"

#include <math.h>

#include "base/decimal.h"
#include "base/limits.h"

/* Spellings without case and without '_', '-', ' '; and the name the trait gets. */
static const struct {
    struct str squeezed;
    struct str name;
} personal[] = {
    {{"ip", 2}, {"ip", 2}},
    {{"name", 4}, {"name", 4}},
    {{"email", 5}, {"email", 5}},
    {{"phone", 5}, {"phone", 5}},
    {{"address", 7}, {"address", 7}},
    {{"fullname", 8}, {"name", 4}},
    {{"lastname", 8}, {"last_name", 9}},
    {{"firstname", 9}, {"first_name", 10}},
    {{"useragent", 9}, {"user_agent", 10}},
    {{"ipaddress", 9}, {"ip", 2}},
    {{"phonenumber", 11}, {"phone", 5}},
    {{"emailaddress", 12}, {"email", 5}},
};
#define SQUEEZED_MAX 12

static bool is_gap(char c)
{
    return c == '_' || c == '-' || c == ' ' || c == '$';
}

#define LETTER(c) (UINT32_C(1) << ((c) - 'a'))

/* Most names are not: their first or last letter tells. */
static bool may_be_personal(struct str name)
{
    const uint32_t firsts = LETTER('i') | LETTER('n') | LETTER('e') | LETTER('p') | LETTER('a') |
                            LETTER('f') | LETTER('l') | LETTER('u');
    const uint32_t lasts =
        LETTER('p') | LETTER('e') | LETTER('l') | LETTER('s') | LETTER('t') | LETTER('r');
    size_t first = 0, last = name.len;
    while (first < last && is_gap(name.p[first]))
        first++;
    while (last > first && is_gap(name.p[last - 1]))
        last--;
    if (first == last) return false;
    unsigned f = (unsigned)(name.p[first] | 0x20) - 'a',
             l = (unsigned)(name.p[last - 1] | 0x20) - 'a';
    return f < 26 && l < 26 && (firsts >> f & 1) && (lasts >> l & 1);
}

bool fact_personal(struct str name, struct str *spelling)
{
    char squeezed[SQUEEZED_MAX];
    size_t len = 0;
    if (!may_be_personal(name)) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.p[i];
        if (is_gap(c)) continue;
        if (len == SQUEEZED_MAX) return false;
        squeezed[len++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    for (size_t i = 0; i < sizeof(personal) / sizeof(personal[0]); i++) {
        if (!str_eq(personal[i].squeezed, (struct str){squeezed, len})) continue;
        *spelling = personal[i].name;
        return true;
    }
    return false;
}

bool fact_name_sound(struct str name)
{
    struct str spelling;
    return name.len > 0 && name.len <= LIMIT_PROP_NAME_BYTES && fact_is_plain(name) &&
           !fact_personal(name, &spelling);
}

static enum err check_name(struct fact_value *v, const char *field, struct arena *arena,
                           struct why *why)
{
    const struct text_rule name = {field, {NULL, 0}, LIMIT_PROP_NAME_BYTES};
    TRY(fact_clean(&v->name, &name, arena, why));
    return v->name.len ? ERR_OK : why_fail(why, ERR_INVALID, MSG_NO_NAME, field, NULL);
}

/* Nothing is to be said of the value: most are such. */
static inline bool is_fine(const struct fact_value *v, bool plain)
{
    if (v->type == PROP_TEXT) return plain && v->text.p && v->text.len <= LIMIT_PROP_VALUE_BYTES;
    return v->type == PROP_NUMBER && isfinite(v->number);
}

static enum err check_value(struct fact_value *v, const char *field, bool plain,
                            struct arena *arena, struct why *why)
{
    if (v->type == PROP_TEXT) {
        const struct text_rule text = {field, v->name, LIMIT_PROP_VALUE_BYTES};
        if (!v->text.p) v->text = STR("");
        if (plain && v->text.len <= LIMIT_PROP_VALUE_BYTES) return ERR_OK;
        return fact_clean(&v->text, &text, arena, why);
    }
    if (v->type == PROP_BOOL) v->number = v->number != 0;
    if (!isfinite(v->number)) return why_fail(why, ERR_INVALID, MSG_NOT_FINITE, field, NULL);
    return ERR_OK;
}

static enum err check_count(uint32_t count, const char *field, struct why *why)
{
    if (count <= LIMIT_PROPS_PER_EVENT) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, field, "%d", LIMIT_PROPS_PER_EVENT);
}

_Static_assert(LIMIT_PROPS_PER_EVENT <= 64, "a bit for each property");

static bool is_sound(const struct fact *f, uint32_t prop)
{
    return f->sound_props >> prop & 1;
}

static enum err check_props(struct fact *f, struct arena *arena, struct why *why)
{
    TRY(check_count(f->prop_count, "props", why));
    for (uint32_t i = 0; i < f->prop_count; i++) {
        if (!is_sound(f, i)) TRY(check_name(&f->props[i], "props", arena, why));
        if (!is_fine(&f->props[i], f->plain))
            TRY(check_value(&f->props[i], "props", f->plain, arena, why));
    }
    return ERR_OK;
}

static enum err check_traits(struct fact *f, struct arena *arena, struct why *why)
{
    TRY(check_count(f->trait_count, "traits", why));
    for (uint32_t i = 0; i < f->trait_count; i++) {
        TRY(check_name(&f->traits[i], "traits", arena, why));
        TRY(check_value(&f->traits[i], "traits", f->plain, arena, why));
    }
    return ERR_OK;
}

/* As text, which is what gets sealed. */
static void make_personal(struct fact_value *v, struct str spelling, struct arena *arena)
{
    v->name = spelling;
    if (v->type == PROP_TEXT) return;
    char digits[DECIMAL_SIZE];
    size_t len = decimal_print(v->number, digits);
    v->text = arena_str(arena, (struct str){digits, len});
    v->type = PROP_TEXT;
}

static bool is_personal(const struct fact *f, uint32_t i)
{
    struct str spelling;
    return !is_sound(f, i) && fact_personal(f->props[i].name, &spelling);
}

/* Whether somebody comes to be known is not the sender's to say. */
static bool is_known(const struct fact *f, uint32_t i)
{
    return str_is(f->props[i].name, "known");
}

/* Take the properties out that go; returns how many. */
static uint32_t take_out(struct fact *f, bool (*goes)(const struct fact *f, uint32_t i),
                         struct fact_value *taken)
{
    uint32_t kept = 0, count = 0;
    for (uint32_t i = 0; i < f->prop_count; i++) {
        if (goes(f, i)) {
            taken[count++] = f->props[i];
        } else {
            if (count) f->props[kept] = f->props[i];
            kept++;
        }
    }
    f->prop_count = kept;
    if (count) f->sound_props = 0; /* places have changed */
    return count;
}

static uint32_t take_personal(struct fact *f, struct fact_value *taken)
{
    uint64_t all = f->prop_count ? UINT64_MAX >> (64 - f->prop_count) : 0;
    return (f->sound_props & all) == all ? 0 : take_out(f, is_personal, taken);
}

static void add_traits(struct fact *f, const struct fact_value *more, uint32_t count,
                       struct arena *arena)
{
    size_t total = (size_t)f->trait_count + count;
    struct fact_value *traits = arena_alloc_array(arena, total, sizeof(*traits));
    if (f->trait_count) memcpy(traits, f->traits, f->trait_count * sizeof(*traits));
    memcpy(traits + f->trait_count, more, count * sizeof(*traits));
    f->traits = traits;
    f->trait_count = (uint32_t)total;
}

enum err fact_check_values(struct fact *f, struct arena *arena, uint32_t *junk, struct why *why)
{
    struct fact_value taken[LIMIT_PROPS_PER_EVENT];
    struct str spelling;
    TRY(check_props(f, arena, why));
    TRY(check_traits(f, arena, why));
    bool identified = str_eq(f->kind, STR("member.identified"));
    if (identified) *junk += take_out(f, is_known, taken);
    uint32_t count = take_personal(f, taken);
    if (count && identified) {
        add_traits(f, taken, count, arena);
    } else {
        *junk += count;
    }
    for (uint32_t i = 0; i < f->trait_count; i++) {
        if (fact_personal(f->traits[i].name, &spelling))
            make_personal(&f->traits[i], spelling, arena);
    }
    return ERR_OK;
}
