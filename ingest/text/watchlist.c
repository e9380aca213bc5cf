#include "ingest/text/watchlist.h"
