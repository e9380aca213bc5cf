/* libcrypto, which picks the instructions that this CPU has for it, and the digits. */
#include "classifier/format/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>

enum { PIECE = 65536, DIGEST = (GS_SHA256_HEX - 1) / 2 };

static void write_hex(const unsigned char digest[DIGEST], char hex[GS_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < DIGEST; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 0xF];
    }
    hex[GS_SHA256_HEX - 1] = '\0';
}

enum gs_status gs_sha256_hex(struct gs_str bytes, char hex[GS_SHA256_HEX], struct gs_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (EVP_Digest(bytes.bytes == NULL ? "" : bytes.bytes, bytes.len, digest, &len, EVP_sha256(),
                   NULL) != 1 ||
        len != DIGEST) {
        return gs_fail(err, GS_NO_MEMORY, "SHA-256 of %zu bytes", bytes.len);
    }
    write_hex(digest, hex);
    return GS_OK;
}

static enum gs_status add_pieces(FILE *file, const char *path, EVP_MD_CTX *hash,
                                 uint64_t *ret_bytes, struct gs_error *err)
{
    char piece[PIECE];
    size_t n = 0;

    *ret_bytes = 0;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) {
        *ret_bytes += n;
        if (EVP_DigestUpdate(hash, piece, n) != 1) {
            return gs_fail(err, GS_NO_MEMORY, "%s: SHA-256", path);
        }
    }
    return ferror(file) == 0 ? GS_OK : gs_fail_errno(err, errno, "%s", path);
}

enum gs_status gs_sha256_file(const char *path, char hex[GS_SHA256_HEX], uint64_t *ret_bytes,
                              struct gs_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    EVP_MD_CTX *hash = NULL;
    enum gs_status status = GS_OK;
    FILE *file = fopen(path, "rbe");

    if (file == NULL) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    hash = EVP_MD_CTX_new();
    if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1) {
        status = gs_fail(err, GS_NO_MEMORY, "%s: SHA-256", path);
        goto done;
    }
    status = add_pieces(file, path, hash, ret_bytes, err);
    if (status == GS_OK && (EVP_DigestFinal_ex(hash, digest, &len) != 1 || len != DIGEST)) {
        status = gs_fail(err, GS_NO_MEMORY, "%s: SHA-256", path);
    }
    if (status == GS_OK) {
        write_hex(digest, hex);
    }

done:
    EVP_MD_CTX_free(hash);
    (void)fclose(file);
    return status;
}
