/* slack.c - fuzz target: exports of Slack. */
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rows_fuzz(IMPORT_SLACK, NULL, (struct str){(const char *)data, size});
    return 0;
}
