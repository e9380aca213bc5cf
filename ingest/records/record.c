/* Names of rejects and streams, as they stand in headers of dead letters, labels of metrics and
 * messages for people. Dashboards and consumers rely on them, so they do not change. */
#include "ingest/records/record.h"

#include "ingest/records/source.h"

#include <assert.h>

const char *gs_reject_name(enum gs_reject reject)
{
    static const char *const names[GS_N_REJECTS] = {
        [GS_REJECT_NONE] = "none",
        [GS_REJECT_NULL_VALUE] = "null_value",
        [GS_REJECT_TOO_LARGE] = "too_large",
        [GS_REJECT_BAD_UTF8] = "bad_utf8",
        [GS_REJECT_BAD_JSON] = "bad_json",
        [GS_REJECT_TOO_DEEP] = "too_deep",
        [GS_REJECT_NOT_OBJECT] = "not_object",
        [GS_REJECT_WRONG_TYPE] = "wrong_type",
        [GS_REJECT_NO_TEXT] = "no_text",
        [GS_REJECT_BAD_TIME] = "bad_time",
        [GS_REJECT_FUTURE_TIME] = "future_time",
        [GS_REJECT_ANCIENT_TIME] = "ancient_time",
        [GS_REJECT_OUTPUT_TOO_LARGE] = "output_too_large",
    };

    assert((unsigned)reject < GS_N_REJECTS);
    return names[reject];
}

const char *gs_stream_name(enum gs_stream stream)
{
    static const char *const names[GS_N_STREAMS] = {
        [GS_STREAM_TAGGED] = "tagged", [GS_STREAM_OBSERVATIONS] = "observations",
        [GS_STREAM_ALERTS] = "alerts", [GS_STREAM_INCIDENTS] = "incidents",
        [GS_STREAM_LATE] = "late",     [GS_STREAM_DLQ] = "dlq",
        [GS_STREAM_STATE] = "state",
    };

    assert((unsigned)stream < GS_N_STREAMS);
    return names[stream];
}
