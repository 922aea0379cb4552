/* xlsx.c - fuzz target: workbooks, as files and part by part.
 *
 * The input is a file first; and it is a sheet, and the texts that its cells share, of a workbook
 * that is sound otherwise, where no sum stands in the way. What comes out is UTF-8, a line a row.
 */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "intake/xlsx.h"

#define OUT_MAX ((size_t)1 << 19)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_fault(enum err err, const struct why *why)
{
    char text[640];
    assert(err_status(err) >= 400 && err_status(err) < 500);
    why_text(why, LANG_EN, text, sizeof(text));
    assert(utf8_valid(str_of(text)));
}

/* Twice: what a survey saw is what is then read. */
static size_t read_all(struct xlsx *x, char *out)
{
    struct why why = {0};
    size_t all = 0, len = 1;
    xlsx_rewind(x);
    while (len > 0 && all < OUT_MAX) {
        enum err err = xlsx_read(x, out + all, OUT_MAX - all, &len, &why);
        if (err == ERR_OK) all += len;
        if (err != ERR_OK) expect_fault(err, &why);
        if (err != ERR_OK) break;
    }
    return all;
}

static void read_file(int fd)
{
    struct why why = {0};
    struct xlsx *x;
    enum err err = xlsx_open(fd, NULL, &x, &why);
    if (err != ERR_OK) {
        expect_fault(err, &why);
        return;
    }
    char *one = mem_alloc(OUT_MAX), *two = mem_alloc(OUT_MAX);
    size_t len = read_all(x, one);
    assert(read_all(x, two) == len && memcmp(one, two, len) == 0);
    assert(len == OUT_MAX || utf8_valid((struct str){one, len}));
    assert(!memchr(one, '\r', len) && !memchr(one, '\0', len));
    mem_free(one);
    mem_free(two);
    xlsx_close(x);
}

static void add(zip_t *zip, const char *path, const void *p, size_t len)
{
    zip_source_t *source = zip_source_buffer(zip, p, len, 0);
    assert(source && zip_file_add(zip, path, source, 0) >= 0);
}

static void add_text(zip_t *zip, const char *path, const char *text)
{
    add(zip, path, text, strlen(text));
}

/* A workbook in memory, as a file. */
static int packed(const uint8_t *data, size_t size)
{
    int fd = memfd_create("xlsx", 0);
    zip_error_t error;
    zip_stat_t st;
    zip_source_t *buffer = zip_source_buffer_create(NULL, 0, 1, &error);
    zip_t *zip = zip_open_from_source(buffer, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert(fd >= 0 && zip);
    zip_source_keep(buffer);
    add_text(zip, "xl/workbook.xml",
             "<workbook><sheets><sheet name='a' id='r1'/></sheets></workbook>");
    add_text(zip, "xl/_rels/workbook.xml.rels",
             "<r><Relationship Id='r1' Type='x/worksheet' Target='s.xml'/></r>");
    add_text(zip, "xl/styles.xml",
             "<s><cellXfs><xf numFmtId='0'/><xf numFmtId='22'/><xf numFmtId='20'/></cellXfs></s>");
    add(zip, "xl/s.xml", data, size);
    add_text(zip, "xl/sharedStrings.xml", "<sst><si><t>a,\r\n\"b</t></si><si/></sst>");
    assert(zip_close(zip) == 0 && zip_source_stat(buffer, &st) == 0);
    char *bytes = mem_alloc(st.size);
    assert(zip_source_open(buffer) == 0);
    assert(zip_source_read(buffer, bytes, st.size) == (zip_int64_t)st.size);
    zip_source_close(buffer);
    zip_source_free(buffer);
    assert(write(fd, bytes, st.size) == (ssize_t)st.size);
    mem_free(bytes);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int whole = memfd_create("file", 0), made = packed(data, size);
    assert(whole >= 0 && write(whole, data, size) == (ssize_t)size);
    read_file(whole);
    read_file(made);
    close(whole);
    close(made);
    return 0;
}
