/* svg.c - see svg.h. Coordinates are in a fixed view box; the page scales it. */
#include "api/svg.h"

#include <inttypes.h>

#define LEFT 46.0
#define BOTTOM 24.0
#define TOP 8.0
#define DATE_HALF 34.0 /* half the width of a date */

/* A view box, and the class that says on what screens it is shown. */
struct frame {
    double width, height;
    const char *class;
};
static const struct frame frames[] = {
    [SVG_PAGE] = {1080, 250, "on-laptop"},
    [SVG_HALF] = {620, 360, "on-laptop"},
    [SVG_PHONE] = {320, 200, "on-phone"},
};

/* Height of the axis at 'share' of the most. */
static double level(const struct frame *f, double share)
{
    return TOP + (f->height - BOTTOM - TOP) * (1 - share);
}

/* The next round number that quarters well. */
static int64_t round_up(int64_t value)
{
    int64_t unit = 1;
    while (unit < INT64_MAX / 10 && unit * 10 <= value)
        unit *= 10;
    static const int64_t tenths[] = {10, 12, 16, 20, 24, 32, 40, 60, 80, 100};
    for (size_t i = 0; i < sizeof(tenths) / sizeof(tenths[0]); i++) {
        if (tenths[i] * unit / 10 >= value && tenths[i] * unit % 10 == 0)
            return tenths[i] * unit / 10;
    }
    return value;
}

static void begin(struct strbuf *out, const struct frame *f, const char *label)
{
    strbuf_addf(out,
                "<svg class=\"chart %s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
                "aria-label=\"%s\">",
                f->class, f->width, f->height, label);
}

static void number_label(struct strbuf *out, int64_t value)
{
    if (value >= 1000000) {
        strbuf_addf(out, "%.3gM", (double)value / 1e6);
    } else if (value >= 10000) {
        strbuf_addf(out, "%.3gk", (double)value / 1e3);
    } else {
        strbuf_addf(out, "%" PRId64, value);
    }
}

static void axis(struct strbuf *out, const struct frame *f, int64_t most)
{
    for (int i = 0; i <= 4; i++) {
        double y = level(f, i / 4.0);
        strbuf_addf(out, "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    LEFT, f->width, y, y);
        if (most * i % 4 && most < 4) continue;
        strbuf_addf(out, "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 6, y + 4);
        number_label(out, most * i / 4);
        strbuf_add_text(out, "</text>");
    }
}

static struct str date_of(const struct json *point)
{
    const struct json *at = json_get(point, "at");
    if (!at || at->type != JSON_STRING || at->string.len < 10) return STR("");
    return (struct str){at->string.p, 10};
}

/* Dates under the plot, as many as there is room for. */
static void dates(struct strbuf *out, const struct frame *f, const struct json *points, size_t from,
                  size_t count)
{
    size_t step = count / (size_t)(f->width / 130) + 1;
    for (size_t i = 0; i < count; i += step) {
        double x = LEFT + (f->width - LEFT) * ((double)i + 0.5) / (double)count;
        bool last = x + DATE_HALF > f->width;
        struct str date = date_of(&points->items[from + i]);
        strbuf_addf(out, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"%s\">" STR_FMT "</text>",
                    i == 0 ? LEFT
                    : last ? f->width
                           : x,
                    f->height - 6,
                    i == 0 ? "start"
                    : last ? "end"
                           : "middle",
                    STR_ARG(date));
    }
}

void svg_bars(struct strbuf *out, const struct json *points, size_t most_points, enum svg_size size,
              const char *label)
{
    const struct frame *f = &frames[size];
    size_t from = points->count > most_points ? points->count - most_points : 0,
           count = points->count - from;
    int64_t most = 1;
    for (size_t i = from; i < points->count; i++) {
        int64_t v = sections_int(&points->items[i], "value");
        most = v > most ? v : most;
    }
    most = round_up(most);
    begin(out, f, label);
    axis(out, f, most);
    double pitch = (f->width - LEFT) / (double)(count ? count : 1);
    for (size_t i = 0; i < count; i++) {
        int64_t v = sections_int(&points->items[from + i], "value");
        double y = level(f, (double)v / (double)most);
        strbuf_addf(out,
                    "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                    "height=\"%.1f\"><title>" STR_FMT ": %" PRId64 "</title></rect>",
                    LEFT + pitch * (double)i + pitch * 0.1, y, pitch * 0.8, level(f, 0) - y,
                    STR_ARG(date_of(&points->items[from + i])), v);
    }
    dates(out, f, points, from, count);
    strbuf_add_text(out, "</svg>");
}

/* Sum of the stages 0 .. upto at a bucket. */
static int64_t stacked(const struct json *bucket, int upto)
{
    int64_t sum = 0;
    for (int s = 0; s <= upto; s++)
        sum += sections_int(bucket, stage_name((enum stage)s));
    return sum;
}

static void corner(struct strbuf *out, const struct frame *f, double x, double share)
{
    strbuf_addf(out, "%.1f,%.1f ", x, level(f, share));
}

/* The area between two heights of the stack: there along its top, back along its bottom. */
static void layer(struct strbuf *out, const struct frame *f, const struct json *stock, int stage,
                  int64_t most)
{
    size_t n = stock->count;
    double pitch = n > 1 ? (f->width - LEFT) / (double)(n - 1) : f->width - LEFT;
    strbuf_addf(out, "<polygon class=\"f%d\" points=\"", stage);
    for (size_t i = 0; i < n; i++) {
        double share = (double)stacked(&stock->items[i], stage) / (double)most;
        corner(out, f, LEFT + pitch * (double)i, share);
        if (n == 1) corner(out, f, f->width, share);
    }
    for (size_t i = n; i > 0; i--) {
        double share = (double)stacked(&stock->items[i - 1], stage - 1) / (double)most;
        if (n == 1) corner(out, f, f->width, share);
        corner(out, f, LEFT + pitch * (double)(i - 1), share);
    }
    strbuf_add_text(out, "\"/>");
}

void svg_stages(struct strbuf *out, const struct json *stock, enum svg_size size, const char *label)
{
    const struct frame *f = &frames[size];
    int64_t most = 1;
    for (size_t i = 0; i < stock->count; i++) {
        int64_t v = stacked(&stock->items[i], STAGE_COUNT - 1);
        most = v > most ? v : most;
    }
    most = round_up(most);
    begin(out, f, label);
    axis(out, f, most);
    for (int s = 0; s < STAGE_COUNT; s++)
        layer(out, f, stock, s, most);
    dates(out, f, stock, 0, stock->count);
    strbuf_add_text(out, "</svg>");
}

void svg_spark(struct strbuf *out, const uint32_t *values, size_t count)
{
    uint32_t most = 1;
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    strbuf_add_text(out, "<svg viewBox=\"0 0 90 20\" width=\"90\" aria-hidden=\"true\"><polyline "
                         "class=\"spark\" points=\"");
    for (size_t i = 0; i < count; i++) {
        strbuf_addf(out, "%.1f,%.1f ", 90.0 * (double)i / (double)(count - 1),
                    18.0 - 16.0 * values[i] / most);
    }
    strbuf_add_text(out, "\"/></svg>");
}

void svg_meter(struct strbuf *out, int64_t value, int64_t most)
{
    double width = most > 0 ? 120.0 * (double)value / (double)most : 0;
    strbuf_addf(out,
                "<svg viewBox=\"0 0 120 10\" width=\"120\" aria-hidden=\"true\"><rect "
                "class=\"bar\" rx=\"2\" width=\"%.1f\" "
                "height=\"10\"/></svg>",
                width < 1 && value > 0 ? 1 : width);
}

void svg_swatch(struct strbuf *out, int i)
{
    strbuf_addf(out,
                "<svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"f%d\" width=\"10\" "
                "height=\"10\" rx=\"2\"/></svg>",
                i);
}
