/* One message counted for one key: what the tag stage passes to the detector, on a topic or in
 * memory.
 *
 * It is a header of plain values, so that ingest, which writes and reads it as JSON, and alerting,
 * which counts it, need not know each other. Everything is borrowed. */
#ifndef GS_BASE_OBSERVATION_H
#define GS_BASE_OBSERVATION_H

#include "ingest/base/outline.h"
#include "ingest/base/str.h"

#include <stdint.h>

struct gs_observation {
    struct gs_str key; /* "topic:results", "entity:600519.SH", "risk:fraud", "source:wire",
                          "topic_lang:results/zh" */
    struct gs_str id;  /* of the message; empty: never taken for a repetition */
    int64_t ts_ms;     /* event time */
    struct gs_str source;
    double p_negative; /* calibrated, in [0, 1] */
    uint64_t story;    /* 0: none, stands alone */
    struct gs_str excerpt;
    struct gs_str url;  /* as the message has it: unchecked; empty: none */
    struct gs_str name; /* what people call the key ("Kweichow Moutai"); empty: as the key says */
    struct gs_outline outline; /* of the text; empty: only its own story's are copies */
    uint8_t tier;              /* of the key's company on the watchlist, from 1; 0: none */
};

#endif
