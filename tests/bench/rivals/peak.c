/* What one core can do at this moment with each instruction that products are made of, from
 * registers alone: the figure that is put beside each measurement. Machines change their speed by
 * the minute, and neighbours take theirs.
 *
 *   gs_peak("int8_avx512", seconds) -> GMAC/s by this thread's CPU time; 0: this CPU has not got it
 *
 *   cc -O2 -shared -fPIC peak.c -o peak.so */
#define _GNU_SOURCE
#include <cpuid.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Ten independent sums are enough for any latency × throughput so far (4 cycles × 2 a cycle). */
#define TEN(op) op("0") op("1") op("2") op("3") op("4") op("5") op("6") op("7") op("8") op("9")
#define TEN_CLOBBERS "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9"

#define FMA_YMM(r) "vfmadd231ps %%ymm13, %%ymm12, %%ymm" r "\n\t"
#define FMA_ZMM(r) "vfmadd231ps %%zmm13, %%zmm12, %%zmm" r "\n\t"
#define VNNI_YMM(r) "%{vex%} vpdpbusd %%ymm13, %%ymm12, %%ymm" r "\n\t"
#define VNNI_ZMM(r) "vpdpbusd %%zmm13, %%zmm12, %%zmm" r "\n\t"
/* Products of pairs, pairs of those, and the sum: what AVX2 needs for the same four products a
 * lane. */
#define MADD_YMM(r)                                                                                \
    "vpmaddubsw %%ymm13, %%ymm12, %%ymm10\n\tvpmaddwd %%ymm14, %%ymm10, %%ymm11\n\t"               \
    "vpaddd %%ymm11, %%ymm" r ", %%ymm" r "\n\t"

enum { ROUNDS = 20000 };

#define PROBE(name, op)                                                                            \
    static void name(void)                                                                         \
    {                                                                                              \
        __asm__ volatile("vpxor %%xmm12, %%xmm12, %%xmm12\n\tvpxor %%xmm13, %%xmm13, %%xmm13\n\t"  \
                         "vpxor %%xmm14, %%xmm14, %%xmm14\n\t"                                     \
                         :                                                                         \
                         :                                                                         \
                         : "xmm12", "xmm13", "xmm14");                                             \
        for (int i = 0; i < ROUNDS; i++) {                                                         \
            __asm__ volatile(TEN(op) : : : TEN_CLOBBERS, "xmm10", "xmm11");                        \
        }                                                                                          \
        __asm__ volatile("vzeroupper" : : : "memory");                                             \
    }

PROBE(fma_ymm, FMA_YMM)
PROBE(fma_zmm, FMA_ZMM)
PROBE(vnni_ymm, VNNI_YMM)
PROBE(vnni_zmm, VNNI_ZMM)
PROBE(madd_ymm, MADD_YMM)

/* Two by two tiles of 16 × 16 sums over 64 inputs. */
static void amx(void)
{
    static _Alignas(64) uint8_t config[64]; /* palette 1; bytes a row at 16, rows at 48 */
    static _Alignas(64) uint8_t tile[1024];

    config[0] = 1;
    for (int i = 0; i < 8; i++) {
        config[16 + 2 * i] = 64;
        config[48 + i] = 16;
    }
    __asm__ volatile("ldtilecfg %0" : : "m"(config));
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm4\n\ttileloadd (%0,%1,1), %%tmm5\n\t"
                     "tileloadd (%0,%1,1), %%tmm6\n\ttileloadd (%0,%1,1), %%tmm7\n\t"
                     "tilezero %%tmm0\n\ttilezero %%tmm1\n\ttilezero %%tmm2\n\ttilezero %%tmm3"
                     :
                     : "r"(tile), "r"((long)64)
                     : "memory");
    for (int i = 0; i < ROUNDS / 10; i++) {
        __asm__ volatile("tdpbusd %tmm6, %tmm4, %tmm0\n\ttdpbusd %tmm7, %tmm4, %tmm1\n\t"
                         "tdpbusd %tmm6, %tmm5, %tmm2\n\ttdpbusd %tmm7, %tmm5, %tmm3");
    }
    __asm__ volatile("tilerelease");
}

static int bit(uint32_t leaf, uint32_t sub, int reg, int number)
{
    uint32_t r[4] = {0, 0, 0, 0};

    (void)__get_cpuid_count(leaf, sub, &r[0], &r[1], &r[2], &r[3]);
    return (int)(r[reg] >> number & 1);
}

static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static int has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}
static int has_avxvnni(void)
{
    return has_avx2() && bit(7, 1, 0, 4);
}
static int has_avx512vnni(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}
static int has_amx(void)
{
    enum { REQ_XCOMP_PERM = 0x1023, XTILEDATA = 18 };
    return bit(7, 0, 3, 24) && bit(7, 0, 3, 25) &&
           syscall(SYS_arch_prctl, REQ_XCOMP_PERM, XTILEDATA) == 0;
}

static const struct {
    const char *name;
    int (*present)(void);
    void (*run)(void);
    double macs; /* of one call */
} probes[] = {
    {"fp32_avx2", has_avx2, fma_ymm, ROUNDS * 10.0 * 8},
    {"fp32_avx512", has_avx512, fma_zmm, ROUNDS * 10.0 * 16},
    {"int8_avx2", has_avx2, madd_ymm, ROUNDS * 10.0 * 32},
    {"int8_avxvnni", has_avxvnni, vnni_ymm, ROUNDS * 10.0 * 32},
    {"int8_avx512", has_avx512vnni, vnni_zmm, ROUNDS * 10.0 * 64},
    {"int8_amx", has_amx, amx, ROUNDS / 10 * 4.0 * 16 * 16 * 64},
};

double gs_peak(const char *name, double seconds)
{
    for (unsigned i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        if (strcmp(name, probes[i].name) != 0 || !probes[i].present()) {
            continue;
        }
        probes[i].run();
        const double start = now();
        double calls = 0, taken = 0;
        do {
            probes[i].run();
            calls++;
            taken = now() - start;
        } while (taken < seconds);
        return calls * probes[i].macs / taken / 1e9;
    }
    return 0;
}
