/* Preloaded into a rival: answers its CPUID instructions as a smaller CPU would, so that the
 * rival's own choice of kernels for that CPU is what runs.
 *
 * cpu_mask.py writes copies of the rival's libraries in which each CPUID (0F A2) is UD2 (0F 0B), of
 * the same length. UD2 raises SIGILL; the handler here executes the real CPUID, hides what
 * GS_CPUID_LEVEL leaves out, and steps over. (CPUID faulting would need no copies, but few CPUs
 * have it.)
 *
 *   GS_CPUID_LEVEL=avx512   no AMX
 *                  avxvnni  no AVX-512 either; 256-bit VNNI stays
 *                  avx2     nor that
 *
 * Also the proof, for whoever loads this: gs_forget_avx512() puts the AVX-512 registers into their
 * initial state, and gs_avx512_touched() tells whether anything in this thread used them since
 * (XGETBV's XINUSE).
 *
 *   cc -O2 -shared -fPIC cpuid_mask.c -o cpuid_mask.so */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum level { ALL, NO_AMX, NO_AVX512, NO_VNNI };
static enum level level;
static volatile uint64_t n_answered;

static void hide(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    if (leaf == 7 && sub == 0) {
        r[3] &= ~(1U << 22 | 1U << 24 | 1U << 25); /* AMX-BF16, AMX-TILE, AMX-INT8 */
        if (level >= NO_AVX512) {
            /* F, DQ, IFMA, PF, ER, CD, BW, VL; VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ; 4VNNIW,
             * 4FMAPS, VP2INTERSECT, FP16 */
            r[1] &= ~(1U << 16 | 1U << 17 | 1U << 21 | 1U << 26 | 1U << 27 | 1U << 28 | 1U << 30 |
                      1U << 31);
            r[2] &= ~(1U << 1 | 1U << 6 | 1U << 11 | 1U << 12 | 1U << 14);
            r[3] &= ~(1U << 2 | 1U << 3 | 1U << 8 | 1U << 23);
        }
    }
    if (leaf == 7 && sub == 1) {
        r[0] &= ~(1U << 21); /* AMX-FP16 */
        if (level >= NO_AVX512) {
            r[0] &= ~(1U << 5);  /* AVX512-BF16 */
            r[3] &= ~(1U << 19); /* AVX10 */
        }
        if (level >= NO_VNNI) {
            r[0] &= ~(1U << 4 | 1U << 23); /* AVX-VNNI, AVX-IFMA */
            r[3] &=
                ~(1U << 4 | 1U << 5 | 1U << 10); /* AVX-VNNI-INT8, AVX-NE-CONVERT, AVX-VNNI-INT16 */
        }
    }
    if (leaf == 0xD && sub == 0) {
        r[0] &= ~(level >= NO_AVX512 ? 0x600E0U : 0x60000U); /* saved state of tiles, of AVX-512 */
    }
    if (leaf == 0x1D || leaf == 0x1E || (leaf == 0x24 && level >= NO_AVX512)) {
        memset(r, 0, 4 * sizeof *r);
    }
}

static void on_illegal(int number, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *at = (const uint8_t *)(uintptr_t)g[REG_RIP];
    uint32_t r[4];

    (void)info;
    if (at[0] != 0x0F || at[1] != 0x0B) {
        signal(number, SIG_DFL); /* truly illegal: die of it on return */
        return;
    }
    __cpuid_count((uint32_t)g[REG_RAX], (uint32_t)g[REG_RCX], r[0], r[1], r[2], r[3]);
    hide((uint32_t)g[REG_RAX], (uint32_t)g[REG_RCX], r);
    g[REG_RAX] = r[0];
    g[REG_RBX] = r[1];
    g[REG_RCX] = r[2];
    g[REG_RDX] = r[3];
    g[REG_RIP] += 2;
    n_answered++;
}

uint64_t gs_cpuid_answered(void)
{
    return n_answered;
}

#define AVX512_STATE 0xE0U /* opmask, upper halves of zmm0-15, zmm16-31 */

__attribute__((target("xsave"))) void gs_forget_avx512(void)
{
    static _Alignas(64) uint8_t area[4096]; /* a header of zeros means: initial */

    __asm__ volatile("xrstor %0" : : "m"(area), "a"(AVX512_STATE), "d"(0) : "memory");
}

int gs_avx512_touched(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
    return (int)(low & AVX512_STATE);
}

__attribute__((constructor)) static void start(void)
{
    const char *wanted = getenv("GS_CPUID_LEVEL");
    struct sigaction action;

    if (wanted == NULL) {
        return;
    }
    level = strcmp(wanted, "avx512") == 0    ? NO_AMX
            : strcmp(wanted, "avxvnni") == 0 ? NO_AVX512
            : strcmp(wanted, "avx2") == 0    ? NO_VNNI
                                             : ALL;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_illegal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGILL, &action, NULL);
}
