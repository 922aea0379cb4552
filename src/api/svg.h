/* svg.h - the charts of the page, as inline SVG without scripts or inline styles. */
#pragma once

#include "api/sections.h"

/* Members per stage at each bucket's end, stacked. 'stock' is the array of query.md. */
void svg_stages(struct strbuf *out, const struct json *stock);
/* One bar a point {at, value}; the last 'most' of them. */
void svg_bars(struct strbuf *out, const struct json *points, size_t most);
/* A small line of counts. */
void svg_spark(struct strbuf *out, const uint32_t *values, size_t count);
/* One horizontal bar: value of most. */
void svg_meter(struct strbuf *out, int64_t value, int64_t most);
/* A square in the colour of stage i. */
void svg_swatch(struct strbuf *out, int i);
