/* mbox.c - fuzz target: mailboxes. */
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rows_fuzz(IMPORT_MBOX, NULL, (struct str){(const char *)data, size});
    return 0;
}
