/* samples.c - lists of bounded length, and their two forms. */
#include "intake/samples.h"

#include <inttypes.h>

#include "base/utf8.h"

static const char *class_name(enum sample_class class)
{
    static const char *const names[SAMPLE_CLASS_COUNT] = {"new", "updated", "conflict",
                                                          "unknown_staff", "unchanged"};
    return names[class];
}

void samples_add(struct samples *s, enum sample_class class, const struct sample *one,
                 struct arena *arena)
{
    struct sample_list *list = &s->of[class];
    if (list->count == SAMPLES_MAX) return;
    struct sample *kept = &list->items[list->count++];
    *kept = *one;
    kept->row = arena_str(arena, utf8_cut(one->row, SAMPLE_ROW_BYTES));
}

static void put_sample(const struct sample *one, struct json_writer *w)
{
    char member[16];
    snprintf(member, sizeof(member), "m%" PRIu32, one->member);
    json_begin_object(w);
    json_key(w, "line");
    json_uint(w, one->line);
    json_key(w, "row");
    json_str(w, one->row);
    json_key(w, "member");
    if (one->member) {
        json_text(w, member);
    } else {
        json_null(w);
    }
    json_end_object(w);
}

void samples_put(const struct samples *s, struct json_writer *w)
{
    json_begin_object(w);
    for (int c = 0; c < SAMPLE_CLASS_COUNT; c++) {
        json_key(w, class_name((enum sample_class)c));
        json_begin_object(w);
        json_key(w, "rows");
        json_uint(w, s->of[c].rows);
        json_key(w, "first");
        json_begin_array(w);
        for (size_t i = 0; i < s->of[c].count; i++)
            put_sample(&s->of[c].items[i], w);
        json_end_array(w);
        json_end_object(w);
    }
    json_end_object(w);
}

static void print_row(struct str row, FILE *out)
{
    for (size_t i = 0; i < row.len;) {
        size_t start = i;
        uint32_t c = utf8_next(row, &i);
        if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
            fputc(' ', out);
        } else {
            fwrite(row.p + start, 1, i - start, out);
        }
    }
}

void samples_print(const struct samples *s, FILE *out)
{
    for (int c = 0; c < SAMPLE_CLASS_COUNT; c++) {
        for (size_t i = 0; i < s->of[c].count; i++) {
            const struct sample *one = &s->of[c].items[i];
            fprintf(out, "%s: %s:%" PRIu64, class_name((enum sample_class)c), one->file, one->line);
            if (one->member) fprintf(out, " (m%" PRIu32 ")", one->member);
            fputs(": ", out);
            print_row(one->row, out);
            fputc('\n', out);
        }
    }
}
