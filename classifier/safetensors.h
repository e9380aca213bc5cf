/* The safetensors container: 8 bytes little-endian length, that much JSON telling name, type, shape
 * and place of each tensor, then the bytes.
 *
 * Source: the format description of huggingface/safetensors. Every length, offset and shape is
 * hostile until checked against the file's size. */
#ifndef GS_CLASSIFIER_SAFETENSORS_H
#define GS_CLASSIFIER_SAFETENSORS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

enum gs_dtype { GS_DTYPE_I8, GS_DTYPE_U32, GS_DTYPE_F32, GS_N_DTYPES };
enum { GS_TENSOR_MAX_DIMS = 2, GS_MAX_TENSORS = 256 };

struct gs_tensor {
    char name[64];
    enum gs_dtype dtype;
    size_t n_dims;
    size_t shape[GS_TENSOR_MAX_DIMS];
    struct gs_str bytes; /* borrowed from the file, any alignment */
};

struct gs_safetensors {
    size_t n;
    struct gs_tensor tensors[GS_MAX_TENSORS];
};

/* Reads the directory of a file. GS_BAD_FORMAT says which tensor and why. Types and numbers of
 * dimensions other than the above are refused. */
GS_MUST_CHECK
enum gs_status gs_safetensors_parse(struct gs_str file, struct gs_safetensors *ret,
                                    struct gs_error *err);
/* NULL when there is none of this name. */
const struct gs_tensor *gs_safetensors_find(const struct gs_safetensors *all, const char *name);

/* Appends a whole file made of tensors [n] (their bytes are written as they are). */
void gs_safetensors_write(struct gs_buf *out, const struct gs_tensor *tensors, size_t n);

#endif
