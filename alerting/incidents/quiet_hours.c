/* Quiet hours: reading them, and asking the clock on the wall. */
#include "alerting/incidents/quiet_hours.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { MINUTES_A_DAY = 24 * 60, ZONE_BYTES = 128 };

/* "07:30"; *at goes behind it. */
static bool read_time(const char **at, int *ret)
{
    const char *text = *at;
    int digits[4];

    for (int i = 0; i < 4; i++) {
        const char c = text[i < 2 ? i : i + 1];
        if (c < '0' || c > '9') {
            return false;
        }
        digits[i] = c - '0';
    }
    *ret = (10 * digits[0] + digits[1]) * 60 + 10 * digits[2] + digits[3];
    *at = text + 5;
    return text[2] == ':' && digits[2] < 6 && *ret < MINUTES_A_DAY;
}

enum gs_status gs_quiet_hours_parse(const char *text, struct gs_quiet_hours *ret,
                                    struct gs_error *err)
{
    struct gs_quiet_hours hours = {0, 0};
    const char *at = text;

    if (text == NULL || text[0] == '\0') {
        *ret = hours;
        return GS_OK;
    }
    if (!read_time(&at, &hours.from) || *at++ != '-' || !read_time(&at, &hours.to) || *at != '\0' ||
        hours.from == hours.to) {
        return gs_fail(err, GS_BAD_CONFIG, "\"%.40s\" are no hours of the day such as 22:00-07:00",
                       text);
    }
    *ret = hours;
    return GS_OK;
}

/* ---- the zone ---- */

/* A name goes into a path: letters, digits and what stands in "America/Port-au-Prince" or
 * "Etc/GMT+1", and no way out of the folder. */
static bool is_zone_name(const char *zone)
{
    const size_t len = strlen(zone);

    return len > 0 && len < ZONE_BYTES && zone[0] != '/' && strstr(zone, "..") == NULL &&
           strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-") ==
               len;
}

/* Whether the file is there and begins as such files do: else the C library takes it for UTC
 * without a word. */
static bool has_rules(const char *zone)
{
    const char *folder = getenv("TZDIR"); /* NOLINT(concurrency-mt-unsafe): one thread, see above */
    char path[512], begin[4];

    (void)snprintf(path, sizeof path, "%s/%s", folder == NULL ? "/usr/share/zoneinfo" : folder,
                   zone);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const bool has = fd >= 0 && read(fd, begin, sizeof begin) == sizeof begin &&
                     memcmp(begin, "TZif", sizeof begin) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return has;
}

enum gs_status gs_quiet_hours_check_zone(const char *zone, struct gs_error *err)
{
    if (!is_zone_name(zone) || (strcmp(zone, "UTC") != 0 && !has_rules(zone))) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "\"%.60s\" is no time zone that this system knows, such as Europe/Zurich "
                       "(package tzdata)",
                       zone);
    }
    return GS_OK;
}

enum gs_status gs_quiet_hours_zone(const char *zone, struct gs_error *err)
{
    char value[ZONE_BYTES + 1];
    const enum gs_status status = gs_quiet_hours_check_zone(zone, err);

    if (status != GS_OK) {
        return status;
    }
    (void)snprintf(value, sizeof value, ":%s", zone);
    if (strcmp(zone, "UTC") == 0) {
        (void)snprintf(value, sizeof value, "UTC0"); /* which needs no file */
    }
    if (setenv("TZ", value, 1) != 0) { /* NOLINT(concurrency-mt-unsafe): one thread, see above */
        return gs_fail_errno(err, errno, "time zone %s", zone);
    }
    tzset();
    return GS_OK;
}

bool gs_quiet_hours_hold(struct gs_quiet_hours hours, int64_t now_ms)
{
    const time_t now = (time_t)(now_ms / 1000);
    struct tm local;

    if (hours.from == hours.to || localtime_r(&now, &local) == NULL) {
        return false;
    }
    const int minute = local.tm_hour * 60 + local.tm_min;
    return hours.from < hours.to ? minute >= hours.from && minute < hours.to
                                 : minute >= hours.from || minute < hours.to;
}
