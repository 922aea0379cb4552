/* limits.h - every named maximum of the product. `wellfield limits` prints this table.
 *
 * LIMIT(NAME, value, unit, what): the value is LIMIT_NAME in code. */
#pragma once

#define LIMIT_LIST(LIMIT)                                                                          \
    LIMIT(EVENT_BYTES, 32768, "bytes", "one event at intake")                                      \
    LIMIT(BATCH_BYTES, 512000, "bytes", "one intake request, uncompressed")                        \
    LIMIT(BATCH_EVENTS, 2500, "events", "events in one intake request")                            \
    LIMIT(KIND_BYTES, 64, "bytes", "an event kind")                                                \
    LIMIT(KINDS, 65535, "kinds", "distinct event kinds of a brand")                                \
    LIMIT(CODE_BYTES, 256, "bytes", "a code of a group, touchpoint, campaign, content or staff")   \
    LIMIT(PROPS_PER_EVENT, 64, "properties", "properties of one event")                            \
    LIMIT(PROP_NAMES, 2000, "names", "distinct property names of a brand")                         \
    LIMIT(PROP_NAME_BYTES, 64, "bytes", "a property name")                                         \
    LIMIT(PROP_VALUE_BYTES, 1024, "bytes", "a property value")                                     \
    LIMIT(IDENTITIES_PER_EVENT, 16, "identities", "identities on one event")                       \
    LIMIT(IDENTITY_CAP, 100, "values", "the cap of identities of one kind of a member")            \
    LIMIT(IDENTITY_CONFLICTS, 100000, "conflicts",                                                 \
          "refused merges that a brand remembers; judged ones go first")                           \
    LIMIT(PAGE_CONFLICTS, 100, "conflicts", "conflicts of one page")                               \
    LIMIT(MERGES_SHOWN, 500, "merges", "merges in one member's history of them")                   \
    LIMIT(IDENTITY_BYTES, 512, "bytes", "an identity value")                                       \
    LIMIT(MESSAGE_ID_BYTES, 256, "bytes", "a sender's event id")                                   \
    LIMIT(MESSAGE_TEXT, 65536, "bytes", "the text of a message that is kept")                      \
    LIMIT(MESSAGE_CARRIED, 8192, "bytes", "links and QR codes of a message that are judged")       \
    LIMIT(JSON_DEPTH, 32, "levels", "nesting of a JSON document")                                  \
    LIMIT(EXPR_BYTES, 4096, "bytes", "an expression")                                              \
    LIMIT(EXPR_DEPTH, 32, "levels", "nesting of an expression")                                    \
    LIMIT(EXPR_CALLS, 64, "calls", "calls in an expression")                                       \
    LIMIT(EXPR_TOTAL_BYTES, 65536, "bytes", "an expression and the segments it names")             \
    LIMIT(QUERY_BYTES, 65536, "bytes", "a query")                                                  \
    LIMIT(FUNNEL_STEPS, 20, "steps", "steps of a funnel")                                          \
    LIMIT(RETENTION_PERIODS, 90, "periods", "periods of a retention table")                        \
    LIMIT(PATH_DEPTH, 5, "steps", "depth of a path")                                               \
    LIMIT(BUCKETS, 50000, "buckets", "time buckets of one reply")                                  \
    LIMIT(QUERY_KINDS, 100, "kinds", "kinds in one list of a query")                               \
    LIMIT(QUERY_TOP, 1000, "paths", "paths of one reply")                                          \
    LIMIT(QUERY_SAMPLE, 10000, "members", "sampled members of one reply")                          \
    LIMIT(QUERY_MEMBERS, 100000, "members", "members listed in one reply")                         \
    LIMIT(STICKINESS_DAYS, 366, "days", "days of a stickiness histogram")                          \
    LIMIT(QUERY_MEMORY, 268435456, "bytes", "memory of one query")                                 \
    LIMIT(QUERY_MS, 60000, "ms", "time of one query")                                              \
    LIMIT(QUESTIONS, 2, "questions", "questions answered at once")                                 \
    LIMIT(QUESTIONS_WAITING, 64, "questions", "questions waiting to be answered")                  \
    LIMIT(IDEMPOTENCY_KEY, 128, "bytes", "an Idempotency-Key")                                     \
    LIMIT(STREAMS, 16000, "streams", "streams of server-sent events at once")                      \
    LIMIT(STREAM_BEAT_SECONDS, 15, "s", "silence after which a stream gives a sign of life")       \
    LIMIT(STREAM_SECONDS, 600, "s", "a stream, after which its reader asks anew")                  \
    LIMIT(CALLER_RATE, 1000, "calls/s", "calls of the API by one key or session")                  \
    LIMIT(CALLER_BURST, 10000, "calls", "calls at once, after a silence")                          \
    LIMIT(ADDRESS_RATE, 2000, "calls/s", "calls of the API from one address")                      \
    LIMIT(ADDRESS_BURST, 20000, "calls", "calls at once, after a silence")                         \
    LIMIT(API_WORKERS, 4, "threads", "threads that answer the API, questions apart")               \
    LIMIT(API_WAITING, 512, "calls", "calls of the API waiting for a thread")                      \
    LIMIT(QUERY_WORKERS, 8, "threads", "threads of one query")                                     \
    LIMIT(HEADERS, 100, "headers", "headers of a request")                                         \
    LIMIT(TARGET_BYTES, 8192, "bytes", "a request target")                                         \
    LIMIT(CONNECTIONS, 20000, "connections", "open HTTP connections")                              \
    LIMIT(CONNECTIONS_PER_ADDRESS, 1024, "connections",                                            \
          "open HTTP connections of one address, loopback apart")                                  \
    LIMIT(CONNECTION_MEMORY, 32768, "bytes", "memory of one HTTP connection, its head included")   \
    LIMIT(IDLE_SECONDS, 30, "s", "silence after which a connection is closed")                     \
    LIMIT(HEADER_BYTES, 8192, "bytes", "one header line of a request")                             \
    LIMIT(QUERY_PARAMS, 64, "names", "names in a query string")                                    \
    LIMIT(BODY_SWALLOWED, 8388608, "bytes", "refused body read to the end before replying")        \
    LIMIT(REQUEST_MEMORY, 536870912, "bytes", "memory of one request")                             \
    LIMIT(WRITER_BATCH, 4096, "commands", "commands in one commit")                                \
    LIMIT(WRITER_BATCH_BYTES, 8388608, "bytes", "command bytes in one commit")                     \
    LIMIT(WRITER_QUEUE, 16384, "commands", "commands waiting for the writer")                      \
    LIMIT(WRITER_QUEUE_BYTES, 67108864, "bytes", "command bytes waiting for the writer")           \
    LIMIT(TAIL_EVENTS, 1048576, "events", "events in no part yet; then intake waits for the seal") \
    LIMIT(CSV_COLUMNS, 4096, "columns", "columns of an imported table")                            \
    LIMIT(XLSX_ENTRIES, 4096, "parts", "parts of an imported workbook")                            \
    LIMIT(XLSX_ENTRY_MIB, 4096, "MiB", "one of them, unpacked")                                    \
    LIMIT(XLSX_RATIO, 200, "times", "the same, of its packed size, beyond 16 MiB")                 \
    LIMIT(XLSX_CELLS, 100000000, "cells", "cells of an imported sheet")                            \
    LIMIT(XLSX_TEXT_BYTES, 268435456, "bytes", "texts that its cells share")                       \
    LIMIT(XML_MEMORY, 67108864, "bytes", "memory of all readers of XML, texts apart")              \
    LIMIT(ARCHIVE_FILES, 200000, "files", "files of an imported archive of chats")                 \
    LIMIT(MAP_ENTRIES, 128, "entries", "entries of an import's map")                               \
    LIMIT(IMPORT_ROWS, 500000, "rows", "rows of an import applied at once")                        \
    LIMIT(UPLOAD_MIB, 8192, "MiB", "a file uploaded to be imported")                               \
    LIMIT(UPLOADS_MIB, 32768, "MiB", "such files of a brand together")                             \
    LIMIT(UPLOAD_PIECE_BYTES, 4194304, "bytes", "one piece of an upload")                          \
    LIMIT(UPLOAD_UNPACKED_MIB, 65536, "MiB", "an uploaded file, unpacked")                         \
    LIMIT(UPLOAD_RATIO, 200, "times", "the same, of its size, beyond 1 GiB")                       \
    LIMIT(UPLOAD_DAYS, 7, "days", "how long an uploaded file is kept after its import ended")      \
    LIMIT(UPLOAD_REJECTS_BYTES, 16777216, "bytes", "rejected rows kept of an uploaded file")       \
    LIMIT(UPLOADS, 1000, "imports", "imports by upload that a brand remembers")                    \
    LIMIT(UPLOADS_RUNNING, 2, "imports", "imports by upload at work at once, one a brand")         \
    LIMIT(LINE_BYTES, 1048576, "bytes", "a line of an imported file")                              \
    LIMIT(NAME_INDEX_BYTES, 268435456, "bytes", "names of a brand's members kept for searching")   \
    LIMIT(PAGE_MEMBERS, 200, "members", "members of one page")                                     \
    LIMIT(EXPORT_MEMBERS, 200000, "members", "members of one export")                              \
    LIMIT(SAVED_QUESTIONS, 1000, "questions", "saved questions of a brand")                        \
    LIMIT(SAVED_BOARDS, 200, "boards", "boards of a brand")                                        \
    LIMIT(SAVED_MAPPINGS, 200, "mappings", "saved mappings of imports of a brand")                 \
    LIMIT(BOARD_QUESTIONS, 50, "questions", "questions on one board")                              \
    LIMIT(SEGMENTS, 500, "segments", "segments of a brand")                                        \
    LIMIT(SEGMENT_CODE_BYTES, 64, "bytes", "the code of a segment")                                \
    LIMIT(SEGMENT_TEXT_BYTES, 1000, "bytes", "the description of a segment")                       \
    LIMIT(SEGMENT_LIST, 200000, "members", "members named on a static list")                       \
    LIMIT(SEGMENT_LIST_CHANGE, 5000, "members", "members put on or taken off a list at once")      \
    LIMIT(SEGMENT_VERSIONS, 100, "versions", "versions kept of a segment's definition")            \
    LIMIT(SEGMENT_MOVES, 8192, "moves", "entries and exits kept for streams that lag")             \
    LIMIT(SEGMENT_MEMORY, 268435456, "bytes", "members remembered as segments saw them, at least") \
    LIMIT(TODAY_RULES, 40, "rules", "reasons for a suggestion, those of a brand's own among them") \
    LIMIT(TODAY_SENTENCE_BYTES, 200, "bytes", "the sentence of a reason, in one language")         \
    LIMIT(TODAY_A_DAY, 15, "suggestions", "new members on one person's list of a day")             \
    LIMIT(TODAY_POOL, 60, "suggestions", "members without an owner, suggested on one day")         \
    LIMIT(TODAY_ASKED, 20000, "members", "asked one by one about today; more are scanned")         \
    LIMIT(MODERATION_RULES, 60, "rules", "rules of order in groups of a brand")                    \
    LIMIT(MODERATION_TERMS_BYTES, 2097152, "bytes", "terms of one rule")                           \
    LIMIT(MODERATION_TERMS, 50000, "terms", "terms of all rules of a brand that are on")           \
    LIMIT(MODERATION_PATTERNS, 500, "patterns", "patterns among them")                             \
    LIMIT(MODERATION_PATTERN_TEXT, 4096, "bytes", "of a message in which patterns are looked for") \
    LIMIT(MODERATION_PAST, 200000, "messages", "judged when a rule is asked about the past")       \
    LIMIT(MODERATION_CASES, 100000, "cases", "cases of a brand; the oldest settled ones go first") \
    LIMIT(MODERATION_MARKS, 5000, "marks", "messages that a brand's sieve for ads has learnt")     \
    LIMIT(NUMBER_SETS, 100, "changes", "changes of the numbers of a brand that are listed")        \
    LIMIT(SEGMENT_QUEUE, 1048576, "events", "events waiting for segments; then they are scanned")  \
    LIMIT(NAME_BYTES, 200, "bytes", "the name of a question, a board or a brand")                  \
    LIMIT(GROUPS, 100000, "groups", "groups of a brand that are made by hand")                     \
    LIMIT(GROUP_ACCOUNTS, 2000, "accounts", "accounts of a group whose role was said")             \
    LIMIT(FAMILIES, 500, "families", "families of groups of a brand")                              \
    LIMIT(FAMILY_GROUPS, 200, "groups", "groups of a family")                                      \
    LIMIT(GROUP_STAYS, 200000, "members", "members that a group ever had, to be listed")           \
    LIMIT(GROUP_HELPERS, 20, "staff", "staff who help with a group")                               \
    LIMIT(GROUP_TAGS, 20, "tags", "tags of a group")                                               \
    LIMIT(GROUP_CAPACITY, 100000, "members", "the capacity of a group")                            \
    LIMIT(GROUP_TEXT_BYTES, 2000, "bytes", "one answer of a group's charter")                      \
    LIMIT(PAGE_GROUP_MEMBERS, 200, "members", "members of a group on one page")                    \
    LIMIT(PAGE_MESSAGES, 200, "messages", "messages of one page")                                  \
    LIMIT(TAG_GROUPS, 200, "groups", "groups of tags of a brand")                                  \
    LIMIT(TAGS, 5000, "tags", "tags of a brand")                                                   \
    LIMIT(TAGS_PER_FACT, 32, "tags", "tags that one event or row gives")                           \
    LIMIT(CONTACTS_PER_FACT, 8, "staff", "contacts of a member that one row names")                \
    LIMIT(TAG_BYTES, 64, "bytes", "the name of a tag or of a group of tags")                       \
    LIMIT(TAGGED, 100000, "members", "members tagged by one call")                                 \
    LIMIT(NOTE_CHARS, 2000, "characters", "a note on a member")                                    \
    LIMIT(MEMBER_NOTES, 500, "notes", "notes on one member")                                       \
    LIMIT(HANDED, 1000000, "members", "members handed over in one call")                           \
    LIMIT(CONSENT_PURPOSES, 50, "purposes", "purposes of consent of a brand")                      \
    LIMIT(CONSENT_LISTS, 100, "lists", "lists a member may leave, of a brand")                     \
    LIMIT(CONSENT_TEXT_BYTES, 8000, "bytes", "a text of consent in one language")                  \
    LIMIT(CONSENT_ENTRIES, 10000, "entries", "entries of one member's ledger shown")               \
    LIMIT(PREFERENCE_DAYS, 90, "days", "how long a link to the preference page may live")          \
    LIMIT(PREFERENCE_RATE, 1, "calls/s", "changes by one link to the preference page")             \
    LIMIT(PREFERENCE_BURST, 20, "calls", "such changes at once, after a silence")                  \
    LIMIT(RETENTION_DAYS, 36500, "days", "the longest retention that can be set")                  \
    LIMIT(PAGE_EVENTS, 200, "events", "events of one page of a member's history")                  \
    LIMIT(TALK_MESSAGES, 500000, "messages", "messages of one group looked at together")           \
    LIMIT(GRAPH_NODES, 1000, "members", "members of a group shown as a graph")                     \
    LIMIT(GRAPH_EDGES, 20000, "edges", "ties between them")                                        \
    LIMIT(MEMBER_CACHE, 100000, "members", "members folded in memory")                             \
    LIMIT(DEDUPE_HOURS, 48, "hours", "how long a sender's event id is remembered at least")        \
    LIMIT(DEDUPE_IDS, 10000000, "ids", "how many sender's event ids are remembered at least")      \
    LIMIT(BRANDS, 1000, "brands", "brands in one data directory")                                  \
    LIMIT(SLUG_BYTES, 32, "bytes", "a brand's slug")                                               \
    LIMIT(STAFF, 10000, "people", "staff in one data directory")                                   \
    LIMIT(STAFF_NAME_CHARS, 64, "characters", "a person's sign-in name, and the name shown")       \
    LIMIT(SESSIONS, 20, "sessions", "open sessions of one person; the oldest ends")                \
    LIMIT(SESSION_IDLE_MINUTES, 30, "min", "silence after which a session ends")                   \
    LIMIT(SESSION_HOURS, 12, "hours", "a session, however busy")                                   \
    LIMIT(BACKUP_SPARE, 268435456, "bytes", "disk left free beside a backup made by the server")   \
    LIMIT(REFUSALS, 20, "rows/min",                                                                \
          "wrong passwords written into the audit log; more are counted")                          \
    LIMIT(CONFIRM_MINUTES, 5, "min", "a password given counts for what asks for it again")         \
    LIMIT(KEYS, 200, "keys", "credentials of one brand that are not revoked")                      \
    LIMIT(KEY_ORIGINS, 20, "origins", "origins of a public write key")                             \
    LIMIT(PASSWORD_CHARS, 128, "characters", "a password")                                         \
    LIMIT(PASSWORD_HASHES, 2, "hashes", "passwords being hashed at a time")                        \
    LIMIT(PASSWORD_QUEUE, 1, "requests", "requests waiting for that; more are answered with 429")  \
    LIMIT(SQL_STATEMENTS, 2048, "statements", "distinct statements of one connection")             \
    LIMIT(SQL_CACHE, 8388608, "bytes", "of a SQLite file that its writer keeps in memory")         \
    LIMIT(SQL_CACHE_BULK, 268435456, "bytes", "of it while many members come at once")             \
    LIMIT(SQL_VALUE_BYTES, 67108864, "bytes", "one value in the database")

enum {
#define LIMIT(name, value, unit, what) LIMIT_##name = (value),
    LIMIT_LIST(LIMIT)
#undef LIMIT
};
