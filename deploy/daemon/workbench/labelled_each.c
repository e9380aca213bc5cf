/* Reads a whole file of labelled rows: one loop for training, evaluation and combining. */
#include "deploy/daemon/workbench/labelled.h"
#include "deploy/daemon/workbench/refusals.h"

enum gs_status gs_labelled_each(const char *path, struct gs_refusals *refusals,
                                gs_labelled_take_fn *take, void *arg, struct gs_error *err)
{
    struct gs_labelled_reader *reader = NULL;
    struct gs_labelled line;
    enum gs_status status = gs_labelled_open(path, false, &reader, err);

    while (status == GS_OK) {
        status = gs_labelled_next(reader, &line, err);
        if (status == GS_BAD_FORMAT) {
            status = gs_refusals_add(refusals, line.raw, err->message, err);
        } else if (status == GS_OK) {
            status = take(arg, &line, err);
        }
    }
    gs_refusals_say_rest(refusals);
    gs_labelled_close(reader);
    return status == GS_CLOSED ? GS_OK : status;
}
