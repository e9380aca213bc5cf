/* Under ThreadSanitizer only: an object of a library that is not instrumented goes from thread to
 * thread by a count that is not seen, and the last owner ends its lock. That is no race, and
 * tests/tools/c11_threads.c must not make it look like one: librdkafka does so all the time. */
#include "tests/integration/c11_object.h"
#include "tests/unit/gs_test.h"

#include <pthread.h>

static void *use_and_drop(void *object)
{
    c11_object_use(object);
    c11_object_drop(object);
    return NULL;
}

static void *end(void *object)
{
    c11_object_be_last(object);
    c11_object_drop(object);
    return NULL;
}

static void the_last_owner_ends_the_lock(void **state)
{
    enum { ROUNDS = 20, USERS = 3 };

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct c11_object *object = c11_object_new(USERS + 1);
        pthread_t threads[USERS + 1];
        assert_non_null(object);
        for (int i = 0; i <= USERS; i++) {
            assert_int_equal(
                pthread_create(&threads[i], NULL, i < USERS ? use_and_drop : end, object), 0);
        }
        for (int i = 0; i <= USERS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_owner_ends_the_lock)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
