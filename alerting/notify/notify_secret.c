/* Secrets and certificates in files. */
#include "alerting/notify/notify_secret.h"

#include "alerting/notify/notify.h"
#include "ingest/base/file.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <string.h>

enum { MAX_CA = 16 * 1024 * 1024 };

enum gs_status gs_secret_read(const char *path, char ret[GS_SECRET_BYTES], struct gs_error *err)
{
    struct gs_file file = {0};
    struct gs_error why = {.status = GS_OK};

    ret[0] = '\0';
    if (gs_file_read(path, GS_SECRET_BYTES - 1, &file, &why) != GS_OK) {
        return gs_fail(err, GS_BAD_CONFIG, "%s", why.message);
    }
    size_t len = file.bytes.len;
    len -= len > 0 && file.bytes.bytes[len - 1] == '\n';
    len -= len > 0 && file.bytes.bytes[len - 1] == '\r';
    bool fine = len > 0;
    for (size_t i = 0; i < len && fine; i++) {
        const unsigned char c = (unsigned char)file.bytes.bytes[i];
        fine = c >= ' ' && c != 0x7f;
    }
    if (fine) {
        memcpy(ret, file.bytes.bytes, len);
        ret[len] = '\0';
    }
    if (file.owned != NULL) {
        OPENSSL_cleanse(file.owned, file.bytes.len);
    }
    gs_file_done(&file);
    return fine ? GS_OK
                : gs_fail(err, GS_BAD_CONFIG, "%s: is empty, or holds more than one line", path);
}

void gs_secret_wipe(char secret[GS_SECRET_BYTES])
{
    OPENSSL_cleanse(secret, GS_SECRET_BYTES);
}

enum gs_status gs_notify_check_secret(const char *path, struct gs_error *err)
{
    char secret[GS_SECRET_BYTES];
    const enum gs_status status = gs_secret_read(path, secret, err);

    gs_secret_wipe(secret);
    return status;
}

enum gs_status gs_notify_check_ca(const char *path, struct gs_error *err)
{
    struct gs_file file = {0};
    struct gs_error why = {.status = GS_OK};
    X509 *first = NULL;

    if (gs_file_read(path, MAX_CA, &file, &why) != GS_OK) {
        return gs_fail(err, GS_BAD_CONFIG, "%s", why.message);
    }
    BIO *bio = file.bytes.len > 0 ? BIO_new_mem_buf(file.bytes.bytes, (int)file.bytes.len) : NULL;
    if (bio != NULL) {
        first = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    }
    const bool fine = first != NULL;
    X509_free(first);
    (void)BIO_free(bio);
    gs_file_done(&file);
    return fine ? GS_OK
                : gs_fail(err, GS_BAD_CONFIG, "%s: does not begin with a certificate (PEM)", path);
}
