/* members.h - what the routes about members share. */
#pragma once

#include "api/call.h"
#include "people/look.h"

#define MEMBERS_STAGES "potential|new|effective|active|core|dormant|churned|visitor"

/* One row of a list, masked. */
void members_put_row(const struct call *c, struct json_writer *w, const struct look_row *row);
/* The properties of an event as an object. */
void members_put_props(struct json_writer *w, const struct look_entry *e);
/* LOOK_ANY_STAGE for a name that is none. */
int members_stage(struct str name);
/* "m12"; false when it is not. */
bool members_parse(struct str text, uint32_t *out);
/* The member of the path; ERR_NOT_FOUND when it names none. */
MUST_CHECK enum err members_id(const struct call *c, uint32_t *out, struct why *why);
/* The root of the member of the path, and a reader; 404 when there is none. */
MUST_CHECK enum err members_root(struct call *c, struct sql **db, uint32_t *out, struct why *why);
/* Add to 'out', which is empty, who is in the segment that the query or body names. One that was
 * made just now is waited for; ERR_BUSY: it is being built yet. ERR_INVALID: there is none. */
MUST_CHECK enum err members_of_segment(const struct call *c, struct idset *out, struct why *why);
/* Who changes something: "staff:lily", "key:3". */
struct str members_source(const struct call *c);
/* Write down what was done of a member: the spec's action, and what is so now, {NULL, 0} = nothing.
 */
MUST_CHECK enum err members_tell(const struct call *c, uint32_t member, struct str after,
                                 struct why *why);
/* The member of the path, and a look to be ended by look_end(). */
MUST_CHECK enum err members_look(struct call *c, struct look *look, uint32_t *member,
                                 struct why *why);
