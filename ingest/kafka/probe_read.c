/* The answers to a probe (probe.h): numbers are big-endian, or varints in the flexible versions. What
 * does not fit is no answer of Kafka's. */
#include "ingest/kafka/probe.h"

#include "ingest/kafka/wire.h"

#include <stdio.h>

enum { CORRELATION = 0x67727764, UNSUPPORTED_MECHANISM = 33, METADATA_TAG = 2 };

static uint32_t varint(struct gs_wire *bytes)
{
    uint32_t value = 0;

    for (unsigned shift = 0; shift < 32; shift += 7) {
        const uint32_t byte = (uint32_t)gs_wire_number(bytes, 1);
        value |= (byte & 0x7fU) << shift;
        if ((byte & 0x80U) == 0) {
            return value;
        }
    }
    bytes->wrong = true;
    return 0;
}

/* A compact array or string says one more than it has; 0 is null. */
static size_t compact(struct gs_wire *bytes)
{
    const uint32_t n = varint(bytes);

    return n == 0 ? 0 : n - 1;
}

static void skip_tags(struct gs_wire *bytes)
{
    for (uint32_t n = varint(bytes); n > 0 && !bytes->wrong; n--) {
        (void)varint(bytes);
        (void)gs_wire_text(bytes, varint(bytes));
    }
}

static void read_features(struct gs_wire *bytes, int32_t *ret_level)
{
    for (size_t n = compact(bytes); n > 0 && !bytes->wrong; n--) {
        const struct gs_str name = gs_wire_text(bytes, compact(bytes));
        const int32_t level = (int16_t)gs_wire_number(bytes, 2);
        (void)gs_wire_number(bytes, 2);
        skip_tags(bytes);
        if (!bytes->wrong && gs_str_equal(name, gs_str("metadata.version"))) {
            *ret_level = level;
        }
    }
}

bool gs_probe_read_versions(struct gs_str from, int32_t *ret_level)
{
    struct gs_wire bytes = {(const unsigned char *)from.bytes, from.len, false};

    *ret_level = -1;
    if (gs_wire_number(&bytes, 4) != CORRELATION || bytes.wrong) {
        return false;
    }
    if (gs_wire_number(&bytes, 2) != 0) {
        return !bytes.wrong; /* a broker from before 2.4: it tells nothing more that we can read */
    }
    for (size_t n = compact(&bytes); n > 0 && !bytes.wrong; n--) {
        (void)gs_wire_number(&bytes, 6);
        skip_tags(&bytes);
    }
    (void)gs_wire_number(&bytes, 4);
    for (uint32_t n = varint(&bytes); n > 0 && !bytes.wrong; n--) {
        const uint32_t tag = varint(&bytes);
        const struct gs_str body = gs_wire_text(&bytes, varint(&bytes));
        struct gs_wire inside = {(const unsigned char *)body.bytes, body.len, bytes.wrong};
        if (tag == METADATA_TAG) {
            read_features(&inside, ret_level);
        }
    }
    return true;
}

bool gs_probe_read_handshake(struct gs_str from, bool *ret_sasl, char *mechanisms, size_t size)
{
    struct gs_wire bytes = {(const unsigned char *)from.bytes, from.len, false};
    size_t at = 0;

    mechanisms[0] = '\0';
    if (gs_wire_number(&bytes, 4) != CORRELATION || bytes.wrong) {
        return false;
    }
    *ret_sasl = gs_wire_number(&bytes, 2) == UNSUPPORTED_MECHANISM;
    for (uint64_t n = gs_wire_number(&bytes, 4); n > 0 && n < 64 && !bytes.wrong; n--) {
        const struct gs_str name = gs_wire_text(&bytes, (size_t)gs_wire_number(&bytes, 2));
        if (!bytes.wrong && at + name.len + 2 < size) {
            at += (size_t)snprintf(mechanisms + at, size - at, "%s%.*s", at > 0 ? "," : "",
                                   GS_STR_ARGS(name));
        }
    }
    return !bytes.wrong;
}
