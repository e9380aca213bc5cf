/* Writing and reading a checkpoint. The fingerprint in its state is of data, options and base: a
 * checkpoint of another training is refused before its arrays are read, a damaged one by length or
 * by the checksum at its end. The checksum is not made against an adversary. */
#include "classifier/train/encoder/checkpoint.h"

#include "classifier/train/encoder/whole_file.h"

#include <errno.h>
#include <string.h>

static const char magic[8] = "GSTUNE01";

uint64_t gs_checkpoint_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint64_t word = 0;

    for (; n >= sizeof word; n -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * 0x100000001B3U;
        hash ^= hash >> 29;
    }
    for (; n > 0; n--, at++) {
        hash = (hash ^ *at) * 0x100000001B3U;
    }
    return hash;
}

enum gs_status gs_checkpoint_write(const char *dir, const struct gs_checkpoint_state *state,
                                   const struct gs_checkpoint_part *parts, size_t n,
                                   struct gs_error *err)
{
    struct gs_whole_file file;
    uint64_t hash = gs_checkpoint_hash(0, state, sizeof *state);

    const enum gs_status status = gs_whole_file_open(&file, dir, GS_CHECKPOINT_FILE, err);
    if (status != GS_OK) {
        return status;
    }
    gs_whole_file_put(&file, magic, sizeof magic);
    gs_whole_file_put(&file, state, sizeof *state);
    for (size_t i = 0; i < n; i++) {
        const uint64_t bytes = parts[i].at == NULL ? 0 : parts[i].bytes;
        gs_whole_file_put(&file, &bytes, sizeof bytes);
        gs_whole_file_put(&file, parts[i].at, bytes);
        hash = gs_checkpoint_hash(hash, parts[i].at, bytes);
    }
    gs_whole_file_put(&file, &hash, sizeof hash);
    return gs_whole_file_commit(&file, err);
}

static bool take(FILE *file, void *to, size_t n)
{
    return n == 0 || fread(to, 1, n, file) == n;
}

static enum gs_status read_parts(FILE *file, const char *path,
                                 const struct gs_checkpoint_state *state,
                                 const struct gs_checkpoint_part *parts, size_t n,
                                 struct gs_error *err)
{
    uint64_t hash = gs_checkpoint_hash(0, state, sizeof *state);
    uint64_t wanted = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t bytes = 0;
        const uint64_t mine = parts[i].at == NULL ? 0 : parts[i].bytes;
        if (!take(file, &bytes, sizeof bytes) || bytes != mine || !take(file, parts[i].at, bytes)) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: cut short", path);
        }
        hash = gs_checkpoint_hash(hash, parts[i].at, bytes);
    }
    if (!take(file, &wanted, sizeof wanted) || wanted != hash || fgetc(file) != EOF) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: damaged: its checksum is another one", path);
    }
    return GS_OK;
}

enum gs_status gs_checkpoint_read(const char *dir, uint64_t fingerprint,
                                  struct gs_checkpoint_state *state,
                                  const struct gs_checkpoint_part *parts, size_t n,
                                  struct gs_error *err)
{
    char path[GS_FOLDER_PATH];
    char found[sizeof magic];

    enum gs_status status = gs_folder_path(dir, GS_CHECKPOINT_FILE, path, err);
    if (status != GS_OK) {
        return status;
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return errno == ENOENT ? GS_CLOSED : gs_fail_errno(err, errno, "%s", path);
    }
    if (!take(file, found, sizeof found) || memcmp(found, magic, sizeof magic) != 0 ||
        !take(file, state, sizeof *state)) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: not a checkpoint of this version", path);
    } else if (state->fingerprint != fingerprint) {
        status = gs_fail(err, GS_BAD_CONFIG,
                         "%s: of a training with other data, options or base model; give those "
                         "again, or remove the file to begin anew",
                         path);
    } else {
        status = read_parts(file, path, state, parts, n, err);
    }
    (void)fclose(file);
    return status;
}
