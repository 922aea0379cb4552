/* table_staff.c - cells that name staff: a member's owner and contacts, and with whom a fact was.
 */
#include "intake/colleagues.h"
#include "intake/table_builder.h"
#include "intake/value.h"

/* Whom a cell, or a part of it, means of the staff. */
static enum err read_staff(struct builder *b, struct str s, struct str *code)
{
    *code = parse_keep(b->p, s);
    if (!b->p->colleagues) return ERR_OK;
    switch (colleagues_find(b->p->colleagues, s, code)) {
    case COLLEAGUE_SEVERAL:
        return builder_bad(b, MSG_STAFF_SEVERAL, s);
    case COLLEAGUE_NO_CODE:
        return builder_bad(b, MSG_STAFF_NO_CODE, s);
    case COLLEAGUE_NOBODY: /* who has left, or has no account yet, is a code as it stands */
        b->p->batch->counts.unknown_staff++;
        b->p->staff_row = b->p->row;
        return ERR_OK;
    case COLLEAGUE_ONE:
        break;
    }
    return ERR_OK;
}

enum err table_contacts(struct builder *b, struct str s)
{
    struct strbuf out = {0};
    enum err err = ERR_OK;
    for (struct str rest = value_tags(parse_arena(b->p), s); rest.len && err == ERR_OK;) {
        struct str code;
        err = read_staff(b, str_cut(&rest, '\n'), &code);
        if (err != ERR_OK) break;
        if (out.len) strbuf_add_char(&out, '\n');
        strbuf_add_str(&out, code);
    }
    if (err == ERR_OK && out.len) b->fact.contacts = arena_str(parse_arena(b->p), strbuf_str(&out));
    strbuf_finish(&out);
    return err;
}

/* A code of staff is one whoever has it, so that a name nobody knows is a code of its own. */
void table_code(struct builder *b, const struct mapping_entry *e, struct str s)
{
    struct str code = parse_keep(b->p, s);
    if (e->dim == DIM_STAFF && b->p->colleagues) (void)colleagues_find(b->p->colleagues, s, &code);
    b->fact.code[e->dim] = code;
}

enum err table_owner(struct builder *b, struct str s)
{
    return read_staff(b, s, &b->fact.owner);
}
