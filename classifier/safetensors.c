#include "classifier/safetensors.h"

#include <jansson.h>

enum { MAX_HEADER = 1 << 20 };

static const struct {
    const char *name;
    size_t size;
} dtypes[GS_N_DTYPES] = {{"I8", 1}, {"U32", 4}, {"F32", 4}};

static bool read_size(const json_t *value, size_t *ret)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *ret = (size_t)json_integer_value(value);
    return true;
}

static bool read_dtype(const json_t *value, enum gs_dtype *ret)
{
    for (size_t i = 0; i < GS_N_DTYPES && json_is_string(value); i++) {
        if (strcmp(json_string_value(value), dtypes[i].name) == 0) {
            *ret = (enum gs_dtype)i;
            return true;
        }
    }
    return false;
}

/* Shape and offsets agree with each other and with the data's size. */
static bool read_tensor(const json_t *value, struct gs_str data, struct gs_tensor *tensor)
{
    const json_t *shape = json_object_get(value, "shape");
    const json_t *offsets = json_object_get(value, "data_offsets");
    size_t from = 0;
    size_t to = 0;

    if (!read_dtype(json_object_get(value, "dtype"), &tensor->dtype) || !json_is_array(shape) ||
        json_array_size(shape) > GS_TENSOR_MAX_DIMS || json_array_size(offsets) != 2 ||
        !read_size(json_array_get(offsets, 0), &from) ||
        !read_size(json_array_get(offsets, 1), &to) || from > to || to > data.len) {
        return false;
    }
    size_t bytes = dtypes[tensor->dtype].size;
    tensor->n_dims = json_array_size(shape);
    for (size_t i = 0; i < tensor->n_dims; i++) {
        if (!read_size(json_array_get(shape, i), &tensor->shape[i]) ||
            (tensor->shape[i] > 0 && bytes > data.len / tensor->shape[i])) {
            return false;
        }
        bytes *= tensor->shape[i];
    }
    tensor->bytes = (struct gs_str){data.bytes + from, to - from};
    return bytes == to - from;
}

static enum gs_status read_directory(json_t *root, struct gs_str data, struct gs_safetensors *ret,
                                     struct gs_error *err)
{
    const char *name = NULL;
    json_t *value = NULL;

    ret->n = 0;
    json_object_foreach(root, name, value)
    {
        if (strcmp(name, "__metadata__") == 0) {
            continue;
        }
        if (ret->n == GS_MAX_TENSORS || strlen(name) >= sizeof ret->tensors[0].name) {
            return gs_fail(err, GS_BAD_FORMAT, "too many tensors, or too long a name");
        }
        struct gs_tensor *tensor = &ret->tensors[ret->n++];
        *tensor = (struct gs_tensor){0};
        memcpy(tensor->name, name, strlen(name) + 1);
        if (!read_tensor(value, data, tensor)) {
            return gs_fail(err, GS_BAD_FORMAT, "tensor %s: type, shape or place is wrong", name);
        }
    }
    return GS_OK;
}

enum gs_status gs_safetensors_parse(struct gs_str file, struct gs_safetensors *ret,
                                    struct gs_error *err)
{
    uint64_t length = 0;
    if (file.len < 8) {
        return gs_fail(err, GS_BAD_FORMAT, "shorter than its header's length");
    }
    for (size_t i = 0; i < 8; i++) {
        length |= (uint64_t)(unsigned char)file.bytes[i] << (8 * i);
    }
    if (length > MAX_HEADER || length > file.len - 8) {
        return gs_fail(err, GS_BAD_FORMAT, "header of %llu bytes does not fit",
                       (unsigned long long)length);
    }
    json_error_t where;
    json_t *root = json_loadb(file.bytes + 8, (size_t)length, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(root)) {
        json_decref(root);
        return gs_fail(err, GS_BAD_FORMAT, "header is not a JSON object");
    }
    const struct gs_str data = {file.bytes + 8 + length, file.len - 8 - (size_t)length};
    const enum gs_status status = read_directory(root, data, ret, err);
    json_decref(root);
    return status;
}

const struct gs_tensor *gs_safetensors_find(const struct gs_safetensors *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->tensors[i].name, name) == 0) {
            return &all->tensors[i];
        }
    }
    return NULL;
}

void gs_safetensors_write(struct gs_buf *out, const struct gs_tensor *tensors, size_t n)
{
    struct gs_buf header = {.max = MAX_HEADER};
    size_t at = 0;

    gs_buf_putc(&header, '{');
    for (size_t i = 0; i < n; i++) {
        const struct gs_tensor *t = &tensors[i];
        gs_buf_printf(&header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%zu", i > 0 ? "," : "",
                      t->name, dtypes[t->dtype].name, t->shape[0]);
        if (t->n_dims == 2) {
            gs_buf_printf(&header, ",%zu", t->shape[1]);
        }
        gs_buf_printf(&header, "],\"data_offsets\":[%zu,%zu]}", at, at + t->bytes.len);
        at += t->bytes.len;
    }
    gs_buf_putc(&header, '}');
    while (gs_buf_ok(&header) && header.len % 64 != 56) { /* the data begins on a cache line */
        gs_buf_putc(&header, ' ');
    }
    out->broken = out->broken || !gs_buf_ok(&header);
    for (size_t i = 0; i < 8; i++) {
        gs_buf_putc(out, (char)((uint64_t)header.len >> (8 * i)));
    }
    gs_buf_put(out, gs_buf_str(&header));
    for (size_t i = 0; i < n; i++) {
        gs_buf_put(out, tensors[i].bytes);
    }
    gs_buf_done(&header);
}
