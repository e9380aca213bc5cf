/* This machine (doctor.h): folders that are written to, limits of the process, the clock. */
#include "deploy/daemon/cli/doctor.h"

#include "ingest/base/clock.h"
#include "ingest/kafka/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    LITTLE_SPACE_MIB = 1024,
    FILES_A_LANE = 40, /* two clients, each with a socket for each broker and some of its own */
    FILES_BESIDES = 64,
    SKEW_MS = 5000,
    READ_MS = 5000,
};

/* ---- folders ---- */

static void look_at_folder(struct gs_doctor *doctor, const char *setting, const char *path)
{
    char folder[4096];
    struct statvfs space;
    struct gs_error err = {GS_OK, ""};
    struct gs_finding finding = {.level = GS_FINDING_FAIL, .check = "disk", .subject = path};

    if (path == NULL || strcmp(path, "-") == 0) {
        return;
    }
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
                   slash == NULL ? "." : path);
    if (access(folder, W_OK) != 0 || statvfs(folder, &space) != 0) {
        (void)gs_fail_errno(&err, errno, "%s", folder);
        (void)snprintf(finding.what, sizeof finding.what, "%s cannot be written: %s", setting,
                       err.message);
        (void)snprintf(finding.why, sizeof finding.why, "the program stops at its first write");
        (void)snprintf(finding.cure, sizeof finding.cure,
                       "make the folder, and let the user of the service write to it "
                       "(systemd: ReadWritePaths=)");
        gs_doctor_tell(doctor, &finding);
        return;
    }
    const uint64_t free_mib = (uint64_t)space.f_bavail * space.f_frsize >> 20U;
    if (free_mib >= LITTLE_SPACE_MIB) {
        gs_doctor_ok(doctor, "disk", path, "%" PRIu64 " MiB are free", free_mib);
        return;
    }
    finding.level = GS_FINDING_WARN;
    (void)snprintf(finding.what, sizeof finding.what, "%s: %" PRIu64 " MiB are free", setting,
                   free_mib);
    (void)snprintf(finding.why, sizeof finding.why, "a full disk stops the program");
    (void)snprintf(finding.cure, sizeof finding.cure, "room on the disk, or a path on another one");
    gs_doctor_tell(doctor, &finding);
}

static void look_at_folders(struct gs_doctor *doctor)
{
    const struct gs_config *config = doctor->config;
    char setting[64];

    look_at_folder(doctor, "state.path", config->state.path);
    for (int i = 0; i < GS_N_STREAMS && config->output.kind == GS_OUTPUT_FILE; i++) {
        (void)snprintf(setting, sizeof setting, "output.files.%s",
                       gs_stream_name((enum gs_stream)i));
        look_at_folder(doctor, setting, config->output.files[i]);
    }
}

/* ---- limits ---- */

static void look_at_limits(struct gs_doctor *doctor)
{
    const struct gs_config *config = doctor->config;
    const uint64_t needed = (uint64_t)(config->lanes.tag + config->lanes.watch) * FILES_A_LANE +
                            (uint64_t)config->http.max_connections + FILES_BESIDES;
    struct rlimit limit;
    struct gs_finding finding = {
        .level = GS_FINDING_WARN, .check = "limits", .subject = "open files"};

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= needed) {
        gs_doctor_ok(doctor, "limits", "open files", "%llu allowed, some %" PRIu64 " needed",
                     (unsigned long long)limit.rlim_cur, needed);
        return;
    }
    (void)snprintf(finding.what, sizeof finding.what, "%llu allowed, some %" PRIu64 " needed",
                   (unsigned long long)limit.rlim_cur, needed);
    (void)snprintf(finding.why, sizeof finding.why,
                   "a client that cannot open a socket looks like a broker that is away");
    (void)snprintf(finding.cure, sizeof finding.cure, "ulimit -n, or systemd: LimitNOFILE=");
    gs_doctor_tell(doctor, &finding);
}

/* ---- the clock ---- */

/* The newest of the last records of the input's partitions; INT64_MIN: there are none. */
static int64_t newest_record(const struct gs_config *config, const char *topic)
{
    enum { LAST_FEW = 5 };
    struct gs_kafka_options options;
    struct gs_kafka_reader *reader = NULL;
    struct gs_record record;
    char group[256];
    struct gs_error err;
    int64_t newest = INT64_MIN;
    const int64_t deadline = gs_clock_monotonic_ns() + READ_MS * INT64_C(1000000);

    gs_config_kafka_options(config, &options);
    (void)snprintf(group, sizeof group, "%s-doctor", config->kafka.group_prefix);
    options.group = group;
    if (gs_kafka_reader_open(&options, topic, false, &reader, &err) != GS_OK) {
        return newest;
    }
    for (int32_t i = 0; i < gs_kafka_reader_partitions(reader); i++) {
        int64_t low = 0;
        int64_t end = 0;
        gs_kafka_reader_bounds(reader, i, &low, &end);
        gs_kafka_reader_seek(reader, i, end - LAST_FEW);
    }
    enum gs_status status = GS_AGAIN;
    while ((status == GS_OK || status == GS_AGAIN) && gs_clock_monotonic_ns() < deadline) {
        status = gs_kafka_reader_next(reader, 100, &record, &err);
        if (status == GS_OK) {
            newest = record.timestamp_ms > newest ? record.timestamp_ms : newest;
            gs_kafka_reader_release(reader);
        }
    }
    gs_kafka_reader_close(reader);
    return newest;
}

static void look_at_clock(struct gs_doctor *doctor)
{
    const struct gs_config *config = doctor->config;

    if (!doctor->reached || config->input.kind != GS_INPUT_KAFKA || config->input.topics.n == 0 ||
        config->input.topics.items[0][0] == '^') {
        return;
    }
    const char *topic = config->input.topics.items[0];
    struct gs_finding finding = {.level = GS_FINDING_WARN, .check = "clock", .subject = topic};
    const int64_t newest = newest_record(config, topic);
    const int64_t ahead = newest == INT64_MIN ? 0 : newest - gs_clock_wall_ms();
    if (newest == INT64_MIN) {
        gs_doctor_ok(doctor, "clock", topic, "no record to hold the clock against");
        return;
    }
    if (ahead <= SKEW_MS) {
        gs_doctor_ok(doctor, "clock", topic,
                     "its newest record is not ahead of this machine's clock");
        return;
    }
    (void)snprintf(finding.what, sizeof finding.what,
                   "its newest record is %" PRId64 " s ahead of this machine's clock",
                   ahead / 1000);
    (void)snprintf(finding.why, sizeof finding.why,
                   "this clock is slow, or a sender's is fast; messages further ahead than "
                   "input.max_future (%" PRId64 " s) are refused",
                   config->input.max_future_ms / 1000);
    (void)snprintf(
        finding.cure, sizeof finding.cure,
        "NTP here (timedatectl) and at the senders; message.timestamp.type=LogAppendTime shows "
        "the brokers' clock");
    gs_doctor_tell(doctor, &finding);
}

void gs_doctor_host(struct gs_doctor *doctor)
{
    look_at_folders(doctor);
    look_at_limits(doctor);
    look_at_clock(doctor);
}
