/* event_json.c - fuzz target: events as lines of JSON. */
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rows_fuzz(IMPORT_JSONL, NULL, (struct str){(const char *)data, size});
    return 0;
}
