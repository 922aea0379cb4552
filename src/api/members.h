/* members.h - what the routes about members share. */
#pragma once

#include "api/call.h"
#include "people/look.h"

#define MEMBERS_STAGES "potential|new|effective|active|core|dormant|churned|visitor"

/* One row of a list, masked. */
void members_put_row(const struct call *c, struct json_writer *w, const struct look_row *row);
/* LOOK_ANY_STAGE for a name that is none. */
int members_stage(struct str name);
/* The member of the path, and a look to be ended by look_end(). */
MUST_CHECK enum err members_look(struct call *c, struct look *look, uint32_t *member,
                                 struct why *why);
