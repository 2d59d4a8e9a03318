// Makes a program that this is preloaded into take itself for another user, as one that is not root cannot be.
#include <unistd.h>

uid_t geteuid(void) { return 64001; }
