/* Kafka's format (wire.h). */
#include "ingest/kafka/wire.h"

struct gs_str gs_wire_text(struct gs_wire *wire, size_t len)
{
    const struct gs_str text = {(const char *)wire->at, len};

    if (wire->wrong || wire->n < len) {
        wire->wrong = true;
        return (struct gs_str){NULL, 0};
    }
    wire->at += len;
    wire->n -= len;
    return text;
}

uint64_t gs_wire_number(struct gs_wire *wire, size_t n)
{
    const struct gs_str bytes = gs_wire_text(wire, n);
    uint64_t number = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        number = number << 8U | (unsigned char)bytes.bytes[i];
    }
    return number;
}
