/* Epoch numbers as times; for time.c only. */
#ifndef GS_INGEST_TIME_EPOCH_H
#define GS_INGEST_TIME_EPOCH_H

#include "base/str.h"

#include <stdint.h>

/* NULL and *ret_ms, or why the text is no time. */
const char *gs_time_from_epoch(struct gs_str text, int64_t *ret_ms);

#endif
