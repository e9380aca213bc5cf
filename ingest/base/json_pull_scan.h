/* The strings and numbers of the parser in json_pull.h; for json_pull.c only. */
#ifndef GS_INGEST_JSON_PULL_SCAN_H
#define GS_INGEST_JSON_PULL_SCAN_H

#include "ingest/base/json_pull.h"

/* Notes the first failure; false, so that a failure is one line. */
static inline bool gs_json_stop(struct gs_json *json, enum gs_json_problem problem, const char *why)
{
    if (json->problem == GS_JSON_FINE) {
        json->problem = problem;
        json->why = why;
    }
    return false;
}

/* A break of the grammar, unless the text has just ended: then that is the reason. */
static inline bool gs_json_wrong(struct gs_json *json, const char *why)
{
    return gs_json_stop(json, GS_JSON_SYNTAX,
                        json->at == json->end ? "the text ends too early" : why);
}

static inline bool gs_json_accept(struct gs_json *json, char c)
{
    if (json->at < json->end && *json->at == c) {
        json->at++;
        return true;
    }
    return false;
}

/* json->at is behind the opening quote, and then behind the closing one. */
bool gs_json_read_string(struct gs_json *json, struct gs_str *ret);

bool gs_json_read_number(struct gs_json *json, struct gs_json_value *ret);

#endif
