/* groundswell doctor: what is wrong around the program, and what to do about it. `check` is about the
 * configuration itself; this asks the network, the brokers and the machine. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/doctor.h"
#include "deploy/daemon/cli/json_member.h"
#include "ingest/base/escape.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const level_names[GS_N_FINDING_LEVELS] = {"ok", "warn", "fail"};

static void tell_json(const struct gs_finding *finding)
{
    struct gs_buf line = {.max = 1 << 16};

    gs_buf_printf(&line, "{\"level\":\"%s\"", level_names[finding->level]);
    gs_member_text(&line, "check", gs_str(finding->check));
    gs_member_text(&line, "subject", gs_str(finding->subject));
    gs_member_text(&line, "what", gs_str(finding->what));
    if (finding->level != GS_FINDING_OK) {
        gs_member_text(&line, "why", gs_str(finding->why));
        gs_member_text(&line, "cure", gs_str(finding->cure));
    }
    gs_buf_puts(&line, "}\n");
    if (gs_buf_ok(&line)) {
        (void)fwrite(line.bytes, 1, line.len, stdout);
    }
    gs_buf_done(&line);
}

void gs_doctor_tell(struct gs_doctor *doctor, const struct gs_finding *finding)
{
    doctor->n[finding->level]++;
    if (doctor->json) {
        tell_json(finding);
    } else {
        gs_print_line(stdout, "%-4s  %-10s  %s: %s", level_names[finding->level], finding->check,
                      finding->subject, finding->what);
        if (finding->level != GS_FINDING_OK) {
            gs_print_line(stdout, "      why:  %s", finding->why);
            gs_print_line(stdout, "      cure: %s", finding->cure);
        }
    }
    (void)fflush(stdout);
}

void gs_doctor_ok(struct gs_doctor *doctor, const char *check, const char *subject, const char *fmt,
                  ...)
{
    struct gs_finding finding = {.level = GS_FINDING_OK, .check = check, .subject = subject};
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(finding.what, sizeof finding.what, fmt, args);
    va_end(args);
    gs_doctor_tell(doctor, &finding);
}

static int examine(const struct gs_config *config, bool json, bool quiet)
{
    struct gs_doctor doctor = {.config = config, .json = json, .metadata_version = -1};

    if (config->input.kind == GS_INPUT_KAFKA || config->output.kind == GS_OUTPUT_KAFKA) {
        gs_doctor_network(&doctor);
        gs_doctor_cluster(&doctor);
    }
    gs_doctor_host(&doctor);
    if (!quiet) {
        gs_print_line(stderr, "%zu ok, %zu to look at, %zu wrong", doctor.n[GS_FINDING_OK],
                      doctor.n[GS_FINDING_WARN], doctor.n[GS_FINDING_FAIL]);
    }
    return doctor.n[GS_FINDING_FAIL] > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

int gs_cmd_doctor(int argc, char **argv)
{
    struct gs_args args;
    struct gs_config *config = NULL;
    bool json = false;

    gs_args_init(&args, GS_CMD_DOCTOR, argc, argv);
    while (gs_args_next(&args)) {
        json = json || args.flag == GS_FLAG_JSON;
    }
    int code = args.ends ? args.code : gs_command_configure(&args, &config);
    if (config != NULL) {
        code = examine(config, json, args.quiet);
    }
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
