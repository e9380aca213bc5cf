/* Places of entries in the detector's hash tables; place.c says why a hash alone does not give
 * them. */
#ifndef GS_ALERTING_PLACE_H
#define GS_ALERTING_PLACE_H

#include <stdint.h>

enum { GS_MAX_PROBES = 1024 };

struct gs_place_seed {
    uint64_t add, multiply; /* multiply is odd */
};
struct gs_place_seed gs_place_seed_of_process(void);
static inline uint64_t gs_place(const struct gs_place_seed *seed, uint64_t hash)
{
    uint64_t x = (hash ^ seed->add) * seed->multiply;
    x = (x ^ x >> 32) * 0x94D049BB133111EBU;
    return x ^ x >> 32;
}

#endif
