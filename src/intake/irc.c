/* irc.c - a chat log becomes messages and renames.
 *
 * A message is given over at once, and gets its words when no line continues it any more; a new
 * batch begins only at a line that begins something itself. Lines of presence carry no time and are
 * only counted. A rename takes the time of the line above. */
#include "base/limits.h"
#include "base/utf8.h"
#include "brand/said.h"
#include "intake/describe.h"
#include "intake/inferring.h"
#include "intake/irc_line.h"
#include "intake/parse.h"
#include "intake/spoken.h"

#define DISORDER (TIME_HOUR) /* a clock that goes back by less has not passed midnight */

struct log {
    struct parse *p;
    bool has_day;
    int32_t day;        /* of the line above */
    int64_t time_ms;    /* of the day, of the line above */
    bool zoned;         /* the line above tells its zone */
    int64_t zone_ms;    /* then: east of UTC */
    bool above;         /* a message stands above */
    bool any;           /* there was a message in this file */
    struct fact *fact;  /* the message above as kept; NULL when it was not */
    struct strbuf text; /* of the message above */
    struct recent *sayings;
};

/* ---- time ---- */

static void set_day(struct log *l, int32_t day)
{
    l->day = day;
    l->has_day = true;
    l->time_ms = 0;
}

/* The day of a year that a date without one is of: not half a year before the line above. */
static int32_t day_near(int32_t above, const struct irc_line *line)
{
    int year, month, day;
    civil_from_day(above, &year, &month, &day);
    int32_t here = civil_day(year, line->month, line->month_day);
    return here + 183 < above ? civil_day(year + 1, line->month, line->month_day) : here;
}

static enum err set_time(struct log *l, const struct irc_line *line, struct why *why)
{
    if (line->has_date) {
        l->day = line->day;
    } else if (!l->has_day) {
        return why_fail(why, ERR_INVALID, MSG_IRC_NO_DATE, "--date", NULL);
    } else if (line->month) {
        l->day = day_near(l->day, line);
    } else if (line->time_ms + DISORDER < l->time_ms) {
        l->day++;
    }
    l->has_day = true;
    l->time_ms = line->time_ms;
    l->zoned = line->zoned;
    l->zone_ms = line->zone_ms;
    return ERR_OK;
}

static int64_t instant(struct log *l)
{
    if (l->zoned) return l->day * TIME_DAY + l->time_ms - l->zone_ms;
    struct civil c = {.hour = (int)(l->time_ms / TIME_HOUR),
                      .minute = (int)(l->time_ms / TIME_MINUTE % 60),
                      .second = (int)(l->time_ms / TIME_SECOND % 60),
                      .ms = (int)(l->time_ms % TIME_SECOND)};
    civil_from_day(l->day, &c.year, &c.month, &c.day);
    return dates_instant(&l->p->dates, &c);
}

/* ---- messages ---- */

static struct identity *name_of(struct parse *p, struct str nick)
{
    struct identity *id = arena_alloc(parse_arena(p), sizeof(*id));
    *id = (struct identity){IDENTITY_NAME, nick};
    return id;
}

/* Whom the message is said to, if to anybody. */
static void infer(struct log *l, struct fact *f, struct str text)
{
    struct inferring_account to;
    const struct inferring_line line = {.group = str_of(l->p->options->group),
                                        .at = f->at,
                                        .who = f->who->value,
                                        .account = {.member = f->who[0]},
                                        .text = text,
                                        .ordered = true};
    if (!inferring_said(l->p->inferring, &line, &to)) return;
    f->other = name_of(l->p, arena_str(parse_arena(l->p), to.member.value));
    f->other_count = 1;
}

/* No line can continue the message above any more: it has all its words. */
static void settle(struct log *l)
{
    struct fact *f = l->fact;
    struct why why;
    l->fact = NULL;
    if (!f) return;
    struct arena *a = parse_arena(l->p);
    struct said said = {.text = arena_str(a, l->text.p ? strbuf_str(&l->text) : STR(""))};
    struct described d = {.text = said.text, .type = MESSAGE_TEXT};
    infer(l, f, said.text);
    if (f->other_count) d.link = LINK_INFERRED;
    f->prop_count = describe(&d, f->props);
    f->said = &said;
    if (fact_check_said(f, a, &why) == ERR_OK) return;
    f->said = NULL; /* no UTF-8: what is known of the message stands, its words do not */
    l->p->batch->counts.dropped++;
}

static struct str id_of(struct log *l, const struct irc_line *line, int64_t at)
{
    const struct import_options *o = l->p->options;
    const struct saying of = {str_of(o->source), str_of(o->group), line->nick, line->text, at};
    return saying_id(l->sayings, &of, parse_arena(l->p));
}

static void take_message(struct log *l, const struct irc_line *line)
{
    struct parse *p = l->p;
    struct fact f = {.at = instant(l), .kind = STR("message.sent"), .amount = HISTORY_NO_AMOUNT};
    f.who = name_of(p, line->nick);
    f.who_count = 1;
    strbuf_reset(&l->text);
    strbuf_add_str(&l->text, line->text);
    f.id = id_of(l, line, f.at);
    f.props = arena_alloc_array(parse_arena(p), DESCRIBE_PROPS, sizeof(*f.props));
    l->above = l->any = true;
    l->fact = parse_fact(p, &f);
}

static void take_more(struct log *l, const struct line *line, struct str text)
{
    struct why why = {0};
    if (l->above && l->text.len + text.len < LIMIT_LINE_BYTES && !line->too_long) {
        strbuf_add_char(&l->text, '\n');
        strbuf_add_str(&l->text, text);
        return;
    }
    if (l->any && !l->above) { /* a remark behind a separator */
        l->p->batch->counts.skipped++;
        return;
    }
    parse_row(l->p, line->number, line->text);
    if (line->too_long || l->above) {
        (void)why_fail(&why, ERR_INVALID, MSG_TOO_LONG, "", "%d", LIMIT_LINE_BYTES);
    } else {
        (void)why_fail(&why, ERR_INVALID, MSG_IRC_NOTHING_ABOVE, "", NULL);
    }
    parse_reject(l->p, 0, &why);
}

static void take_rename(struct log *l, const struct irc_line *line)
{
    struct parse *p = l->p;
    struct identity *who = arena_alloc_array(parse_arena(p), 2, sizeof(*who));
    struct fact f = {.at = instant(l),
                     .kind = STR("member.identified"),
                     .amount = HISTORY_NO_AMOUNT,
                     .who = who,
                     .who_count = 2,
                     .rename = true};
    who[0] = (struct identity){IDENTITY_NAME, line->nick};
    who[1] = (struct identity){IDENTITY_NAME, line->text};
    parse_fact(p, &f);
    inferring_renamed(p->inferring, str_of(p->options->group), line->nick, line->text);
}

/* ---- lines ---- */

/* Lines that are rows of their own, for which a new batch may have to begin: then they are read
 * again from its memory. */
static enum err room_for(struct log *l, struct line *line, struct irc_line *read, bool *room,
                         struct why *why)
{
    struct parse *p = l->p;
    bool more;
    *room = true;
    settle(l);
    if (!parse_full(p)) {
        *room = parse_room(p);
        return ERR_OK;
    }
    p->rows.at = (size_t)(line->text.p - p->rows.p);
    p->rows.line--;
    *room = parse_room(p);
    if (!*room) return ERR_OK;
    TRY(window_line(&p->rows, line, &more, why));
    irc_line_read(line->text, read);
    return ERR_OK;
}

static enum err take_row(struct log *l, struct line *line, struct irc_line *read, bool *room,
                         struct why *why)
{
    TRY(room_for(l, line, read, room, why));
    if (!*room) return ERR_OK;
    parse_row(l->p, line->number, line->text);
    if (read->has_time) TRY(set_time(l, read, why));
    if (!l->has_day) return why_fail(why, ERR_INVALID, MSG_IRC_NO_DATE, "--date", NULL);
    if (read->what == IRC_MESSAGE) take_message(l, read);
    if (read->what == IRC_RENAME) take_rename(l, read);
    return ERR_OK;
}

static enum err take_line(struct log *l, struct line *line, bool *room, struct why *why)
{
    struct irc_line read;
    struct import_counts *counts = &l->p->batch->counts;
    irc_line_read(line->text, &read);
    if (line->too_long) read.what = IRC_MORE;
    switch (read.what) {
    case IRC_MESSAGE:
    case IRC_RENAME:
        return take_row(l, line, &read, room, why);
    case IRC_MORE:
        take_more(l, line, read.text);
        return ERR_OK;
    case IRC_PRESENCE:
        counts->presence++;
        break;
    case IRC_NOTE:
        counts->skipped++;
        break;
    case IRC_SEPARATOR:
        settle(l);
        l->above = false;
        return ERR_OK;
    case IRC_BLANK:
        return ERR_OK;
    }
    if (read.has_time) return set_time(l, &read, why);
    if (read.has_date) set_day(l, read.day);
    return ERR_OK;
}

static enum err read_log(struct log *l, struct why *why)
{
    struct line line;
    bool more, room = true;
    while (room) {
        if (!l->above && !parse_room(l->p)) break;
        TRY(window_line(&l->p->rows, &line, &more, why));
        if (!more) break;
        TRY(take_line(l, &line, &room, why));
        room = room && !l->p->stopped;
    }
    return ERR_OK;
}

static enum err first_day(struct log *l, struct why *why)
{
    const struct import_options *o = l->p->options;
    if (o->date) {
        l->has_day = irc_date_in(str_of(o->date), &l->day);
        if (!l->has_day)
            return why_fail(why, ERR_INVALID, MSG_BAD_TIME, "--date", "%.40s", o->date);
        return ERR_OK;
    }
    l->has_day = irc_date_in(str_of(l->p->path), &l->day);
    return ERR_OK;
}

enum err irc_parse(struct parse *p, struct why *why)
{
    struct log l = {.p = p, .sayings = recent_create()};
    enum err err = first_day(&l, why);
    if (err == ERR_OK) err = read_log(&l, why);
    if (p->batch) settle(&l);
    recent_destroy(l.sayings);
    strbuf_finish(&l.text);
    return err;
}
