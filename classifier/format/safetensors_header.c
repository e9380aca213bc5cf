/* The JSON of a safetensors file, pulled value by value: its shape is fixed, three levels deep, and
 * a reader that builds a tree would take many times the size of a hostile header before anything is
 * checked.
 *
 *     {"__metadata__": {"format": "pt", …}, "NAME": {"dtype": …, "shape": […], "data_offsets": […]}, …}
 *
 * The pull parser checks the grammar and that no object has a key twice; the functions here take one
 * level each and say what is wrong with it in words of the format. */
#include "classifier/format/safetensors.h"
#include "ingest/base/json_pull.h"
#include "ingest/base/utf8.h"

#include <stdlib.h>

static const struct {
    const char *name;
    size_t size;
    enum gs_dtype dtype;
} dtypes[] = {
    {"I8", 1, GS_DTYPE_I8},     {"U32", 4, GS_DTYPE_U32},       {"F32", 4, GS_DTYPE_F32},
    {"F16", 2, GS_DTYPE_F16},   {"BF16", 2, GS_DTYPE_BF16},     {"BOOL", 1, GS_DTYPE_OTHER},
    {"U8", 1, GS_DTYPE_OTHER},  {"I16", 2, GS_DTYPE_OTHER},     {"U16", 2, GS_DTYPE_OTHER},
    {"I32", 4, GS_DTYPE_OTHER}, {"I64", 8, GS_DTYPE_OTHER},     {"U64", 8, GS_DTYPE_OTHER},
    {"F64", 8, GS_DTYPE_OTHER}, {"F8_E4M3", 1, GS_DTYPE_OTHER}, {"F8_E5M2", 1, GS_DTYPE_OTHER},
    {"C64", 8, GS_DTYPE_OTHER},
};

enum {
    MAX_DEPTH = 3,
    FIXED_MEMORY = 1 << 20 /* for keys; texts with escapes are at most as long as the header */
};

static bool read_text(struct gs_json *json, struct gs_str *ret)
{
    struct gs_json_value value;

    if (!gs_json_value(json, &value) || value.type != GS_JSON_STRING) {
        return false;
    }
    *ret = value.text;
    return value.text.len == 0 || memchr(value.text.bytes, '\0', value.text.len) == NULL;
}

static bool enter(struct gs_json *json, enum gs_json_type type)
{
    struct gs_json_value value;
    return gs_json_value(json, &value) && value.type == type;
}

/* [a, b, …] of at most max whole numbers from 0; a sign or a fraction is false. */
static bool read_sizes(struct gs_json *json, size_t *ret, size_t max, size_t *ret_n)
{
    size_t n = 0;

    if (!enter(json, GS_JSON_ARRAY)) {
        return false;
    }
    for (; gs_json_next(json, NULL); n++) {
        struct gs_json_value value;
        int64_t size = 0;
        if (n == max || !gs_json_value(json, &value) || value.type != GS_JSON_INTEGER ||
            value.text.bytes[0] == '-' || !gs_json_integer(value.text, &size)) {
            return false;
        }
        ret[n] = (size_t)size;
    }
    *ret_n = n;
    return gs_json_ok(json);
}

/* What a tensor's object says, before it is compared with itself and the file. */
struct claim {
    bool has_dtype, has_shape, has_place;
    size_t size; /* of a value */
    size_t place[2];
};

static const char *read_dtype(struct gs_json *json, struct claim *claim, struct gs_tensor *tensor)
{
    struct gs_str name;

    if (claim->has_dtype || !read_text(json, &name)) {
        return "dtype is not one text";
    }
    for (size_t i = 0; i < GS_COUNT(dtypes); i++) {
        if (gs_str_equal(name, gs_str(dtypes[i].name))) {
            claim->has_dtype = true;
            claim->size = dtypes[i].size;
            tensor->dtype = dtypes[i].dtype;
            return NULL;
        }
    }
    return "dtype is unknown";
}

static const char *read_member(struct gs_json *json, struct gs_str key, struct claim *claim,
                               struct gs_tensor *tensor)
{
    size_t n = 0;

    if (gs_str_equal(key, gs_str("dtype"))) {
        return read_dtype(json, claim, tensor);
    }
    if (gs_str_equal(key, gs_str("shape"))) {
        if (claim->has_shape ||
            !read_sizes(json, tensor->shape, GS_TENSOR_MAX_DIMS, &tensor->n_dims)) {
            return "shape is not one list of up to 8 whole numbers";
        }
        claim->has_shape = true;
        return NULL;
    }
    if (gs_str_equal(key, gs_str("data_offsets"))) {
        if (claim->has_place || !read_sizes(json, claim->place, 2, &n) || n != 2) {
            return "data_offsets is not one pair of whole numbers";
        }
        claim->has_place = true;
        return NULL;
    }
    return "has a member besides dtype, shape and data_offsets";
}

/* Shape × type = bytes, inside the data. */
static const char *check_claim(const struct claim *claim, struct gs_str data,
                               struct gs_tensor *tensor)
{
    size_t bytes = claim->size;
    bool empty = false;

    if (!claim->has_dtype || !claim->has_shape || !claim->has_place) {
        return "dtype, shape or data_offsets is missing";
    }
    if (claim->place[0] > claim->place[1] || claim->place[1] > data.len) {
        return "data_offsets are outside the file";
    }
    for (size_t i = 0; i < tensor->n_dims; i++) {
        empty = empty || tensor->shape[i] == 0;
    }
    for (size_t i = 0; i < tensor->n_dims && !empty; i++) {
        if (tensor->shape[i] > data.len / bytes) {
            return "its shape is larger than the file";
        }
        bytes *= tensor->shape[i];
    }
    tensor->bytes =
        (struct gs_str){data.bytes + claim->place[0], claim->place[1] - claim->place[0]};
    return (empty ? 0 : bytes) == tensor->bytes.len ? NULL : "shape and data_offsets disagree";
}

static const char *read_tensor(struct gs_json *json, struct gs_str data, struct gs_tensor *tensor)
{
    struct claim claim = {0};
    struct gs_str key;
    bool empty = true;

    if (!enter(json, GS_JSON_OBJECT)) {
        return "is not an object";
    }
    for (; gs_json_next(json, &key); empty = false) {
        const char *why = read_member(json, key, &claim, tensor);
        if (why != NULL) {
            return why;
        }
    }
    if (empty || !gs_json_ok(json)) {
        return "is not an object of dtype, shape and data_offsets";
    }
    return check_claim(&claim, data, tensor);
}

static void copy_text(struct gs_str text, char *to, size_t size)
{
    if (text.len < size) {
        memcpy(to, text.bytes, text.len);
        to[text.len] = '\0';
    }
}

/* Texts under texts. Only "format" and "version" mean something here. NULL, or what is wrong. */
static const char *read_metadata(struct gs_json *json, struct gs_safetensors *ret)
{
    struct gs_str key;
    struct gs_str text;
    size_t n = 0;

    if (!enter(json, GS_JSON_OBJECT)) {
        return "is not an object";
    }
    for (; gs_json_next(json, &key); n++) {
        if (n == GS_SAFETENSORS_MAX_METADATA) {
            return "has too many members";
        }
        if (!read_text(json, &text)) {
            return "has a member that is not a text";
        }
        if (gs_str_equal(key, gs_str("format"))) {
            copy_text(text, ret->format, sizeof ret->format);
        } else if (gs_str_equal(key, gs_str("version"))) {
            copy_text(text, ret->version, sizeof ret->version);
        }
    }
    if (gs_json_ok(json)) {
        return NULL;
    }
    return json->problem == GS_JSON_TWICE ? "has a key twice" : "is not an object of texts";
}

/* A name that is good to print: messages quote it. */
static bool is_plain(struct gs_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.bytes[i] < 0x21 || name.bytes[i] > 0x7E) {
            return false;
        }
    }
    return name.len > 0;
}

static enum gs_status read_entry(struct gs_json *json, struct gs_str key, struct gs_str data,
                                 struct gs_safetensors *ret, struct gs_error *err)
{
    struct gs_tensor tensor = {0};
    const char *why = NULL;

    if (gs_str_equal(key, gs_str("__metadata__"))) {
        why = read_metadata(json, ret);
        return why == NULL ? GS_OK : gs_fail(err, GS_BAD_FORMAT, "__metadata__ %s", why);
    }
    if (key.len >= sizeof tensor.name || !is_plain(key)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "a tensor's name is longer than %d letters, empty or not ASCII",
                       GS_TENSOR_NAME - 1);
    }
    if (ret->n == GS_MAX_TENSORS) {
        return gs_fail(err, GS_BAD_FORMAT, "more than %d tensors", GS_MAX_TENSORS);
    }
    copy_text(key, tensor.name, sizeof tensor.name);
    why = read_tensor(json, data, &tensor);
    if (why != NULL) {
        return gs_fail(err, GS_BAD_FORMAT, "tensor %s: %s", tensor.name, why);
    }
    ret->tensors[ret->n++] = tensor;
    return GS_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct gs_tensor *)a)->name, ((const struct gs_tensor *)b)->name);
}

void gs_safetensors_sort(struct gs_safetensors *all)
{
    qsort(all->tensors, all->n, sizeof all->tensors[0], by_name);
}

/* The parser knows that there are two of one name, and here they are found. */
static enum gs_status fail_twice(struct gs_safetensors *all, struct gs_error *err)
{
    gs_safetensors_sort(all);
    for (size_t i = 1; i < all->n; i++) {
        if (strcmp(all->tensors[i - 1].name, all->tensors[i].name) == 0) {
            return gs_fail(err, GS_BAD_FORMAT, "tensor %s: there are two of this name",
                           all->tensors[i].name);
        }
    }
    return gs_fail(err, GS_BAD_FORMAT, "two tensors have names of one hash");
}

static enum gs_status read_entries(struct gs_json *json, struct gs_str data,
                                   struct gs_safetensors *ret, struct gs_error *err)
{
    size_t n_metadata = 0;
    struct gs_str key;

    (void)enter(json, GS_JSON_OBJECT);
    while (gs_json_next(json, &key)) {
        n_metadata += gs_str_equal(key, gs_str("__metadata__"));
        if (n_metadata > 1) {
            return gs_fail(err, GS_BAD_FORMAT, "__metadata__ is there twice");
        }
        const enum gs_status status = read_entry(json, key, data, ret, err);
        if (status != GS_OK) {
            return status;
        }
    }
    if (json->problem == GS_JSON_TWICE) {
        return fail_twice(ret, err);
    }
    if (!gs_json_ok(json)) {
        return gs_fail(err, GS_BAD_FORMAT, "the header is not JSON: %s", json->why);
    }
    return gs_json_finish(json)
               ? GS_OK
               : gs_fail(err, GS_BAD_FORMAT, "something follows the header's JSON");
}

enum gs_status gs_safetensors_header(struct gs_str json, struct gs_str data,
                                     struct gs_safetensors *ret, struct gs_error *err)
{
    struct gs_arena *arena = NULL;
    struct gs_json pull;

    ret->n = 0;
    ret->format[0] = '\0';
    ret->version[0] = '\0';
    if (json.len == 0 || json.bytes[0] != '{') {
        return gs_fail(err, GS_BAD_FORMAT, "the header does not begin with {");
    }
    if (gs_utf8_check(json) != json.len) {
        return gs_fail(err, GS_BAD_FORMAT, "the header is not UTF-8");
    }
    enum gs_status status = gs_arena_new(2 * json.len + FIXED_MEMORY, &arena, err);
    if (status != GS_OK) {
        return status;
    }
    gs_json_init(&pull, json, MAX_DEPTH, false, arena);
    status = read_entries(&pull, data, ret, err);
    if (pull.problem == GS_JSON_MEMORY) {
        status = gs_fail(err, GS_NO_MEMORY, "a header of %zu bytes", json.len);
    }
    gs_arena_free(arena);
    return status;
}
