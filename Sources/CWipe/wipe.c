/* Memory is emptied as it is given back, by whoever it was used: by us, the Swift runtime, libcurl, libmicrohttpd. A value
   passes through the memory of all of them on its way to a vault, and they give that back as it is.

   These stand in the place of glibc's own, for the libraries, too, and do what they did with what glibc calls them
   otherwise. Where no glibc is, memory is given back as ever. */
#include "wipe.h"
#include <malloc.h>
#include <string.h>

#ifdef __GLIBC__

extern void __libc_free(void *);
extern void *__libc_realloc(void *, size_t);

/* Mapped for itself, as the word before it says: the kernel takes it back, and gives it to nobody as it was. */
static int is_mapped(const void *memory) { return (((const size_t *)memory)[-1] & 2) != 0; }

void free(void *memory) {
    if (memory && !is_mapped(memory)) explicit_bzero(memory, malloc_usable_size(memory));
    __libc_free(memory);
}

void *realloc(void *memory, size_t size) {
    if (!memory || is_mapped(memory)) return __libc_realloc(memory, size);
    if (size == 0) {
        free(memory);
        return NULL;
    }
    size_t room = malloc_usable_size(memory);
    if (size <= room) {
        explicit_bzero((char *)memory + size, room - size);
        return __libc_realloc(memory, size);
    }
    void *larger = malloc(size);
    if (!larger) return NULL;
    memcpy(larger, memory, room);
    free(memory);
    return larger;
}

#endif
