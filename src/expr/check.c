/* check.c - does a value suit a field; and names into numbers.
 *
 * What the brand does not know yet (a kind, a code, a property, a trait) is a warning: the event
 * may come tomorrow. What the language does not know (a stage, an id that is none) is an error. */
#include <string.h>

#include "base/limits.h"
#include "expr/field.h"
#include "expr/parser.h"

static const char *const prop_type_names[] = {"text", "number", "bool"};

enum err parser_check_operator(struct parser *p, const struct token *t, const struct subject *s,
                               enum op op)
{
    if (field_takes(s->class, op)) return ERR_OK;
    return parser_fail_list(p, t, MSG_EXPR_WANT, field_operators(s->class));
}

/* The class that a literal gives to a subject that has none of its own yet. */
static enum field_class class_of(const struct literal *l)
{
    switch (l->type) {
    case LITERAL_TEXT:
        return CLASS_TEXT;
    case LITERAL_NUMBER:
        return CLASS_NUMBER;
    case LITERAL_BOOL:
        return CLASS_BOOL;
    default:
        return CLASS_TIME;
    }
}

/* The column of a property that a class reads. */
static enum prop_type column_type(enum field_class class)
{
    if (class == CLASS_TEXT) return PROP_TEXT;
    return class == CLASS_NUMBER ? PROP_NUMBER : PROP_BOOL;
}

/* Warn unless the property has a column for its class. */
static void check_column(struct parser *p, const struct subject *s)
{
    enum prop_type type = column_type(s->class);
    if (s->prop[type]) return;
    struct why why;
    why_fail(&why, ERR_NOT_FOUND, MSG_EXPR_NO_PROP, p->field, "%s|" STR_FMT, prop_type_names[type],
             STR_ARG(s->name));
    parser_warn(p, &why);
}

static enum err check_stage(struct parser *p, const struct token *t, enum field_class class,
                            struct literal *l)
{
    int number = l->type == LITERAL_TEXT ? field_stage_number(class, l->text) : -1;
    if (number < 0) {
        const char *near = l->type == LITERAL_TEXT ? field_stage_nearest(class, l->text) : NULL;
        if (near) return parser_fail_list(p, t, MSG_EXPR_DID_YOU_MEAN, near);
        return parser_fail_list(p, t, MSG_EXPR_NOT_ONE_OF, field_stage_list(class));
    }
    l->coded = true;
    l->number = number;
    l->text = str_of(field_stages(class)[number].en);
    return ERR_OK;
}

/* "m12": no sign, no leading zero, at most 32 bits. */
static enum err check_id(struct parser *p, const struct token *t, struct literal *l)
{
    struct str digits = l->text;
    uint64_t id;
    bool shaped =
        l->type == LITERAL_TEXT && digits.len >= 2 && digits.p[0] == 'm' && digits.p[1] != '0';
    if (shaped) digits = (struct str){digits.p + 1, digits.len - 1};
    if (!shaped || !str_to_u64(digits, &id) || id > UINT32_MAX) {
        return parser_fail(p, t, MSG_EXPR_WANT_ID);
    }
    l->coded = true;
    l->number = (double)id;
    return ERR_OK;
}

static enum err check_name(struct parser *p, const struct token *t, const struct subject *s,
                           enum op op, struct literal *l)
{
    if (l->type != LITERAL_TEXT) return parser_fail(p, t, MSG_EXPR_WANT_TEXT);
    if (op != OP_EQ && op != OP_NE && op != OP_IN && op != OP_NOT_IN) return ERR_OK;
    if (s->class == CLASS_TEXT) {
        if (field_dim(s) != DIM_COUNT) parser_resolve_code(p, s, l->text);
        return ERR_OK;
    }
    l->coded = true;
    if (s->class == CLASS_KIND) {
        struct kind kind;
        parser_resolve_kind(p, l->text, &kind);
        l->number = kind.code;
    } else {
        l->number = parser_resolve_code(p, s, l->text);
    }
    return ERR_OK;
}

enum err parser_check_literal(struct parser *p, const struct token *t, struct subject *s,
                              enum op op, struct literal *l)
{
    bool moment = class_of(l) == CLASS_TIME;
    switch (s->class) {
    case CLASS_NUMBER:
        return l->type == LITERAL_NUMBER ? ERR_OK : parser_fail(p, t, MSG_EXPR_WANT_NUMBER);
    case CLASS_BOOL:
        return l->type == LITERAL_BOOL ? ERR_OK : parser_fail(p, t, MSG_EXPR_WANT_BOOL);
    case CLASS_TIME:
    case CLASS_DATE:
        return moment ? ERR_OK : parser_fail(p, t, MSG_EXPR_WANT_MOMENT);
    case CLASS_LIFECYCLE:
    case CLASS_TRUST:
    case CLASS_CIRCLE:
        return check_stage(p, t, s->class, l);
    case CLASS_ID:
        return check_id(p, t, l);
    case CLASS_PROP:
        if (moment) return parser_fail(p, t, MSG_EXPR_WANT_PROP);
        s->class = class_of(l);
        check_column(p, s);
        return ERR_OK;
    case CLASS_TRAIT:
        s->class = class_of(l);
        return ERR_OK;
    case CLASS_TEXT:
    case CLASS_KIND:
    case CLASS_CODE:
    case CLASS_GROUPS:
        return check_name(p, t, s, op, l);
    }
    return ERR_OK;
}

static uint32_t slot_of(struct parser *p, enum expr_field field, struct str name)
{
    struct expr *e = p->expr;
    for (const struct slot *s = e->slots; s; s = s->next) {
        if (s->field == field && str_eq(s->name, name)) return s->number;
    }
    struct slot *s = arena_alloc(p->arena, sizeof(*s));
    *s = (struct slot){e->slots, field, name, e->slot_count++};
    e->slots = s;
    e->fields |= UINT64_C(1) << field;
    return s->number;
}

/* Insert into the ascending list of properties. */
static void add_prop(struct columns *columns, uint32_t id, bool *over)
{
    const uint32_t room = sizeof(columns->props) / sizeof(columns->props[0]);
    uint32_t i = columns->prop_count;
    while (i > 0 && columns->props[i - 1] >= id) {
        if (columns->props[i - 1] == id) return;
        i--;
    }
    if (columns->prop_count == room) {
        *over = true;
        return;
    }
    memmove(columns->props + i + 1, columns->props + i,
            (columns->prop_count - i) * sizeof(uint32_t));
    columns->props[i] = id;
    columns->prop_count++;
}

void parser_read_columns(struct parser *p, const struct subject *s)
{
    struct columns *columns = &p->expr->columns;
    if (s->about != EXPR_EVENT) return;
    enum dim dim = field_dim(s);
    if (dim != DIM_COUNT) columns->mask |= (uint32_t)COLUMN_DIM0 << dim;
    if (s->event == EVENT_OTHER) columns->mask |= COLUMN_OTHER;
    if (s->event == EVENT_AMOUNT) columns->mask |= COLUMN_AMOUNT;
    if (s->event != EVENT_PROP) return;
    for (int type = PROP_TEXT; type <= PROP_BOOL; type++) {
        bool read = s->class == CLASS_PROP || (int)column_type(s->class) == type;
        if (read && s->prop[type]) add_prop(columns, s->prop[type], &p->expr->columns_over);
    }
}

static void find_columns(struct parser *p, struct subject *s)
{
    const struct expr_catalog *catalog = &p->expr->catalog;
    for (int type = PROP_TEXT; catalog->prop && type <= PROP_BOOL; type++) {
        s->prop[type] = catalog->prop(catalog->ctx, s->name, (enum prop_type)type);
    }
}

static void use_trait(struct parser *p, struct subject *s)
{
    const struct expr_catalog *catalog = &p->expr->catalog;
    switch (catalog->trait ? catalog->trait(catalog->ctx, s->name) : TYPE_NULL) {
    case TYPE_NUMBER:
        s->class = CLASS_NUMBER;
        return;
    case TYPE_TEXT:
        s->class = CLASS_TEXT;
        return;
    case TYPE_BOOL:
        s->class = CLASS_BOOL;
        return;
    case TYPE_TIME:
        s->class = CLASS_TIME;
        return;
    case TYPE_DATE:
        s->class = CLASS_DATE;
        return;
    default:
        break;
    }
    struct why why;
    why_fail(&why, ERR_NOT_FOUND, MSG_EXPR_NO_TRAIT, p->field, STR_FMT, STR_ARG(s->name));
    parser_warn(p, &why);
}

void parser_use_subject(struct parser *p, struct subject *s)
{
    if (s->about == EXPR_EVENT) {
        if (s->event == EVENT_PROP) find_columns(p, s);
        return;
    }
    if (s->member == FIELD_TRAIT) use_trait(p, s);
    s->slot = slot_of(p, s->member, s->name);
}

void parser_resolve_kind(struct parser *p, struct str name, struct kind *out)
{
    const struct expr_catalog *catalog = &p->expr->catalog;
    *out = (struct kind){name, catalog->kind ? catalog->kind(catalog->ctx, name) : -1};
    if (out->code < 0) {
        struct why why;
        why_fail(&why, ERR_NOT_FOUND, MSG_EXPR_NO_KIND, p->field, STR_FMT, STR_ARG(name));
        parser_warn(p, &why);
        out->code = -1;
    } else if (catalog->kind_is_derived && catalog->kind_is_derived(catalog->ctx, out->code)) {
        p->expr->derived = true;
    }
}

uint32_t parser_resolve_code(struct parser *p, const struct subject *s, struct str code)
{
    const struct expr_catalog *catalog = &p->expr->catalog;
    enum dim dim = field_dim(s);
    uint32_t number =
        catalog->code && dim != DIM_COUNT ? catalog->code(catalog->ctx, dim, code) : 0;
    if (number) return number;
    static const char *const dim_names[] = {"group", "touchpoint", "campaign", "content", "staff"};
    struct why why;
    why_fail(&why, ERR_NOT_FOUND, MSG_EXPR_NO_CODE, p->field, "%s|" STR_FMT,
             dim <= DIM_STAFF ? dim_names[dim] : "", STR_ARG(code));
    parser_warn(p, &why);
    return 0;
}
