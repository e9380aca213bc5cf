#include "tokenizer/ngrams.h"
