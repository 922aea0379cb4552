/* cache.h - the statements of one connection, found by the address of their text or by the text.
 *
 * For src/sql alone. The cache knows statements, it does not own them. */
#pragma once

#include "sql/driver.h"

struct stmt_cache *stmt_cache_create(void);
/* NULL is allowed. */
void stmt_cache_destroy(struct stmt_cache *c);
/* The statement of 'text', or NULL. */
struct sql_stmt *stmt_cache_get(struct stmt_cache *c, const char *text);
/* Remember a statement whose text is not there yet; LIMIT_SQL_STATEMENTS at most. */
void stmt_cache_put(struct stmt_cache *c, const char *text, struct sql_stmt *s);
/* Statement 'i' in order of arrival, or NULL after the last. */
struct sql_stmt *stmt_cache_at(const struct stmt_cache *c, size_t i);
