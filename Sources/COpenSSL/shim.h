#pragma once
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/err.h>
#include <malloc.h>
#include <sys/prctl.h>

/* prctl(2) is variadic, which Swift cannot call. */
static inline int rota_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/* For good, and for whatever it should ever start: no set-user-id program gives it more. */
static inline int rota_gain_nothing(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

/* mallopt(3) is not in Swift's module of the C library. By itself the allocator makes an arena for each thread, and learns
   from one large array that was freed to keep the memory of all others, too. */
static inline void rota_keep_little_memory(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
}
