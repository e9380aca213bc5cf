/* SHA-256 of a run of bytes.
 *
 * Source: FIPS 180-4, sections 5 and 6.2. For checking that a file is the one that was written, not
 * for secrets. */
#ifndef GS_CLASSIFIER_SHA256_H
#define GS_CLASSIFIER_SHA256_H

#include "base/str.h"

enum { GS_SHA256_HEX = 65 }; /* 64 digits and NUL */

void gs_sha256_hex(struct gs_str bytes, char hex[GS_SHA256_HEX]);

#endif
