/* Reading what other programs wrote in Kafka's format: big-endian numbers, and texts whose length
 * stands before them. Whoever asks for more than there is gets zeros and empty texts from then on,
 * and looks at `wrong` at the end. */
#ifndef GS_INGEST_KAFKA_WIRE_H
#define GS_INGEST_KAFKA_WIRE_H

#include "ingest/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* The bytes that are left. */
struct gs_wire {
    const unsigned char *at;
    size_t n;
    bool wrong; /* more was asked for */
};

/* A number of n bytes, 8 at most. */
uint64_t gs_wire_number(struct gs_wire *wire, size_t n);
/* A text in place: it lives as long as the bytes. */
struct gs_str gs_wire_text(struct gs_wire *wire, size_t len);

#endif
