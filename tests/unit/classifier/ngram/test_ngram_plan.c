/* The index of a fast tier's rows: keys come from a file, and one that was made to be slow is
 * refused. */
#include "classifier/ngram/ngram_internal.h"
#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 4096, SLOTS = 2 * ROWS };

static uint32_t spread(uint32_t i) /* as hashes are */
{
    return i * 1000003U + 17U;
}

static uint32_t in_order(uint32_t i)
{
    return i + 1;
}

static uint32_t of_one_slot(uint32_t i)
{
    return i * SLOTS + 1;
}

static uint32_t of_a_few_slots(uint32_t i)
{
    return i / 4 * SLOTS + i % 4 + 1;
}

static uint32_t with_gaps(uint32_t i)
{
    return i * 2 + 1;
}

static void keys_made_to_collide_are_refused(void **state)
{
    static const struct {
        const char *shows;
        uint32_t (*key)(uint32_t i); /* ascending */
        enum gs_status want;
    } rows[] = {
        {"spread as hashes are", spread, GS_OK},
        {"every second slot", with_gaps, GS_OK},
        {"each in its slot, in one run that a key that is not there would pass", in_order,
         GS_BAD_FORMAT},
        {"all of one slot", of_one_slot, GS_BAD_FORMAT},
        {"all of four slots", of_a_few_slots, GS_BAD_FORMAT},
    };
    uint32_t keys[ROWS];

    (void)state;
    for (size_t r = 0; r < GS_COUNT(rows); r++) {
        struct gs_profile profile = {.n_rows = ROWS, .keys = keys};
        struct gs_error err = {0};
        print_message("  %s\n", rows[r].shows);
        for (uint32_t i = 0; i < ROWS; i++) {
            keys[i] = rows[r].key(i);
        }
        assert_int_equal(gs_profile_index(&profile, &err), rows[r].want);
        assert_true(rows[r].want == GS_OK || strstr(err.message, "collide") != NULL);
        free(profile.slots);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys_made_to_collide_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
