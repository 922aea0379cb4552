/* postgres_value.h - values between C and the wire forms of PostgreSQL. Pure functions.
 *
 * A parameter takes the type that the server inferred for it, whatever was bound: what can be said
 * in that type without loss is converted, the rest is refused before it reaches the server. */
#pragma once

#include "sql/driver.h"

/* Oids of pg_type; they never change. */
enum postgres_type {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_NAME = 19,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_FLOAT4 = 700,
    TYPE_FLOAT8 = 701,
    TYPE_UNKNOWN = 705,
    TYPE_BPCHAR = 1042,
    TYPE_VARCHAR = 1043,
    TYPE_NUMERIC = 1700,
    TYPE_VOID = 2278,
};

/* Can columns of this type be read? */
bool postgres_type_known(uint32_t type);

/* Write 'v' (not VALUE_NULL) for a parameter of 'type' into 'out', emptied first; *binary says in
 * which of the two wire forms. False: it cannot be said in that type. */
bool postgres_encode(uint32_t type, const struct value *v, struct strbuf *out, bool *binary);

/* Read a column in binary form. Numbers are cut to the range and kind asked for; what is no number
 * is 0. */
int64_t postgres_int(uint32_t type, struct str wire);
double postgres_double(uint32_t type, struct str wire);
/* Text and bytea as they are, borrowed from 'wire'; numbers in decimal, borrowed from 'scratch'. */
struct str postgres_bytes(uint32_t type, struct str wire, struct strbuf *scratch);
