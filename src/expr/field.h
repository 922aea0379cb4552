/* field.h - the fields of members and events as data: names, classes, and the operators of a class.
 */
#pragma once

#include "expr/node.h"

struct field {
    const char *name;
    enum expr_about about;
    enum event_field event; /* about events */
    enum expr_field member; /* about members */
    enum field_class class;
};

/* By name; NULL when there is none. */
const struct field *field_find(enum expr_about about, struct str name);
/* By number; a field that a call reads (tag, staff ...) has none and gives NULL. */
const struct field *field_of(const struct subject *s);

/* What people may have meant: a field's or call's name close to 'name'; NULL when none is. */
const char *field_nearest(enum expr_about about, struct str name);

/* The dimension that holds the codes of a subject; DIM_COUNT when it has none. */
enum dim field_dim(const struct subject *s);

/* Names of a class of stages: lifecycle, trust, circle. */
struct field_stage {
    const char *en;
    const char *zh;
};
/* By number from 0, ended by {NULL, NULL}; NULL for other classes. */
const struct field_stage *field_stages(enum field_class class);
/* The number of an English or Chinese name, or -1. */
int field_stage_number(enum field_class class, struct str name);
/* The name closest to 'name', in its language; NULL when none is close. */
const char *field_stage_nearest(enum field_class class, struct str name);
/* "potential, new, ..." */
const char *field_stage_list(enum field_class class);

/* May values of the class be tested so? And the list of what may, for messages. */
bool field_takes(enum field_class class, enum op op);
const char *field_operators(enum field_class class);
