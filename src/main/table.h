/* table.h - CSV shown as an aligned table on a terminal. */
#pragma once

#include <stdio.h>

#include "base/str.h"

/* Numbers are aligned right; wide characters count two columns. */
void table_print(FILE *out, struct str csv);
