#pragma once
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/err.h>
#include <sys/prctl.h>

/* prctl(2) is variadic, which Swift cannot call. It stands here because only secrets need it. */
static inline int rota_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
