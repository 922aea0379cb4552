/* why.c - one member and one segment, clause by clause. */
#include "segments/internal.h"

static enum err explain(struct panel *p, const struct snapshot *s, uint32_t member,
                        struct arena *arena, struct segment_why *out)
{
    uint8_t which = 1, answer = 0;
    int64_t due;
    struct panel_view *v = panel_view_create(p);
    struct panel_member m = panel_member_of(s, follow_member_of(s, member), arena);
    enum err err = panel_ask(v, s, &m, &which, &answer, &due);
    if (err == ERR_OK) err = panel_explain(v, s, &m, 0, arena, &out->clauses);
    out->holds = answer;
    panel_view_destroy(v);
    return err;
}

enum err segments_why(struct brand *b, const struct segment *s, uint32_t member,
                      struct arena *arena, struct segment_why *out, struct why *why)
{
    struct panel *p = panel_create(b, &s->expr, 1);
    struct snapshot *snapshot = brand_snapshot(b);
    enum err err = ERR_OK;
    *out = (struct segment_why){0};
    if (panel_expr(p, 0)) err = explain(p, snapshot, member, arena, out);
    brand_snapshot_release(snapshot);
    panel_destroy(p);
    if (err == ERR_NOT_FOUND) return why_fail(why, err, MSG_NOT_FOUND, "", "%s", "member");
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}
