/* messages.c - fuzz target: messages as plain JSON. */
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rows_fuzz(IMPORT_MESSAGES, NULL, (struct str){(const char *)data, size});
    return 0;
}
