/* The functions of the AVX-512 row, which the AMX row shares but for the products. */
#ifndef GS_CLASSIFIER_ENCODER_AVX512_H
#define GS_CLASSIFIER_ENCODER_AVX512_H

#include "classifier/encoder/kernels/kernels.h"

gs_quantize_fn gs_quantize_avx512;
gs_layer_norm_fn gs_layer_norm_avx512;
gs_attention_fn gs_attention_avx512;
gs_activate_fn gs_activate_avx512;
gs_mean_rows_fn gs_mean_rows_avx512;
gs_unit_length_fn gs_unit_length_avx512;

#endif
