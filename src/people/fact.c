/* fact.c - the one gate for what senders state: syntax, limits, normal forms.
 *
 * Most texts are short printable ASCII, which is NFC as it stands; eight bytes at a time settle
 * that, and only the rest is validated and normalised. */
#include "people/fact_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "brand/said.h"
#include "people/kinds.h"

/* Flags the high bit of a byte that is below 0x20 or above 0x7f, and perhaps of those above it. */
static inline uint64_t odd_bytes(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    return (w | ((w - ones * 0x20) & ~w)) & (ones * 0x80);
}

/* Printable ASCII only. The last eight bytes may be looked at twice. */
static inline bool is_plain(struct str s)
{
    uint64_t w, odd = 0;
    if (s.len >= 8) {
        for (size_t i = 0; i + 8 < s.len; i += 8) {
            memcpy(&w, s.p + i, 8);
            odd |= odd_bytes(w);
        }
        memcpy(&w, s.p + s.len - 8, 8);
        return !(odd | odd_bytes(w));
    }
    if (s.len >= 4) {
        uint32_t head, tail;
        memcpy(&head, s.p, 4);
        memcpy(&tail, s.p + s.len - 4, 4);
        return !odd_bytes((uint64_t)head << 32 | tail);
    }
    for (size_t i = 0; i < s.len; i++) {
        if ((signed char)s.p[i] < 0x20) return false;
    }
    return true;
}

bool fact_is_plain(struct str text)
{
    return is_plain(text);
}

static enum err refuse(struct why *why, enum err err, enum msg msg, const struct text_rule *rule)
{
    char field[96];
    snprintf(field, sizeof(field), "%s%s" STR_FMT, rule->field, rule->name.p ? "." : "",
             STR_ARG(utf8_cut(rule->name, 64)));
    return why_fail(why, err, msg, field, "%zu", rule->size_max);
}

enum err fact_clean(struct str *text, const struct text_rule *rule, struct arena *arena,
                    struct why *why)
{
    struct str s = *text;
    if (!is_plain(s)) {
        if (!utf8_valid(s)) return refuse(why, ERR_INVALID, MSG_BAD_UTF8, rule);
        if (memchr(s.p, '\0', s.len)) return refuse(why, ERR_INVALID, MSG_HOLDS_NUL, rule);
        /* normal forms of longer texts are not even made */
        if (s.len > rule->size_max * 4) return refuse(why, ERR_TOO_LARGE, MSG_TOO_LONG, rule);
        s = utf8_nfc(arena, s);
    }
    if (s.len > rule->size_max) return refuse(why, ERR_TOO_LARGE, MSG_TOO_LONG, rule);
    *text = s;
    return ERR_OK;
}

/* ---- what a sender may send ---- */

static bool key_may_send(const struct sender *sender, enum kind_family family, struct str kind)
{
    switch (family) {
    case FAMILY_OWN:
    case FAMILY_TOUCHPOINT:
    case FAMILY_CONTENT:
        return true;
    case FAMILY_PARTICIPATION:
        return !str_starts(kind, STR("testimonial."));
    case FAMILY_IDENTITY:
        return str_is(kind, "member.identified") ||
               (sender->level == SENDER_SECRET &&
                (str_is(kind, "member.consented") || str_is(kind, "member.revoked") ||
                 str_is(kind, "member.tagged") || str_is(kind, "member.untagged")));
    case FAMILY_TRADE:
    case FAMILY_VOUCHER:
    case FAMILY_TALK:
    case FAMILY_RELATION:
        return sender->level == SENDER_SECRET;
    default:
        return false;
    }
}

static bool import_may_send(enum kind_family family, struct str kind)
{
    static const char *const own[] = {"member.created", "member.merged", "member.unmerged",
                                      "member.erased", "member.assigned"};
    switch (family) {
    case FAMILY_CAMPAIGN:
    case FAMILY_TOUCH:
    case FAMILY_SERVICE:
    case FAMILY_DERIVED:
        return false;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (str_is(kind, own[i])) return false;
    }
    return true;
}

enum err fact_kind_allowed(const struct sender *sender, struct str kind, struct why *why)
{
    bool allowed = true;
    enum kind_family family = kind_family(kind);
    if (sender->level == SENDER_PUBLIC || sender->level == SENDER_SECRET)
        allowed = key_may_send(sender, family, kind);
    if (sender->level == SENDER_IMPORT) allowed = import_may_send(family, kind);
    if (allowed) return ERR_OK;
    return why_fail(why, ERR_KIND_NOT_ALLOWED, MSG_KIND_NOT_ALLOWED, "kind", STR_FMT,
                    STR_ARG(utf8_cut(kind, LIMIT_KIND_BYTES)));
}

/* ---- checking ---- */

static enum err check_at(int64_t at, int64_t received_at, struct why *why)
{
    int64_t latest = received_at + TIME_DAY;
    if (at >= 0 && at <= latest) return ERR_OK;
    char is[48], last[48];
    const struct zone *utc = zone_open("UTC");
    time_format(utc, at, is, sizeof(is));
    time_format(utc, latest, last, sizeof(last));
    return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, "at", "%s|1970-01-01T00:00:00Z|%s", is,
                    last);
}

static enum err check_kind(struct fact *f, struct arena *arena, struct why *why)
{
    const struct text_rule rule = {"kind", {NULL, 0}, LIMIT_EVENT_BYTES};
    if (!f->valid && !kind_valid(f->kind)) {
        return why_fail(why, ERR_INVALID, MSG_BAD_KIND, "kind", STR_FMT,
                        STR_ARG(utf8_cut(f->kind, LIMIT_KIND_BYTES)));
    }
    if (!f->label.p) return ERR_OK;
    TRY(fact_clean(&f->label, &rule, arena, why));
    f->label = utf8_cut(f->label, LIMIT_CODE_BYTES);
    return ERR_OK;
}

static enum err check_codes(struct fact *f, struct arena *arena, struct why *why)
{
    static const char *const names[DIM_COUNT] = {"group",   "touchpoint", "campaign",
                                                 "content", "staff",      "origin"};
    for (int d = 0; d < DIM_COUNT; d++) {
        if (f->code[d].len == 0 || (f->plain && f->code[d].len <= LIMIT_CODE_BYTES)) continue;
        const struct text_rule rule = {names[d], {NULL, 0}, LIMIT_CODE_BYTES};
        TRY(fact_clean(&f->code[d], &rule, arena, why));
    }
    return ERR_OK;
}

/* Each name by itself, put together again. */
static enum err check_tags(struct fact *f, struct arena *arena, struct why *why)
{
    const struct text_rule rule = {"tags", {NULL, 0}, LIMIT_TAG_BYTES};
    struct strbuf out = {0};
    struct str rest = f->tags;
    enum err err = ERR_OK;
    for (int count = 0; rest.len && err == ERR_OK; count++) {
        struct str name = str_cut(&rest, '\n');
        err = fact_clean(&name, &rule, arena, why);
        if (err == ERR_OK && count == LIMIT_TAGS_PER_FACT)
            err = why_fail(why, ERR_INVALID, MSG_TOO_MANY, "tags", "%d", LIMIT_TAGS_PER_FACT);
        if (out.len) strbuf_add_char(&out, '\n');
        strbuf_add_str(&out, name);
    }
    if (err == ERR_OK) f->tags = arena_str(arena, strbuf_str(&out));
    strbuf_finish(&out);
    return err;
}

/* Codes of staff, each by itself. */
static enum err check_staff(struct fact *f, struct arena *arena, struct why *why)
{
    const struct text_rule owner = {"owner", {NULL, 0}, LIMIT_CODE_BYTES};
    const struct text_rule contact = {"contacts", {NULL, 0}, LIMIT_CODE_BYTES};
    int count = 0;
    if (f->owner.len) TRY(fact_clean(&f->owner, &owner, arena, why));
    for (struct str rest = f->contacts; rest.len; count++) {
        struct str code = str_cut(&rest, '\n');
        TRY(fact_clean(&code, &contact, arena, why));
    }
    if (count <= LIMIT_CONTACTS_PER_FACT) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_TOO_MANY, "contacts", "%d", LIMIT_CONTACTS_PER_FACT);
}

/* A message of any length is one; of its words so many are kept. */
enum err fact_check_said(struct fact *f, struct arena *arena, struct why *why)
{
    const struct text_rule text = {"text", {NULL, 0}, (size_t)LIMIT_MESSAGE_TEXT * 4};
    const struct text_rule message = {"message", {NULL, 0}, LIMIT_MESSAGE_ID_BYTES};
    const struct text_rule reply_to = {"reply_to", {NULL, 0}, LIMIT_MESSAGE_ID_BYTES};
    const struct text_rule links = {"links", {NULL, 0}, LIMIT_MESSAGE_CARRIED * 4};
    const struct text_rule qr = {"qr", {NULL, 0}, LIMIT_MESSAGE_CARRIED * 4};
    struct said said = *f->said;
    said.text = utf8_cut_grapheme(said.text, LIMIT_MESSAGE_TEXT);
    TRY(fact_clean(&said.text, &text, arena, why));
    said.text = utf8_cut_grapheme(said.text, LIMIT_MESSAGE_TEXT); /* a normal form may be longer */
    if (said.message.len) TRY(fact_clean(&said.message, &message, arena, why));
    if (said.reply_to.len) TRY(fact_clean(&said.reply_to, &reply_to, arena, why));
    said.links = utf8_cut(said.links, LIMIT_MESSAGE_CARRIED);
    said.qr = utf8_cut(said.qr, LIMIT_MESSAGE_CARRIED);
    if (said.links.len) TRY(fact_clean(&said.links, &links, arena, why));
    if (said.qr.len) TRY(fact_clean(&said.qr, &qr, arena, why));
    f->said = arena_copy(arena, &said, sizeof(said));
    return ERR_OK;
}

/* A voucher is somebody's, and is told from others by a text: a number would be another property.
 */
static enum err check_voucher(const struct fact *f, struct why *why)
{
    if (!str_starts(f->kind, STR("voucher.")) || kind_family(f->kind) != FAMILY_VOUCHER)
        return ERR_OK;
    if (f->who_count == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "member", NULL);
    for (uint32_t i = 0; i < f->prop_count; i++) {
        const struct fact_value *v = &f->props[i];
        if (!str_is(v->name, "voucher")) continue;
        if (v->type != PROP_TEXT)
            return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "props.voucher", "%s", "\"V100\"");
        if (str_trim(v->text).len == 0)
            return why_fail(why, ERR_INVALID, MSG_MISSING, "props.voucher", NULL);
    }
    return ERR_OK;
}

static enum err check_amount(int64_t amount, struct why *why)
{
    bool fits = amount >= -FACT_AMOUNT_MAX && amount <= FACT_AMOUNT_MAX;
    if (fits || amount == HISTORY_NO_AMOUNT) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, "amount",
                    "%" PRId64 "|%" PRId64 "|%" PRId64, amount, -FACT_AMOUNT_MAX, FACT_AMOUNT_MAX);
}

enum err fact_check(struct fact *f, int64_t received_at, struct arena *arena, uint32_t *junk,
                    struct why *why)
{
    const struct text_rule id = {"id", {NULL, 0}, LIMIT_MESSAGE_ID_BYTES};
    uint32_t left_out = 0, who_count = f->who_count;
    TRY(check_kind(f, arena, why));
    TRY(check_at(f->at, received_at, why));
    TRY(check_amount(f->amount, why));
    if (f->id.len) TRY(fact_clean(&f->id, &id, arena, why));
    if (f->tags.len) TRY(check_tags(f, arena, why));
    if (f->owner.len || f->contacts.len) TRY(check_staff(f, arena, why));
    TRY(check_codes(f, arena, why));
    if (!fact_keyed(f))
        TRY(fact_check_identities(f->who, &f->who_count, f->plain, arena, &left_out, why));
    TRY(fact_check_identities(f->other, &f->other_count, f->plain, arena, &left_out, why));
    TRY(fact_check_values(f, arena, &left_out, why));
    TRY(check_voucher(f, why));
    if (f->said) TRY(fact_check_said(f, arena, why));
    if (f->who_count < who_count && f->who_count < 2) f->alias = f->rename = false;
    *junk = left_out;
    return ERR_OK;
}

static int in_time(const void *a, const void *b)
{
    const struct fact_place *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Most lists are in order already. */
struct fact_place *fact_time_order(const struct fact *facts, size_t count)
{
    struct fact_place *order = mem_alloc_array(count + 1, sizeof(*order));
    bool sorted = true;
    for (size_t i = 0; i < count; i++) {
        order[i] = (struct fact_place){facts[i].at, (uint32_t)i};
        sorted &= i == 0 || facts[i].at >= facts[i - 1].at;
    }
    if (!sorted) qsort(order, count, sizeof(order[0]), in_time);
    return order;
}
