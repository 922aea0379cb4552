/* import_put.h - an import as the API shows it: what its row says, and how far it is. */
#pragma once

#include "api/internal.h"
#include "intake/upload.h"

void put_import(const struct call *c, struct json_writer *w, const struct upload *u);
