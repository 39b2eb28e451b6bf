#include "CProbityShims.h"
