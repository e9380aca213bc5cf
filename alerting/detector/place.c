/* The place of an entry in a hash table.
 *
 * Keys and ids come from outside, and their hashes are the same in every process, since ids of
 * alerts and the choice of excerpts follow from them. If they also gave the place in a table,
 * somebody could choose keys that all fall on one place, and each look-up would go through all of
 * them. So a place is the hash mixed with a seed that is drawn once a process. Nothing that goes
 * out may depend on it. Entries that share a whole hash share their place under any seed: tables
 * look at GS_MAX_PROBES slots at most, and an entry that found no place counts as absent. */
#include "alerting/detector/place.h"

#include "ingest/base/hash.h"

struct gs_place_seed gs_place_seed_of_process(void)
{
    const uint64_t seed = gs_hash_seed();

    /* Two numbers of one: splitmix64's step between them. */
    return (struct gs_place_seed){
        .add = seed, .multiply = (seed + 0x9E3779B97F4A7C15U) * 0xBF58476D1CE4E5B9U | 1};
}
