/* Asks OpenBLAS how it was built, refuses what blas.h says cannot be used, and sets one thread. */
#include "classifier/encoder/blas.h"

#include <cblas.h>

enum gs_status gs_blas_check(int parallel, const char *config, struct gs_error *err)
{
    if (parallel == OPENBLAS_THREAD) {
        return GS_OK;
    }
    return gs_fail(err, GS_BAD_CONFIG,
                   "%.100s: %s; install libopenblas0-pthread, or choose it with "
                   "update-alternatives",
                   config,
                   parallel == OPENBLAS_SEQUENTIAL
                       ? "this serial build gives wrong products when several threads call it"
                       : "this build cannot be held to one thread a product");
}

enum gs_status gs_blas_init(struct gs_error *err)
{
    const enum gs_status status =
        gs_blas_check(openblas_get_parallel(), openblas_get_config(), err);

    if (status == GS_OK) {
        openblas_set_num_threads(1); /* the caller has its own threads */
    }
    return status;
}
