/* The JSON of a safetensors file, read by hand: its shape is fixed, three levels deep, and a
 * general reader would build a tree many times the size of a hostile header before anything is
 * checked. */
#include "base/utf8.h"
#include "classifier/safetensors.h"

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

struct scan {
    const char *at, *end;
    struct gs_str data;
    struct gs_error *err;
};

static void skip_space(struct scan *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) {
        s->at++;
    }
}

/* Whether c comes next; it is passed over, and the space around it. */
static bool take(struct scan *s, char c)
{
    skip_space(s);
    if (s->at == s->end || *s->at != c) {
        return false;
    }
    s->at++;
    skip_space(s);
    return true;
}

static bool read_hex(struct scan *s, uint32_t *ret)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    uint32_t value = 0;

    if (s->end - s->at < 4) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        const char *digit = memchr(digits, *s->at++, sizeof digits - 1);
        if (digit == NULL) {
            return false;
        }
        value = value * 16 + (uint32_t)(digit - digits) % 16;
    }
    *ret = value;
    return true;
}

/* What follows a backslash, as UTF-8 in to[4]; its length, 0 when it is no escape. NUL is none. */
static size_t read_escape(struct scan *s, char to[4])
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    uint32_t cp = 0;
    uint32_t low = 0;

    if (s->at == s->end) {
        return 0;
    }
    const char c = *s->at++;
    const char *known = memchr(from, c, sizeof from - 1);
    if (known != NULL) {
        to[0] = into[known - from];
        return 1;
    }
    if (c != 'u' || !read_hex(s, &cp) || cp == 0 || (cp >= 0xDC00 && cp <= 0xDFFF)) {
        return 0;
    }
    if (cp >= 0xD800 && cp <= 0xDBFF) {
        if (s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u') {
            return 0;
        }
        s->at += 2;
        if (!read_hex(s, &low) || low < 0xDC00 || low > 0xDFFF) {
            return 0;
        }
        cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
    }
    return gs_utf8_encode(cp, to);
}

/* A string into to [size], NUL behind it. *ret_len is its whole length, which may be more than
 * fits; then to has its beginning. *ret_hash is of all of it. */
static bool read_string(struct scan *s, char *to, size_t size, size_t *ret_len, uint64_t *ret_hash)
{
    size_t len = 0;
    uint64_t hash = 0xCBF29CE484222325U; /* FNV-1a */

    if (s->at == s->end || *s->at++ != '"') {
        return false;
    }
    while (s->at < s->end && *s->at != '"') {
        char piece[4] = {*s->at++, 0, 0, 0};
        size_t n = 1;
        if (piece[0] == '\\') {
            n = read_escape(s, piece);
        } else if ((unsigned char)piece[0] < 0x20) {
            n = 0;
        }
        for (size_t i = 0; i < n; i++, len++) {
            hash = (hash ^ (unsigned char)piece[i]) * 0x100000001B3U;
            if (len + 1 < size) {
                to[len] = piece[i];
            }
        }
        if (n == 0) {
            return false;
        }
    }
    to[len < size ? len : size - 1] = '\0';
    *ret_len = len;
    *ret_hash = hash;
    return s->at < s->end && *s->at++ == '"';
}

/* A whole number from 0; anything else, a sign or a fraction among it, is false. */
static bool read_size(struct scan *s, size_t *ret)
{
    const char *from = s->at;
    size_t value = 0;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        const size_t digit = (size_t)(*s->at++ - '0');
        if (value > (SIZE_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *ret = value;
    return s->at > from && (*from != '0' || s->at == from + 1);
}

/* [a, b, …] of at most max sizes. */
static bool read_sizes(struct scan *s, size_t *ret, size_t max, size_t *ret_n)
{
    size_t n = 0;

    if (!take(s, '[')) {
        return false;
    }
    if (take(s, ']')) {
        *ret_n = 0;
        return true;
    }
    do {
        if (n == max || !read_size(s, &ret[n])) {
            return false;
        }
        n++;
    } while (take(s, ','));
    *ret_n = n;
    return take(s, ']');
}

/* What a tensor's object says, before it is compared with itself and the file. */
struct claim {
    bool has_dtype, has_shape, has_place;
    size_t size; /* of a value */
    size_t place[2];
};

static const char *read_dtype(struct scan *s, struct claim *claim, struct gs_tensor *tensor)
{
    char name[16];
    size_t len = 0;
    uint64_t hash = 0;

    if (claim->has_dtype || !read_string(s, name, sizeof name, &len, &hash)) {
        return "dtype is not one text";
    }
    for (size_t i = 0; i < GS_COUNT(dtypes); i++) {
        if (len == strlen(dtypes[i].name) && strcmp(name, dtypes[i].name) == 0) {
            claim->has_dtype = true;
            claim->size = dtypes[i].size;
            tensor->dtype = dtypes[i].dtype;
            return NULL;
        }
    }
    return "dtype is unknown";
}

static const char *read_member(struct scan *s, struct claim *claim, struct gs_tensor *tensor)
{
    char key[16];
    size_t len = 0;
    size_t n = 0;
    uint64_t hash = 0;

    if (!read_string(s, key, sizeof key, &len, &hash) || !take(s, ':')) {
        return "is not an object of dtype, shape and data_offsets";
    }
    if (strcmp(key, "dtype") == 0) {
        return read_dtype(s, claim, tensor);
    }
    if (strcmp(key, "shape") == 0) {
        if (claim->has_shape ||
            !read_sizes(s, tensor->shape, GS_TENSOR_MAX_DIMS, &tensor->n_dims)) {
            return "shape is not one list of up to 8 whole numbers";
        }
        claim->has_shape = true;
        return NULL;
    }
    if (strcmp(key, "data_offsets") == 0) {
        if (claim->has_place || !read_sizes(s, claim->place, 2, &n) || n != 2) {
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

static const char *read_tensor(struct scan *s, struct gs_tensor *tensor)
{
    struct claim claim = {0};
    const char *why = NULL;

    if (!take(s, '{')) {
        return "is not an object";
    }
    do {
        why = read_member(s, &claim, tensor);
    } while (why == NULL && take(s, ','));
    if (why == NULL && !take(s, '}')) {
        why = "is not an object of dtype, shape and data_offsets";
    }
    return why != NULL ? why : check_claim(&claim, s->data, tensor);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static enum gs_status fail_metadata(struct scan *s, const char *why)
{
    return gs_fail(s->err, GS_BAD_FORMAT, "__metadata__ %s", why);
}

/* Texts under texts. Only "format" and "version" mean something here. */
static enum gs_status read_metadata(struct scan *s, struct gs_safetensors *ret)
{
    uint64_t keys[GS_SAFETENSORS_MAX_METADATA];
    size_t n = 0;
    char key[64], text[64];
    size_t key_len = 0, len = 0;
    uint64_t hash = 0;

    if (!take(s, '{')) {
        return fail_metadata(s, "is not an object");
    }
    if (take(s, '}')) {
        return GS_OK;
    }
    do {
        if (n == GS_SAFETENSORS_MAX_METADATA) {
            return fail_metadata(s, "has too many members");
        }
        if (!read_string(s, key, sizeof key, &key_len, &keys[n]) || !take(s, ':') ||
            !read_string(s, text, sizeof text, &len, &hash)) {
            return fail_metadata(s, "has a member that is not a text");
        }
        n++;
        if (strcmp(key, "format") == 0 && len < sizeof ret->format) {
            memcpy(ret->format, text, len + 1);
        } else if (strcmp(key, "version") == 0 && len < sizeof ret->version) {
            memcpy(ret->version, text, len + 1);
        }
    } while (take(s, ','));
    qsort(keys, n, sizeof keys[0], by_value);
    for (size_t i = 1; i < n; i++) {
        if (keys[i - 1] == keys[i]) {
            return fail_metadata(s, "has a key twice");
        }
    }
    return take(s, '}') ? GS_OK : fail_metadata(s, "is not an object of texts");
}

/* A name that is good to print: messages quote it. */
static bool plain_name(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (name[i] < 0x21 || name[i] > 0x7E) {
            return false;
        }
    }
    return len > 0;
}

static enum gs_status read_entry(struct scan *s, bool *has_metadata, struct gs_safetensors *ret)
{
    struct gs_tensor tensor = {0};
    size_t len = 0;
    uint64_t hash = 0;

    if (!read_string(s, tensor.name, sizeof tensor.name, &len, &hash) || !take(s, ':')) {
        return gs_fail(s->err, GS_BAD_FORMAT, "the header is not JSON");
    }
    if (strcmp(tensor.name, "__metadata__") == 0) {
        if (*has_metadata) {
            return fail_metadata(s, "is there twice");
        }
        *has_metadata = true;
        return read_metadata(s, ret);
    }
    if (len >= sizeof tensor.name || !plain_name(tensor.name, len)) {
        return gs_fail(s->err, GS_BAD_FORMAT,
                       "a tensor's name is longer than %d letters, empty or not ASCII",
                       GS_TENSOR_NAME - 1);
    }
    if (ret->n == GS_MAX_TENSORS) {
        return gs_fail(s->err, GS_BAD_FORMAT, "more than %d tensors", GS_MAX_TENSORS);
    }
    const char *why = read_tensor(s, &tensor);
    if (why != NULL) {
        return gs_fail(s->err, GS_BAD_FORMAT, "tensor %s: %s", tensor.name, why);
    }
    ret->tensors[ret->n++] = tensor;
    return GS_OK;
}

enum gs_status gs_safetensors_header(struct gs_str json, struct gs_str data,
                                     struct gs_safetensors *ret, struct gs_error *err)
{
    struct scan s = {json.bytes, json.bytes + json.len, data, err};
    bool has_metadata = false;

    ret->n = 0;
    ret->format[0] = '\0';
    ret->version[0] = '\0';
    if (json.len == 0 || json.bytes[0] != '{') {
        return gs_fail(err, GS_BAD_FORMAT, "the header does not begin with {");
    }
    if (gs_utf8_check(json) != json.len) {
        return gs_fail(err, GS_BAD_FORMAT, "the header is not UTF-8");
    }
    (void)take(&s, '{');
    enum gs_status status = GS_OK;
    if (!take(&s, '}')) {
        do {
            status = read_entry(&s, &has_metadata, ret);
        } while (status == GS_OK && take(&s, ','));
        if (status == GS_OK && !take(&s, '}')) {
            status = gs_fail(err, GS_BAD_FORMAT, "the header is not JSON");
        }
    }
    if (status != GS_OK) {
        return status;
    }
    return s.at == s.end ? GS_OK
                         : gs_fail(err, GS_BAD_FORMAT, "something follows the header's JSON");
}
