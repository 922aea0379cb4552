/* erasures.c - lines are appended by whoever erases, one at a time. */
#include "brand/erasures.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#define LIST_BYTES_MAX ((size_t)1 << 30)

void erasures_path(const char *dir, char *out, size_t size)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    snprintf(out, size, "%.*s.erasures.log", (int)len, dir);
}

/* A line whose writing was cut off goes before the next is written: nobody was told of it. */
static enum err drop_cut_line(const char *path, int fd, struct why *why)
{
    char piece[4096];
    uint64_t size = 0, end;
    int from = -1;
    TRY(fs_size(fd, &size, why));
    TRY(fs_open_read(path, &from, why));
    enum err err = ERR_OK;
    for (end = size; err == ERR_OK && end > 0;) {
        size_t len = end < sizeof(piece) ? (size_t)end : sizeof(piece);
        err = fs_read_at(from, piece, len, end - len, why);
        const char *last = err == ERR_OK ? memrchr(piece, '\n', len) : NULL;
        if (last) {
            end -= len - (size_t)(last - piece) - 1;
            break;
        }
        end -= len;
    }
    fs_close(from);
    return err == ERR_OK && end < size ? fs_truncate(fd, end, why) : err;
}

static enum err append(const char *path, struct str text, struct why *why)
{
    int fd;
    TRY(fs_open_append(path, &fd, why));
    enum err err = drop_cut_line(path, fd, why);
    if (err == ERR_OK) err = fs_write(fd, text.p, text.len, why);
    if (err == ERR_OK) err = fs_sync(fd, why);
    fs_close(fd);
    return err;
}

enum err data_copy_erasures(struct data *d, const char *path, struct why *why)
{
    char first[600];
    struct strbuf text = {0};
    enum err err = ERR_OK;
    data_set_erasures_copy(d, path);
    if (!path || fs_exists(path)) return ERR_OK;
    erasures_path(data_dir(d), first, sizeof(first));
    if (fs_exists(first)) err = fs_read_file(first, LIST_BYTES_MAX, &text, why);
    if (err == ERR_OK) err = append(path, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}

enum err erasures_append(struct data *d, struct str line, struct why *why)
{
    char first[600];
    struct strbuf text = {0};
    const char *copy = data_erasures_copy(d);
    strbuf_add(&text, line.p, line.len);
    strbuf_add_char(&text, '\n');
    erasures_path(data_dir(d), first, sizeof(first));
    enum err err = append(first, strbuf_str(&text), why);
    if (err == ERR_OK && copy) err = append(copy, strbuf_str(&text), why);
    strbuf_finish(&text);
    return err;
}
