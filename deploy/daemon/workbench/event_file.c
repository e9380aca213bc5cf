/* A record is put together in a buffer on the stack: an event of a scalar has a name of bounded
 * length and nothing else that grows. */
#include "deploy/daemon/workbench/event_file.h"

#include "ingest/base/clock.h"
#include "ingest/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_NAME = 100, MAX_EVENT = 256 };

struct gs_event_file {
    FILE *file;
    int why; /* errno of the first write that failed */
    char path[4096];
};

/* ---- protocol buffers ---- */

struct message {
    unsigned char bytes[MAX_EVENT];
    size_t n;
};

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static void put_little(struct message *m, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        m->bytes[m->n++] = (unsigned char)(value >> 8 * i);
    }
}

static void put_varint(struct message *m, uint64_t value)
{
    while (value >= 0x80) {
        m->bytes[m->n++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    m->bytes[m->n++] = (unsigned char)value;
}

static void put_tag(struct message *m, unsigned field, enum wire wire)
{
    put_varint(m, field << 3 | (unsigned)wire);
}

static void put_bytes(struct message *m, unsigned field, const void *bytes, size_t n)
{
    put_tag(m, field, BYTES);
    put_varint(m, n);
    memcpy(m->bytes + m->n, bytes, n);
    m->n += n;
}

static void put_double(struct message *m, unsigned field, double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    put_tag(m, field, FIXED64);
    put_little(m, bits, sizeof bits);
}

static void put_float(struct message *m, unsigned field, float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    put_tag(m, field, FIXED32);
    put_little(m, bits, sizeof bits);
}

/* ---- records ---- */

static uint32_t masked_crc(const unsigned char *bytes, size_t n)
{
    uint32_t crc = 0xFFFFFFFFU;

    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0x82F63B78U & (0U - (crc & 1U)));
        }
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xA282EAD8U;
}

static void write_record(struct gs_event_file *file, const struct message *event)
{
    struct message head = {.n = 0};
    struct message tail = {.n = 0};

    put_little(&head, event->n, 8);
    put_little(&head, masked_crc(head.bytes, 8), 4);
    put_little(&tail, masked_crc(event->bytes, event->n), 4);
    errno = 0;
    if (fwrite(head.bytes, 1, head.n, file->file) != head.n ||
        fwrite(event->bytes, 1, event->n, file->file) != event->n ||
        fwrite(tail.bytes, 1, tail.n, file->file) != tail.n) {
        file->why = file->why != 0 ? file->why : errno != 0 ? errno : EIO;
    }
}

/* Event: 1 wall_time, 2 step, 3 file_version, 5 summary. */
static void begin_event(struct message *event)
{
    event->n = 0;
    put_double(event, 1, (double)gs_clock_wall_ms() / 1000.0);
}

enum gs_status gs_event_file_open(const char *dir, struct gs_event_file **ret, struct gs_error *err)
{
    static const char version[] = "brain.Event:2";
    struct message event;
    struct gs_event_file *file = calloc(1, sizeof *file);

    if (file == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s", dir);
    }
    enum gs_status status = GS_OK;
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        status = gs_fail_errno(err, errno, "%s", dir);
    } else if (snprintf(file->path, sizeof file->path,
                        "%s/events.out.tfevents.%lld.%ld.groundswell", dir,
                        (long long)(gs_clock_wall_ms() / 1000),
                        (long)getpid()) >= (int)sizeof file->path) {
        status = gs_fail(err, GS_IO, "%s: path too long", dir);
    } else {
        status = gs_file_create(file->path, NULL, GS_FILE_FOR_ALL, &file->file, err);
    }
    if (status != GS_OK) {
        free(file);
        return status;
    }
    begin_event(&event);
    put_bytes(&event, 3, version, sizeof version - 1);
    write_record(file, &event);
    *ret = file;
    return GS_OK;
}

void gs_event_file_scalar(struct gs_event_file *file, const char *name, uint64_t step, double value)
{
    struct message item = {.n = 0};    /* Summary.Value: 1 tag, 2 simple_value */
    struct message summary = {.n = 0}; /* Summary: 1 value */
    struct message event;

    put_bytes(&item, 1, name, strnlen(name, MAX_NAME));
    put_float(&item, 2, (float)value);
    put_bytes(&summary, 1, item.bytes, item.n);
    begin_event(&event);
    put_tag(&event, 2, VARINT);
    put_varint(&event, step);
    put_bytes(&event, 5, summary.bytes, summary.n);
    write_record(file, &event);
}

void gs_event_file_flush(struct gs_event_file *file)
{
    if (fflush(file->file) != 0 && file->why == 0) {
        file->why = errno;
    }
}

enum gs_status gs_event_file_close(struct gs_event_file *file, struct gs_error *err)
{
    if (file == NULL) {
        return GS_OK;
    }
    const enum gs_status status = gs_file_close(file->file, file->path, file->why, err);
    free(file);
    return status;
}
