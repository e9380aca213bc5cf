/* A safetensors file from the fuzzer. What is read covers the file's data exactly and without
 * overlap, is found by name, is JSON to a general reader too, and reads back the same when written
 * again; what is not read says why in one line. */
#include "classifier/format/safetensors.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static int by_place(const void *a, const void *b)
{
    const struct gs_str x = (*(const struct gs_tensor *const *)a)->bytes;
    const struct gs_str y = (*(const struct gs_tensor *const *)b)->bytes;
    return x.bytes != y.bytes ? (x.bytes < y.bytes ? -1 : 1) : (x.len > y.len) - (x.len < y.len);
}

/* As a second opinion: jansson takes the header as JSON without a key twice, and sees as many. */
static void check_json(const uint8_t *data, size_t length, size_t n)
{
    json_error_t where;
    json_t *root = json_loadb((const char *)data + 8, length, JSON_REJECT_DUPLICATES, &where);
    check(json_is_object(root));
    const size_t extra = json_object_get(root, "__metadata__") != NULL ? 1 : 0;
    check(json_object_size(root) == n + extra);
    json_decref(root);
}

static void check_cover(const struct gs_safetensors *all, const char *data, const char *end)
{
    static const struct gs_tensor *order[GS_MAX_TENSORS];

    for (size_t i = 0; i < all->n; i++) {
        order[i] = &all->tensors[i];
        check(gs_safetensors_find(all, all->tensors[i].name) == &all->tensors[i]);
    }
    if (all->n > 0) {
        qsort(order, all->n, sizeof(const struct gs_tensor *), by_place);
    }
    for (size_t i = 0; i < all->n; i++) {
        check(order[i]->bytes.bytes == data);
        data += order[i]->bytes.len;
    }
    check(data == end);
}

static void check_values(const struct gs_tensor *t)
{
    static const size_t sizes[GS_N_DTYPES] = {1, 4, 4, 2, 2, 0};
    const size_t n = gs_tensor_count(t);

    check(t->dtype == GS_DTYPE_OTHER || n * sizes[t->dtype] == t->bytes.len);
    if (t->dtype == GS_DTYPE_F32 || t->dtype == GS_DTYPE_F16 || t->dtype == GS_DTYPE_BF16) {
        float *values = malloc(n > 0 ? n * sizeof *values : 1);
        check(values != NULL);
        const bool finite = gs_tensor_floats(t, values);
        bool found = true;
        for (size_t i = 0; i < n; i++) {
            found = found && values[i] - values[i] == 0.0F;
        }
        check(finite == found);
        free(values);
    }
}

static void check_again(const struct gs_safetensors *all)
{
    static struct gs_safetensors again;
    struct gs_buf out = {.max = 1 << 24};

    for (size_t i = 0; i < all->n; i++) {
        if (all->tensors[i].dtype == GS_DTYPE_OTHER) {
            return; /* such are not written */
        }
    }
    gs_safetensors_write(&out, all->tensors, all->n);
    check(gs_buf_ok(&out));
    check(gs_safetensors_parse(gs_buf_str(&out), &again, NULL) == GS_OK);
    check(again.n == all->n);
    for (size_t i = 0; i < all->n; i++) {
        const struct gs_tensor *a = &all->tensors[i];
        const struct gs_tensor *b = &again.tensors[i];
        check(strcmp(a->name, b->name) == 0 && a->dtype == b->dtype && a->n_dims == b->n_dims);
        check(memcmp(a->shape, b->shape, a->n_dims * sizeof a->shape[0]) == 0);
        check(gs_str_equal(a->bytes, b->bytes));
    }
    gs_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gs_safetensors all;
    struct gs_error err = {0};
    const char *bytes = (const char *)data;

    if (gs_safetensors_parse((struct gs_str){bytes, size}, &all, &err) != GS_OK) {
        check(err.message[0] != '\0' && strchr(err.message, '\n') == NULL);
        return 0;
    }
    size_t length = 0;
    for (size_t i = 0; i < 8; i++) {
        length |= (size_t)data[i] << (8 * i);
    }
    check_json(data, length, all.n);
    check_cover(&all, bytes + 8 + length, bytes + size);
    for (size_t i = 0; i < all.n; i++) {
        check_values(&all.tensors[i]);
    }
    check_again(&all);
    return 0;
}
