/* query.c - fuzz target: queries as text, over an empty and a tiny brand.
 *
 * The first byte chooses the brand, the number of workers and the form of the reply. What is
 * answered must be JSON whose canonical query reads back to itself; what is refused must say why
 * and leave no reply; memory taken from the budget must be given back. */
#include "../tests/unit/insight/town.h"

#define EMPTY 1
#define CSV 2
#define TWO_WORKERS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct town tiny, empty;

static void fill(struct town *t)
{
    static const char *const kinds[] = {"member.created", "page.viewed", "group.joined",
                                        "message.sent",   "order.paid",  "order.refunded"};
    for (uint32_t i = 0; i < 60; i++) {
        int64_t at = t->insight.now - (int64_t)(60 - i) * 3 * TIME_DAY;
        struct event *ev = town_add_at(t, i % 7, at, kinds[i % 6]);
        ev->dim[DIM_GROUP] = i % 4;
        ev->other = i % 3;
        if (i % 2) ev->amount = (int64_t)i * 100;
        if (i % 5 == 0) town_set_text(t, ev, "order", i % 10 ? "A" : "B");
        if (i % 5 == 1) town_set_text(t, ev, "city", "上海");
        if (i % 5 == 2) town_set_number(t, ev, "city", i);
        if (i % 5 == 3) town_set_bool(t, ev, "gift", i % 2);
    }
}

static void open_towns(void)
{
    if (tiny.tail) return;
    town_open(&tiny, "Europe/Berlin", "2025-03-30T12:00:00+02:00");
    town_open(&empty, "Asia/Shanghai", "2025-03-01");
    fill(&tiny);
}

/* The text of the canonical query: what stands between "query" and the next key. */
static struct str canonical(const struct town *t)
{
    struct str reply = strbuf_str(&t->reply);
    size_t end = str_find(reply, STR(",\"as_of_seq\":"));
    assert(end != SIZE_MAX && str_starts(reply, STR("{\"query\":")));
    return (struct str){reply.p + 9, end - 9};
}

static void expect_reads_back(struct town *t)
{
    struct strbuf first = {0};
    strbuf_add_str(&first, canonical(t));
    enum err err = town_ask_form(t, strbuf_str(&first), INSIGHT_JSON);
    assert(err == ERR_OK);
    assert(str_eq(canonical(t), strbuf_str(&first)));
    strbuf_finish(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    open_towns();
    struct town *t = data[0] & EMPTY ? &empty : &tiny;
    struct str query = {(const char *)data + 1, size - 1};
    enum insight_form form = data[0] & CSV ? INSIGHT_CSV : INSIGHT_JSON;
    t->insight.workers = data[0] & TWO_WORKERS ? 2 : 1;
    enum err err = town_ask_form(t, query, form);
    assert(atomic_load(&t->budget.bytes_left) == LIMIT_QUERY_MEMORY);
    if (err != ERR_OK) {
        assert(t->reply.len == 0 && t->why.err == err && t->why.msg != MSG_NONE);
        assert(err == ERR_INVALID || err == ERR_TOO_LARGE);
    } else if (form == INSIGHT_JSON) {
        expect_reads_back(t);
    } else {
        assert(str_starts(strbuf_str(&t->reply), STR("\xef\xbb\xbf")));
    }
    return 0;
}
