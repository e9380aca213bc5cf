#include "ingest/kafka/kafka.h"
