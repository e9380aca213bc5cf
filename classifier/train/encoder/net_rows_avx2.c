/* The loops of training built for AVX2 and FMA. */
#define GS_ROWS_TABLE gs_net_rows_avx2
#define GS_ROWS_NAME "avx2"
#include "classifier/train/encoder/net_rows_body.h"
