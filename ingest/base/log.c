#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static _Atomic int lowest = GS_LOG_INFO;
static _Atomic bool as_json;

void gs_log_configure(enum gs_log_level at_least, bool json)
{
    atomic_store(&lowest, (int)at_least);
    atomic_store(&as_json, json);
}

static void put_text(struct gs_buf *line, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7F) {
            gs_buf_printf(line, "\\x%02x", c);
        } else {
            gs_buf_putc(line, (char)c);
        }
    }
}

void gs_log(enum gs_log_level level, const char *where, const char *fmt, ...)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    struct gs_buf line = {.max = 8192};
    char message[1024];
    va_list args;

    if ((int)level < atomic_load(&lowest)) {
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    if (atomic_load(&as_json)) {
        gs_buf_puts(&line, "{\"time\":");
        gs_buf_json_time(&line, gs_clock_wall_ms());
        gs_buf_printf(&line, ",\"level\":\"%s\",\"where\":", names[level]);
        gs_buf_json_str(&line, gs_str(where));
        gs_buf_puts(&line, ",\"message\":");
        gs_buf_json_str(&line, gs_str(message));
        gs_buf_puts(&line, "}\n");
    } else {
        gs_buf_printf(&line, "groundswell: %s: %s: ", names[level], where);
        put_text(&line, message);
        gs_buf_putc(&line, '\n');
    }
    for (size_t done = 0; gs_buf_ok(&line) && done < line.len;) {
        const ssize_t n = write(STDERR_FILENO, line.bytes + done, line.len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break; /* nowhere left to say it */
        }
        done += (size_t)n;
    }
    gs_buf_done(&line);
}
