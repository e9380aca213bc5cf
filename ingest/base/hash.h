/* Hashes of bytes that come from outside.
 *
 * gs_hash() is XXH3-64 under a seed drawn once a process from the kernel, so that a sender cannot
 * choose keys that fall together in our tables. Its values mean nothing beyond the process: what
 * goes into a record, a file or a message (ids, fingerprints, checksums) uses XXH3 without a seed.
 *
 * Threads: any. */
#ifndef GS_BASE_HASH_H
#define GS_BASE_HASH_H

#include "ingest/base/str.h"

#include <stdint.h>

/* The seed of this process: the same at each call. */
uint64_t gs_hash_seed(void);

/* Another random number at each call, for a table that wants a seed of its own. */
uint64_t gs_hash_new_seed(void);

/* The hash of bytes under gs_hash_seed(), and under a seed given. */
uint64_t gs_hash(struct gs_str bytes);
uint64_t gs_hash_seeded(struct gs_str bytes, uint64_t seed);

/* Tables whose hash has no seed, since they come out of a file and are to be the same in every
 * process, have a bound instead. A look for a key that is not there passes a whole run of taken
 * slots; a table at most half full of keys that nobody chose has runs of some dozens.
 *
 * True when the taken slot `at` of a table of mask + 1 slots lies in a run of more than
 * GS_HASH_MAX_RUN. Asked behind each put, it bounds puts and looks alike. */
enum { GS_HASH_MAX_RUN = 2048 };
bool gs_hash_in_long_run(bool (*is_taken)(const void *table, size_t slot), const void *table,
                         size_t mask, size_t at);

#endif
