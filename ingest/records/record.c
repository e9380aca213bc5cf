#include "ingest/records/record.h"
