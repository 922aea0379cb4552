/* dedupe_file.c - pages of ids, then filter, index and trailer.
 *
 *   page 0 | page 1 | ... | filter | index | trailer
 *
 * The trailer comes last so that a file can be written in one pass with the ids still streaming in.
 * Filter and index are read at open; a look-up that passes the filter reads one page.
 *
 * 1. Ids ascend strictly by (hi, lo) through the whole file; every page but the last is full.
 * 2. index[i] is hi of the first id of page i.
 * 3. The filter is a blocked Bloom filter: lo chooses a block of 512 bits, hi seven bits in it, so
 *    an id costs one cache line. Filter and index together take at most 12 bits an id.
 * 4. A page's checksum is taken with the page's own number in its place, so that a page that was
 *    written to another place does not pass. */
#include "eventlog/dedupe_file.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers on disk are little-endian");

#define PAGE_MAGIC UINT32_C(0x44494657) /* "WFID" */
#define FILE_MAGIC UINT64_C(0x0a31534449464c57)
#define FILE_VERSION 1
#define BLOCK_WORDS 8
#define BLOCK_BYTES (BLOCK_WORDS * sizeof(uint64_t))
#define FILTER_HASHES 7
#define BUFFER_PAGES 16

struct page {
    uint32_t magic;    /* PAGE_MAGIC */
    uint32_t count;    /* ids in it; those behind are zero */
    uint64_t checksum; /* XXH3-64 of the page with its number here */
    struct hash128 ids[DEDUPE_PAGE_IDS];
};
_Static_assert(sizeof(struct page) == DEDUPE_PAGE_BYTES, "a page has no holes");

struct trailer {
    uint64_t magic;           /* FILE_MAGIC */
    uint32_t version;         /* FILE_VERSION */
    uint32_t page_bytes;      /* DEDUPE_PAGE_BYTES */
    uint64_t ids;             /* in all pages */
    uint64_t pages;           /* ids / DEDUPE_PAGE_IDS, rounded up */
    uint64_t blocks;          /* of the filter, at least 1 */
    uint64_t filter_checksum; /* XXH3-64 */
    uint64_t index_checksum;  /* XXH3-64 */
    uint64_t checksum;        /* XXH3-64 of the trailer up to here */
};
_Static_assert(sizeof(struct trailer) == 64, "a trailer has no holes");

struct dedupe_file {
    char *path; /* as given */
    int fd;     /* open for reading */
    struct trailer trailer;
    uint64_t *filter; /* [blocks * BLOCK_WORDS] */
    uint64_t *index;  /* [pages] */
};

struct dedupe_writer {
    char *path;          /* where the file will be */
    struct strbuf draft; /* where it is until then */
    int fd;              /* open for writing */
    uint64_t ids;        /* added */
    struct hash128 last; /* the newest added */
    uint64_t blocks;     /* of the filter */
    uint64_t *filter;    /* [blocks * BLOCK_WORDS] */
    struct strbuf index; /* hi of each page's first id */
    size_t page;         /* page being filled */
    struct page pages[BUFFER_PAGES];
};

static uint64_t *filter_block(uint64_t *filter, uint64_t blocks, struct hash128 id)
{
    return filter + (size_t)((id.lo >> 32) * blocks >> 32) * BLOCK_WORDS;
}

static void filter_add(uint64_t *filter, uint64_t blocks, struct hash128 id)
{
    uint64_t *block = filter_block(filter, blocks, id);
    for (unsigned i = 0; i < FILTER_HASHES; i++) {
        unsigned bit = id.hi >> (9 * i) & 511;
        block[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

bool dedupe_file_may_have(const struct dedupe_file *f, struct hash128 id)
{
    const uint64_t *block = filter_block(f->filter, f->trailer.blocks, id);
    uint64_t all = 1;
    for (unsigned i = 0; i < FILTER_HASHES; i++) {
        unsigned bit = id.hi >> (9 * i) & 511;
        all &= block[bit / 64] >> bit % 64;
    }
    return all;
}

/* 11.5 bits an id: with the index, 8 bytes a page, still under 12. */
static uint64_t blocks_for(uint64_t ids)
{
    uint64_t bits = ids / 2 * 23 + ids % 2 * 12;
    return bits < 512 ? 1 : bits / 512;
}

static uint64_t page_checksum(struct page *page, uint64_t number)
{
    uint64_t kept = page->checksum;
    page->checksum = number;
    uint64_t sum = hash_xxh3(page, sizeof(*page));
    page->checksum = kept;
    return sum;
}

static enum err corrupt(const char *path, uint64_t offset, const char *what, struct why *why)
{
    return why_fail(why, ERR_CORRUPT, MSG_CORRUPT, "", "%s|%" PRIu64 "|%s", path, offset, what);
}

/* --- reading --- */

static uint64_t filter_offset(const struct trailer *t)
{
    return t->pages * DEDUPE_PAGE_BYTES;
}

static uint64_t index_offset(const struct trailer *t)
{
    return filter_offset(t) + t->blocks * BLOCK_BYTES;
}

static enum err check_trailer(const char *path, const struct trailer *t, uint64_t size,
                              struct why *why)
{
    uint64_t at = size - sizeof(*t);
    if (t->magic != FILE_MAGIC) return corrupt(path, at, "this is no file of ids", why);
    if (t->checksum != hash_xxh3(t, offsetof(struct trailer, checksum))) {
        return corrupt(path, at, "the trailer fails its checksum", why);
    }
    if (t->version != FILE_VERSION || t->page_bytes != DEDUPE_PAGE_BYTES) {
        return why_fail(why, ERR_CORRUPT, MSG_NEWER, "", "%s|%" PRIu64 "|version", path, at + 8);
    }
    /* Each is bounded by the size before they are added up, so nothing overflows. */
    bool fits = t->pages <= size / DEDUPE_PAGE_BYTES && t->blocks <= size / BLOCK_BYTES &&
                t->blocks <= UINT32_MAX && t->ids <= t->pages * DEDUPE_PAGE_IDS && t->blocks > 0 &&
                t->pages == (t->ids + DEDUPE_PAGE_IDS - 1) / DEDUPE_PAGE_IDS &&
                index_offset(t) + t->pages * sizeof(uint64_t) + sizeof(*t) == size;
    return fits ? ERR_OK : corrupt(path, at, "the trailer does not match the file's size", why);
}

static enum err read_checked(const struct dedupe_file *f, uint64_t **out, uint64_t words,
                             uint64_t offset, uint64_t checksum, struct why *why)
{
    *out = mem_alloc_array((size_t)words + 1, sizeof(uint64_t));
    size_t size = (size_t)words * sizeof(uint64_t);
    TRY(fs_read_at(f->fd, *out, size, offset, why));
    if (hash_xxh3(*out, size) == checksum) return ERR_OK;
    return corrupt(f->path, offset, "the filter or index fails its checksum", why);
}

static enum err load(struct dedupe_file *f, struct why *why)
{
    uint64_t size;
    struct trailer *t = &f->trailer;
    TRY(fs_size(f->fd, &size, why));
    if (size < sizeof(*t)) return corrupt(f->path, size, "the file ends too early", why);
    TRY(fs_read_at(f->fd, t, sizeof(*t), size - sizeof(*t), why));
    TRY(check_trailer(f->path, t, size, why));
    TRY(read_checked(f, &f->filter, t->blocks * BLOCK_WORDS, filter_offset(t), t->filter_checksum,
                     why));
    return read_checked(f, &f->index, t->pages, index_offset(t), t->index_checksum, why);
}

enum err dedupe_file_open(const char *path, struct dedupe_file **out, struct why *why)
{
    int fd;
    TRY(fs_open_read(path, &fd, why));
    struct dedupe_file *f = mem_alloc(sizeof(*f));
    f->fd = fd;
    f->path = mem_strdup(path);
    enum err err = load(f, why);
    if (err != ERR_OK) {
        dedupe_file_close(f);
        return err;
    }
    *out = f;
    return ERR_OK;
}

void dedupe_file_close(struct dedupe_file *f)
{
    if (!f) return;
    fs_close(f->fd);
    mem_free(f->filter);
    mem_free(f->index);
    mem_free(f->path);
    mem_free(f);
}

const char *dedupe_file_path(const struct dedupe_file *f)
{
    return f->path;
}

uint64_t dedupe_file_count(const struct dedupe_file *f)
{
    return f->trailer.ids;
}

static enum err read_page(const struct dedupe_file *f, uint64_t number, struct page *page,
                          struct why *why)
{
    uint64_t offset = number * DEDUPE_PAGE_BYTES;
    uint64_t left = f->trailer.ids - number * DEDUPE_PAGE_IDS;
    TRY(fs_read_at(f->fd, page, sizeof(*page), offset, why));
    if (page->checksum != page_checksum(page, number)) {
        return corrupt(f->path, offset, "a page fails its checksum", why);
    }
    if (page->magic == PAGE_MAGIC &&
        page->count == (left < DEDUPE_PAGE_IDS ? left : DEDUPE_PAGE_IDS)) {
        return ERR_OK;
    }
    return corrupt(f->path, offset, "a page holds another number of ids than it should", why);
}

static bool page_has(const struct page *page, struct hash128 id)
{
    size_t low = 0, high = page->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = hash128_cmp(page->ids[middle], id);
        if (order == 0) return true;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* The first page that may hold an id with this hi: the last that begins below it, or 0. */
static uint64_t first_page(const struct dedupe_file *f, uint64_t hi)
{
    uint64_t low = 0, high = f->trailer.pages;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (f->index[middle] < hi) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? low - 1 : 0;
}

enum err dedupe_file_has(const struct dedupe_file *f, struct hash128 id, bool *has, struct why *why)
{
    struct page page;
    /* Ids that share hi may go on over several pages; by chance they never do. */
    for (uint64_t n = first_page(f, id.hi); n < f->trailer.pages && f->index[n] <= id.hi; n++) {
        TRY(read_page(f, n, &page, why));
        if (page_has(&page, id)) {
            *has = true;
            return ERR_OK;
        }
        if (hash128_cmp(page.ids[page.count - 1], id) > 0) break;
    }
    *has = false;
    return ERR_OK;
}

enum err dedupe_file_next(const struct dedupe_file *f, struct dedupe_cursor *c, struct why *why)
{
    struct page page;
    if (c->page == f->trailer.pages) {
        c->count = 0;
        return ERR_OK;
    }
    TRY(read_page(f, c->page, &page, why));
    for (size_t i = 0; i < page.count; i++) {
        if ((i || c->page) && hash128_cmp(c->last, page.ids[i]) >= 0) {
            return corrupt(f->path, c->page * DEDUPE_PAGE_BYTES, "ids do not ascend", why);
        }
        c->last = page.ids[i];
    }
    memcpy(c->ids, page.ids, page.count * sizeof(page.ids[0]));
    c->count = page.count;
    c->page++;
    return ERR_OK;
}

enum err dedupe_file_check(const struct dedupe_file *f, struct why *why)
{
    struct dedupe_cursor c = {0};
    for (uint64_t n = 0; n < f->trailer.pages; n++) {
        TRY(dedupe_file_next(f, &c, why));
        if (f->index[n] != c.ids[0].hi) {
            return corrupt(f->path, index_offset(&f->trailer) + n * sizeof(uint64_t),
                           "the index does not match the ids", why);
        }
        for (size_t i = 0; i < c.count; i++) {
            if (dedupe_file_may_have(f, c.ids[i])) continue;
            return corrupt(f->path, filter_offset(&f->trailer), "the filter misses an id", why);
        }
    }
    return ERR_OK;
}

/* --- writing --- */

enum err dedupe_writer_open(const char *path, uint64_t count_max, struct dedupe_writer **out,
                            struct why *why)
{
    struct strbuf draft = {0};
    int fd;
    strbuf_addf(&draft, "%s.tmp", path);
    enum err err = fs_create(draft.p, &fd, why);
    if (err != ERR_OK) {
        strbuf_finish(&draft);
        return err;
    }
    struct dedupe_writer *w = mem_alloc(sizeof(*w));
    w->path = mem_strdup(path);
    w->draft = draft;
    w->fd = fd;
    w->blocks = blocks_for(count_max);
    w->filter = mem_alloc_array((size_t)w->blocks, BLOCK_BYTES);
    *out = w;
    return ERR_OK;
}

static void writer_free(struct dedupe_writer *w)
{
    fs_close(w->fd);
    strbuf_finish(&w->draft);
    strbuf_finish(&w->index);
    mem_free(w->filter);
    mem_free(w->path);
    mem_free(w);
}

void dedupe_writer_abandon(struct dedupe_writer *w)
{
    struct why why;
    (void)!fs_remove(w->draft.p, &why); /* whoever abandons has a reason of its own to tell */
    writer_free(w);
}

/* Pages 0 .. count-1 of the buffer are complete; the last of them is page 'ids' ends in. */
static enum err flush_pages(struct dedupe_writer *w, size_t count, struct why *why)
{
    uint64_t first = (w->ids + DEDUPE_PAGE_IDS - 1) / DEDUPE_PAGE_IDS - count;
    for (size_t i = 0; i < count; i++) {
        struct page *page = &w->pages[i];
        page->magic = PAGE_MAGIC;
        page->checksum = page_checksum(page, first + i);
    }
    TRY(fs_write(w->fd, w->pages, count * sizeof(w->pages[0]), why));
    memset(w->pages, 0, count * sizeof(w->pages[0]));
    w->page = 0;
    return ERR_OK;
}

enum err dedupe_writer_add(struct dedupe_writer *w, struct hash128 id, struct why *why)
{
    int order = w->ids ? hash128_cmp(w->last, id) : -1;
    assert(order <= 0);
    if (order == 0) return ERR_OK;
    struct page *page = &w->pages[w->page];
    if (page->count == 0) strbuf_add(&w->index, &id.hi, sizeof(id.hi));
    page->ids[page->count++] = id;
    filter_add(w->filter, w->blocks, id);
    w->last = id;
    w->ids++;
    if (page->count < DEDUPE_PAGE_IDS) return ERR_OK;
    w->page++;
    return w->page == BUFFER_PAGES ? flush_pages(w, BUFFER_PAGES, why) : ERR_OK;
}

static enum err write_rest(struct dedupe_writer *w, uint64_t *size_bytes, struct why *why)
{
    size_t filled = w->page + (w->page < BUFFER_PAGES && w->pages[w->page].count > 0);
    TRY(flush_pages(w, filled, why));
    size_t filter_bytes = (size_t)w->blocks * BLOCK_BYTES;
    TRY(fs_write(w->fd, w->filter, filter_bytes, why));
    TRY(fs_write(w->fd, w->index.p, w->index.len, why));
    struct trailer t = {
        .magic = FILE_MAGIC,
        .version = FILE_VERSION,
        .page_bytes = DEDUPE_PAGE_BYTES,
        .ids = w->ids,
        .pages = w->index.len / sizeof(uint64_t),
        .blocks = w->blocks,
        .filter_checksum = hash_xxh3(w->filter, filter_bytes),
        .index_checksum = hash_xxh3(w->index.p, w->index.len),
    };
    t.checksum = hash_xxh3(&t, offsetof(struct trailer, checksum));
    TRY(fs_write(w->fd, &t, sizeof(t), why));
    *size_bytes = t.pages * DEDUPE_PAGE_BYTES + filter_bytes + w->index.len + sizeof(t);
    return fs_sync(w->fd, why);
}

static enum err sync_parent(const char *path, struct why *why)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return fs_sync_dir(".", why);
    char *parent = mem_strdup(path);
    parent[slash == path ? 1 : slash - path] = '\0';
    enum err err = fs_sync_dir(parent, why);
    mem_free(parent);
    return err;
}

enum err dedupe_writer_finish(struct dedupe_writer *w, uint64_t *count, uint64_t *size_bytes,
                              struct why *why)
{
    uint64_t size;
    enum err err = write_rest(w, &size, why);
    if (err == ERR_OK) err = fs_rename(w->draft.p, w->path, why);
    if (err != ERR_OK) {
        dedupe_writer_abandon(w);
        return err;
    }
    err = sync_parent(w->path, why);
    if (err == ERR_OK) {
        *count = w->ids;
        *size_bytes = size;
    } else {
        struct why ignored;
        (void)!fs_remove(w->path,
                         &ignored); /* its name may not survive a crash: as if never made */
    }
    writer_free(w);
    return err;
}
