/* A library as ThreadSanitizer finds librdkafka: made without it, on <threads.h>, with objects that
 * the last of several owners frees. For test_c11_threads.c. */
#include "tests/integration/c11_object.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <threads.h>

struct c11_object {
    mtx_t lock;
    cnd_t changed;
    _Atomic int owners;
    int uses;
};

struct c11_object *c11_object_new(int owners)
{
    struct c11_object *object = calloc(1, sizeof *object);

    if (object != NULL) {
        (void)mtx_init(&object->lock, mtx_plain);
        (void)cnd_init(&object->changed);
        atomic_store(&object->owners, owners);
    }
    return object;
}

void c11_object_use(struct c11_object *object)
{
    (void)mtx_lock(&object->lock);
    object->uses++;
    (void)mtx_unlock(&object->lock);
    (void)cnd_signal(&object->changed);
}

void c11_object_drop(struct c11_object *object)
{
    if (atomic_fetch_sub(&object->owners, 1) == 1) {
        cnd_destroy(&object->changed);
        mtx_destroy(&object->lock);
        free(object);
    }
}

void c11_object_be_last(struct c11_object *object)
{
    while (atomic_load(&object->owners) > 1) {
        (void)sched_yield();
    }
}
