#pragma once
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <curl/curl.h>

/* curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic, which Swift cannot call:
   one typed inline wrapper for each kind of argument. */
static inline CURLcode rota_curl_set_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode rota_curl_set_offset(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode rota_curl_set_string(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode rota_curl_set_pointer(CURL *h, CURLoption o, void *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode rota_curl_set_list(CURL *h, CURLoption o, struct curl_slist *v) { return curl_easy_setopt(h, o, v); }

typedef size_t (*rota_curl_data_callback)(char *, size_t, size_t, void *);
static inline CURLcode rota_curl_set_read(CURL *h, rota_curl_data_callback callback, void *context) {
    CURLcode r = curl_easy_setopt(h, CURLOPT_READFUNCTION, callback);
    return r ? r : curl_easy_setopt(h, CURLOPT_READDATA, context);
}
typedef curl_socket_t (*rota_curl_opensocket_callback)(void *, curlsocktype, struct curl_sockaddr *);
static inline CURLcode rota_curl_set_write(CURL *h, rota_curl_data_callback callback, void *context) {
    CURLcode r = curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, callback);
    return r ? r : curl_easy_setopt(h, CURLOPT_WRITEDATA, context);
}
static inline CURLcode rota_curl_set_header(CURL *h, rota_curl_data_callback callback, void *context) {
    CURLcode r = curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, callback);
    return r ? r : curl_easy_setopt(h, CURLOPT_HEADERDATA, context);
}
static inline CURLcode rota_curl_set_opensocket(CURL *h, rota_curl_opensocket_callback callback, void *context) {
    CURLcode r = curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, callback);
    return r ? r : curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, context);
}
static inline CURLcode rota_curl_get_long(CURL *h, CURLINFO i, long *out) { return curl_easy_getinfo(h, i, out); }
static inline CURLMcode rota_curl_multi_set_long(CURLM *m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }

typedef int (*rota_curl_socket_callback)(CURL *, curl_socket_t, int, void *, void *);
static inline CURLMcode rota_curl_multi_set_socket(CURLM *m, rota_curl_socket_callback callback, void *context) {
    CURLMcode r = curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, callback);
    return r ? r : curl_multi_setopt(m, CURLMOPT_SOCKETDATA, context);
}

/* epoll_event is packed and holds a union: Swift is given its two parts. */
static inline int rota_epoll_control(int epoll, int operation, int descriptor, uint32_t events) {
    struct epoll_event event = { .events = events, .data = { .fd = descriptor } };
    return epoll_ctl(epoll, operation, descriptor, &event);
}
static inline int rota_epoll_wait(int epoll, int *descriptors, uint32_t *events, int capacity, int milliseconds) {
    struct epoll_event found[64];
    int count = epoll_wait(epoll, found, capacity < 64 ? capacity : 64, milliseconds);
    for (int i = 0; i < count; i++) {
        descriptors[i] = found[i].data.fd;
        events[i] = found[i].events;
    }
    return count;
}
