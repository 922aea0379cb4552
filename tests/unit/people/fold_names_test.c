/* fold_names_test.c - presets, and that an event and its row in a history are the same to the fold.
 */
#include "fold_help.h"

#include <math.h>

enum { PROP_ORDER = 3, PROP_KNOWN = 5, PROP_QUESTION = 8, PROP_TEMPLATE = 9 };
enum { KIND_PAID = 1, KIND_MESSAGE, KIND_CREATED, KIND_DM, KIND_OWN, KINDS };

static uint32_t roles[KINDS];

static struct fold_names names(void)
{
    struct fold_names n = names_in("Asia/Shanghai");
    roles[KIND_PAID] = fold_kind_roles(STR("order.paid"));
    roles[KIND_MESSAGE] = fold_kind_roles(STR("message.sent"));
    roles[KIND_CREATED] = fold_kind_roles(STR("member.created"));
    roles[KIND_DM] = fold_kind_roles(STR("dm.sent"));
    n.roles = roles;
    n.kind_count = KINDS;
    n.prop_order = PROP_ORDER;
    n.prop_known = PROP_KNOWN;
    n.prop_question = PROP_QUESTION;
    n.prop_template = PROP_TEMPLATE;
    return n;
}

static void presets_set_dormancy_and_silence(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        int dormant, churned;
    } presets[] = {{"training", 5, 30},
                   {"fresh", 7, 45},
                   {"knowledge", 14, 90},
                   {"retail", 30, 120},
                   {"beauty", 30, 180}};
    struct fold_rules r = {.left_hours = 1};
    for (size_t i = 0; i < COUNT(presets); i++) {
        assert_true(fold_rules_preset(str_of(presets[i].name), &r));
        assert_int_equal(r.dormant_days, presets[i].dormant);
        assert_int_equal(r.churned_days, presets[i].churned);
        assert_int_equal(r.left_hours, 24);
    }
    assert_false(fold_rules_preset(STR("banking"), &r));
}

static void columns_are_added_once_and_in_order(void **unused)
{
    (void)unused;
    struct fold_names n = names();
    struct columns c = {.prop_count = 2, .props = {5, 7}};
    fold_columns(&n, &c);
    fold_columns(&n, &c);
    static const uint32_t expected[] = {3, 5, 7, 8, 9};
    assert_int_equal(c.prop_count, COUNT(expected));
    assert_memory_equal(c.props, expected, sizeof(expected));
    n.prop_order = n.prop_known = n.prop_question = n.prop_template = 0;
    struct columns none = {0};
    fold_columns(&n, &none);
    assert_int_equal(none.prop_count, 0);
}

/* One event, as the log has it, and as a scan gives it. */
struct both {
    struct event event;
    struct event_prop props[4];
    struct history history;
    struct prop_column columns[4];
    double number[4];
    uint32_t text;
    struct str strings[2];
    uint32_t dim[DIM_COUNT];
};

static void add_flag(struct both *b, uint32_t id, size_t column)
{
    b->props[b->event.prop_count++] = (struct event_prop){.id = id, .type = PROP_BOOL, .number = 1};
    b->number[column] = 1;
}

static void begin(struct both *b, uint16_t kind)
{
    static const uint32_t ids[] = {PROP_ORDER, PROP_KNOWN, PROP_QUESTION, PROP_TEMPLATE};
    *b = (struct both){.event = {.at = 5000, .kind = kind, .other = 12, .amount = 990}};
    b->event.props = b->props;
    for (uint32_t i = 0; i < COUNT(ids); i++) {
        b->columns[i] = (struct prop_column){.id = ids[i], .type = PROP_BOOL};
        b->number[i] = NAN;
        b->columns[i].number = &b->number[i];
    }
    b->columns[0].type = PROP_TEXT;
    b->columns[0].number = NULL;
    b->columns[0].text = &b->text;
    b->columns[0].strings = b->strings;
    b->columns[0].string_count = 2;
    for (uint32_t d = 0; d < DIM_COUNT; d++) {
        b->event.dim[d] = b->dim[d] = 20 + d;
        b->history.dim[d] = &b->dim[d];
    }
    b->history.at = &b->event.at;
    b->history.kind = &b->event.kind;
    b->history.other = &b->event.other;
    b->history.amount = &b->event.amount;
    b->history.prop_count = 4;
    b->history.props = b->columns;
}

static struct fold_row read_both(struct both *b)
{
    struct fold_names n = names();
    struct columns columns = {0};
    struct fold_row x, y;
    fold_columns(&n, &columns);
    fold_row_of_event(&n, &b->event, &x);
    fold_row_of_history(&n, &columns, &b->history, 0, &y);
    assert_int_equal(x.at, y.at);
    assert_int_equal(x.roles, y.roles);
    assert_int_equal(x.group, y.group);
    assert_int_equal(x.content, y.content);
    assert_int_equal(x.staff, y.staff);
    assert_int_equal(x.other, y.other);
    assert_int_equal(x.amount, y.amount);
    assert_int_equal(x.order, y.order);
    assert_int_equal(x.question, y.question);
    assert_int_equal(x.known, y.known);
    assert_int_equal(x.human, y.human);
    return x;
}

static void an_order_is_known_by_the_hash_of_its_name(void **unused)
{
    (void)unused;
    struct both b;
    begin(&b, KIND_PAID);
    assert_int_equal(read_both(&b).order, 0);
    b.props[0] = (struct event_prop){.id = PROP_ORDER, .type = PROP_TEXT, .text = STR("A-1")};
    b.event.prop_count = 1;
    b.strings[1] = STR("A-1");
    b.text = 1;
    struct fold_row row = read_both(&b);
    assert_int_not_equal(row.order, 0);
    assert_int_equal(row.amount, 990);
    assert_int_equal(row.group, 20 + DIM_GROUP);
    assert_int_equal(row.staff, 20 + DIM_STAFF);
    assert_int_equal(row.content, 20 + DIM_CONTENT);
    b.event.kind = KIND_MESSAGE;
    assert_int_equal(read_both(&b).order, 0);
}

static void flags_are_read_where_they_mean_something(void **unused)
{
    (void)unused;
    static const struct {
        uint16_t kind;
        bool question, known, human;
    } expected[] = {{KIND_PAID, false, false, true},
                    {KIND_MESSAGE, true, false, true},
                    {KIND_CREATED, false, true, true},
                    {KIND_DM, false, false, false},
                    {KIND_OWN, false, false, true}};
    for (size_t i = 0; i < COUNT(expected); i++) {
        struct both b;
        begin(&b, expected[i].kind);
        struct fold_row row = read_both(&b);
        assert_true(!row.question && !row.known && row.human);
        add_flag(&b, PROP_KNOWN, 1);
        add_flag(&b, PROP_QUESTION, 2);
        add_flag(&b, PROP_TEMPLATE, 3);
        row = read_both(&b);
        assert_int_equal(row.question, expected[i].question);
        assert_int_equal(row.known, expected[i].known);
        assert_int_equal(row.human, expected[i].human);
    }
}

static void kinds_beyond_those_known_mean_nothing(void **unused)
{
    (void)unused;
    struct both b;
    begin(&b, 60000);
    assert_int_equal(read_both(&b).roles, 0);
}

static void every_stage_has_two_names(void **unused)
{
    (void)unused;
    assert_string_equal(stage_name(STAGE_NONE), "visitor");
    assert_string_equal(stage_name(STAGE_CHURNED), "churned");
    assert_string_equal(stage_name_zh(STAGE_DORMANT), "休眠");
    assert_string_equal(trust_name(TRUST_SHARES), "shares");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_set_dormancy_and_silence),
        cmocka_unit_test(columns_are_added_once_and_in_order),
        cmocka_unit_test(an_order_is_known_by_the_hash_of_its_name),
        cmocka_unit_test(flags_are_read_where_they_mean_something),
        cmocka_unit_test(kinds_beyond_those_known_mean_nothing),
        cmocka_unit_test(every_stage_has_two_names),
    };
    return cmocka_run_group_tests_name("fold names", tests, NULL, NULL);
}
