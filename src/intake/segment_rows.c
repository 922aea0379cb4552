/* segment_rows.c - messages of the Segment protocol, one a line, as its own exports hold them. */
#include "base/limits.h"
#include "intake/parse.h"
#include "intake/segment.h"

static enum err read_message(struct parse *p, const struct line *line, struct fact *f,
                             struct why *why)
{
    uint32_t dropped = 0;
    const struct message_source source = {
        .received_at = p->now,
        .sent_at = TIME_NONE,
        .currency = str_of(p->currency),
        .digits = p->currency_digits,
        .dropped = &dropped,
    };
    if (line->too_long || line->text.len > LIMIT_EVENT_BYTES)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "", "%d", LIMIT_EVENT_BYTES);
    return segment_message(parse_arena(p), line->text, &source, f, why);
}

static void take_line(struct parse *p, const struct line *line)
{
    struct why why = {0};
    struct fact f = {.amount = HISTORY_NO_AMOUNT};
    parse_row(p, line->number, line->text);
    if (read_message(p, line, &f, &why) == ERR_OK) {
        parse_fact(p, &f);
    } else {
        parse_reject(p, 0, &why);
    }
}

enum err segment_parse(struct parse *p, struct why *why)
{
    struct line line;
    bool more;
    while (parse_room(p)) {
        TRY(window_line(&p->rows, &line, &more, why));
        if (!more) break;
        if (str_trim(line.text).len) take_line(p, &line);
    }
    return ERR_OK;
}
