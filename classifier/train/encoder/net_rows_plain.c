/* The loops of training for any CPU of this architecture, and which build of them is used. */
#define GS_ROWS_TABLE gs_net_rows_plain
#define GS_ROWS_NAME "plain"
#include "classifier/train/encoder/net_rows_body.h"

#include <stdlib.h>

const struct gs_net_rows *gs_net_rows_pick(void)
{
#if defined(__x86_64__) && !defined(GS_NET_DOUBLE)
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): read once, before any thread of ours */
    const char *asked = getenv("GS_KERNELS");
    if ((asked == NULL || strcmp(asked, "scalar") != 0) && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma")) {
        return &gs_net_rows_avx2;
    }
#endif
    return &gs_net_rows_plain;
}
