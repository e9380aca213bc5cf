#include "ingest/text/lang.h"
