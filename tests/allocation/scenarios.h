/* What is done with allocations that fail: each from nothing to nothing, the same each time. */
#ifndef GS_TESTS_SCENARIOS_H
#define GS_TESTS_SCENARIOS_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

/* GS_OK: done, and all that came out was noted (scenario_note()). */
typedef enum gs_status scenario_fn(struct gs_error *err);

scenario_fn scenario_configuration, scenario_records, scenario_cleaning, scenario_watchlist,
    scenario_tokenizer, scenario_fast_tier, scenario_encoder, scenario_detector, scenario_state,
    scenario_pipeline, scenario_messages;

/* Mixed into what came out. */
void scenario_note(struct gs_str bytes);
void scenario_note_number(double number);
/* The bytes of a file; one that is not there is noted as such. */
void scenario_note_file(const char *path);

/* A folder of this process, there as long as it runs. Lent until the fourth call after it. */
const char *scenario_path(const char *name);

#endif
