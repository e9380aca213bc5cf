/* Writes NAME.part, syncs it, renames it to NAME and syncs the folder. The first fault of a write is
 * kept and told at the commit, which then leaves the old file as it was. */
#include "classifier/train/encoder/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum gs_status gs_whole_file_open(struct gs_whole_file *file, const char *dir, const char *name,
                                  struct gs_error *err)
{
    char part[128];

    *file = (struct gs_whole_file){.file = NULL};
    (void)snprintf(part, sizeof part, "%s.part", name);
    (void)snprintf(file->dir, sizeof file->dir, "%s", dir);
    enum gs_status status = gs_folder_path(dir, name, file->path, err);
    if (status == GS_OK) {
        status = gs_folder_path(dir, part, file->draft, err);
    }
    if (status != GS_OK) {
        return status;
    }
    file->file = fopen(file->draft, "wb");
    return file->file == NULL ? gs_fail_errno(err, errno, "%s", file->draft) : GS_OK;
}

void gs_whole_file_put(struct gs_whole_file *file, const void *bytes, size_t n)
{
    if (file->error == 0 && n > 0 && fwrite(bytes, 1, n, file->file) != n) {
        file->error = errno == 0 ? EIO : errno;
    }
}

/* The folder's own entry has to reach the disk too. Where that cannot be asked for, the file is
 * there all the same. */
static void settle_folder(const char *dir)
{
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

enum gs_status gs_whole_file_commit(struct gs_whole_file *file, struct gs_error *err)
{
    if (file->error == 0 && (fflush(file->file) != 0 || fsync(fileno(file->file)) != 0)) {
        file->error = errno;
    }
    if (fclose(file->file) != 0 && file->error == 0) {
        file->error = errno;
    }
    file->file = NULL;
    if (file->error == 0 && rename(file->draft, file->path) != 0) {
        file->error = errno;
    }
    if (file->error != 0) {
        (void)unlink(file->draft);
        return gs_fail_errno(err, file->error, "%s", file->path);
    }
    settle_folder(file->dir);
    return GS_OK;
}

enum gs_status gs_whole_file_save(const char *dir, const char *name, struct gs_str bytes,
                                  struct gs_error *err)
{
    struct gs_whole_file file;
    const enum gs_status status = gs_whole_file_open(&file, dir, name, err);
    if (status != GS_OK) {
        return status;
    }
    gs_whole_file_put(&file, bytes.bytes, bytes.len);
    return gs_whole_file_commit(&file, err);
}
