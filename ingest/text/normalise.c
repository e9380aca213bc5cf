#include "ingest/text/normalise.h"
