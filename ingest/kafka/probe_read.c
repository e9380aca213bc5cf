/* The answers to a probe (probe.h): numbers are big-endian, or varints in the flexible versions. What
 * does not fit is no answer of Kafka's. */
#include "ingest/kafka/probe.h"

#include <stdio.h>

enum { CORRELATION = 0x67727764, UNSUPPORTED_MECHANISM = 33, METADATA_TAG = 2 };

struct bytes {
    const unsigned char *at;
    size_t n;
    bool wrong;
};

static uint64_t number(struct bytes *bytes, size_t n)
{
    uint64_t value = 0;

    if (bytes->wrong || bytes->n < n) {
        bytes->wrong = true;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        value = value << 8U | bytes->at[i];
    }
    bytes->at += n;
    bytes->n -= n;
    return value;
}

static uint32_t varint(struct bytes *bytes)
{
    uint32_t value = 0;

    for (unsigned shift = 0; shift < 32; shift += 7) {
        const uint32_t byte = (uint32_t)number(bytes, 1);
        value |= (byte & 0x7fU) << shift;
        if ((byte & 0x80U) == 0) {
            return value;
        }
    }
    bytes->wrong = true;
    return 0;
}

static struct gs_str text(struct bytes *bytes, size_t len)
{
    const struct gs_str text = {(const char *)bytes->at, len};

    if (bytes->wrong || bytes->n < len) {
        bytes->wrong = true;
        return (struct gs_str){NULL, 0};
    }
    bytes->at += len;
    bytes->n -= len;
    return text;
}

/* A compact array or string says one more than it has; 0 is null. */
static size_t compact(struct bytes *bytes)
{
    const uint32_t n = varint(bytes);

    return n == 0 ? 0 : n - 1;
}

static void skip_tags(struct bytes *bytes)
{
    for (uint32_t n = varint(bytes); n > 0 && !bytes->wrong; n--) {
        (void)varint(bytes);
        (void)text(bytes, varint(bytes));
    }
}

static void read_features(struct bytes *bytes, int32_t *ret_level)
{
    for (size_t n = compact(bytes); n > 0 && !bytes->wrong; n--) {
        const struct gs_str name = text(bytes, compact(bytes));
        const int32_t level = (int16_t)number(bytes, 2);
        (void)number(bytes, 2);
        skip_tags(bytes);
        if (!bytes->wrong && gs_str_equal(name, gs_str("metadata.version"))) {
            *ret_level = level;
        }
    }
}

bool gs_probe_read_versions(struct gs_str from, int32_t *ret_level)
{
    struct bytes bytes = {(const unsigned char *)from.bytes, from.len, false};

    *ret_level = -1;
    if (number(&bytes, 4) != CORRELATION || bytes.wrong) {
        return false;
    }
    if (number(&bytes, 2) != 0) {
        return !bytes.wrong; /* a broker from before 2.4: it tells nothing more that we can read */
    }
    for (size_t n = compact(&bytes); n > 0 && !bytes.wrong; n--) {
        (void)number(&bytes, 6);
        skip_tags(&bytes);
    }
    (void)number(&bytes, 4);
    for (uint32_t n = varint(&bytes); n > 0 && !bytes.wrong; n--) {
        const uint32_t tag = varint(&bytes);
        const struct gs_str body = text(&bytes, varint(&bytes));
        struct bytes inside = {(const unsigned char *)body.bytes, body.len, bytes.wrong};
        if (tag == METADATA_TAG) {
            read_features(&inside, ret_level);
        }
    }
    return true;
}

bool gs_probe_read_handshake(struct gs_str from, bool *ret_sasl, char *mechanisms, size_t size)
{
    struct bytes bytes = {(const unsigned char *)from.bytes, from.len, false};
    size_t at = 0;

    mechanisms[0] = '\0';
    if (number(&bytes, 4) != CORRELATION || bytes.wrong) {
        return false;
    }
    *ret_sasl = number(&bytes, 2) == UNSUPPORTED_MECHANISM;
    for (uint64_t n = number(&bytes, 4); n > 0 && n < 64 && !bytes.wrong; n--) {
        const struct gs_str name = text(&bytes, (size_t)number(&bytes, 2));
        if (!bytes.wrong && at + name.len + 2 < size) {
            at += (size_t)snprintf(mechanisms + at, size - at, "%s%.*s", at > 0 ? "," : "",
                                   GS_STR_ARGS(name));
        }
    }
    return !bytes.wrong;
}
