/* The words of the detector's enums, as records, labels and lines for people have them. */
#include "alerting/detector/watch.h"

const char *gs_observation_result_name(enum gs_observation_result result)
{
    static const char *const names[GS_N_OBSERVATION_RESULTS] = {
        [GS_OBSERVATION_COUNTED] = "counted",   [GS_OBSERVATION_REPEATED] = "repeated",
        [GS_OBSERVATION_COPY] = "copy",         [GS_OBSERVATION_LATE] = "late",
        [GS_OBSERVATION_TOO_LATE] = "too_late", [GS_OBSERVATION_REFUSED] = "refused"};

    return names[result];
}

const char *gs_severity_name(enum gs_severity severity)
{
    static const char *const names[GS_N_SEVERITIES] = {[GS_SEVERITY_INFO] = "info",
                                                       [GS_SEVERITY_WARNING] = "warning",
                                                       [GS_SEVERITY_CRITICAL] = "critical"};

    return names[severity];
}

const char *gs_alert_state_name(enum gs_alert_state state)
{
    static const char *const names[GS_N_ALERT_STATES] = {[GS_ALERT_FIRING] = "firing",
                                                         [GS_ALERT_UPDATED] = "updated",
                                                         [GS_ALERT_RESOLVED] = "resolved"};

    return names[state];
}
