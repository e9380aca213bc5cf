/* XXH3 under seeds, and the seeds. They come from getrandom(2), without waiting for entropy. Where
 * a kernel or a sandbox refuses that, the clock and the addresses of variables stand in: easier to
 * guess, but different at each start. */
#include "ingest/base/hash.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>
#include <xxhash.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t process_seed;

uint64_t gs_hash_seeded(struct gs_str bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes.bytes, bytes.len, seed);
}

uint64_t gs_hash_new_seed(void)
{
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        struct timespec now = {0};
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        const uint64_t parts[] = {(uint64_t)now.tv_sec, (uint64_t)now.tv_nsec,
                                  (uint64_t)(uintptr_t)&now, (uint64_t)(uintptr_t)&process_seed};
        seed = XXH3_64bits(parts, sizeof parts);
    }
    return seed;
}

static void draw(void)
{
    process_seed = gs_hash_new_seed();
}

uint64_t gs_hash_seed(void)
{
    (void)pthread_once(&once, draw);
    return process_seed;
}

uint64_t gs_hash(struct gs_str bytes)
{
    return gs_hash_seeded(bytes, gs_hash_seed());
}

bool gs_hash_in_long_run(bool (*is_taken)(const void *table, size_t slot), const void *table,
                         size_t mask, size_t at)
{
    size_t n = 0;

    for (size_t i = at; n <= GS_HASH_MAX_RUN && is_taken(table, i & mask); i--) {
        n++;
    }
    for (size_t i = at + 1; n <= GS_HASH_MAX_RUN && is_taken(table, i & mask); i++) {
        n++;
    }
    return n > GS_HASH_MAX_RUN;
}
