/* Bytes are what a port answers to a probe, and a list of addresses. Properties: a level is that of a
 * 16-bit number or none; mechanisms fit their room; a list ends. */
#include "ingest/kafka/probe.h"

#include <stdlib.h>
#include <string.h>

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gs_str bytes = {(const char *)data, size};
    int32_t level = 0;
    bool sasl = false;
    char mechanisms[16], host[256], port[16];
    size_t n = 0;

    (void)gs_probe_read_versions(bytes, &level);
    check(level >= INT16_MIN && level <= INT16_MAX);
    (void)gs_probe_read_handshake(bytes, &sasl, mechanisms, sizeof mechanisms);
    check(memchr(mechanisms, 0, sizeof mechanisms) != NULL);
    char *list = gs_str_copy(bytes);
    check(list != NULL);
    while (gs_probe_split(list, n, host, port)) {
        check(memchr(host, 0, sizeof host) != NULL && memchr(port, 0, sizeof port) != NULL);
        check(++n <= size);
    }
    free(list);
    return 0;
}
