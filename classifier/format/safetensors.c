/* A safetensors file in memory: eight bytes with the length of the header, a header of JSON
 * (safetensors_header.c), and the tensors' bytes. Tensors may not overlap, reach past the end or leave
 * gaps, and their sizes must be those of their shapes, as the format's specification demands. */
#include "classifier/format/safetensors.h"

#include <stdlib.h>

static const char *const written_as[GS_N_DTYPES] = {"I8", "U32", "F32", "F16", "BF16", NULL};

static int by_place(const void *a, const void *b)
{
    const struct gs_str x = ((const struct gs_tensor *)a)->bytes;
    const struct gs_str y = ((const struct gs_tensor *)b)->bytes;

    if (x.bytes != y.bytes) {
        return x.bytes < y.bytes ? -1 : 1;
    }
    return (x.len > y.len) - (x.len < y.len); /* an empty one lies before its neighbour */
}

/* The tensors cover data exactly: what no tensor owns could hide anything, what two own is a lie.
 */
static enum gs_status check_cover(struct gs_safetensors *all, struct gs_str data,
                                  struct gs_error *err)
{
    const char *at = data.bytes;

    qsort(all->tensors, all->n, sizeof all->tensors[0], by_place);
    for (size_t i = 0; i < all->n; i++) {
        const struct gs_tensor *t = &all->tensors[i];
        if (t->bytes.bytes != at) {
            return gs_fail(err, GS_BAD_FORMAT, "tensor %s: its bytes %s", t->name,
                           t->bytes.bytes < at ? "overlap another's" : "have a hole before them");
        }
        at += t->bytes.len;
    }
    if (at != data.bytes + data.len) {
        return gs_fail(err, GS_BAD_FORMAT, "%zu bytes at the end belong to no tensor",
                       (size_t)(data.bytes + data.len - at));
    }
    return GS_OK;
}

enum gs_status gs_safetensors_parse(struct gs_str file, struct gs_safetensors *ret,
                                    struct gs_error *err)
{
    uint64_t length = 0;

    ret->n = 0;
    if (file.len < 8) {
        return gs_fail(err, GS_BAD_FORMAT, "shorter than its header's length");
    }
    for (size_t i = 0; i < 8; i++) {
        length |= (uint64_t)(unsigned char)file.bytes[i] << (8 * i);
    }
    if (length > GS_SAFETENSORS_MAX_HEADER || length > file.len - 8) {
        return gs_fail(
            err, GS_BAD_FORMAT,
            "a header of %llu bytes does not fit (the file has %zu, at most %d are read)",
            (unsigned long long)length, file.len, GS_SAFETENSORS_MAX_HEADER);
    }
    const struct gs_str json = {file.bytes + 8, (size_t)length};
    const struct gs_str data = {json.bytes + json.len, file.len - 8 - json.len};
    enum gs_status status = gs_safetensors_header(json, data, ret, err);
    if (status == GS_OK) {
        status = check_cover(ret, data, err);
    }
    gs_safetensors_sort(ret);
    return status;
}

const struct gs_tensor *gs_safetensors_find(const struct gs_safetensors *all, const char *name)
{
    size_t from = 0;
    size_t to = all->n;

    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        const int order = strcmp(name, all->tensors[mid].name);
        if (order == 0) {
            return &all->tensors[mid];
        }
        if (order < 0) {
            to = mid;
        } else {
            from = mid + 1;
        }
    }
    return NULL;
}

size_t gs_tensor_count(const struct gs_tensor *tensor)
{
    size_t n = 1;
    for (size_t i = 0; i < tensor->n_dims; i++) {
        n *= tensor->shape[i]; /* parsing has checked the product against the file */
    }
    return n;
}

/* IEEE binary16 → binary32. A subnormal is a whole number of 2^-24, which a float holds exactly. */
static float from_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000U) << 16;
    const uint32_t exponent = (half >> 10) & 0x1FU;
    const uint32_t fraction = half & 0x3FFU;
    uint32_t bits = sign | ((exponent + 112) << 23) | (fraction << 13);
    float value = 0.0F;

    if (exponent == 0) {
        value = (float)fraction * 0x1p-24F;
        return sign != 0 ? -value : value;
    }
    if (exponent == 31) {
        bits = sign | 0x7F800000U | (fraction << 13);
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool all_finite(const float *values, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = 0;
        memcpy(&bits, &values[i], sizeof bits);
        bad |= (uint32_t)((bits & 0x7F800000U) == 0x7F800000U);
    }
    return bad == 0;
}

bool gs_tensor_floats(const struct gs_tensor *tensor, float *ret)
{
    const size_t n = gs_tensor_count(tensor);
    const char *from = tensor->bytes.bytes;

    if (tensor->dtype == GS_DTYPE_F32 && n > 0) {
        memcpy(ret, from, n * sizeof *ret);
    }
    for (size_t i = 0; i < n && tensor->dtype != GS_DTYPE_F32; i++) {
        uint16_t half = 0;
        memcpy(&half, from + 2 * i, sizeof half);
        if (tensor->dtype == GS_DTYPE_BF16) {
            const uint32_t bits = (uint32_t)half << 16;
            memcpy(&ret[i], &bits, sizeof bits);
        } else {
            ret[i] = from_half(half);
        }
    }
    return all_finite(ret, n);
}

static void put_shape(struct gs_buf *out, const struct gs_tensor *t)
{
    for (size_t i = 0; i < t->n_dims; i++) {
        gs_buf_printf(out, "%s%zu", i > 0 ? "," : "", t->shape[i]);
    }
}

static void put_json(struct gs_buf *out, const char *const (*metadata)[2], size_t n_metadata,
                     const struct gs_tensor *tensors, size_t n)
{
    size_t at = 0;

    gs_buf_putc(out, '{');
    for (size_t i = 0; i < n_metadata; i++) {
        gs_buf_puts(out, i == 0 ? "\"__metadata__\":{" : ",");
        gs_buf_json_str(out, gs_str(metadata[i][0]));
        gs_buf_putc(out, ':');
        gs_buf_json_str(out, gs_str(metadata[i][1]));
    }
    gs_buf_puts(out, n_metadata == 0 ? "" : n > 0 ? "}," : "}");
    for (size_t i = 0; i < n; i++) {
        const struct gs_tensor *t = &tensors[i];
        gs_buf_puts(out, i > 0 ? "," : "");
        gs_buf_json_str(out, gs_str(t->name));
        gs_buf_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", written_as[t->dtype]);
        put_shape(out, t);
        gs_buf_printf(out, "],\"data_offsets\":[%zu,%zu]}", at, at + t->bytes.len);
        at += t->bytes.len;
    }
    gs_buf_putc(out, '}');
}

void gs_safetensors_write_header(struct gs_buf *out, const char *const (*metadata)[2],
                                 size_t n_metadata, const struct gs_tensor *tensors, size_t n)
{
    struct gs_buf header = {.max = GS_SAFETENSORS_MAX_HEADER};

    put_json(&header, metadata, n_metadata, tensors, n);
    while (gs_buf_ok(&header) && header.len % 64 != 56) { /* the data begins on a cache line */
        gs_buf_putc(&header, ' ');
    }
    out->broken = out->broken || !gs_buf_ok(&header);
    for (size_t i = 0; i < 8; i++) {
        gs_buf_putc(out, (char)((uint64_t)header.len >> (8 * i)));
    }
    gs_buf_put(out, gs_buf_str(&header));
    gs_buf_done(&header);
}

void gs_safetensors_write(struct gs_buf *out, const struct gs_tensor *tensors, size_t n)
{
    gs_safetensors_write_header(out, NULL, 0, tensors, n);
    for (size_t i = 0; i < n; i++) {
        gs_buf_put(out, tensors[i].bytes);
    }
}
