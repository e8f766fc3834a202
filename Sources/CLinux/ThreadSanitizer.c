// Only for `scripts/test --sanitize thread`: tells the thread sanitizer when a Mutex waits.
//
// Synchronization.Mutex takes a free lock by an atomic operation in our own code, which the sanitizer sees. But it
// waits for a held lock in functions of libswiftSynchronization, which is built without the sanitizer. So the sanitizer
// would report every use of guarded data as a race. The two definitions below replace the library's functions: they
// tell the sanitizer, and then call the originals.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef __attribute__((swiftcall)) void lock_slow(uint32_t seen, __attribute__((swift_context)) void *mutex);
typedef __attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *mutex);

lock_slow clinux_lock_slow __asm__(LOCK_SLOW);
unlock_slow clinux_unlock_slow __asm__(UNLOCK_SLOW);

__attribute__((swiftcall, no_sanitize("thread"))) void
clinux_lock_slow(uint32_t seen, __attribute__((swift_context)) void *mutex) {
    static lock_slow *library;
    if (library == NULL) library = (lock_slow *)dlsym(RTLD_NEXT, LOCK_SLOW);
    library(seen, mutex);
    __tsan_acquire(mutex);
}

__attribute__((swiftcall, no_sanitize("thread"))) void
clinux_unlock_slow(__attribute__((swift_context)) void *mutex) {
    static unlock_slow *library;
    if (library == NULL) library = (unlock_slow *)dlsym(RTLD_NEXT, UNLOCK_SLOW);
    __tsan_release(mutex);
    library(mutex);
}

#endif
#endif
