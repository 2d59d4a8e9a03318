#pragma once
#include <linux/sched/types.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>
#include <microhttpd.h>

/* MHD_start_daemon and MHD_get_connection_info are variadic, which Swift cannot call: one typed inline wrapper
   for each of their uses. */

typedef struct {
    void *context;
    MHD_AcceptPolicyCallback accept;
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection;
    void *(*target)(void *, const char *, struct MHD_Connection *);
    size_t (*unescape)(void *, struct MHD_Connection *, char *);
    MHD_socket listening_socket;
    unsigned int threads;
    unsigned int connections;
    size_t connection_memory;
    /* PEM, ended by a zero; NULL without TLS. They are read while the daemon starts, and not kept. */
    const char *certificate;
    const char *key;
    const char *priorities;
} rota_mhd_settings;

/* What 0.9.75 calls strict is a missing Host and a blank in the target, and it answers those with a head that it
   sends twice. RequestHead refuses both, and much more, so there it is left off. */
#if MHD_VERSION >= 0x00097601
#define ROTA_MHD_STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#else
#define ROTA_MHD_STRICTNESS
#endif

/* How long this thread, and those that it makes from then on, may be on a processor before others get it: who asks for
   little gets it sooner, sched_setattr(2) since Linux 6.12. 0: as others. An older system takes no notice. Neither the C
   library of Debian 12 nor Swift has the call. */
static inline void rota_mhd_slice(unsigned long nanoseconds) {
    struct sched_attr attributes = {.size = sizeof attributes};
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 || attributes.sched_policy != 0) return;
    attributes.sched_runtime = nanoseconds;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static inline struct MHD_Daemon *rota_mhd_start(const rota_mhd_settings *s) {
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)s->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)s->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)s->priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (s->key ? MHD_USE_TLS : 0);
    /* An answer takes a tenth of a millisecond, and is waited for. */
    rota_mhd_slice(100000);
    struct MHD_Daemon *daemon = MHD_start_daemon(flags, 0, s->accept, s->context, s->handle, s->context,
        MHD_OPTION_LISTEN_SOCKET, s->listening_socket,
        MHD_OPTION_THREAD_POOL_SIZE, s->threads,
        MHD_OPTION_CONNECTION_LIMIT, s->connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->connection_memory,
        ROTA_MHD_STRICTNESS
        MHD_OPTION_NOTIFY_COMPLETED, s->completed, s->context,
        MHD_OPTION_NOTIFY_CONNECTION, s->connection, s->context,
        MHD_OPTION_URI_LOG_CALLBACK, s->target, s->context,
        MHD_OPTION_UNESCAPE_CALLBACK, s->unescape, s->context,
        MHD_OPTION_ARRAY, s->key ? tls : none,
        MHD_OPTION_END);
    rota_mhd_slice(0);
    return daemon;
}

/* -1 when there is none. */
static inline int rota_mhd_socket(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static inline const struct sockaddr *rota_mhd_address(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

static inline void *rota_mhd_socket_context(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* From the first byte of the method to the last of the empty line; 0 before all of it is there. */
static inline size_t rota_mhd_head_size(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}
