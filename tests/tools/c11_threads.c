/* C11 threads on pthreads, for ThreadSanitizer builds only.
 *
 * Debian's librdkafka makes its threads and locks with <threads.h>. ThreadSanitizer does not know
 * those functions (with gcc 12 and clang 14; llvm-project#199585): a thread that it has not seen
 * made crashes in its first intercepted call. Defined in the program, these take the place of
 * glibc's for the library too, and bring its threads and locks to pthreads, which ThreadSanitizer
 * does know. glibc's types of both kinds are the same memory.
 *
 * One order it still cannot see. An object of the library that threads share is freed by the thread
 * that drops the last reference. That count is atomic, so all uses of the object's lock come before
 * the lock's end; but the library is not instrumented, the count is not seen, and the end of the
 * lock looks like a race with the last use by another thread. So the end of a lock acquires what
 * its users released, which is the order that the count has made. A lock that is destroyed while it
 * is held is still reported.
 *
 * The beginning is the same: the library hands a new object to other threads by atomics that are not
 * seen. So a lock's first use comes after its making: born() releases, met() acquires, at an address
 * of their own, so that no order between two users of the lock is made up. */
#include <errno.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "glibc's mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "glibc's cnd_t is a pthread_cond_t");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "glibc's thrd_t is a pthread_t");

static int result(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

/* The second byte of a lock stands for its making. */
static void born(void *lock)
{
    __tsan_release((char *)lock + 1);
}

static void met(void *lock)
{
    __tsan_acquire((char *)lock + 1);
}

struct start {
    thrd_start_t run;
    void *arg;
};

static void *trampoline(void *arg)
{
    const struct start start = *(struct start *)arg;

    free(arg);
    return (void *)(intptr_t)start.run(start.arg);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *arg)
{
    struct start *start = malloc(sizeof *start);

    if (start == NULL) {
        return thrd_nomem;
    }
    *start = (struct start){run, arg};
    const int error = pthread_create(thread, NULL, trampoline, start);
    if (error != 0) {
        free(start);
    }
    return result(error);
}

int thrd_join(thrd_t thread, int *ret)
{
    void *value = NULL;
    const int error = pthread_join(thread, &value);

    if (ret != NULL) {
        *ret = (int)(intptr_t)value;
    }
    return result(error);
}

int thrd_detach(thrd_t thread)
{
    return result(pthread_detach(thread));
}

int mtx_init(mtx_t *lock, int type)
{
    pthread_mutexattr_t attributes;

    (void)pthread_mutexattr_init(&attributes);
    if ((type & mtx_recursive) != 0) {
        (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    }
    const int error = pthread_mutex_init((pthread_mutex_t *)lock, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    born(lock);
    return result(error);
}

void mtx_destroy(mtx_t *lock)
{
    __tsan_acquire(lock); /* each unlocking has released it */
    (void)pthread_mutex_destroy((pthread_mutex_t *)lock);
}

int mtx_lock(mtx_t *lock)
{
    met(lock);
    return result(pthread_mutex_lock((pthread_mutex_t *)lock));
}

int mtx_trylock(mtx_t *lock)
{
    met(lock);
    return result(pthread_mutex_trylock((pthread_mutex_t *)lock));
}

int mtx_unlock(mtx_t *lock)
{
    return result(pthread_mutex_unlock((pthread_mutex_t *)lock));
}

int cnd_init(cnd_t *condition)
{
    const int error = pthread_cond_init((pthread_cond_t *)condition, NULL);

    born(condition);
    return result(error);
}

void cnd_destroy(cnd_t *condition)
{
    __tsan_acquire(condition);
    (void)pthread_cond_destroy((pthread_cond_t *)condition);
}

int cnd_signal(cnd_t *condition)
{
    met(condition);
    const int error = pthread_cond_signal((pthread_cond_t *)condition);

    __tsan_release(condition);
    return result(error);
}

int cnd_broadcast(cnd_t *condition)
{
    met(condition);
    const int error = pthread_cond_broadcast((pthread_cond_t *)condition);

    __tsan_release(condition);
    return result(error);
}

int cnd_wait(cnd_t *condition, mtx_t *lock)
{
    met(condition);
    const int error = pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)lock);

    __tsan_release(condition);
    return result(error);
}

int cnd_timedwait(cnd_t *condition, mtx_t *lock, const struct timespec *until)
{
    met(condition);
    const int error =
        pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)lock, until);

    __tsan_release(condition);
    return result(error);
}
