/* One call of libcrypto, which picks the instructions that this CPU has for it, and the digits. */
#include "classifier/format/sha256.h"

#include <openssl/evp.h>

enum gs_status gs_sha256_hex(struct gs_str bytes, char hex[GS_SHA256_HEX], struct gs_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (EVP_Digest(bytes.bytes == NULL ? "" : bytes.bytes, bytes.len, digest, &len, EVP_sha256(),
                   NULL) != 1 ||
        len != (GS_SHA256_HEX - 1) / 2) {
        return gs_fail(err, GS_NO_MEMORY, "SHA-256 of %zu bytes", bytes.len);
    }
    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 0xF];
    }
    hex[GS_SHA256_HEX - 1] = '\0';
    return GS_OK;
}
