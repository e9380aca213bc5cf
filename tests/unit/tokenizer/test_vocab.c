/* The vocabulary's hash table: pieces come out of a file, and a file that was made to be slow is
 * refused. */
#include "tokenizer/vocab.h"

#include "ingest/base/attr.h"
#include "ingest/base/hash.h"
#include "tests/unit/gs_test.h"

enum { PIECES = 4 * GS_HASH_MAX_RUN };

/* x ^ x >> 29 backwards. */
static uint64_t unshift(uint64_t x)
{
    return x ^ (x >> 29) ^ (x >> 58);
}

/* The eight bytes whose hash has this upper half: the hash of vocab.c, which has no secret,
 * backwards. 0xF1DE83E19937733D is the inverse of its odd factor. */
static uint64_t word_of(uint32_t hash, uint32_t rest)
{
    const uint64_t inverse = 0xF1DE83E19937733DU;
    return (unshift((uint64_t)hash << 32 | rest) * inverse) ^ (0x243F6A8885A308D3U ^ 8);
}

static uint64_t chosen_freely(uint32_t i)
{
    return i * 0x2545F4914F6CDD1DU;
}

static uint64_t of_one_hash(uint32_t i)
{
    return word_of(7, i);
}

static uint64_t of_one_slot(uint32_t i)
{
    return word_of(i << 20 | 7, i);
}

static uint64_t side_by_side(uint32_t i)
{
    return word_of(i, i);
}

static void pieces_made_to_collide_are_refused(void **state)
{
    static const struct {
        const char *shows;
        uint64_t (*word)(uint32_t i);
        enum gs_status want;
    } rows[] = {
        {"pieces that nobody chose", chosen_freely, GS_OK},
        {"all of one hash", of_one_hash, GS_BAD_FORMAT},
        {"all of one slot", of_one_slot, GS_BAD_FORMAT},
        {"each in its slot, in one run", side_by_side, GS_BAD_FORMAT},
    };

    (void)state;
    for (size_t r = 0; r < GS_COUNT(rows); r++) {
        struct gs_vocab *vocab = NULL;
        struct gs_error err = {0};
        enum gs_status status = gs_vocab_new(&vocab, NULL);
        int32_t n = 0;
        print_message("  %s\n", rows[r].shows);
        for (; n < PIECES && status == GS_OK; n++) {
            const uint64_t word = rows[r].word((uint32_t)n);
            status =
                gs_vocab_add(vocab, (struct gs_str){(const char *)&word, sizeof word}, n, &err);
        }
        assert_int_equal(status, rows[r].want);
        assert_true(status == GS_OK || strstr(err.message, "collide") != NULL);
        assert_int_equal(n, status == GS_OK ? PIECES : GS_HASH_MAX_RUN + 1);
        gs_vocab_free(vocab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_made_to_collide_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
