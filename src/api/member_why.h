/* member_why.h - the sentence that says why a stage holds. */
#pragma once

#include "api/call.h"
#include "people/look.h"

/* In 'lang', in the call's arena; days are the brand's. */
const char *member_why_text(const struct call *c, const struct fold_reason *r, enum lang lang);
