/* svg.h - the charts of the page, as inline SVG without scripts or inline styles. */
#pragma once

#include "api/sections.h"

/* Where a chart stands: over the whole page, beside another section, or on a phone. */
enum svg_size { SVG_PAGE, SVG_HALF, SVG_PHONE };

/* Members per stage at each bucket's end, stacked. 'stock' is the array of docs/query.md; 'label',
 * as HTML, says what is drawn to who cannot see it. */
void svg_stages(struct strbuf *out, const struct json *stock, enum svg_size size,
                const char *label);
/* One bar a point {at, value}; the last 'most' of them. */
void svg_bars(struct strbuf *out, const struct json *points, size_t most, enum svg_size size,
              const char *label);
/* A small line of counts. */
void svg_spark(struct strbuf *out, const uint32_t *values, size_t count);
/* One horizontal bar: value of most. */
void svg_meter(struct strbuf *out, int64_t value, int64_t most);
/* A square in the colour of stage i. */
void svg_swatch(struct strbuf *out, int i);
