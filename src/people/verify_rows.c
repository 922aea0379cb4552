/* verify_rows.c - what the rows of several tables must say of each other. Each check is a query
 * whose rows are findings: the number of whom it concerns. */
#include <inttypes.h>
#include <stdio.h>

#include "people/internal.h"

static const struct check {
    const char *query; /* one column: the number of a member or a persona */
    const char *whom;  /* which of them */
    const char *what;  /* said of each row */
} checks[] = {
    {"SELECT m.id FROM member m LEFT JOIN timer t"
     " ON t.module = 'people' AND t.kind = 1 AND t.subject = m.id"
     " WHERE COALESCE(m.due_at, -1) <> COALESCE(t.due_at, -1) ORDER BY m.id",
     "member m", "the timer is not the one its row names"},
    {"SELECT t.subject FROM timer t WHERE t.module = 'people' AND t.kind = 1"
     " AND NOT EXISTS (SELECT 1 FROM member m WHERE m.id = t.subject) ORDER BY t.subject",
     "member m", "has a timer but no stored row"},
    {"SELECT m.id FROM member m"
     " WHERE NOT EXISTS (SELECT 1 FROM identity i WHERE i.persona = m.id) ORDER BY m.id",
     "member m", "its first persona has no identity"},
    {"SELECT s.persona FROM persona_member s"
     " WHERE NOT EXISTS (SELECT 1 FROM identity i WHERE i.persona = s.persona)"
     " ORDER BY s.persona",
     "persona p", "has no identity"},
    {"SELECT s.persona FROM persona_member s WHERE NOT EXISTS (SELECT 1 FROM persona_member r"
     " WHERE r.persona = s.member AND r.member = s.member) ORDER BY s.persona",
     "persona p", "its member is not among the merged"},
    {"SELECT x.member FROM (SELECT member, COUNT(*) AS n FROM persona_member GROUP BY member) x"
     " LEFT JOIN (SELECT q.member AS member, COUNT(*) AS n FROM merge_log g JOIN persona_member q"
     " ON q.persona = g.a WHERE g.undone_at IS NULL GROUP BY q.member) y ON y.member = x.member"
     " WHERE x.n - 1 <> COALESCE(y.n, 0) ORDER BY x.member",
     "member m", "its merges are not those that were written down"},
    {"SELECT DISTINCT i.persona FROM identity i"
     " WHERE NOT EXISTS (SELECT 1 FROM persona_member s WHERE s.persona = i.persona)"
     " AND NOT EXISTS (SELECT 1 FROM member m WHERE m.id = i.persona) ORDER BY i.persona",
     "persona p", "has identities but no stored member"},
    {"SELECT e.persona FROM erased e"
     " WHERE EXISTS (SELECT 1 FROM identity i WHERE i.persona = e.persona)"
     " OR EXISTS (SELECT 1 FROM trait t WHERE t.persona = e.persona)"
     " OR EXISTS (SELECT 1 FROM persona_member s WHERE s.persona = e.persona)"
     " ORDER BY e.persona",
     "persona p", "was erased, but rows speak of it"},
    {"SELECT DISTINCT t.persona FROM trait t"
     " WHERE NOT EXISTS (SELECT 1 FROM trait_name n WHERE n.name = t.name) ORDER BY t.persona",
     "persona p", "has a trait whose name is not registered"},
    {"SELECT DISTINCT mt.persona FROM member_tag mt"
     " WHERE NOT EXISTS (SELECT 1 FROM tag t WHERE t.id = mt.tag)"
     " OR NOT EXISTS (SELECT 1 FROM identity i WHERE i.persona = mt.persona) ORDER BY mt.persona",
     "persona p", "has a tag that is not there, or is nobody's"},
    {"SELECT mt.persona FROM member_tag mt LEFT JOIN timer t ON t.module = 'people' AND t.kind = 2"
     " AND t.subject = mt.persona * 4294967296 + mt.tag"
     " WHERE COALESCE(mt.expires_at, -1) <> COALESCE(t.due_at, -1) ORDER BY mt.persona",
     "persona p", "the timer of a tag is not the one its row names"},
    {"SELECT t.id FROM tag t WHERE t.tag_group <> 0"
     " AND NOT EXISTS (SELECT 1 FROM tag_group g WHERE g.id = t.tag_group) ORDER BY t.id",
     "tag ", "its group is not there"},
    {"SELECT n.persona FROM note n"
     " WHERE NOT EXISTS (SELECT 1 FROM identity i WHERE i.persona = n.persona) ORDER BY n.persona",
     "persona p", "has a note but is nobody's"},
    {"SELECT c.persona FROM consent_entry c"
     " WHERE NOT EXISTS (SELECT 1 FROM identity i WHERE i.persona = c.persona)"
     " OR NOT EXISTS (SELECT 1 FROM consent_purpose u WHERE u.purpose = c.purpose)"
     " ORDER BY c.persona",
     "persona p", "consented to a purpose that is not there, or is nobody's"},
};

static enum err run(struct sql *reader, const struct check *c, struct verify_report *report)
{
    struct sql_stmt *s = sql_use(reader, c->query);
    char text[160];
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        snprintf(text, sizeof(text), "%s%" PRId64 ": %s", c->whom, sql_int(s, 0), c->what);
        report->findings++;
        report->finding(report->ctx, text);
    }
}

enum err verify_rows(struct sql *reader, struct verify_report *report)
{
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        TRY(run(reader, &checks[i], report));
    return ERR_OK;
}
