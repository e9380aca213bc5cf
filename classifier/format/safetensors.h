/* The safetensors container: 8 bytes little-endian length, that much JSON telling name, type, shape
 * and place of each tensor, then the bytes.
 *
 * Source: the format description of huggingface/safetensors. Every length, offset and shape is
 * hostile until checked against the file's size. */
#ifndef GS_CLASSIFIER_SAFETENSORS_H
#define GS_CLASSIFIER_SAFETENSORS_H

#include "ingest/base/buf.h"
#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

/* OTHER: a type of the format that nothing here computes with, such as I64. Its place in the file
 * is checked like any other's. */
enum gs_dtype {
    GS_DTYPE_I8,
    GS_DTYPE_U32,
    GS_DTYPE_F32,
    GS_DTYPE_F16,
    GS_DTYPE_BF16,
    GS_DTYPE_OTHER,
    GS_N_DTYPES
};
enum {
    GS_TENSOR_MAX_DIMS = 8,
    GS_TENSOR_NAME = 128, /* bytes, NUL included */
    GS_MAX_TENSORS = 4096,
    GS_SAFETENSORS_MAX_HEADER = 100000000,
    GS_SAFETENSORS_MAX_METADATA = 1024
};

struct gs_tensor {
    char name[GS_TENSOR_NAME];
    enum gs_dtype dtype;
    size_t n_dims;
    size_t shape[GS_TENSOR_MAX_DIMS];
    struct gs_str bytes; /* borrowed from the file, any alignment */
};

struct gs_safetensors {
    size_t n;
    char format[32], version[16]; /* of __metadata__; "" where there is none or too long a one */
    struct gs_tensor tensors[GS_MAX_TENSORS]; /* by name */
};

/* Reads the directory of a file, which is in order when its JSON has nothing but __metadata__ of
 * texts and tensors of known types, no key twice, whose bytes follow each other without a hole from
 * the header to the end of the file, each as many as its shape asks for. GS_BAD_FORMAT says which
 * tensor and why; GS_NO_MEMORY: what the header's texts with escapes need is not there. */
GS_MUST_CHECK
enum gs_status gs_safetensors_parse(struct gs_str file, struct gs_safetensors *ret,
                                    struct gs_error *err);
/* NULL when there is none of this name. */
const struct gs_tensor *gs_safetensors_find(const struct gs_safetensors *all, const char *name);

/* Gives the number of its values. */
size_t gs_tensor_count(const struct gs_tensor *tensor);

/* F32, F16 or BF16 → float, exactly; ret [gs_tensor_count()]. False when a value is not finite. */
bool gs_tensor_floats(const struct gs_tensor *tensor, float *ret);

/* Appends a whole file made of tensors [n] (their bytes are written as they are; not OTHER). */
void gs_safetensors_write(struct gs_buf *out, const struct gs_tensor *tensors, size_t n);

/* Appends what precedes the tensors' bytes, for files that are written piece by piece: bytes.len
 * counts, bytes.bytes is not read. metadata [n_metadata] pairs of key and text. The tensors' bytes
 * follow in the order given; where the header ends is a multiple of 64. */
void gs_safetensors_write_header(struct gs_buf *out, const char *const (*metadata)[2],
                                 size_t n_metadata, const struct gs_tensor *tensors, size_t n);

/* The directory's JSON → tensors in the order of the text; offsets are those of data. Internal. */
GS_MUST_CHECK
enum gs_status gs_safetensors_header(struct gs_str json, struct gs_str data,
                                     struct gs_safetensors *ret, struct gs_error *err);
void gs_safetensors_sort(struct gs_safetensors *all); /* by name; internal */

#endif
