/* jsonl.c - fuzz target: lines of JSON, which are read by what was learned from those before them.
 *
 * Every line must come to the same fact as when it stands alone, or be rejected for the same cause
 * at the same place. */
#include "intake/fact_same.h"
#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 200

struct run {
    struct import_options options;
    struct belt belt;
    struct batch *batch;
    struct parse parse;
};

static void run_begin(struct run *run, struct str text)
{
    struct why why = {0};
    run->options = (struct import_options){.format = IMPORT_JSONL};
    belt_init(&run->belt);
    run->batch = belt_take_empty(&run->belt);
    run->parse = (struct parse){.options = &run->options,
                                .currency = "CNY",
                                .currency_digits = 2,
                                .now = ROWS_NOW,
                                .arena = arena_create(0),
                                .belt = &run->belt,
                                .batch = run->batch,
                                .batch_rows = SIZE_MAX};
    window_init_text(&run->parse.rows, text, run->batch->arena);
    enum err err = jsonl_parse(&run->parse, &why);
    assert(err == ERR_OK);
}

static void run_end(struct run *run)
{
    arena_destroy(run->parse.arena);
    belt_finish(&run->belt);
}

/* What 'alone' made of one line is what 'all' made of it: its next fact, or its next reject. */
static void expect_same(const struct run *all, const struct run *alone, size_t *facts,
                        size_t *rejects)
{
    const struct batch *a = all->batch, *b = alone->batch;
    assert(b->facts.count + b->rejects.count <= 1);
    if (b->facts.count) {
        assert(*facts < a->facts.count);
        assert(fact_same(&a->facts.items[(*facts)++], &b->facts.items[0]));
    }
    if (b->rejects.count) {
        assert(*rejects < a->rejects.count);
        const struct reject *r = &a->rejects.items[(*rejects)++], *s = &b->rejects.items[0];
        assert(r->column == s->column && r->why.err == s->why.err && r->why.msg == s->why.msg);
        assert(strcmp(r->why.field, s->why.field) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct run all, alone;
    size_t lines = 1, facts = 0, rejects = 0;
    for (size_t i = 0; i < size; i++)
        lines += text.p[i] == '\n';
    if (lines > LINES_MAX || memchr(text.p ? text.p : "", '\r', size)) return 0;
    run_begin(&all, text);
    while (text.p) {
        struct str line = str_cut(&text, '\n');
        run_begin(&alone, line);
        expect_same(&all, &alone, &facts, &rejects);
        run_end(&alone);
    }
    assert(facts == all.batch->facts.count && rejects == all.batch->rejects.count);
    run_end(&all);
    return 0;
}
