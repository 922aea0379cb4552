/* csv.c - fuzz target: tables, and maps for them.
 *
 * What stands before the first NUL is a map, if there is one; the rest is the table, read as csv
 * with it, as csv without, and as columns. */
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *nul = size ? memchr(text, '\0', size) : NULL;
    struct str table = {text, size};
    if (nul) {
        table = (struct str){nul + 1, size - (size_t)(nul + 1 - text)};
        rows_fuzz(IMPORT_CSV, text, table);
        rows_fuzz(IMPORT_COLUMNS, text, table);
    }
    rows_fuzz(IMPORT_CSV, NULL, table);
    return 0;
}
