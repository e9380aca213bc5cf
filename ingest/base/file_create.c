/* Makes a file new without destroying anybody else's: it is opened without being emptied (no
 * O_TRUNC), looked at, and only then cut.
 *
 * A link is not followed (except below /dev), and a regular file that belongs to another user, has
 * a second name, or begins with something that we do not write is left as it is. */
#include "ingest/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* True when the file of path, which info describes, begins with `ours`. */
static bool begins_with(const char *path, const struct stat *info, const char *ours)
{
    const size_t len = strlen(ours);
    char begin[64];
    struct stat again;
    bool same = false;

    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0) {
        same = fstat(fd, &again) == 0 && again.st_ino == info->st_ino &&
               again.st_dev == info->st_dev && len <= sizeof begin &&
               read(fd, begin, len) == (ssize_t)len && memcmp(begin, ours, len) == 0;
        (void)close(fd);
    }
    return same;
}

/* GS_OK when the file may be replaced; else the reason. */
static enum gs_status may_replace(const char *path, const struct stat *info, const char *ours,
                                  struct gs_error *err)
{
    if (info->st_uid != geteuid()) {
        return gs_fail(err, GS_IO, "%s: belongs to another user: not written", path);
    }
    if (info->st_nlink > 1) {
        return gs_fail(err, GS_IO, "%s: has another name too (a hard link): not written", path);
    }
    if (ours != NULL && info->st_size > 0 && !begins_with(path, info, ours)) {
        return gs_fail(err, GS_IO,
                       "%s: is there already and holds something else: remove it, or take another "
                       "name",
                       path);
    }
    return GS_OK;
}

enum gs_status gs_file_create(const char *path, const char *ours, enum gs_file_readers readers,
                              FILE **ret, struct gs_error *err)
{
    const int follow = strncmp(path, "/dev/", 5) == 0 ? 0 : O_NOFOLLOW;
    enum gs_status status = GS_OK;
    struct stat info;

    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | follow, (mode_t)readers);
    if (fd < 0) {
        return errno == ELOOP
                   ? gs_fail(err, GS_IO, "%s: a symbolic link is not written through", path)
                   : gs_fail_errno(err, errno, "%s", path);
    }
    if (fstat(fd, &info) < 0) {
        status = gs_fail_errno(err, errno, "%s", path);
    } else if (S_ISREG(info.st_mode)) {
        status = may_replace(path, &info, ours, err);
        if (status == GS_OK && ftruncate(fd, 0) < 0) {
            status = gs_fail_errno(err, errno, "%s", path);
        }
    }
    FILE *file = status == GS_OK ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        (void)close(fd);
        return status == GS_OK ? gs_fail_errno(err, errno, "%s", path) : status;
    }
    *ret = file;
    return GS_OK;
}

enum gs_status gs_file_close(FILE *file, const char *path, int why, struct gs_error *err)
{
    const bool failed = ferror(file) != 0;

    if (fclose(file) != 0 && why == 0) {
        why = errno;
    }
    if (why != 0) {
        return gs_fail_errno(err, why, "%s", path);
    }
    return failed ? gs_fail(err, GS_IO, "%s: not all of it could be written", path) : GS_OK;
}

enum gs_status gs_file_write(const char *path, struct gs_str text, enum gs_file_readers readers,
                             struct gs_error *err)
{
    FILE *file = NULL;
    const enum gs_status status = gs_file_create(path, NULL, readers, &file, err);

    if (status != GS_OK) {
        return status;
    }
    const bool written = text.len == 0 || fwrite(text.bytes, 1, text.len, file) == text.len;
    return gs_file_close(file, path, written ? 0 : errno, err);
}
