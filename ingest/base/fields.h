/* Structs as bytes, by tables: a row for each field that is kept.
 *
 *     static const struct gs_field rows[] = {GS_FIELD(struct thing, when), …};
 *     gs_fields_write(rows, n, &thing, &buf)
 *     gs_fields_read(rows, n, version, &in, &thing)
 *
 * A field is its bytes (little-endian), an array a bitmap of the elements that are not 0 and then
 * those. Rows stand in the order of the bytes and never change their place; a field that comes later
 * says since which version of the record, one that goes keeps its row and says until when. Reading
 * an older version leaves the fields that it does not have as they are.
 *
 * Threads: no state. */
#ifndef GS_BASE_FIELDS_H
#define GS_BASE_FIELDS_H

#include "ingest/base/buf.h"

#include <stddef.h>

enum gs_field_kind {
    GS_FIELD_IS_INT,
    GS_FIELD_IS_REAL, /* float or double: has to be finite */
    GS_FIELD_IS_BOOL  /* 0 or 1 */
};

struct gs_field {
    size_t at;            /* in the struct */
    uint16_t size, n;     /* bytes of an element, and elements */
    uint8_t since, until; /* versions: since <= v, and v < until unless that is 0 */
    uint8_t kind;         /* enum gs_field_kind */
};

#define GS_FIELD_SIZE(type, member) sizeof(((type *)NULL)->member)
#define GS_FIELD_ROW_SINCE(type, member, element, count, kind, version)                            \
    {                                                                                              \
        offsetof(type, member), GS_FIELD_SIZE(type, element), (count), (version), 0, (kind)        \
    }
#define GS_FIELD_ROW(type, member, element, count, kind)                                           \
    GS_FIELD_ROW_SINCE(type, member, element, count, kind, 1)
#define GS_FIELD_COUNT(type, member, element)                                                      \
    GS_FIELD_SIZE(type, member) / GS_FIELD_SIZE(type, element)
#define GS_FIELD(type, member) GS_FIELD_ROW(type, member, member, 1, GS_FIELD_IS_INT)
#define GS_FIELD_REAL(type, member) GS_FIELD_ROW(type, member, member, 1, GS_FIELD_IS_REAL)
#define GS_FIELD_BOOL(type, member) GS_FIELD_ROW(type, member, member, 1, GS_FIELD_IS_BOOL)
/* An integer that came with a version. */
#define GS_FIELD_SINCE(type, member, version)                                                      \
    {                                                                                              \
        offsetof(type, member), GS_FIELD_SIZE(type, member), 1, (version), 0, GS_FIELD_IS_INT      \
    }
/* An array of any number of dimensions; element: one of it, such as a[0]. */
#define GS_FIELD_ARRAY(type, member, element)                                                      \
    GS_FIELD_ROW(type, member, element, GS_FIELD_COUNT(type, member, element), GS_FIELD_IS_INT)
#define GS_FIELD_REALS(type, member, element)                                                      \
    GS_FIELD_ROW(type, member, element, GS_FIELD_COUNT(type, member, element), GS_FIELD_IS_REAL)

/* Bytes being read. {bytes, n} is a valid one. */
struct gs_fields_in {
    const char *at;
    size_t left;
};

/* Appends the fields that the newest version has. */
void gs_fields_write(const struct gs_field *rows, size_t n, const void *from, struct gs_buf *out);
/* False: the bytes end too early, or a number is none of its kind. `to` is then half filled. */
GS_MUST_CHECK bool gs_fields_read(const struct gs_field *rows, size_t n, unsigned version,
                                  struct gs_fields_in *in, void *to);

/* A number of `size` bytes; a text of up to 65,535 bytes behind its length. */
void gs_fields_put(struct gs_buf *out, const void *number, size_t size);
GS_MUST_CHECK bool gs_fields_take(struct gs_fields_in *in, void *number, size_t size);
void gs_fields_put_str(struct gs_buf *out, struct gs_str text);
/* *ret points into the bytes. */
GS_MUST_CHECK bool gs_fields_take_str(struct gs_fields_in *in, struct gs_str *ret);

#endif
