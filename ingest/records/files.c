#include "ingest/records/files.h"
