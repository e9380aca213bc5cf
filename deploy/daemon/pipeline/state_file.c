/* The state's file: state_file.h says how it looks and why it cannot be half of one. */
#include "deploy/daemon/pipeline/state_file.h"

#include "ingest/base/fields.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { FILE_VERSION = 1, PATH_BYTES = 4096, TRAILER_BYTES = 4 + 8 + 16 };

static const char magic[8] = "GSSTATE\n";
static const size_t max_file = (size_t)1 << 36;

struct gs_state_file_writer {
    char path[PATH_BYTES], beside[PATH_BYTES + 8];
    FILE *file;
    XXH3_state_t *sum;
    uint64_t n;
    int why; /* errno of the first write that failed */
};

/* ---- writing ---- */

static void write_bytes(struct gs_state_file_writer *writer, const void *bytes, size_t n)
{
    if (n > 0 && writer->why == 0) {
        (void)XXH3_128bits_update(writer->sum, bytes, n);
        writer->why = fwrite(bytes, 1, n, writer->file) == n ? 0 : errno;
    }
}

static void write_header(struct gs_state_file_writer *writer, const struct gs_state_header *header)
{
    const uint32_t version = FILE_VERSION;
    struct gs_buf bytes = {.max = 1U << 18};

    gs_buf_put(&bytes, (struct gs_str){magic, sizeof magic});
    gs_fields_put(&bytes, &version, sizeof version);
    gs_fields_put_str(&bytes, header->program);
    gs_fields_put_str(&bytes, header->model);
    if (gs_buf_ok(&bytes)) {
        write_bytes(writer, bytes.bytes, bytes.len);
    } else {
        writer->why = ENOMEM;
    }
    gs_buf_done(&bytes);
}

enum gs_status gs_state_file_begin(const char *path, const struct gs_state_header *header,
                                   struct gs_state_file_writer **ret, struct gs_error *err)
{
    struct gs_state_file_writer *writer = calloc(1, sizeof *writer);
    enum gs_status status = GS_OK;

    if (writer == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s", path);
    }
    if (strlen(path) >= sizeof writer->path) {
        status = gs_fail(err, GS_IO, "%s: the path is too long", path);
        goto done;
    }
    (void)snprintf(writer->path, sizeof writer->path, "%s", path);
    (void)snprintf(writer->beside, sizeof writer->beside, "%s.new", path);
    writer->sum = XXH3_createState();
    if (writer->sum == NULL || XXH3_128bits_reset(writer->sum) != XXH_OK) {
        status = gs_fail(err, GS_NO_MEMORY, "%s", path);
        goto done;
    }
    status = gs_file_create(writer->beside, NULL, GS_FILE_FOR_OWNER, &writer->file, err);
    if (status != GS_OK) {
        goto done;
    }
    write_header(writer, header);
    *ret = writer;
    writer = NULL;

done:
    gs_state_file_drop(writer);
    return status;
}

enum gs_status gs_state_file_put(void *arg, struct gs_str key, struct gs_str value,
                                 struct gs_error *err)
{
    struct gs_state_file_writer *writer = arg;
    const uint32_t lens[] = {(uint32_t)key.len, (uint32_t)value.len};

    if (key.len == 0 || key.len > UINT32_MAX || value.len > UINT32_MAX) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: a record without a key, or too large",
                       writer->path);
    }
    write_bytes(writer, lens, sizeof lens);
    write_bytes(writer, key.bytes, key.len);
    write_bytes(writer, value.bytes, value.len);
    writer->n++;
    return GS_OK;
}

/* A rename is safe once the folder is on the disk too. */
static void sync_folder(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');

    (void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
                   slash == NULL ? "." : path);
    const int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

enum gs_status gs_state_file_end(struct gs_state_file_writer *writer, struct gs_error *err)
{
    const uint32_t end = 0;
    XXH128_canonical_t sum;

    write_bytes(writer, &end, sizeof end);
    write_bytes(writer, &writer->n, sizeof writer->n);
    XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(writer->sum));
    write_bytes(writer, &sum, sizeof sum);
    if (writer->why == 0 && (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0)) {
        writer->why = errno;
    }
    const bool starved = writer->why == ENOMEM;
    enum gs_status status = gs_file_close(writer->file, writer->beside, writer->why, err);
    if (status != GS_OK && starved) {
        status = gs_fail(err, GS_NO_MEMORY, "%s", writer->path);
    }
    writer->file = NULL;
    if (status == GS_OK && rename(writer->beside, writer->path) != 0) {
        status = gs_fail_errno(err, errno, "%s", writer->path);
    }
    if (status == GS_OK) {
        sync_folder(writer->path);
        writer->beside[0] = '\0'; /* there is nothing beside it any more */
    }
    gs_state_file_drop(writer);
    return status;
}

void gs_state_file_drop(struct gs_state_file_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    if (writer->file != NULL) {
        (void)fclose(writer->file);
        (void)unlink(writer->beside);
    }
    (void)XXH3_freeState(writer->sum);
    free(writer);
}

/* ---- reading ---- */

static enum gs_status damaged(const char *path, const char *how, struct gs_error *err)
{
    return gs_fail(err, GS_BAD_FORMAT,
                   "%s: %s; remove it to begin without a state, which forgets the windows", path,
                   how);
}

static enum gs_status check_header(const char *path, struct gs_state_file *file,
                                   struct gs_error *err)
{
    struct gs_fields_in in = {file->file.bytes.bytes, file->file.bytes.len};
    char begin[sizeof magic];
    uint32_t version = 0;

    if (!gs_fields_take(&in, begin, sizeof begin) || memcmp(begin, magic, sizeof begin) != 0) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: this is no state of the windows; it is not touched",
                       path);
    }
    if (!gs_fields_take(&in, &version, sizeof version)) {
        return damaged(path, "it is cut off", err);
    }
    if (version == 0 || version > FILE_VERSION) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: written by a newer program (version %lu of the file, this one reads up "
                       "to %d)",
                       path, (unsigned long)version, FILE_VERSION);
    }
    if (!gs_fields_take_str(&in, &file->header.program) ||
        !gs_fields_take_str(&in, &file->header.model) || in.left < TRAILER_BYTES) {
        return damaged(path, "it is cut off", err);
    }
    file->at = file->file.bytes.len - in.left;
    file->end = file->file.bytes.len - TRAILER_BYTES;
    return GS_OK;
}

/* True when the checksum is right, and the records end where they have to. */
static bool is_whole(const struct gs_state_file *file)
{
    const size_t summed = file->file.bytes.len - sizeof(XXH128_canonical_t);
    struct gs_state_file look = *file;
    XXH128_canonical_t sum;
    struct gs_str key, value;
    uint32_t end = 1;
    uint64_t n = 0;
    uint64_t said = 0;

    memcpy(&sum, file->file.bytes.bytes + summed, sizeof sum);
    if (!XXH128_isEqual(XXH128_hashFromCanonical(&sum),
                        XXH3_128bits(file->file.bytes.bytes, summed))) {
        return false;
    }
    while (gs_state_file_next(&look, &key, &value)) {
        n++;
    }
    memcpy(&end, file->file.bytes.bytes + file->end, sizeof end);
    memcpy(&said, file->file.bytes.bytes + file->end + sizeof end, sizeof said);
    return look.at == look.end && end == 0 && said == n;
}

enum gs_status gs_state_file_open(const char *path, struct gs_state_file *ret, bool *ret_found,
                                  struct gs_error *err)
{
    struct gs_state_file file = {.at = 0};
    struct stat info;

    *ret_found = false;
    if (stat(path, &info) != 0 && errno == ENOENT) {
        return GS_OK;
    }
    enum gs_status status = gs_file_read(path, max_file, &file.file, err);
    if (status != GS_OK) {
        return status;
    }
    status = check_header(path, &file, err);
    if (status == GS_OK && !is_whole(&file)) {
        status = damaged(path, "it is damaged or cut off", err);
    }
    if (status != GS_OK) {
        gs_state_file_done(&file);
        return status;
    }
    *ret = file;
    *ret_found = true;
    return GS_OK;
}

bool gs_state_file_next(struct gs_state_file *file, struct gs_str *ret_key,
                        struct gs_str *ret_value)
{
    struct gs_fields_in in = {file->file.bytes.bytes + file->at, file->end - file->at};
    uint32_t lens[2];

    if (!gs_fields_take(&in, lens, sizeof lens) || lens[0] == 0 ||
        in.left < (size_t)lens[0] + lens[1]) {
        return false;
    }
    *ret_key = (struct gs_str){in.at, lens[0]};
    *ret_value = (struct gs_str){in.at + lens[0], lens[1]};
    file->at += sizeof lens + lens[0] + lens[1];
    return true;
}

void gs_state_file_done(struct gs_state_file *file)
{
    gs_file_done(&file->file);
    *file = (struct gs_state_file){.at = 0};
}
