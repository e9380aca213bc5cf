/* The bytes of structs that are kept; fields.h says how they look. */
#include "ingest/base/fields.h"

#include <assert.h>
#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fields are written as they lie");

static size_t bitmap_bytes(const struct gs_field *row)
{
    return row->n == 1 ? 0 : (row->n + 7U) / 8U;
}

static bool is_zero(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static char *write_array(const struct gs_field *row, const char *from, char *to)
{
    char *bitmap = to;

    memset(bitmap, 0, bitmap_bytes(row));
    to += bitmap_bytes(row);
    for (size_t i = 0; i < row->n; i++) {
        if (!is_zero(from + i * row->size, row->size)) {
            bitmap[i / 8] = (char)((unsigned char)bitmap[i / 8] | 1U << (i % 8));
            memcpy(to, from + i * row->size, row->size);
            to += row->size;
        }
    }
    return to;
}

void gs_fields_write(const struct gs_field *rows, size_t n, const void *from, struct gs_buf *out)
{
    size_t most = 0;

    for (size_t i = 0; i < n; i++) {
        most += bitmap_bytes(&rows[i]) + (size_t)rows[i].size * rows[i].n;
    }
    char *const start = gs_buf_reserve(out, most);
    char *to = start;
    if (to == NULL) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *field = (const char *)from + rows[i].at;
        if (rows[i].until != 0) {
            continue;
        }
        if (rows[i].n == 1) {
            memcpy(to, field, rows[i].size);
            to += rows[i].size;
        } else {
            to = write_array(&rows[i], field, to);
        }
    }
    out->len += (size_t)(to - start);
}

bool gs_fields_take(struct gs_fields_in *in, void *number, size_t size)
{
    if (in->left < size) {
        return false;
    }
    memcpy(number, in->at, size);
    in->at += size;
    in->left -= size;
    return true;
}

static bool is_of_kind(const struct gs_field *row, const char *element)
{
    double whole = 0.0;
    float half = 0.0F;

    if (row->kind == GS_FIELD_IS_BOOL) {
        return element[0] == 0 || element[0] == 1;
    }
    if (row->kind == GS_FIELD_IS_INT) {
        return true;
    }
    if (row->size == sizeof half) {
        memcpy(&half, element, sizeof half);
        return isfinite(half) != 0;
    }
    assert(row->size == sizeof whole);
    memcpy(&whole, element, sizeof whole);
    return isfinite(whole) != 0;
}

/* to NULL: a field that this program does not have any more. */
static bool read_array(const struct gs_field *row, struct gs_fields_in *in, char *to)
{
    const char *bitmap = in->at;
    char element[8];

    if (in->left < bitmap_bytes(row)) {
        return false;
    }
    in->at += bitmap_bytes(row);
    in->left -= bitmap_bytes(row);
    for (size_t i = 0; i < row->n; i++) {
        memset(element, 0, sizeof element);
        const bool there = ((unsigned)(unsigned char)bitmap[i / 8] >> (i % 8) & 1U) != 0;
        if (there && (!gs_fields_take(in, element, row->size) || !is_of_kind(row, element))) {
            return false;
        }
        if (to != NULL) {
            memcpy(to + i * row->size, element, row->size);
        }
    }
    return true;
}

bool gs_fields_read(const struct gs_field *rows, size_t n, unsigned version,
                    struct gs_fields_in *in, void *to)
{
    char element[8];

    for (size_t i = 0; i < n; i++) {
        const struct gs_field *row = &rows[i];
        char *field = row->until != 0 ? NULL : (char *)to + row->at;
        if (version < row->since || (row->until != 0 && version >= row->until)) {
            continue;
        }
        if (row->n > 1) {
            if (!read_array(row, in, field)) {
                return false;
            }
            continue;
        }
        if (!gs_fields_take(in, element, row->size) || !is_of_kind(row, element)) {
            return false;
        }
        if (field != NULL) {
            memcpy(field, element, row->size);
        }
    }
    return true;
}

void gs_fields_put(struct gs_buf *out, const void *number, size_t size)
{
    gs_buf_put(out, (struct gs_str){number, size});
}

void gs_fields_put_str(struct gs_buf *out, struct gs_str text)
{
    const uint16_t len = (uint16_t)text.len;

    assert(text.len <= UINT16_MAX);
    gs_fields_put(out, &len, sizeof len);
    gs_buf_put(out, text);
}

bool gs_fields_take_str(struct gs_fields_in *in, struct gs_str *ret)
{
    uint16_t len = 0;

    if (!gs_fields_take(in, &len, sizeof len) || in->left < len) {
        return false;
    }
    *ret = (struct gs_str){in->at, len};
    in->at += len;
    in->left -= len;
    return true;
}
