#include "classifier/model.h"
