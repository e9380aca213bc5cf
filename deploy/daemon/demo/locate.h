/* Finds the model that came with the program. */
#ifndef GS_DEMO_LOCATE_H
#define GS_DEMO_LOCATE_H

#include "ingest/base/error.h"

#include <stddef.h>

/* Writes the path of a model folder (one that holds groundswell.json) to ret[size]. Looked for in
 * this order: the folder models (NULL: not given) or a folder in it; then classifier/models beside
 * the executable, in one of the folders above it, and in share/groundswell/models there. GS_IO:
 * none was found; the message says what helps. */
GS_MUST_CHECK
enum gs_status gs_demo_locate_model(const char *models, char *ret, size_t size,
                                    struct gs_error *err);

#endif
