/* A table of the blocks that live: open addressing by the address, at most half full. */
#include "tests/allocation/alloc.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 1 << 20 };

static struct {
    void *block;
    size_t number, size;
    size_t turn; /* the alloc_arm() that it came after */
} places[PLACES];
static size_t n_live, n_allocations, armed, turn;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all of them */

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *block);

static size_t place_of(const void *block)
{
    return (size_t)((uintptr_t)block >> 4U) * 0x9E3779B97F4A7C15U >> 44U;
}

static size_t find(const void *block)
{
    size_t at = place_of(block);

    while (places[at].block != NULL && places[at].block != block) {
        at = (at + 1) % PLACES;
    }
    return at;
}

/* Under the lock. */
static void forget(const void *block)
{
    size_t hole = find(block);

    if (block == NULL || places[hole].block == NULL) {
        return; /* libc's own, such as of getline() */
    }
    n_live--;
    places[hole].block = NULL;
    for (size_t at = (hole + 1) % PLACES; places[at].block != NULL; at = (at + 1) % PLACES) {
        const size_t home = place_of(places[at].block);
        if ((at - home) % PLACES >= (at - hole) % PLACES) { /* it may move into the hole */
            places[hole] = places[at];
            places[at].block = NULL;
            hole = at;
        }
    }
}

static bool fails(void)
{
    (void)pthread_mutex_lock(&lock);
    const bool now = ++n_allocations == armed;
    (void)pthread_mutex_unlock(&lock);
    return now;
}

static void *note(void *block, size_t size)
{
    (void)pthread_mutex_lock(&lock);
    if (block != NULL && n_live < PLACES / 2) {
        const size_t at = find(block);
        n_live += places[at].block == NULL;
        places[at].block = block;
        places[at].number = n_allocations;
        places[at].size = size;
        places[at].turn = turn;
    }
    (void)pthread_mutex_unlock(&lock);
    return block;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : note(__real_malloc(size), size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : note(__real_calloc(n, size), n * size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : note(__real_aligned_alloc(alignment, size), size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : note(__real_strdup(text), strlen(text) + 1);
}

/* The old block is forgotten before its address can be another thread's, and known again when it
 * stays. */
void *__wrap_realloc(void *old, size_t size)
{
    if (fails()) {
        return NULL;
    }
    (void)pthread_mutex_lock(&lock);
    forget(old);
    (void)pthread_mutex_unlock(&lock);
    void *block = __real_realloc(old, size);
    (void)note(block != NULL ? block : old, size);
    return block;
}

void __wrap_free(void *block)
{
    (void)pthread_mutex_lock(&lock);
    forget(block);
    (void)pthread_mutex_unlock(&lock);
    __real_free(block);
}
/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

void alloc_arm(size_t fails_at)
{
    (void)pthread_mutex_lock(&lock);
    n_allocations = 0;
    armed = fails_at;
    turn++;
    (void)pthread_mutex_unlock(&lock);
}

size_t alloc_count(void)
{
    return n_allocations;
}

size_t alloc_live(void)
{
    return n_live;
}

void alloc_print_live(void)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (places[i].block != NULL && places[i].turn == turn) {
            printf("    left: allocation %zu, %zu bytes\n", places[i].number, places[i].size);
        }
    }
}
