#include "alerting/http.h"
