#include "CLinux.h"
#include "checked.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

// MARK: the build

#define CLINUX_TEXT(word) #word
#define CLINUX_TEXT_OF_VALUE(macro) CLINUX_TEXT(macro)

const char *clinux_commit(void) {
#ifdef SWIFTLET_COMMIT
    return CLINUX_TEXT_OF_VALUE(SWIFTLET_COMMIT);
#else
    return NULL;
#endif
}

// MARK: threads and CPUs

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int clinux_step_back(int steps) {
    // Of the process as a whole, which is that of its first thread.
    errno = 0;
    const int niceness = getpriority(PRIO_PROCESS, (id_t)getpid());
    if (niceness == -1 && errno != 0) return -errno;
    // In Linux this call is about one thread.
    return checked(setpriority(PRIO_PROCESS, (id_t)gettid(), niceness + steps));
}

int clinux_current_cpu(void) { return checked(sched_getcpu()); }

int clinux_leave_cpus(const int *cpus, int count) {
    cpu_set_t allowed;
    int result = checked(sched_getaffinity(0, sizeof allowed, &allowed));
    if (result < 0) return result;
    cpu_set_t others = allowed;
    for (int i = 0; i < count; i++) {
        if (0 <= cpus[i] && cpus[i] < CPU_SETSIZE) CPU_CLR(cpus[i], &others);
    }
    if (CPU_COUNT(&others) == 0) return -EINVAL;
    result = checked(sched_setaffinity(0, sizeof others, &others));
    if (result < 0) return result;
    return checked(sched_setaffinity(0, sizeof allowed, &allowed));
}

// MARK: descriptors

int clinux_open_reserve(void) {
    return checked(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

int clinux_close(int descriptor) {
    // Linux has closed the descriptor even if it reports EINTR, so it must not be closed again.
    return checked(close(descriptor));
}

int clinux_write_all(int descriptor, const void *bytes, size_t count) {
    const char *rest = bytes;
    while (count > 0) {
        const ssize_t written = write(descriptor, rest, count);
        if (written >= 0) {
            rest += written;
            count -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            // Another process that shares the pipe has made it non-blocking.
            struct pollfd writable = {.fd = descriptor, .events = POLLOUT};
            if (poll(&writable, 1, -1) < 0 && errno != EINTR) return -errno;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

long clinux_raise_descriptor_limit(long wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    if ((rlim_t)wanted > limit.rlim_cur) {
        limit.rlim_cur = (rlim_t)wanted < limit.rlim_max ? (rlim_t)wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    }
    return (long)limit.rlim_cur;
}

long clinux_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    return limit.rlim_cur == RLIM_INFINITY ? LONG_MAX : (long)limit.rlim_cur;
}

long clinux_open_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) return -errno;
    long count = 0;
    while (readdir(folder) != NULL) count++;
    closedir(folder);
    // Not counted: ".", ".." and the folder's own descriptor.
    return count - 3;
}
