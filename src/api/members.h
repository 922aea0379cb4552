/* members.h - what the routes about members share. */
#pragma once

#include "api/call.h"
#include "people/look.h"

#define MEMBERS_STAGES "potential|new|effective|active|core|dormant|churned|visitor"

/* One row of a list, masked. */
void members_put_row(const struct call *c, struct json_writer *w, const struct look_row *row);
/* LOOK_ANY_STAGE for a name that is none. */
int members_stage(struct str name);
/* "m12"; false when it is not. */
bool members_parse(struct str text, uint32_t *out);
/* The member of the path; ERR_NOT_FOUND when it names none. */
MUST_CHECK enum err members_id(const struct call *c, uint32_t *out, struct why *why);
/* The member of the path, and a look to be ended by look_end(). */
MUST_CHECK enum err members_look(struct call *c, struct look *look, uint32_t *member,
                                 struct why *why);
