#pragma once
#include <time.h>
#include <zip.h>
