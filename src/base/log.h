/* log.h - the server's log, to stderr: JSON lines, or a human line on a terminal. Any thread.
 *
 * Never personal data: no identity values, no names, no message text, no property values. */
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_form { LOG_AUTO, LOG_JSON, LOG_HUMAN };

void log_init(enum log_level least, enum log_form form);
/* 'event' is a short stable word ("part_written"); 'format' gives logfmt pairs: "rows=%zu ms=%d".
 */
void log_write(enum log_level level, const char *room, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#define log_debug(room, ...) log_write(LOG_DEBUG, room, __VA_ARGS__)
#define log_info(room, ...) log_write(LOG_INFO, room, __VA_ARGS__)
#define log_warn(room, ...) log_write(LOG_WARN, room, __VA_ARGS__)
#define log_error(room, ...) log_write(LOG_ERROR, room, __VA_ARGS__)
