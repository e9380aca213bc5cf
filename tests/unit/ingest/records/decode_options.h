/* Options of decoding with every pointer where the documentation has it. For a test, a benchmark or
 * a fuzzer that changes one or two of them. */
#ifndef GS_TEST_DECODE_OPTIONS_H
#define GS_TEST_DECODE_OPTIONS_H

#include "ingest/records/record.h"

static const struct gs_decode_options usual_decode_options = {
    .id = "/id",
    .ts = "/ts",
    .source = "/source",
    .title = "/title",
    .text = "/text",
    .url = "/url",
    .lang = "/lang",
    .author = "/author",
    .max_record_bytes = 4096,
    .max_future_ms = 600000,
};

#endif
