/* trait.c - what is said of members beside their events: the last one said wins, by time.
 *
 * A trait belongs to a persona; a member's value is the newest of its personas'. One that was
 * removed leaves a row of TYPE_NULL, so that what was said before and comes late does not bring it
 * back. Personal names
 * (e-mail, phone, name, address, ip, user agent) are sealed and never readable in expressions.
 * Queries read a column of one trait at a time, loaded on first use and kept until any trait
 * changes. */
#include <stdatomic.h>

#include "base/log.h"
#include "people/internal.h"
#include "people/undo.h"

struct trait_cell {
    struct expr_value value;
    int64_t at;
};

/* One trait of all members. */
struct trait_column {
    struct str name;
    struct intmap *cell_of; /* member -> index */
    VEC(struct trait_cell) cells;
    struct trait_column *next;
};

struct trait_cache {
    struct arena *arena;
    struct trait_column *columns;
    struct sql *db;    /* reader, opened on first use */
    struct map *types; /* trait name -> enum expr_type */
};

static enum expr_type type_of(enum prop_type type)
{
    return type == PROP_TEXT ? TYPE_TEXT : type == PROP_BOOL ? TYPE_BOOL : TYPE_NUMBER;
}

static enum err load_types(struct people *p)
{
    struct sql *db;
    struct why why = {0};
    TRY(brand_reader(p->brand, &db, &why));
    struct sql_stmt *s = sql_use(db, "SELECT name, type FROM trait_name");
    enum err err;
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        map_put(p->traits->types, sql_str(s, 0), (uint64_t)sql_int(s, 1));
    }
    sql_close(db);
    return err;
}

enum err trait_open(struct people *p)
{
    pthread_mutex_init(&p->trait_lock, NULL);
    p->traits = mem_alloc(sizeof(*p->traits));
    p->traits->arena = arena_create(0);
    p->traits->types = map_create();
    return load_types(p);
}

static void drop_columns(struct trait_cache *c)
{
    for (struct trait_column *col = c->columns; col; col = col->next) {
        intmap_destroy(col->cell_of);
        VEC_FINISH(&col->cells);
    }
    c->columns = NULL;
    arena_reset(c->arena);
}

void trait_forget(struct people *p)
{
    pthread_mutex_lock(&p->trait_lock);
    drop_columns(p->traits);
    map_reset(p->traits->types);
    enum err err = load_types(p);
    pthread_mutex_unlock(&p->trait_lock);
    if (err != ERR_OK) log_error("people", "traits_not_read", "error=%s", err_code(err));
}

void trait_cache_drop(struct people *p)
{
    pthread_mutex_lock(&p->trait_lock);
    drop_columns(p->traits);
    pthread_mutex_unlock(&p->trait_lock);
}

void trait_close(struct people *p)
{
    if (!p->traits) return;
    drop_columns(p->traits);
    sql_close(p->traits->db);
    arena_destroy(p->traits->arena);
    map_destroy(p->traits->types);
    mem_free(p->traits);
    pthread_mutex_destroy(&p->trait_lock);
}

/* ---- writing ---- */

static enum err register_name(struct people *p, struct tx *tx, const struct fact_value *v)
{
    uint64_t known;
    pthread_mutex_lock(&p->trait_lock);
    bool found = map_get(p->traits->types, v->name, &known);
    pthread_mutex_unlock(&p->trait_lock);
    if (found) return ERR_OK;
    struct sql_stmt *s = sql_use(
        tx_sql(tx),
        "INSERT INTO trait_name (name, type) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
    sql_bind_str(s, 1, v->name);
    sql_bind_int(s, 2, type_of(v->type));
    TRY(sql_run(s));
    pthread_mutex_lock(&p->trait_lock);
    map_put(p->traits->types, v->name, type_of(v->type));
    pthread_mutex_unlock(&p->trait_lock);
    return ERR_OK;
}

/* Each fact's traits in order of their names, as the table's key has them. */
struct saving {
    struct people *p;
    struct tx *tx;
    const struct fact *fact;
    const struct trait_source *from;
    const struct fact_value **list; /* of the fact */
    uint32_t persona;
};

/* The columns of a trait, name to sealed. */
static void bind_row(const struct saving *w, struct sql_stmt *s, int at, const struct fact_value *v)
{
    struct str spelling;
    sql_bind_str(s, at, v->name);
    sql_bind_int(s, at + 1, type_of(v->type));
    if (v->type == PROP_TEXT && fact_personal(v->name, &spelling)) {
        uint8_t nonce[NONCE_BYTES],
            *sealed = arena_alloc(tx_arena(w->tx), v->text.len + SEAL_OVERHEAD);
        people_nonce(w->p, nonce);
        seal(w->p->seal_key, nonce, v->text, sealed);
        sql_bind_blob(s, at + 4, sealed, v->text.len + SEAL_OVERHEAD);
    } else if (v->type == PROP_TEXT) {
        sql_bind_str(s, at + 3, v->text.p ? v->text : STR(""));
    } else {
        sql_bind_double(s, at + 2, v->number);
    }
}

/* One row to a statement: of several, SQLite copies every page before it changes it. */
static enum err save_one(const struct saving *w, const struct fact_value *v)
{
    struct sql_stmt *s = sql_use_later(
        tx_sql(w->tx),
        "INSERT INTO trait (persona, at, source, name, type, number, value, sealed)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (persona, name) DO UPDATE SET"
        " type = excluded.type, number = excluded.number, value = excluded.value,"
        " sealed = excluded.sealed, at = excluded.at, source = excluded.source"
        " WHERE excluded.at >= trait.at");
    sql_bind_int(s, 1, w->persona);
    sql_bind_int(s, 2, w->fact->at);
    sql_bind_str(s, 3, w->from->name);
    bind_row(w, s, 4, v);
    return sql_run(s);
}

/* What an import is about to overwrite is kept, so that it can be undone. */
#define KEEP(names)                                                                                \
    "INSERT INTO trait_before (persona, name, origin, type, number, value, sealed, at, source,"    \
    " kept_at) SELECT persona, name, $3, type, number, value, sealed, at, source,"                 \
    " CAST($4 AS bigint) FROM trait WHERE persona = $1 AND at <= $2"                               \
    " AND COALESCE(source, '') <> $3 AND name IN (" names ")"                                      \
    " ON CONFLICT (persona, name, origin) DO NOTHING"
#define ROWS_MAX 8
static const char *const keep_texts[ROWS_MAX] = {
    KEEP("$5"),
    KEEP("$5, $6"),
    KEEP("$5, $6, $7"),
    KEEP("$5, $6, $7, $8"),
    KEEP("$5, $6, $7, $8, $9"),
    KEEP("$5, $6, $7, $8, $9, $10"),
    KEEP("$5, $6, $7, $8, $9, $10, $11"),
    KEEP("$5, $6, $7, $8, $9, $10, $11, $12"),
};

static enum err keep_rows(const struct saving *w, uint32_t first, uint32_t rows)
{
    struct sql_stmt *s = sql_use_later(tx_sql(w->tx), keep_texts[rows - 1]);
    sql_bind_int(s, 1, w->persona);
    sql_bind_int(s, 2, w->fact->at);
    sql_bind_str(s, 3, w->from->name);
    sql_bind_int(s, 4, tx_now(w->tx));
    for (uint32_t i = 0; i < rows; i++)
        sql_bind_str(s, 5 + (int)i, w->list[first + i]->name);
    return sql_run(s);
}

static int order_of(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.p, b.p, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* By name, of one name the last: one statement must not meet a row twice. Few, so insertion. */
static uint32_t sort_traits(const struct fact *fact, const struct fact_value **list)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fact->trait_count; i++) {
        const struct fact_value *v = &fact->traits[i];
        uint32_t at = count;
        while (at > 0 && order_of(list[at - 1]->name, v->name) > 0)
            at--;
        if (at > 0 && str_eq(list[at - 1]->name, v->name)) {
            list[at - 1] = v;
            continue;
        }
        memmove(list + at + 1, list + at, (count - at) * sizeof(*list));
        list[at] = v;
        count++;
    }
    return count;
}

enum err trait_restore(struct tx *tx, uint32_t persona, struct str origin)
{
    static const char *const texts[] = {
        "INSERT INTO trait (persona, name, type, number, value, sealed, at, source)"
        " SELECT persona, name, type, number, value, sealed, at, source FROM trait_before"
        " WHERE persona = $1 AND origin = $2 ON CONFLICT (persona, name) DO NOTHING",
        /* what a later import overwrote was this one's: before it was what this one overwrote */
        "DELETE FROM trait_before WHERE persona = $1 AND source = $2 AND NOT EXISTS (SELECT 1 FROM"
        " trait_before b WHERE b.persona = trait_before.persona AND b.name = trait_before.name"
        " AND b.origin = $2)",
        "UPDATE trait_before SET (type, number, value, sealed, at, source) = (SELECT b.type,"
        " b.number, b.value, b.sealed, b.at, b.source FROM trait_before b"
        " WHERE b.persona = trait_before.persona AND b.name = trait_before.name"
        " AND b.origin = $2) WHERE persona = $1 AND source = $2",
        "DELETE FROM trait_before WHERE persona = $1 AND origin = $2",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sql_stmt *s = sql_use(tx_sql(tx), texts[i]);
        sql_bind_int(s, 1, persona);
        sql_bind_str(s, 2, origin);
        TRY(sql_run(s));
    }
    return ERR_OK;
}

enum err people_forget_overwritten(struct tx *tx, int64_t before)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM trait_before WHERE kept_at < $1");
    sql_bind_int(s, 1, before);
    return sql_run(s);
}

enum err trait_save(struct people *p, struct tx *tx, const struct fact *fact, uint32_t persona,
                    const struct trait_source *from)
{
    const struct fact_value **list =
        arena_alloc_array(tx_arena(tx), (size_t)fact->trait_count + 1, sizeof(const void *));
    const struct saving w = {p, tx, fact, from, list, persona};
    for (uint32_t i = 0; i < fact->trait_count; i++)
        TRY(register_name(p, tx, &fact->traits[i]));
    uint32_t count = sort_traits(fact, list);
    for (uint32_t i = 0, rows; i < count; i += rows) {
        rows = count - i < ROWS_MAX ? count - i : ROWS_MAX;
        if (from->undoable) TRY(keep_rows(&w, i, rows));
        for (uint32_t k = i; k < i + rows; k++)
            TRY(save_one(&w, list[k]));
    }
    for (uint32_t i = 0; i < count; i++) {
        if (str_is(list[i]->name, "name") || str_is(list[i]->name, "nickname"))
            name_index_note(p, persona);
    }
    if (count) p->traits_changed = true;
    return ERR_OK;
}

/* One that is said to be of tomorrow is removed as of then. */
static enum err remove_one(struct tx *tx, uint32_t persona, struct str name, struct str source,
                           bool *there)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE trait SET type = 0, number = NULL, value = NULL, sealed = NULL,"
                            " at = CASE WHEN at > $3 THEN at ELSE $4 END, source = $5"
                            " WHERE persona = $1 AND name = $2 AND type <> 0 RETURNING persona");
    bool row;
    sql_bind_int(s, 1, persona);
    sql_bind_str(s, 2, name);
    sql_bind_int(s, 3, tx_now(tx));
    sql_bind_int(s, 4, tx_now(tx));
    sql_bind_str(s, 5, source);
    TRY(sql_any(s, &row));
    *there |= row;
    return ERR_OK;
}

enum err trait_remove(struct people *p, struct tx *tx, const struct trait_removal *r, bool *there)
{
    uint32_t *personas;
    size_t count = identity_personas(p, r->member, tx_arena(tx), &personas);
    *there = false;
    for (size_t i = 0; i < count; i++) {
        TRY(remove_one(tx, personas[i], r->name, r->source, there));
        name_index_note(p, personas[i]);
    }
    p->traits_changed = true;
    return ERR_OK;
}

enum err trait_erase(struct people *p, struct tx *tx, uint32_t persona)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM trait WHERE persona = $1");
    sql_bind_int(s, 1, persona);
    name_index_note(p, persona);
    p->traits_changed = true;
    return sql_run(s);
}

/* ---- reading, on any thread ---- */

enum expr_type people_trait_type(struct brand *b, struct str name)
{
    struct people *p = brand_module_state(b, &people_module);
    uint64_t type = TYPE_NULL;
    pthread_mutex_lock(&p->trait_lock);
    map_get(p->traits->types, name, &type);
    pthread_mutex_unlock(&p->trait_lock);
    return (enum expr_type)type;
}

static void add_cell(struct people *p, struct trait_column *col, struct sql_stmt *s)
{
    struct trait_cell cell = {.at = sql_int(s, 4),
                              .value = {.type = (enum expr_type)sql_int(s, 1)}};
    uint64_t member = (uint64_t)sql_int(s, 0);
    uint64_t index;
    if (cell.value.type == TYPE_TEXT) cell.value.text = arena_str(p->traits->arena, sql_str(s, 3));
    if (cell.value.type != TYPE_TEXT) cell.value.number = sql_double(s, 2);
    cell.value.boolean = cell.value.number != 0;
    if (intmap_get(col->cell_of, member, &index)) {
        if (cell.at >= col->cells.items[index].at) col->cells.items[index] = cell;
        return;
    }
    intmap_put(col->cell_of, member, col->cells.count);
    VEC_PUSH(&col->cells, cell);
}

static struct trait_column *load_column(struct people *p, struct str name)
{
    struct trait_cache *c = p->traits;
    struct why why = {0};
    struct trait_column *col = arena_alloc(c->arena, sizeof(*col));
    col->name = arena_str(c->arena, name);
    col->cell_of = intmap_create();
    col->next = c->columns;
    c->columns = col;
    if (!c->db && brand_reader(p->brand, &c->db, &why) != ERR_OK) return col;
    struct sql_stmt *s =
        sql_use(c->db, "SELECT COALESCE(pm.member, t.persona), t.type, t.number, t.value, t.at"
                       " FROM trait t LEFT JOIN persona_member pm ON pm.persona = t.persona"
                       " WHERE t.name = $1 AND t.sealed IS NULL ORDER BY t.persona");
    sql_bind_str(s, 1, name);
    for (bool row = true; sql_step(s, &row) == ERR_OK && row;)
        add_cell(p, col, s);
    return col;
}

static struct str field_trait(enum expr_field field, struct str name)
{
    switch (field) {
    case FIELD_TRAIT:
        return name;
    case FIELD_BIRTHDAY:
        return STR("birthday");
    case FIELD_LANGUAGE:
        return STR("language");
    case FIELD_TIMEZONE:
        return STR("timezone");
    default:
        return (struct str){NULL, 0};
    }
}

/* Birthdays are dates: "1990-05-01" becomes its day number. */
static void to_date(struct expr_value *v)
{
    int64_t at;
    const struct zone *utc = zone_open("UTC");
    bool is_date = v->type == TYPE_TEXT && v->text.len == 10 && time_parse(utc, v->text, &at);
    if (is_date) v->time = zone_day(utc, at);
    v->type = is_date ? TYPE_DATE : TYPE_NULL;
}

/* A text is copied, since another thread may change the traits meanwhile: it is the caller's until
 * the same thread asks again. */
static void lend(struct expr_value *v)
{
    static _Thread_local char lent[LIMIT_PROP_VALUE_BYTES];
    if (v->type != TYPE_TEXT) return;
    size_t len = v->text.len < sizeof(lent) ? v->text.len : sizeof(lent);
    if (len) memcpy(lent, v->text.p, len);
    v->text = (struct str){lent, len};
}

void people_get_field(void *ctx, uint32_t member, enum expr_field field, struct str name,
                      struct expr_value *out)
{
    struct people *p = brand_module_state(ctx, &people_module);
    struct str trait = field_trait(field, name);
    *out = (struct expr_value){.type = TYPE_NULL};
    if (field == FIELD_TAG)
        *out = (struct expr_value){.type = TYPE_BOOL, .boolean = tag_sets_has(p, member, name)};
    if (field == FIELD_CONSENTED)
        *out = (struct expr_value){.type = TYPE_BOOL, .boolean = consent_holds(p, member, name)};
    if (field == FIELD_CIRCLE) circle_field(p, member, name, out);
    if (!trait.p) return;
    pthread_mutex_lock(&p->trait_lock);
    struct trait_column *col = p->traits->columns;
    while (col && !str_eq(col->name, trait))
        col = col->next;
    if (!col) col = load_column(p, trait);
    uint64_t index;
    if (intmap_get(col->cell_of, member, &index)) *out = col->cells.items[index].value;
    lend(out);
    pthread_mutex_unlock(&p->trait_lock);
    if (field == FIELD_BIRTHDAY) to_date(out);
}
