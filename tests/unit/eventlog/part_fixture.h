/* part_fixture.h - parts of given events, and the events of a part. */
#pragma once

#include "base/fs.h"
#include "event_maker.h"
#include "eventlog/part.h"

static inline struct part_info write_part(const char *path, const struct event *events,
                                          size_t count)
{
    struct part_writer *w;
    struct part_info info = {0};
    struct why why;
    assert_int_equal(part_create(path, &w, &why), ERR_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(part_add(w, &events[i], &why), ERR_OK);
    assert_int_equal(part_finish(w, &info, &why), ERR_OK);
    return info;
}

static inline struct part *open_part(const char *path)
{
    struct part *p;
    struct why why;
    assert_int_equal(part_open(path, &p, &why), ERR_OK);
    return p;
}

static inline struct part *write_and_open(const char *path, const struct event *events,
                                          size_t count)
{
    write_part(path, events, count);
    return open_part(path);
}

/* These events, and no ids. */
static inline void assert_holds(struct part *p, const struct event *events, size_t count)
{
    struct part_cursor *c;
    const struct event *ev;
    struct why why;
    assert_int_equal(part_get_info(p)->rows, count);
    assert_int_equal(part_cursor_open(p, &c, &why), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(part_cursor_next(c, &ev, &why), ERR_OK);
        assert_same_event(ev, &events[i]);
        assert_true(ev->id.lo == 0 && ev->id.hi == 0);
    }
    assert_int_equal(part_cursor_next(c, &ev, &why), ERR_NOT_FOUND);
    assert_int_equal(part_cursor_next(c, &ev, &why), ERR_NOT_FOUND);
    part_cursor_close(c);
}

/* One that was just written: its info is as was said, it is sound, it holds these events. */
static inline struct part *open_written(const char *path, const struct part_info *said,
                                        const struct event *events, size_t count)
{
    struct part *p = open_part(path);
    struct why why;
    assert_memory_equal(part_get_info(p), said, sizeof(*said));
    assert_int_equal(part_verify(p, &why), ERR_OK);
    assert_holds(p, events, count);
    return p;
}

/* Whether the bytes of a file have the text in them. */
static inline bool file_has(const char *path, const char *text)
{
    struct strbuf bytes = {0};
    struct why why;
    assert_int_equal(fs_read_file(path, SIZE_MAX, &bytes, &why), ERR_OK);
    bool there = memmem(bytes.p, bytes.len, text, strlen(text)) != NULL;
    strbuf_finish(&bytes);
    return there;
}
