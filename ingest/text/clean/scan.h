/* Byte scans that the cleaning of text stands on: one row per instruction set, the scalar row
 * defines what they do. One is picked at start; GS_KERNELS=scalar in the environment forces the
 * scalar one.
 *
 * Nothing outside bytes[0..n) is read; no state is kept. */
#ifndef GS_INGEST_SCAN_H
#define GS_INGEST_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of bytes, in the form that a 16-way shuffle can look up: bit (byte >> 4) & 7 of
 * below[byte & 15] for bytes under 0x80, of above[byte & 15] for the others. */
struct gs_byteset {
    uint8_t below[16];
    uint8_t above[16];
};

static inline void gs_byteset_add(struct gs_byteset *set, uint8_t byte)
{
    uint8_t *half = byte < 0x80 ? set->below : set->above;
    half[byte & 15] = (uint8_t)(half[byte & 15] | (1U << ((byte >> 4) & 7)));
}

static inline bool gs_byteset_has(const struct gs_byteset *set, uint8_t byte)
{
    const uint8_t *half = byte < 0x80 ? set->below : set->above;
    return ((half[byte & 15] >> ((byte >> 4) & 7)) & 1) != 0;
}

struct gs_scan {
    const char *name;

    /* Length of the longest prefix that is plain: bytes 0x20 to 0x7E, no blank after a blank. */
    size_t (*plain)(const uint8_t *bytes, size_t n);

    /* Place of the first byte that is in set; n when there is none. */
    size_t (*find)(const uint8_t *bytes, size_t n, const struct gs_byteset *set);

    /* Length of the longest prefix of ASCII bytes. */
    size_t (*ascii)(const uint8_t *bytes, size_t n);
};

extern const struct gs_scan gs_scan_scalar;
extern const struct gs_scan gs_scan_avx2; /* only where gs_scan_rows() lists it */

/* The rows that this processor can run, the best last; returns how many (1 or 2). */
size_t gs_scan_rows(const struct gs_scan *rows[2]);

/* The row to use: the best, or the scalar one when GS_KERNELS=scalar. */
const struct gs_scan *gs_scan_pick(void);

#endif
