/* telegram.c - fuzz target: exports of Telegram. */
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rows_fuzz(IMPORT_TELEGRAM, NULL, (struct str){(const char *)data, size});
    return 0;
}
