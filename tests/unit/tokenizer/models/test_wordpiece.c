/* The trie of pieces: its edges lie in one hash table without a seed, and a vocabulary that was made
 * to fill it badly is refused. */
#include "tokenizer/models/wordpiece.h"

#include "ingest/base/hash.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>

enum { LETTERS = GS_HASH_MAX_RUN + 512, EDGES = 8192 /* slots, for up to 4,096 nodes */ };

/* Where the edge from node by byte goes, as wordpiece.c has it. */
static size_t slot_of(uint32_t node, unsigned byte)
{
    return (size_t)((((node << 8) | byte) * 0x9E3779B97F4A7C15U) >> 40) & (EDGES - 1);
}

static char any_letter(uint32_t node)
{
    return (char)('a' + node % 26);
}

/* Of all letters the one whose edge lies nearest the table's start. */
static char chosen_letter(uint32_t node)
{
    unsigned best = 1;
    for (unsigned byte = 1; byte < 256; byte++) {
        best = slot_of(node, byte) < slot_of(node, best) ? byte : best;
    }
    return (char)best;
}

static void letters_made_to_collide_are_refused(void **state)
{
    static const struct {
        const char *shows;
        char (*letter)(uint32_t node);
        enum gs_status want;
    } rows[] = {
        {"a long piece", any_letter, GS_OK},
        {"a long piece of letters that collide", chosen_letter, GS_BAD_FORMAT},
    };

    (void)state;
    for (size_t r = 0; r < GS_COUNT(rows); r++) {
        static char piece[LETTERS];
        struct gs_vocab *vocab = NULL;
        struct gs_wordpiece *wordpiece = NULL;
        struct gs_error err = {0};
        print_message("  %s\n", rows[r].shows);
        for (uint32_t node = 0; node < LETTERS; node++) {
            piece[node] = rows[r].letter(node);
        }
        assert_int_equal(gs_vocab_new(&vocab, NULL), GS_OK);
        assert_int_equal(gs_vocab_add(vocab, (struct gs_str){piece, LETTERS}, 0, NULL), GS_OK);
        assert_int_equal(gs_wordpiece_new(vocab, gs_str("##"), 0, 100, &wordpiece, &err),
                         rows[r].want);
        assert_true(rows[r].want == GS_OK || strstr(err.message, "collide") != NULL);
        gs_wordpiece_free(wordpiece);
        gs_vocab_free(vocab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(letters_made_to_collide_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
