/* malloc and its kin, of which a chosen one fails: put in their place by the linker's --wrap, so that
 * the calls of our own code are meant and not those inside libc. What was allocated through here and
 * not freed is known.
 *
 * Threads: any. */
#ifndef GS_TESTS_ALLOC_H
#define GS_TESTS_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* From now on allocations are counted from 1, and the one with this number fails; 0: none does. */
void alloc_arm(size_t fails_at);
/* How many there were since. */
size_t alloc_count(void);
/* Blocks that are there now. */
size_t alloc_live(void);
/* Prints the blocks that came since the last alloc_arm() and are there still. */
void alloc_print_live(void);

#endif
