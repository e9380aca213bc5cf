/* Bytes become what is kept of an incident, by themselves or as changes of a good record. Properties:
 *   - a load fails with a message, or gives an incident within its bounds that can be written;
 *   - what is saved of it loads again and saves the same;
 *   - time goes on over it without a fault. */
#include "alerting/incidents/incidents.h"

#include <stdlib.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MIN_MS = 60000 };
static const char id[] = "0123456789abcdef";
static const int64_t t0 = 1767571200000;

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct gs_incidents *make(void)
{
    const struct gs_incident_options options = {.hold_ms = 30 * (int64_t)MIN_MS,
                                                .gap_ms = 15 * (int64_t)MIN_MS,
                                                .max_open = 4,
                                                .n_feeds = 1};
    struct gs_incidents *incidents = NULL;

    check(gs_incidents_new(&options, &incidents, NULL) == GS_OK);
    return incidents;
}

static void save(void *arg, const struct gs_incident *incident)
{
    check(gs_incident_save(incident, 7, arg));
}

static struct gs_buf *good_record(void)
{
    static struct gs_buf bytes = {.max = 1U << 20};
    const struct gs_evidence_item first = {
        .id = gs_str("m"), .source = gs_str("s"), .excerpt = gs_str("text"), .ts_ms = t0};
    struct gs_story_sample sample = {.limit = UINT64_MAX, .n = 3, .hashes = {1, 2, 3}};
    struct gs_alert alert = {.id = "00000000000000aa",
                             .key = gs_str("entity:A"),
                             .name = gs_str("Acme"),
                             .starts_at_ms = t0,
                             .fired_at_ms = t0,
                             .updated_at_ms = t0,
                             .ends_at_ms = -1,
                             .observed = 0.5,
                             .n = 3,
                             .evidence = &first,
                             .n_evidence = 1,
                             .sample = &sample};

    if (bytes.len == 0) {
        struct gs_incidents *incidents = make();
        const struct gs_incident *change = NULL;
        check(gs_incidents_add(incidents, 0, 7, &alert));
        gs_incidents_reached(incidents, 0, t0);
        while (gs_incidents_next(incidents, &change)) {
        }
        gs_incidents_each(incidents, save, &bytes);
        check(gs_buf_ok(&bytes) && bytes.len > 0);
        gs_incidents_free(incidents);
    }
    return &bytes;
}

static void go_on(struct gs_incidents *incidents, const struct gs_incident *incident)
{
    struct gs_buf first = {.max = 1U << 20};
    struct gs_buf second = {.max = 1U << 20};
    struct gs_buf json = {.max = 1U << 20};
    const struct gs_incident *again = NULL;
    struct gs_incidents *others = make();

    check(incident->n_keys >= 1 && incident->n_keys <= GS_INCIDENT_KEYS);
    gs_incident_encode(incident, &json);
    check(gs_buf_ok(&json) && memchr(json.bytes, '\n', json.len) == NULL);
    save(&first, incident);
    check(gs_incidents_load(others, 7, gs_str(id), gs_buf_str(&first), &again, NULL) == GS_OK);
    check(again != NULL);
    save(&second, again);
    check(gs_str_equal(gs_buf_str(&first), gs_buf_str(&second)));
    gs_incidents_loaded(incidents, 0, 7, t0);
    gs_incidents_reached(incidents, 0, (int64_t)1 << 51);
    for (int n = 0; gs_incidents_next(incidents, &again); n++) {
        check(n < 1000);
    }
    gs_buf_done(&first);
    gs_buf_done(&second);
    gs_buf_done(&json);
    gs_incidents_free(others);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gs_buf *good = good_record();
    struct gs_incidents *incidents = make();
    const struct gs_incident *incident = NULL;
    struct gs_error err = {0};
    struct gs_str bytes = {(const char *)data, size};
    char *changed = malloc(good->len);

    check(changed != NULL);
    memcpy(changed, good->bytes, good->len);
    if (size % 2 == 1) { /* pairs: where, what */
        size_t len = good->len - data[0] % 8;
        for (size_t i = 1; i + 2 < size; i += 3) {
            changed[((size_t)data[i] << 8 | data[i + 1]) % good->len] = (char)data[i + 2];
        }
        bytes = (struct gs_str){changed, len};
    }
    if (gs_incidents_load(incidents, 7, gs_str(id), bytes, &incident, &err) != GS_OK) {
        check(err.message[0] != '\0' && incident == NULL);
    } else {
        go_on(incidents, incident);
    }
    free(changed);
    gs_incidents_free(incidents);
    return 0;
}
