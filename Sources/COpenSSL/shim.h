#pragma once
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/err.h>
#include <malloc.h>
#include <sys/prctl.h>

/* prctl(2) is variadic, which Swift cannot call. It stands here because only secrets need it. */
static inline int rota_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/* mallopt(3) is not in Swift's module of the C library. By itself the allocator makes an arena for each thread, and learns
   from one large array that was freed to keep the memory of all others, too. */
static inline void rota_keep_little_memory(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
}
