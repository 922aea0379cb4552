/* mapping_text.c - entries of a map, as a person would say them and as the map language does. */
#include <string.h>

#include "intake/mapping.h"

const char *mapping_dim_name(enum dim dim)
{
    static const char *const names[] = {"group", "touchpoint", "campaign", "content", "staff"};
    return dim < DIM_ORIGIN ? names[dim] : "";
}

const char *mapping_means(struct arena *a, const struct mapping_entry *e, const char **word)
{
    static const char *const plain[] = {[TARGET_ID] = "id",
                                        [TARGET_AT] = "at",
                                        [TARGET_KIND] = "kind",
                                        [TARGET_AMOUNT] = "amount",
                                        [TARGET_TAGS] = "tags",
                                        [TARGET_CREATED] = "at",
                                        [TARGET_PERSON] = "name",
                                        [TARGET_REFUND] = "refund",
                                        [TARGET_MESSAGE] = "message",
                                        [TARGET_MESSAGE_TYPE] = "type",
                                        [TARGET_SPEAKER] = "speaker",
                                        [TARGET_BIRTHDAY] = "birthday",
                                        [TARGET_MESSAGE_SUBTYPE] = "type",
                                        [TARGET_MESSAGE_ID] = "id",
                                        [TARGET_REPLY_TO] = "other",
                                        [TARGET_OWNER] = "owner",
                                        [TARGET_CONTACTS] = "contacts",
                                        [TARGET_LINKS] = "links",
                                        [TARGET_QR] = "qr"};
    switch (e->target) {
    case TARGET_MEMBER:
    case TARGET_OTHER:
        *word = identity_kind_name(e->identity);
        return arena_printf(a, "%s %s", e->target == TARGET_OTHER ? "other" : "identity", *word);
    case TARGET_CODE:
        return *word = mapping_dim_name(e->dim);
    case TARGET_PROP:
        *word = arena_str(a, e->name).p;
        return arena_printf(a, "props.%s", *word);
    case TARGET_TRAIT:
        *word = arena_str(a, e->name).p;
        return arena_printf(a, "trait %s", *word);
    case TARGET_PERSON:
        *word = "name";
        return "identity name";
    case TARGET_BIRTHDAY:
        *word = "birthday";
        return "trait birthday";
    default:
        return *word = plain[e->target];
    }
}

/* An escaped part of the map language. */
static const char *escaped(struct arena *a, struct str s)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < s.len; i++) {
        if (strchr(",:=\\", s.p[i]) && s.p[i]) strbuf_add_char(&out, '\\');
        strbuf_add_char(&out, s.p[i]);
    }
    const char *text = arena_str(a, out.len ? strbuf_str(&out) : STR("")).p;
    strbuf_finish(&out);
    return text;
}

static const char *format_of(struct arena *a, const struct date_format *f)
{
    static const char *const styles[] = {"", ":iso", ":epoch", ":epoch_ms"};
    if (f->style != DATE_PATTERN) return styles[f->style];
    return arena_printf(a, ":%s", escaped(a, f->pattern));
}

const char *mapping_text(struct arena *a, const struct mapping_entry *e)
{
    static const char *const types[] = {"text", "integer", "number", "decimal",
                                        "date", "const",   "status"};
    static const char *const plain[] = {[TARGET_ID] = "id",
                                        [TARGET_AT] = "at",
                                        [TARGET_KIND] = "kind",
                                        [TARGET_AMOUNT] = "amount",
                                        [TARGET_TAGS] = "tags",
                                        [TARGET_CREATED] = "created",
                                        [TARGET_PERSON] = "person",
                                        [TARGET_REFUND] = "refund",
                                        [TARGET_MESSAGE] = "message",
                                        [TARGET_MESSAGE_TYPE] = "message_type",
                                        [TARGET_SPEAKER] = "speaker",
                                        [TARGET_BIRTHDAY] = "birthday",
                                        [TARGET_MESSAGE_SUBTYPE] = "message_subtype",
                                        [TARGET_MESSAGE_ID] = "message_id",
                                        [TARGET_REPLY_TO] = "reply_to",
                                        [TARGET_OWNER] = "owner",
                                        [TARGET_CONTACTS] = "contacts",
                                        [TARGET_LINKS] = "links",
                                        [TARGET_QR] = "qr"};
    const char *mark = e->instead ? "?" : "";
    const char *source = escaped(a, e->source), *target;
    if (e->target == TARGET_MEMBER || e->target == TARGET_OTHER)
        return arena_printf(a, "%s%s=%s:%s", e->target == TARGET_OTHER ? "other" : "member", mark,
                            identity_kind_name(e->identity), source);
    if (e->target == TARGET_PROP || e->target == TARGET_TRAIT) {
        target = arena_printf(a, "%s.%s", e->target == TARGET_PROP ? "props" : "trait",
                              escaped(a, e->name));
    } else {
        target = e->target == TARGET_CODE ? mapping_dim_name(e->dim) : plain[e->target];
    }
    return arena_printf(a, "%s%s=%s:%s%s", target, mark, types[e->type], source,
                        format_of(a, &e->format));
}
