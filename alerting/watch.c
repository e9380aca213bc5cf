#include "alerting/watch.h"
