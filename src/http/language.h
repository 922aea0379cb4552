/* language.h - which of our languages a reader prefers. Pure; any thread. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* By an Accept-Language header, {NULL, 0} for none: Chinese when it is wanted and English is not
 * wanted more. What cannot be understood is passed over. */
enum lang language_of(struct str accept);
