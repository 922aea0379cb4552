/* mbox.c - mails behind each other, as mailing lists and mail programs keep them.
 *
 * A mail begins at a line "From " with nothing or an empty line above it; it is gathered whole, its
 * body up to BODY_BYTES, and becomes a row when the next begins. It is a message of its list, or of
 * --group, by the address it comes from. */
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/chat.h"
#include "intake/mail.h"

#define BODY_BYTES ((size_t)1 << 20) /* kept: what is behind it are attachments */
#define HEADER_BYTES ((size_t)1 << 16)

enum header { H_FROM, H_DATE, H_ID, H_REPLY, H_REFERENCES, H_LIST, H_TYPE, H_ENCODING, H_COUNT };

static const struct str names[H_COUNT] = {
    {"From:", 5},        {"Date:", 5},    {"Message-ID:", 11},   {"In-Reply-To:", 12},
    {"References:", 11}, {"List-Id:", 8}, {"Content-Type:", 13}, {"Content-Transfer-Encoding:", 26},
};

struct mbox {
    struct chat chat;
    struct strbuf headers[H_COUNT];
    struct strbuf body;
    struct strbuf first; /* the line it begins with, */
    uint64_t line;       /* and where that stands; 0 = no mail has begun */
    int last;            /* header that a folded line goes on with; H_COUNT = one of no use */
    bool in_body;
    bool blank; /* the line above is empty */
};

static struct str text_of(const struct strbuf *b)
{
    return b->len ? strbuf_str(b) : STR("");
}

/* ---- a mail ---- */

/* "Tea talk <tea.example.org>", else the file's name. */
static void open_list(struct mbox *m)
{
    struct chat *c = &m->chat;
    struct str raw = text_of(&m->headers[H_LIST]), id = mail_id(raw, false);
    struct str name = mail_words(c->scratch, raw);
    size_t open = str_find_char(name, '<');
    if (open != SIZE_MAX) name = str_trim((struct str){name.p, open});
    if (id.len == 0 && name.len == 0) {
        const char *path = c->p->path ? c->p->path : "mail", *slash = strrchr(path, '/');
        struct str rest = str_of(slash ? slash + 1 : path);
        name = str_cut(&rest, '.');
    }
    if (name.len == 0) name = id;
    struct str group = c->p->options->group ? str_of(c->p->options->group) : name;
    if (!str_eq(c->group, group)) chat_open(c, id.len ? id : name, name);
}

static enum err put_mail(struct mbox *m, struct why *why)
{
    struct chat *c = &m->chat;
    struct chat_line l = {.kind = "message.sent", .says = true};
    struct str address, name, text = STR("");
    const struct mail_part whole = {text_of(&m->headers[H_TYPE]), text_of(&m->headers[H_ENCODING]),
                                    text_of(&m->body)};
    struct str date = text_of(&m->headers[H_DATE]);
    if (!mail_date(date, &l.at))
        return why_fail(why, ERR_INVALID, MSG_BAD_TIME, "Date", STR_FMT,
                        STR_ARG(utf8_cut(str_trim(date), 60)));
    if (!mail_person(c->scratch, text_of(&m->headers[H_FROM]), &address, &name))
        return why_fail(why, ERR_INVALID, MSG_MISSING, "From", NULL);
    open_list(m);
    l.who = chat_account(c, IDENTITY_EMAIL, utf8_cut(address, LIMIT_IDENTITY_BYTES), name);
    l.key = l.said.message = mail_id(text_of(&m->headers[H_ID]), false);
    l.said.reply_to = mail_id(text_of(&m->headers[H_REPLY]), false);
    if (!l.said.reply_to.p) l.said.reply_to = mail_id(text_of(&m->headers[H_REFERENCES]), true);
    l.said.message = utf8_cut(l.said.message, LIMIT_MESSAGE_ID_BYTES);
    l.said.reply_to = utf8_cut(l.said.reply_to, LIMIT_MESSAGE_ID_BYTES);
    chat_address(&l, chat_author(c, l.said.reply_to), LINK_REPLY);
    l.d.type = mail_text(c->scratch, &whole, &text) ? MESSAGE_TEXT : MESSAGE_FILE;
    l.said.text = l.d.text = mail_own(c->scratch, text);
    chat_put(c, &l);
    return ERR_OK;
}

/* The mail that was gathered is a row. False: stop. */
static bool end_mail(struct mbox *m)
{
    struct chat *c = &m->chat;
    struct why own = {0};
    if (!m->line) return true;
    if (!parse_room(c->p)) return false;
    arena_reset(c->scratch);
    parse_row(c->p, m->line, text_of(&m->first));
    if (put_mail(m, &own) != ERR_OK) parse_reject(c->p, 0, &own);
    return true;
}

static void begin_mail(struct mbox *m, const struct line *line)
{
    for (int h = 0; h < H_COUNT; h++)
        strbuf_reset(&m->headers[h]);
    strbuf_reset(&m->body);
    strbuf_reset(&m->first);
    strbuf_add_str(&m->first, line->text);
    m->line = line->number;
    m->last = H_COUNT;
    m->in_body = false;
}

/* ---- lines ---- */

static bool begins_fold(struct str s, struct str with)
{
    return s.len >= with.len && str_eq_fold((struct str){s.p, with.len}, with);
}

static void take_header(struct mbox *m, struct str line)
{
    if (line.p[0] != ' ' && line.p[0] != '\t') {
        m->last = 0;
        while (m->last < H_COUNT && !begins_fold(line, names[m->last]))
            m->last++;
        if (m->last == H_COUNT) return;
        strbuf_reset(&m->headers[m->last]);
        line = (struct str){line.p + names[m->last].len, line.len - names[m->last].len};
    }
    if (m->last == H_COUNT || m->headers[m->last].len + line.len > HEADER_BYTES) return;
    strbuf_add_str(&m->headers[m->last], line);
}

static bool take_line(struct mbox *m, const struct line *line)
{
    struct str s = line->text;
    bool begins = (m->blank || !m->line) && str_starts(s, STR("From "));
    m->blank = s.len == 0;
    if (begins) {
        if (!end_mail(m)) return false;
        begin_mail(m, line);
    } else if (!m->in_body && s.len) {
        take_header(m, s);
    } else if (!m->in_body) {
        m->in_body = true;
    } else if (m->body.len + s.len < BODY_BYTES) {
        strbuf_add_str(&m->body, s);
        strbuf_add_char(&m->body, '\n');
    }
    return true;
}

static enum err read_all(struct mbox *m, struct why *why)
{
    struct line line;
    bool more;
    for (;;) {
        TRY(window_line(&m->chat.p->rows, &line, &more, why));
        if (!more) break;
        if (!m->line && str_trim(line.text).len && !str_starts(line.text, STR("From "))) break;
        if (!take_line(m, &line)) return ERR_OK;
    }
    if (!m->line) return why_fail(why, ERR_INVALID, MSG_NO_MESSAGES, "", "mbox");
    (void)end_mail(m);
    return ERR_OK;
}

enum err mbox_parse(struct parse *p, struct why *why)
{
    struct mbox m = {.last = H_COUNT};
    chat_begin(&m.chat, p, "mbox");
    window_reuse(&p->rows, p->arena);
    enum err err = read_all(&m, why);
    for (int h = 0; h < H_COUNT; h++)
        strbuf_finish(&m.headers[h]);
    strbuf_finish(&m.body);
    strbuf_finish(&m.first);
    chat_end(&m.chat);
    return err;
}
