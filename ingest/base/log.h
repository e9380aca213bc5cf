/* The daemon's log: one line an event, to stderr, as text or JSON. Libraries do not log; the
 * daemon does, once, where it decides what happens next.
 *
 * Threads: any; a line is written by one write. Configure before the threads start. */
#ifndef GS_BASE_LOG_H
#define GS_BASE_LOG_H

#include "ingest/base/attr.h"

#include <stdbool.h>

enum gs_log_level { GS_LOG_DEBUG, GS_LOG_INFO, GS_LOG_WARNING, GS_LOG_ERROR, GS_N_LOG_LEVELS };
/* "debug", … and "text", "json"; NULL behind the last: for settings and flags that choose one. */
extern const char *const gs_log_level_names[GS_N_LOG_LEVELS + 1];
extern const char *const gs_log_format_names[3];

void gs_log_configure(enum gs_log_level at_least, bool json);
bool gs_log_is_json(void);

/* where: the part that writes, such as "tag lane 0". The line grows with the message, up to 64 kB;
 * control characters in it are escaped, so that hostile input cannot forge a line. */
GS_PRINTF(3, 4)
void gs_log(enum gs_log_level level, const char *where, const char *fmt, ...);

#endif
