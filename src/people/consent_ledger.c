/* consent_ledger.c - entries are checked, written and told of; and read again.
 *
 * An entry comes by a command, which emits its event, or with an event of a sender's, which is
 * stored by itself. Numbers are the order of writing. */
#include <inttypes.h>

#include "base/utf8.h"
#include "people/consent.h"
#include "people/internal.h"

static enum err check_text(struct sql *db, const struct consent_entry *e, struct why *why)
{
    bool there = true;
    if (e->version == 0) return ERR_OK;
    struct sql_stmt *s =
        sql_use(db, "SELECT 1 FROM consent_text WHERE purpose = $1 AND version = $2");
    sql_bind_str(s, 1, e->purpose);
    sql_bind_int(s, 2, e->version);
    TRY(sql_any(s, &there));
    if (!there)
        return why_fail(why, ERR_INVALID, MSG_CONSENT_VERSION, "version", "%" PRIu32, e->version);
    return ERR_OK;
}

static enum err check_list(struct sql *db, const struct consent_entry *e, struct why *why)
{
    bool there;
    if (e->list.len == 0) return ERR_OK;
    struct sql_stmt *s = sql_use(db, "SELECT 1 FROM consent_list WHERE list = $1 AND purpose = $2");
    sql_bind_str(s, 1, e->list);
    sql_bind_str(s, 2, e->purpose);
    TRY(sql_any(s, &there));
    if (!there)
        return why_fail(why, ERR_INVALID, MSG_CONSENT_LIST, "list", STR_FMT, STR_ARG(e->list));
    return ERR_OK;
}

static enum err check_entry(struct sql *db, const struct consent_entry *e, struct why *why)
{
    bool there, contract;
    if (!consent_key_valid(e->purpose))
        return why_fail(why, ERR_INVALID, MSG_CONSENT_PURPOSE, "purpose", STR_FMT,
                        STR_ARG(utf8_cut(e->purpose, 64)));
    TRY(consent_basis(db, e->purpose, &there, &contract));
    if (!there)
        return why_fail(why, ERR_INVALID, MSG_CONSENT_PURPOSE, "purpose", STR_FMT,
                        STR_ARG(e->purpose));
    if (!str_is(e->channel, "*") && !consent_channel_known(e->channel))
        return why_fail(why, ERR_INVALID, MSG_UNKNOWN_VALUE, "channel", STR_FMT "|%s",
                        STR_ARG(utf8_cut(e->channel, 64)),
                        "*, wecom, wechat, sms, email, call, push, telegram");
    TRY(check_list(db, e, why));
    return check_text(db, e, why);
}

static enum err insert_entry(struct people *p, struct tx *tx, uint32_t persona,
                             struct consent_entry *e)
{
    int64_t last;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT COALESCE(MAX(id), 0) FROM consent_entry");
    TRY(sql_number(s, 0, &last));
    e->id = last + 1;
    e->recorded_at = tx_now(tx);
    if (e->at == TIME_NONE || e->at > e->recorded_at) e->at = e->recorded_at;
    s = sql_use(tx_sql(tx),
                "INSERT INTO consent_entry (id, persona, purpose, channel, list, granted, guardian,"
                " version, at, recorded_at, way, source, evidence)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
    sql_bind_int(s, 1, e->id);
    sql_bind_int(s, 2, persona);
    sql_bind_str(s, 3, e->purpose);
    sql_bind_str(s, 4, e->channel);
    sql_bind_str(s, 5, e->list.p ? e->list : STR(""));
    sql_bind_int(s, 6, e->granted);
    sql_bind_int(s, 7, e->guardian);
    if (e->version) sql_bind_int(s, 8, e->version);
    if (!e->version) sql_bind_null(s, 8);
    sql_bind_int(s, 9, e->at);
    sql_bind_int(s, 10, e->recorded_at);
    sql_bind_str(s, 11, e->way.p ? e->way : STR(""));
    sql_bind_str(s, 12, e->source.p ? e->source : STR(""));
    struct str sealed = {NULL, 0};
    if (e->evidence.len) sealed = people_seal(p, tx_arena(tx), e->evidence);
    sql_bind_blob(s, 13, sealed.p, sealed.len);
    TRY(sql_run(s));
    consent_note(p, identity_member(p, persona), e);
    return ERR_OK;
}

/* ---- events of it ---- */

static enum err add_prop(struct tx *tx, struct event *ev, struct event_prop *props,
                         const struct event_prop *prop, struct str name)
{
    struct why why;
    struct event_prop p = *prop;
    if (p.type == PROP_TEXT && p.text.len == 0) return ERR_OK;
    TRY(registry_prop(tx, name, p.type, &p.id, &why));
    uint16_t at = ev->prop_count++;
    for (; at > 0 && props[at - 1].id > p.id; at--)
        props[at] = props[at - 1];
    props[at] = p;
    return ERR_OK;
}

static enum err emit(struct tx *tx, uint32_t member, const struct consent_entry *e)
{
    struct why why;
    uint16_t kind;
    const struct str none = {NULL, 0};
    struct event_prop *props = arena_alloc_array(tx_arena(tx), 6, sizeof(*props));
    struct event ev = {.at = tx_now(tx),
                       .received_at = tx_now(tx),
                       .persona = member,
                       .props = props,
                       .amount = HISTORY_NO_AMOUNT};
    TRY(registry_kind(tx, e->granted ? STR("member.consented") : STR("member.revoked"), none, &kind,
                      &why));
    ev.kind = kind;
    if (e->source.len) TRY(registry_code(tx, DIM_ORIGIN, e->source, &ev.dim[DIM_ORIGIN], &why));
    const struct event_prop texts[] = {{.type = PROP_TEXT, .text = e->purpose},
                                       {.type = PROP_TEXT, .text = e->channel},
                                       {.type = PROP_TEXT, .text = e->list},
                                       {.type = PROP_TEXT, .text = e->way}};
    TRY(add_prop(tx, &ev, props, &texts[0], STR("purpose")));
    TRY(add_prop(tx, &ev, props, &texts[1], STR("channel")));
    TRY(add_prop(tx, &ev, props, &texts[2], STR("list")));
    TRY(add_prop(tx, &ev, props, &texts[3], STR("way")));
    const struct event_prop version = {.type = PROP_NUMBER, .number = e->version};
    const struct event_prop guardian = {.type = PROP_BOOL, .number = 1};
    if (e->version) TRY(add_prop(tx, &ev, props, &version, STR("version")));
    if (e->guardian) TRY(add_prop(tx, &ev, props, &guardian, STR("guardian")));
    return tx_emit(tx, &ev, &why);
}

/* ---- by a command ---- */

struct recording {
    struct consent_entry *entries;
    size_t count;
};

static enum err find_member(struct people *p, struct tx *tx, uint32_t *member, struct why *why)
{
    bool known;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT 1 FROM identity WHERE persona = $1");
    sql_bind_int(s, 1, *member);
    TRY(sql_any(s, &known));
    if (!known) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "member");
    *member = identity_member(p, *member);
    return ERR_OK;
}

static enum err run_record(struct tx *tx, void *arg, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct recording *r = arg;
    for (size_t i = 0; i < r->count; i++) {
        struct consent_entry e = r->entries[i];
        TRY(check_entry(tx_sql(tx), &e, why));
        TRY(find_member(p, tx, &e.member, why));
    }
    for (size_t i = 0; i < r->count; i++) {
        struct consent_entry e = r->entries[i];
        TRY(find_member(p, tx, &e.member, why));
        TRY(insert_entry(p, tx, e.member, &e));
        TRY(emit(tx, e.member, &e));
        r->entries[r->count + i] = e;
    }
    return ERR_OK;
}

enum err consent_record(struct brand *b, struct consent_entry *entries, size_t count,
                        struct why *why)
{
    struct arena *a = arena_create(0);
    struct recording r = {arena_alloc_array(a, 2 * count + 1, sizeof(*entries)), count};
    if (count) memcpy(r.entries, entries, count * sizeof(*entries));
    enum err err = brand_call(b, run_record, &r, false, why);
    if (err == ERR_OK && count) memcpy(entries, r.entries + count, count * sizeof(*entries));
    arena_destroy(a);
    return err;
}

/* ---- by a fact ---- */

bool consent_is_fact(const struct fact *fact)
{
    return str_is(fact->kind, "member.consented") || str_is(fact->kind, "member.revoked");
}

static const struct fact_value *prop_of(const struct fact *fact, const char *name,
                                        enum prop_type type)
{
    for (uint32_t i = 0; i < fact->prop_count; i++) {
        const struct fact_value *v = &fact->props[i];
        if (v->type == type && str_is(v->name, name)) return v;
    }
    return NULL;
}

static struct str text_of(const struct fact *fact, const char *name)
{
    const struct fact_value *v = prop_of(fact, name, PROP_TEXT);
    return v ? v->text : STR("");
}

static struct consent_entry entry_of(const struct fact *fact)
{
    const struct fact_value *version = prop_of(fact, "version", PROP_NUMBER);
    const struct fact_value *guardian = prop_of(fact, "guardian", PROP_BOOL);
    struct consent_entry e = {.purpose = text_of(fact, "purpose"),
                              .channel = text_of(fact, "channel"),
                              .list = text_of(fact, "list"),
                              .way = text_of(fact, "way"),
                              .evidence = STR(""),
                              .granted = str_is(fact->kind, "member.consented"),
                              .guardian = guardian && guardian->number != 0,
                              .at = fact->at};
    if (e.channel.len == 0) e.channel = STR("*");
    bool whole = version && version->number >= 1 && version->number <= UINT32_MAX;
    if (whole) e.version = (uint32_t)version->number;
    return e;
}

enum err consent_check_fact(struct tx *tx, const struct fact *fact, struct why *why)
{
    const struct consent_entry e = entry_of(fact);
    if (e.purpose.len == 0) return why_fail(why, ERR_INVALID, MSG_MISSING, "props.purpose", NULL);
    return check_entry(tx_sql(tx), &e, why);
}

enum err consent_save_fact(struct people *p, struct tx *tx, const struct fact *fact,
                           uint32_t persona, struct str source)
{
    struct consent_entry e = entry_of(fact);
    e.source = source;
    return insert_entry(p, tx, persona, &e);
}

/* ---- reading, and the end ---- */

enum err consent_list(const struct people_view *v, uint32_t member, struct consent_entry **out,
                      size_t *count, struct why *why)
{
    struct people *p = brand_module_state(v->brand, &people_module);
    VEC(struct consent_entry) list = {0};
    enum err err;
    struct sql_stmt *s = sql_use(
        v->db, "SELECT e.id, e.purpose, e.channel, e.list, e.granted, e.guardian, e.version,"
               " e.at, e.recorded_at, e.way, e.source, e.evidence FROM consent_entry e"
               " WHERE " OF_MEMBER("e.persona") " ORDER BY e.at DESC, e.id DESC LIMIT $2");
    sql_bind_int(s, 1, member);
    sql_bind_int(s, 2, LIMIT_CONSENT_ENTRIES);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        const struct consent_entry e = {
            .id = sql_int(s, 0),
            .member = member,
            .purpose = arena_str(v->arena, sql_str(s, 1)),
            .channel = arena_str(v->arena, sql_str(s, 2)),
            .list = arena_str(v->arena, sql_str(s, 3)),
            .granted = sql_int(s, 4) != 0,
            .guardian = sql_int(s, 5) != 0,
            .version = sql_is_null(s, 6) ? 0 : (uint32_t)sql_int(s, 6),
            .at = sql_int(s, 7),
            .recorded_at = sql_int(s, 8),
            .way = arena_str(v->arena, sql_str(s, 9)),
            .source = arena_str(v->arena, sql_str(s, 10)),
            .evidence = sql_is_null(s, 11) ? STR("") : people_unseal(p, v->arena, sql_blob(s, 11))};
        VEC_PUSH(&list, e);
    }
    *out = arena_copy(v->arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err consent_erase(struct people *p, struct tx *tx, uint32_t persona)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM consent_entry WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    consent_redefined(p);
    return sql_run(s);
}
