/* Makes each event one line and writes it with one write(2), so that lines of several threads do
 * not run into each other.
 *
 * A line is built in memory that belongs to the call: as text with everything escaped that could
 * drive a terminal or forge a second line, or as a JSON object. What cannot be written is lost: the
 * log has nowhere to report that. */
#include "ingest/base/log.h"

#include "ingest/base/buf.h"
#include "ingest/base/clock.h"
#include "ingest/base/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

const char *const gs_log_level_names[GS_N_LOG_LEVELS + 1] = {"debug", "info", "warning", "error",
                                                             NULL};
const char *const gs_log_format_names[3] = {"text", "json", NULL};

enum { MAX_MESSAGE = 64 * 1024 };

static _Atomic int lowest = GS_LOG_INFO;
static _Atomic bool as_json;

void gs_log_configure(enum gs_log_level at_least, bool json)
{
    atomic_store(&lowest, (int)at_least);
    atomic_store(&as_json, json);
}

bool gs_log_is_json(void)
{
    return atomic_load(&as_json);
}

void gs_log(enum gs_log_level level, const char *where, const char *fmt, ...)
{
    struct gs_buf line = {.max = (size_t)8 * MAX_MESSAGE};
    struct gs_buf message = {.max = MAX_MESSAGE};
    va_list args;

    if ((int)level < atomic_load(&lowest)) {
        return;
    }
    va_start(args, fmt);
    gs_buf_vprintf(&message, fmt, args);
    va_end(args);
    if (!gs_buf_ok(&message)) {
        gs_buf_reset(&message);
        gs_buf_printf(&message, "a message of more than %d bytes: %.60s", MAX_MESSAGE, fmt);
    }
    if (atomic_load(&as_json)) {
        gs_buf_puts(&line, "{\"time\":");
        gs_buf_json_time(&line, gs_clock_wall_ms());
        gs_buf_printf(&line, ",\"level\":\"%s\",\"where\":", gs_log_level_names[level]);
        gs_buf_json_str(&line, gs_str(where));
        gs_buf_puts(&line, ",\"message\":");
        gs_buf_json_str(&line, gs_buf_str(&message));
        gs_buf_puts(&line, "}\n");
    } else {
        gs_buf_printf(&line, "groundswell: %s: %s: ", gs_log_level_names[level], where);
        gs_buf_terminal(&line, gs_buf_str(&message));
        gs_buf_putc(&line, '\n');
    }
    for (size_t done = 0; gs_buf_ok(&line) && done < line.len;) {
        const ssize_t n = write(STDERR_FILENO, line.bytes + done, line.len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break; /* there is no other place to report it */
        }
        done += (size_t)n;
    }
    gs_buf_done(&message);
    gs_buf_done(&line);
}
