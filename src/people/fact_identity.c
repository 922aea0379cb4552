/* fact_identity.c - identities in their normal form, and what cannot be one.
 *
 * A value that any number of people would share (null, 0, guest, a masked phone, a hotline) would
 * join strangers into one member, so it is left out and counted; the event stays. A phone that a
 * spreadsheet has damaged (1.38E+10) fails the fact: the row has lost data that somebody wants
 * back. */
#include "people/fact_internal.h"

#include "base/limits.h"
#include "base/utf8.h"

static const struct str kind_names[IDENTITY_KIND_COUNT] = {
    {"user", 4},  {"unionid", 7},  {"wecom", 5},  {"openid", 6}, {"phone", 5},
    {"email", 5}, {"telegram", 8}, {"device", 6}, {"name", 4},   {"anon", 4},
};

const char *identity_kind_name(enum identity_kind kind)
{
    return kind_names[kind].p;
}

bool identity_kind_parse(struct str name, enum identity_kind *out)
{
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        if (!str_eq(name, kind_names[k])) continue;
        *out = (enum identity_kind)k;
        return true;
    }
    return false;
}

/* ---- junk ---- */

static bool only_zeros_and_dashes(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] != '0' && s.p[i] != '-') return false;
    }
    return true;
}

/* Case apart, in groups of one length. */
static bool is_junk_word(struct str s)
{
    static const struct str words[] = {
        {"-1", 2},
        {"id", 2},
        {"na", 2},
        {"n/a", 3},
        {"nil", 3},
        {"nan", 3},
        {"none", 4},
        {"null", 4},
        {"true", 4},
        {"false", 5},
        {"email", 5},
        {"guest", 5},
        {"(null)", 6},
        {"<null>", 6},
        {"unknown", 7},
        {"anonymous", 9},
        {"undefined", 9},
        {"distinctid", 10},
        {"distinct_id", 11},
        {"[object object]", 15},
        {"not_authenticated", 17},
    };
    if (s.len < 2 || s.len > 17 || (s.p[0] >= '0' && s.p[0] <= '9')) return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].len == s.len && str_eq_fold(s, words[i])) return true;
    }
    return false;
}

static bool is_junk(struct str s)
{
    return s.len == 0 || only_zeros_and_dashes(s) || is_junk_word(s);
}

/* ---- phones ---- */

#define PHONE_MAX 24

/* The digits of a phone as a person wrote it, '+' first if there is one. */
struct phone {
    char text[PHONE_MAX];
    size_t len;
    bool plus;
    bool broken;   /* other characters, or a mask */
    bool extended; /* more behind a whole mobile number: a virtual one */
};

/* A digit, full width too; -1 for anything else. */
static int digit_of(uint32_t c)
{
    if (c >= '0' && c <= '9') return (int)(c - '0');
    if (c >= 0xFF10 && c <= 0xFF19) return (int)(c - 0xFF10);
    return -1;
}

static bool is_gap(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '-' || c == '(' || c == ')' || c == 0x3000 || c == 0xA0 ||
           c == 0xFF0D || c == 0xFF08 || c == 0xFF09 || c == 0x2010 || c == 0x2011 || c == 0x2013 ||
           c == 0x200B || c == 0xFEFF || c == 0x202A || c == 0x202C || c == 0x202D;
}

static bool is_mobile(const char *digits, size_t len)
{
    return len == 11 && digits[0] == '1' && digits[1] >= '3';
}

/* Without the country's prefix; *p moves. */
static size_t without_country(const struct phone *phone, const char **p)
{
    size_t len = phone->len;
    *p = phone->text;
    size_t skip = 0;
    if (len >= 4 && memcmp(*p, "0086", 4) == 0)
        skip = 4;
    else if (len > 11 && memcmp(*p, "86", 2) == 0)
        skip = 2;
    *p += skip;
    return len - skip;
}

static void take_char(struct phone *phone, uint32_t c)
{
    int digit = digit_of(c);
    if (is_gap(c)) {
        const char *p;
        size_t len = without_country(phone, &p);
        phone->extended |= c == '-' && is_mobile(p, len);
    } else if (digit >= 0) {
        if (phone->len == PHONE_MAX)
            phone->broken = true;
        else
            phone->text[phone->len++] = (char)('0' + digit);
    } else if ((c == '+' || c == 0xFF0B) && phone->len == 0 && !phone->plus) {
        phone->plus = true;
    } else {
        phone->broken = true;
    }
}

static struct str without_guards(struct str s)
{
    s = str_trim(s);
    if (s.len && s.p[0] == '\'') s = (struct str){s.p + 1, s.len - 1};
    if (str_ends(s, STR(".0"))) s.len -= 2;
    return s;
}

/* "1.38E+10": what a spreadsheet makes of a long number. */
static bool is_damaged(struct str s)
{
    size_t i = 0;
    while (i < s.len && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.'))
        i++;
    if (i == 0 || i + 2 >= s.len || (s.p[i] != 'E' && s.p[i] != 'e')) return false;
    if (s.p[i + 1] != '+') return false;
    for (i += 2; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    }
    return true;
}

enum keep { KEEP, LEAVE_OUT };

/* E.164. Without '+' only a mobile number of mainland China is a person's; hotlines, numbers of
 * offices and virtual numbers are shared. */
static enum keep clean_phone(struct str *value, struct arena *arena)
{
    struct phone phone = {.len = 0};
    struct str s = without_guards(*value);
    for (size_t i = 0; i < s.len;)
        take_char(&phone, utf8_next(s, &i));
    if (phone.broken || phone.len == 0) return LEAVE_OUT;
    const char *digits;
    size_t len = without_country(&phone, &digits);
    bool foreign = phone.plus && !(phone.text[0] == '8' && phone.text[1] == '6');
    if (!foreign && (phone.extended || !is_mobile(digits, len))) return LEAVE_OUT;
    if (foreign && (phone.len < 8 || phone.len > 15 || phone.text[0] == '0')) return LEAVE_OUT;
    if (foreign) {
        digits = phone.text;
        len = phone.len;
    }
    const char *text = arena_printf(arena, "+%s%.*s", foreign ? "" : "86", (int)len, digits);
    *value = str_of(text);
    return KEEP;
}

/* ---- e-mail ---- */

static bool domain_valid(struct str d)
{
    if (d.len == 0 || d.p[0] == '.' || d.p[d.len - 1] == '.') return false;
    if (str_find_char(d, '.') == SIZE_MAX) return false;
    for (size_t i = 0; i < d.len; i++) {
        unsigned char c = (unsigned char)d.p[i];
        if (c <= ' ' || c == '@' || c == ',' || c == ';' || c == 0x7f) return false;
    }
    return true;
}

static bool has_space(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.p[i] <= ' ') return true;
    }
    return false;
}

/* The domain in small letters; what is before it is the provider's to interpret. */
static enum keep clean_email(struct str *value, struct arena *arena)
{
    const char *at = value->len ? memrchr(value->p, '@', value->len) : NULL;
    if (!at || at == value->p) return LEAVE_OUT;
    struct str domain = {at + 1, (size_t)(value->p + value->len - at - 1)};
    if (!domain_valid(domain) || has_space((struct str){value->p, (size_t)(at - value->p)}))
        return LEAVE_OUT;
    char *copy = NULL;
    for (size_t i = 0; i < domain.len; i++) {
        if (domain.p[i] < 'A' || domain.p[i] > 'Z') continue;
        if (!copy) copy = arena_copy(arena, value->p, value->len);
        copy[(size_t)(domain.p - value->p) + i] = (char)(domain.p[i] + 32);
    }
    if (copy) value->p = copy;
    return KEEP;
}

/* ---- one list of identities ---- */

static enum err clean_one(struct identity *id, bool plain, enum keep *keep, struct arena *arena,
                          struct why *why)
{
    const struct text_rule rule = {"identities", kind_names[id->kind], LIMIT_IDENTITY_BYTES};
    id->value = str_trim(id->value);
    *keep = LEAVE_OUT;
    if (!plain || id->value.len > LIMIT_IDENTITY_BYTES)
        TRY(fact_clean(&id->value, &rule, arena, why));
    if (is_junk(id->value)) return ERR_OK;
    if (id->kind == IDENTITY_PHONE && is_damaged(id->value)) {
        return why_fail(why, ERR_INVALID, MSG_DAMAGED_BY_EXCEL, "identities.phone", STR_FMT,
                        STR_ARG(id->value));
    }
    *keep = KEEP;
    if (id->kind == IDENTITY_PHONE) *keep = clean_phone(&id->value, arena);
    if (id->kind == IDENTITY_EMAIL) *keep = clean_email(&id->value, arena);
    return ERR_OK;
}

bool fact_identity_usable(const struct identity *id, struct arena *arena)
{
    struct identity copy = *id;
    enum keep keep;
    return clean_one(&copy, false, &keep, arena, NULL) == ERR_OK && keep == KEEP;
}

enum err fact_identity_parse(struct str text, struct identity *out, struct arena *arena,
                             struct why *why)
{
    struct identity id = {.value = text};
    enum keep keep = LEAVE_OUT;
    struct str kind = str_cut(&id.value, ':');
    if (id.value.p && identity_kind_parse(kind, &id.kind))
        TRY(clean_one(&id, false, &keep, arena, why));
    if (keep == KEEP) {
        *out = id;
        return ERR_OK;
    }
    struct strbuf kinds = {0};
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++)
        strbuf_addf(&kinds, "%s%s", k ? ", " : "", kind_names[k].p);
    why_fail(why, ERR_INVALID, MSG_NOT_IDENTITY, "identity", "%.*s|%s",
             (int)(text.len < 80 ? text.len : 80), text.p, kinds.p);
    strbuf_finish(&kinds);
    return ERR_INVALID;
}

enum err fact_check_identities(struct identity *ids, uint32_t *count, bool plain,
                               struct arena *arena, uint32_t *junk, struct why *why)
{
    uint32_t kept = 0, total = *count;
    if (total > LIMIT_IDENTITIES_PER_EVENT) {
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "identities", "%d",
                        LIMIT_IDENTITIES_PER_EVENT);
    }
    for (uint32_t i = 0; i < total; i++) {
        enum keep keep;
        TRY(clean_one(&ids[i], plain, &keep, arena, why));
        if (keep == KEEP) ids[kept++] = ids[i];
    }
    *junk += total - kept;
    *count = kept;
    return ERR_OK;
}
