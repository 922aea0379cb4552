/* driver.c - a brand under a simulated clock that does what lines on stdin say and prints what it
 * then knows of its members. model_test.py compares that with a model.
 *
 * A line is a command and its words, with tabs between. 'fact' queues one and answers nothing;
 * every other command answers with lines, of which the last is ".". What is refused is an answer,
 * "no ERROR"; what must not fail ends the process. */
#include "segments/segments.h"

#define PLACE_MODULES &people_module, &segments_module
#include "brand_place.h"

#include "insight/select.h"
#include "people/consent.h"
#include "people/erasure.h"
#include "people/look.h"
#include "people/merge.h"
#include "people/owner.h"
#include "people/tag.h"

#define WORDS 40
#define FACTS 20000

static struct place place;
static bool is_open;
static struct arena *arena; /* of the queued facts, until they are sent */
static struct fact facts[FACTS];
static bool public[FACTS]; /* beside facts: by whom */
static struct people_result results[FACTS];
static struct why errors[FACTS];
static size_t fact_count;
static uint64_t last_move;

struct line {
    char *word[WORDS];
    size_t count;
};

static int64_t number(const char *text)
{
    return strcmp(text, "-") == 0 ? TIME_NONE : strtoll(text, NULL, 10);
}

static void answer(enum err err, const struct why *why)
{
    char text[400];
    if (err == ERR_OK) {
        printf("ok\n");
        return;
    }
    why_text(why, LANG_EN, text, sizeof(text));
    printf("no\t%s\t%s\n", err_code(err), text);
}

static void note_finding(void *ctx, const char *what)
{
    (void)ctx;
    printf("finding\t%s\n", what);
}

/* ---- facts ---- */

static struct identity *identity_list(struct line *l, const char *key, uint32_t *count)
{
    struct identity *list = arena_alloc_array(arena, WORDS, sizeof(*list));
    size_t len = strlen(key);
    for (size_t i = 1; i < l->count; i++) {
        if (strncmp(l->word[i], key, len) != 0) continue;
        struct str value = arena_str(arena, str_of(l->word[i] + len));
        struct str kind = str_cut(&value, ':');
        if (!identity_kind_parse(kind, &list[*count].kind)) fail_msg("kind of %s", l->word[i]);
        list[(*count)++].value = value;
    }
    return list;
}

/* "order:t:o1", "question:b:1", "sum:n:2.5" */
static struct fact_value *value_list(struct line *l, const char *key, uint32_t *count)
{
    struct fact_value *list = arena_alloc_array(arena, WORDS, sizeof(*list));
    size_t len = strlen(key);
    for (size_t i = 1; i < l->count; i++) {
        if (strncmp(l->word[i], key, len) != 0) continue;
        struct fact_value *v = &list[(*count)++];
        struct str rest = arena_str(arena, str_of(l->word[i] + len));
        v->name = str_cut(&rest, ':');
        struct str type = str_cut(&rest, ':');
        v->type = type.p[0] == 't' ? PROP_TEXT : type.p[0] == 'b' ? PROP_BOOL : PROP_NUMBER;
        if (v->type == PROP_TEXT) {
            v->text = rest;
        } else {
            v->number = strtod(rest.p, NULL);
        }
    }
    return list;
}

static const char *value_of(struct line *l, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 1; i < l->count; i++) {
        if (strncmp(l->word[i], key, len) == 0) return l->word[i] + len;
    }
    return NULL;
}

static struct str text_of(struct line *l, const char *key)
{
    const char *value = value_of(l, key);
    return value ? arena_str(arena, str_of(value)) : (struct str){NULL, 0};
}

static void do_fact(struct line *l)
{
    static const char *const dims[DIM_COUNT] = {[DIM_GROUP] = "group=",
                                                [DIM_TOUCHPOINT] = "touchpoint=",
                                                [DIM_CAMPAIGN] = "campaign=",
                                                [DIM_CONTENT] = "content=",
                                                [DIM_STAFF] = "staff="};
    struct why why = {0};
    uint32_t junk = 0;
    const char *amount = value_of(l, "amount=");
    if (fact_count == FACTS) fail_msg("more than %d facts at once", FACTS);
    struct fact *f = &facts[fact_count];
    *f = (struct fact){.id = text_of(l, "id="),
                       .at = number(value_of(l, "at=")),
                       .kind = text_of(l, "kind="),
                       .amount = amount ? number(amount) : HISTORY_NO_AMOUNT};
    f->who = identity_list(l, "who=", &f->who_count);
    f->other = identity_list(l, "other=", &f->other_count);
    f->props = value_list(l, "prop=", &f->prop_count);
    f->traits = value_list(l, "trait=", &f->trait_count);
    for (int d = 0; d < DIM_COUNT; d++) {
        if (dims[d]) f->code[d] = text_of(l, dims[d]);
    }
    public[fact_count] = value_of(l, "public=") != NULL;
    place_must(fact_check(f, place.env.now_ms, arena, &junk, &why), &why, "fact");
    fact_count++;
}

static enum err run_send(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    (void)why;
    for (size_t i = 0; i < fact_count; i++) {
        const struct sender sender = {.level = public[i] ? SENDER_PUBLIC : SENDER_IMPORT,
                                      .origin = public[i] ? STR("key:1") : STR("import:1")};
        enum err err = people_record(tx, &sender, &facts[i], &results[i], &errors[i]);
        results[i].refused = err != ERR_OK;
    }
    return ERR_OK;
}

static enum err run_bulk(struct tx *tx, void *arg, struct why *why)
{
    static const struct sender sender = {.level = SENDER_IMPORT, .origin = {"import:1", 8}};
    struct people_load load = {facts, fact_count, results, errors, NULL};
    (void)arg;
    return people_bulk(tx, &sender, &load, why);
}

static enum err run_bulk_end(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return people_bulk_end(tx, why);
}

static void do_send(struct line *l)
{
    struct why why = {0};
    memset(results, 0, sizeof(results[0]) * fact_count);
    memset(errors, 0, sizeof(errors[0]) * fact_count);
    if (strcmp(l->word[0], "bulk") == 0) {
        place_must(brand_call(place.brand, run_bulk, NULL, true, &why), &why, "bulk");
        place_must(brand_call(place.brand, run_bulk_end, NULL, true, &why), &why, "bulk end");
    } else {
        place_must(brand_call(place.brand, run_send, NULL, false, &why), &why, "send");
    }
    for (size_t i = 0; i < fact_count; i++) {
        const struct people_result *r = &results[i];
        printf("fact\t%d\t%d\t%u\t%u\t%d\t%d\t%u\t%u\n", r->refused, r->duplicate, r->member,
               r->other, r->created, r->other_created, r->merged, r->dropped);
    }
    fact_count = 0;
    arena_reset(arena);
}

/* ---- the brand ---- */

static void do_open(struct line *l)
{
    if (is_open) place_close(&place);
    place_open(&place, l->word[1]);
    is_open = true;
    last_move = 0;
}

static void do_reopen(struct line *l)
{
    (void)l;
    segments_settle(place.brand);
    place_reopen(&place);
    last_move = segments_newest(place.brand);
}

static enum err run_nothing(struct tx *tx, void *arg, struct why *why)
{
    (void)tx;
    (void)arg;
    (void)why;
    return ERR_OK;
}

static void do_now(struct line *l)
{
    struct why why = {0};
    place.env.now_ms = number(l->word[1]);
    place_must(brand_call(place.brand, run_nothing, NULL, false, &why), &why, "a batch");
    segments_settle(place.brand);
}

static void do_compact(struct line *l)
{
    struct why why = {0};
    (void)l;
    place_must(brand_compact(place.brand, &why), &why, "compact");
}

static void do_verify(struct line *l)
{
    struct why why = {0};
    struct verify_report report = {.finding = note_finding};
    (void)l;
    place_must(people_verify(place.brand, &report, &why), &why, "people");
    place_must(segments_verify(place.brand, &report, &why), &why, "segments");
}

/* ---- members ---- */

static void do_merge(struct line *l)
{
    struct why why = {0};
    struct people_merge m = {.a = (uint32_t)number(l->word[1]),
                             .b = (uint32_t)number(l->word[2]),
                             .who = STR("lily"),
                             .how = MERGE_HAND,
                             .over_caps = true};
    answer(people_merge(place.brand, &m, &why), &why);
}

static void do_unmerge(struct line *l)
{
    struct why why = {0};
    struct people_unmerge u = {.id = (uint64_t)number(l->word[1]), .who = STR("lily")};
    answer(people_unmerge(place.brand, &u, &why), &why);
}

static void do_erase(struct line *l)
{
    struct why why = {0};
    struct people_erased erased;
    answer(people_erase(place.brand, (uint32_t)number(l->word[1]), &erased, &why), &why);
}

/* owner MEMBER STAFF, or '-' */
static void do_owner(struct line *l)
{
    struct why why = {0};
    uint32_t member = (uint32_t)number(l->word[1]);
    struct handover h = {.members = &member,
                         .count = 1,
                         .to = strcmp(l->word[2], "-") == 0 ? STR("") : str_of(l->word[2]),
                         .who = STR("staff:1"),
                         .reason = STR("")};
    answer(owner_hand_over(place.brand, &h, &why), &why);
    printf("changed\t%zu\n", h.changed);
}

/* rule first|last|active DAYS */
static void do_rule(struct line *l)
{
    struct why why = {0};
    struct owner_rule rule = {.days = (int)number(l->word[2])};
    while (strcmp(fold_owner_rule_name(rule.rule), l->word[1]) != 0)
        rule.rule++;
    answer(owner_set_rule(place.brand, &rule, &why), &why);
}

static struct sql *stored(void)
{
    struct sql *db;
    struct why why = {0};
    place_must(brand_flush(place.brand, &why), &why, "flush");
    place_must(brand_reader(place.brand, &db, &why), &why, "reader");
    return db;
}

static bool next_row(struct sql_stmt *s)
{
    bool row;
    assert_int_equal(sql_step(s, &row), ERR_OK);
    return row;
}

static void do_merges(struct line *l)
{
    struct sql *db = stored();
    struct sql_stmt *s =
        sql_use(db, "SELECT id, a, b FROM merge_log WHERE undone_at IS NULL ORDER BY id");
    (void)l;
    while (next_row(s))
        printf("merge\t%lld\t%lld\t%lld\n", (long long)sql_int(s, 0), (long long)sql_int(s, 1),
               (long long)sql_int(s, 2));
    sql_close(db);
}

static void do_tag(struct line *l)
{
    struct why why = {0};
    struct tag t = {.name = str_of(l->word[1])};
    answer(tag_save(place.brand, &t, &why), &why);
}

static uint32_t tag_by_name(struct sql *db, const char *name)
{
    struct sql_stmt *s = sql_use(db, "SELECT id FROM tag WHERE name = $1");
    sql_bind_text(s, 1, name);
    uint32_t id = next_row(s) ? (uint32_t)sql_int(s, 0) : 0;
    sql_reset(s);
    return id;
}

/* give|take TAG MEMBER [EXPIRES] */
static void do_tagging(struct line *l)
{
    struct why why = {0};
    struct sql *db = stored();
    uint32_t member = (uint32_t)number(l->word[2]);
    struct tagging t = {.tag = tag_by_name(db, l->word[1]),
                        .remove = strcmp(l->word[0], "take") == 0,
                        .expires_at = l->count > 3 ? number(l->word[3]) : TIME_NONE,
                        .members = &member,
                        .count = 1,
                        .source = STR("staff:lily")};
    sql_close(db);
    answer(tag_members(place.brand, &t, &why), &why);
}

/* consent MEMBER yes|no CHANNEL PURPOSE AT */
static void do_consent(struct line *l)
{
    struct why why = {0};
    struct consent_entry e = {.member = (uint32_t)number(l->word[1]),
                              .granted = strcmp(l->word[2], "yes") == 0,
                              .channel = str_of(l->word[3]),
                              .purpose = str_of(l->word[4]),
                              .list = STR(""),
                              .at = number(l->word[5]),
                              .way = STR("paper"),
                              .source = STR("staff:lily"),
                              .evidence = STR("")};
    answer(consent_record(place.brand, &e, 1, &why), &why);
}

/* ---- segments ---- */

/* segment CODE [EXPRESSION]: a static list without one. */
static void do_segment(struct line *l)
{
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct sql *db = stored();
    struct segment s = {.code = str_of(l->word[1])};
    bool there = segments_get(db, s.code, a, &s, &why) == ERR_OK;
    sql_close(db);
    why = (struct why){0};
    if (!there) s = (struct segment){.code = str_of(l->word[1])};
    s.kind = l->count > 2 ? SEGMENT_DYNAMIC : SEGMENT_STATIC;
    s.name = s.code;
    s.description = STR("");
    s.author = STR("lily");
    s.expr = l->count > 2 ? str_of(l->word[2]) : (struct str){NULL, 0};
    if (there) {
        answer(segments_change(place.brand, &s, a, &why), &why);
    } else {
        answer(segments_add(place.brand, &s, a, &why), &why);
    }
    arena_destroy(a);
}

static void do_unsegment(struct line *l)
{
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct sql *db = stored();
    struct segment s;
    enum err err = segments_get(db, str_of(l->word[1]), a, &s, &why);
    sql_close(db);
    if (err == ERR_OK) err = segments_remove(place.brand, &s, &why);
    answer(err, &why);
    arena_destroy(a);
}

/* enlist|delist CODE MEMBER */
static void do_list(struct line *l)
{
    struct why why = {0};
    uint32_t member = (uint32_t)number(l->word[2]);
    struct segment_listing s = {str_of(l->word[1]), &member, 1, strcmp(l->word[0], "delist") == 0,
                                0};
    answer(segments_enlist(place.brand, &s, &why), &why);
}

static void print_set(const char *name, const struct idset *set)
{
    printf("%s", name);
    for (uint32_t m = 0; m < 64 * set->words.count; m++) {
        if (idset_has(set, m)) printf("\t%u", m);
    }
    printf("\n");
}

static void do_in(struct line *l)
{
    struct idset set = {0};
    segments_settle(place.brand);
    if (segments_members(place.brand, str_of(l->word[1]), &set)) print_set("in", &set);
    idset_finish(&set);
}

/* Whom an expression selects by the scan that questions use. */
static void do_select(struct line *l)
{
    struct idset set = {0};
    struct why why = {0};
    struct expr_catalog catalog;
    struct fold_names names;
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    struct arena *a = arena_create(0);
    segments_catalog(place.brand, &catalog);
    people_fold_names(place.brand, a, &names);
    struct snapshot *s = brand_snapshot(place.brand);
    struct insight in = {.snapshot = s,
                         .catalog = &catalog,
                         .fold = &names,
                         .zone = brand_zone(place.brand),
                         .env = &place.env.env,
                         .now = place.env.now_ms,
                         .workers = 1,
                         .budget = &budget,
                         .get = segments_get_field,
                         .get_ctx = place.brand};
    enum err err = insight_select(&in, str_of(l->word[1]), "expr", &set, &why);
    if (err == ERR_OK) {
        print_set("in", &set);
    } else {
        answer(err, &why);
    }
    brand_snapshot_release(s);
    idset_finish(&set);
    arena_destroy(a);
}

static void do_moves(struct line *l)
{
    static struct segment_move moves[LIMIT_SEGMENT_MOVES];
    (void)l;
    segments_settle(place.brand);
    size_t count = segments_moves(place.brand, last_move, moves, LIMIT_SEGMENT_MOVES);
    for (size_t i = 0; i < count; i++) {
        const struct segment_move *m = &moves[i];
        static const char *const reasons[] = {"event", "clock", "definition"};
        printf("move\t%.*s\t%u\t%d\t%s\t%lld\n", (int)m->code.len, m->code.p, m->member, m->entered,
               reasons[m->reason], (long long)m->at);
        last_move = m->number;
    }
}

/* ---- what is known ---- */

static void print_time(int64_t at)
{
    if (at == TIME_NONE) {
        printf("\t-");
    } else {
        printf("\t%lld", (long long)at);
    }
}

/* The stored row, and what the fold in it says beyond. */
static void print_member(struct sql_stmt *s, const struct fold_names *names, struct fold *fold)
{
    struct fold_state f;
    for (int i = 0; i < 11; i++) {
        if (i) printf("\t");
        printf("%lld", (long long)sql_int(s, i));
    }
    print_time(sql_is_null(s, 11) ? TIME_NONE : sql_int(s, 11));
    if (!fold_decode(fold, &names->rules, sql_blob(s, 12))) fail_msg("a member's state is damaged");
    fold_advance(fold, names, place.env.now_ms, NULL, NULL);
    fold_get_state(fold, names, &f);
    printf("\t%s\t%s\t%s\t%d", stage_name(f.stage), trust_name(f.trust), trust_name(f.trust_peak),
           f.churn);
    print_time(f.stage_since);
    print_time(f.joined);
    print_time(f.last_interaction);
    print_time(f.last_order);
    print_time(f.last_act);
    struct str owner = registry_code_text(place.brand, DIM_STAFF, f.owner);
    printf("\t%u\t%u\t%u\t%.*s\t", f.invited, f.qualified, f.contacts,
           owner.len ? (int)owner.len : 1, owner.len ? owner.p : "-");
    for (uint32_t i = 0; i < f.group_count; i++) {
        struct str code = registry_code_text(place.brand, DIM_GROUP, f.groups[i]);
        printf("%s%.*s", i ? "," : "", code.len ? (int)code.len : 1, code.len ? code.p : "?");
    }
    printf("\n");
}

static void do_members(struct line *l)
{
    struct sql *db = stored();
    struct arena *a = arena_create(0);
    struct fold_names names;
    struct fold *fold = fold_create();
    (void)l;
    people_fold_names(place.brand, a, &names);
    struct sql_stmt *s =
        sql_use(db, "SELECT id, stage, stage_since, trust, flags, created_at, last_seen, events,"
                    " orders, spent, as_of, due_at, state FROM member ORDER BY id");
    while (next_row(s))
        print_member(s, &names, fold);
    fold_destroy(fold);
    arena_destroy(a);
    sql_close(db);
}

static enum err print_piece(void *ctx, const struct look_entry *items, size_t count,
                            struct why *why)
{
    (void)ctx;
    (void)why;
    for (size_t i = 0; i < count; i++) {
        struct str kind = registry_kind_name(place.brand, items[i].kind);
        printf("event\t%lld\t%.*s", (long long)items[i].at, (int)kind.len, kind.p);
        for (size_t k = 0; k < items[i].prop_count; k++) {
            const struct look_prop *p = &items[i].props[k];
            if (p->type == PROP_TEXT)
                printf("\t%.*s=%.*s", (int)p->name.len, p->name.p, (int)p->text.len, p->text.p);
        }
        printf("\n");
    }
    return ERR_OK;
}

/* history MEMBER: all events, changes of stage among them. */
static void do_history(struct line *l)
{
    struct why why = {0};
    struct look look;
    struct sql *db = stored();
    struct arena *a = arena_create(0);
    look_begin(&look, place.brand, db, a);
    enum err err = look_history(&look, (uint32_t)number(l->word[1]), print_piece, NULL, &why);
    if (err != ERR_OK) answer(err, &why);
    look_end(&look);
    arena_destroy(a);
    sql_close(db);
}

/* ---- lines ---- */

static const struct {
    const char *name;
    void (*run)(struct line *l);
    size_t words; /* at least, the command among them */
} commands[] = {
    {"fact", do_fact, 3},       {"send", do_send, 1},       {"bulk", do_send, 1},
    {"open", do_open, 2},       {"reopen", do_reopen, 1},   {"now", do_now, 2},
    {"compact", do_compact, 1}, {"verify", do_verify, 1},   {"merge", do_merge, 3},
    {"unmerge", do_unmerge, 2}, {"erase", do_erase, 2},     {"merges", do_merges, 1},
    {"tag", do_tag, 2},         {"give", do_tagging, 3},    {"take", do_tagging, 3},
    {"consent", do_consent, 6}, {"segment", do_segment, 2}, {"unsegment", do_unsegment, 2},
    {"enlist", do_list, 3},     {"delist", do_list, 3},     {"in", do_in, 2},
    {"select", do_select, 2},   {"moves", do_moves, 1},     {"members", do_members, 1},
    {"history", do_history, 2}, {"owner", do_owner, 3},     {"rule", do_rule, 3},
};

static void obey(char *text)
{
    struct line l = {0};
    text[strcspn(text, "\n")] = 0;
    for (char *word; l.count < WORDS && (word = strsep(&text, "\t"));)
        l.word[l.count++] = word;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(l.word[0], commands[i].name) != 0) continue;
        if (l.count < commands[i].words) fail_msg("%s: too few words", l.word[0]);
        commands[i].run(&l);
        if (commands[i].run == do_fact) return;
        printf(".\n");
        fflush(stdout);
        return;
    }
    fail_msg("there is no command '%s'", l.word[0]);
}

int main(void)
{
    char *text = NULL;
    size_t size = 0;
    arena = arena_create(0);
    while (getline(&text, &size, stdin) > 0)
        obey(text);
    if (is_open) place_close(&place);
    arena_destroy(arena);
    free(text);
    return 0;
}
