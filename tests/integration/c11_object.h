/* An object with several owners, in a library that is not instrumented (c11_object.c). */
#ifndef GS_TEST_C11_OBJECT_H
#define GS_TEST_C11_OBJECT_H

struct c11_object;

struct c11_object *c11_object_new(int owners);   /* NULL without memory */
void c11_object_use(struct c11_object *object);  /* takes its lock, then signals its condition */
void c11_object_drop(struct c11_object *object); /* the last owner ends and frees it */
void c11_object_be_last(
    struct c11_object *object); /* waits until all other owners have dropped it */

#endif
