#include "CLinux.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

const uint32_t clinux_readable = EPOLLIN;
const uint32_t clinux_writable = EPOLLOUT;
const uint32_t clinux_peer_finished = EPOLLRDHUP;
const uint32_t clinux_failed = EPOLLERR;
const uint32_t clinux_hung_up = EPOLLHUP;
const uint32_t clinux_edge_triggered = EPOLLET;
const uint32_t clinux_exclusive = EPOLLEXCLUSIVE;

// A call's result, or its errno as a negative number.
static int checked(int result) {
    return result < 0 ? -errno : result;
}

// MARK: epoll

int clinux_epoll_create(void) {
    return checked(epoll_create1(EPOLL_CLOEXEC));
}

int clinux_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token) {
    struct epoll_event event = {.events = interest, .data.u64 = token};
    return checked(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event));
}

int clinux_epoll_remove(int epoll, int descriptor) {
    struct epoll_event ignored = {0};
    return checked(epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &ignored));
}

int clinux_epoll_wait(int epoll, struct clinux_event *events, int capacity, int timeout_ms) {
    // On the stack, so that the kernel's packed layout stays on this side.
    struct epoll_event reports[256];
    const int most = (int)(sizeof reports / sizeof reports[0]);
    const int count = epoll_wait(epoll, reports, capacity < most ? capacity : most, timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        events[i].token = reports[i].data.u64;
        events[i].readiness = reports[i].events;
    }
    return count;
}

// MARK: eventfd

int clinux_eventfd_create(void) {
    return checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int clinux_eventfd_signal(int descriptor) {
    const uint64_t one = 1;
    ssize_t written;
    do written = write(descriptor, &one, sizeof one);
    while (written < 0 && errno == EINTR);
    // EAGAIN: the counter is full, so the reader is woken anyway.
    return written < 0 && errno != EAGAIN ? -errno : 0;
}

// MARK: bytes

ptrdiff_t clinux_receive(int descriptor, void *buffer, size_t count) {
    ssize_t received;
    do received = recv(descriptor, buffer, count, 0);
    while (received < 0 && errno == EINTR);
    return received < 0 ? -errno : received;
}

int clinux_peek(int descriptor) {
    uint8_t byte;
    ssize_t received;
    do received = recv(descriptor, &byte, 1, MSG_PEEK);
    while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    return received == 1 ? byte : CLINUX_NO_BYTE;
}

ptrdiff_t clinux_send(int descriptor, const void *buffer, size_t count) {
    ssize_t sent;
    do sent = send(descriptor, buffer, count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int clinux_shutdown_write(int descriptor) {
    return checked(shutdown(descriptor, SHUT_WR));
}

int clinux_reset_on_close(int descriptor) {
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return checked(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

int clinux_close(int descriptor) {
    // Linux has closed the descriptor even where it reports EINTR: never a second time.
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
            // Who shares the pipe has made it non-blocking.
            struct pollfd room = {.fd = descriptor, .events = POLLOUT};
            if (poll(&room, 1, -1) < 0 && errno != EINTR) return -errno;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

// MARK: listening

static int set_option(int descriptor, int level, int name, int value) {
    return setsockopt(descriptor, level, name, &value, sizeof value);
}

int clinux_stream_socket(enum clinux_family family, bool dual_stack) {
    const int domain = family == CLINUX_IPV4 ? AF_INET : family == CLINUX_IPV6 ? AF_INET6 : AF_UNIX;
    const int descriptor = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    int failed = 0;
    if (family != CLINUX_UNIX) failed |= set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    if (family == CLINUX_IPV6) failed |= set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, !dual_stack);
    if (failed) {
        const int code = errno;
        close(descriptor);
        return -code;
    }
    return descriptor;
}

// Fills `storage` and returns its length, or a negative errno.
static int make_address(
    struct sockaddr_storage *storage, enum clinux_family family, const char *address, uint16_t port, uint32_t scope
) {
    memset(storage, 0, sizeof *storage);
    if (family == CLINUX_IPV4) {
        struct sockaddr_in *ipv4 = (struct sockaddr_in *)storage;
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons(port);
        return inet_pton(AF_INET, address, &ipv4->sin_addr) == 1 ? (int)sizeof *ipv4 : -EINVAL;
    }
    if (family == CLINUX_IPV6) {
        struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)storage;
        ipv6->sin6_family = AF_INET6;
        ipv6->sin6_port = htons(port);
        ipv6->sin6_scope_id = scope;
        return inet_pton(AF_INET6, address, &ipv6->sin6_addr) == 1 ? (int)sizeof *ipv6 : -EINVAL;
    }
    struct sockaddr_un *local = (struct sockaddr_un *)storage;
    const size_t length = strlen(address);
    if (length == 0) return -EINVAL;
    if (length >= sizeof local->sun_path) return -ENAMETOOLONG;
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, address, length + 1);
    return (int)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

int clinux_bind(int descriptor, enum clinux_family family, const char *address, uint16_t port, uint32_t scope) {
    struct sockaddr_storage storage;
    const int length = make_address(&storage, family, address, port, scope);
    if (length < 0) return length;
    return checked(bind(descriptor, (const struct sockaddr *)&storage, (socklen_t)length));
}

int clinux_listen(int descriptor, int backlog) {
    return checked(listen(descriptor, backlog));
}

int clinux_accept(int descriptor, bool is_tcp, int max_unsent) {
    int connection;
    do connection = accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (connection < 0 && errno == EINTR);
    if (connection < 0) return -errno;
    // A failure here means a peer that has gone already: the first read will tell.
    if (is_tcp) {
        (void)set_option(connection, IPPROTO_TCP, TCP_NODELAY, 1);
        (void)set_option(connection, IPPROTO_TCP, TCP_NOTSENT_LOWAT, max_unsent);
    }
    return connection;
}

int clinux_connect(int descriptor, enum clinux_family family, const char *address, uint16_t port, uint32_t scope) {
    struct sockaddr_storage storage;
    const int length = make_address(&storage, family, address, port, scope);
    if (length < 0) return length;
    return checked(connect(descriptor, (const struct sockaddr *)&storage, (socklen_t)length));
}

int clinux_local_port(int descriptor) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(descriptor, (struct sockaddr *)&storage, &length) < 0) return -errno;
    if (storage.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&storage)->sin_port);
    if (storage.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&storage)->sin6_port);
    return -EAFNOSUPPORT;
}

int clinux_peer_address(int descriptor, char *text, size_t capacity) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getpeername(descriptor, (struct sockaddr *)&storage, &length) < 0) return -errno;
    if (storage.ss_family == AF_UNIX) return snprintf(text, capacity, "unix") < 0 ? -EINVAL : 0;
    const void *address = &((struct sockaddr_in *)&storage)->sin_addr;
    int family = AF_INET;
    if (storage.ss_family == AF_INET6) {
        const struct in6_addr *ipv6 = &((struct sockaddr_in6 *)&storage)->sin6_addr;
        // An IPv4 client of a socket for both reads better as one.
        const bool is_mapped = IN6_IS_ADDR_V4MAPPED(ipv6);
        address = is_mapped ? (const void *)&ipv6->s6_addr[12] : ipv6;
        family = is_mapped ? AF_INET : AF_INET6;
    }
    return inet_ntop(family, address, text, (socklen_t)capacity) == NULL ? -errno : 0;
}

size_t clinux_unix_path_capacity(void) {
    return sizeof ((struct sockaddr_un *)0)->sun_path - 1;
}

int clinux_refuse_new_connections(int descriptor) {
    // The filter sees packets from their TCP header on; its flags are byte 13.
    struct sock_filter drop_opening[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = {
        .len = sizeof drop_opening / sizeof *drop_opening,
        .filter = drop_opening,
    };
    return checked(setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

int clinux_open_reserve(void) {
    return checked(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

int clinux_is_socket_file(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0) return -errno;
    return S_ISSOCK(status.st_mode) ? 1 : 0;
}

// MARK: names

int clinux_resolve(const char *host, struct clinux_resolved *results, int capacity) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    const int code = getaddrinfo(host, NULL, &hints, &found);
    if (code != 0) return code < 0 ? code : -code;
    int count = 0;
    for (const struct addrinfo *entry = found; entry != NULL && count < capacity; entry = entry->ai_next) {
        struct clinux_resolved result = {0};
        const void *bytes;
        if (entry->ai_family == AF_INET) {
            result.family = CLINUX_IPV4;
            bytes = &((const struct sockaddr_in *)entry->ai_addr)->sin_addr;
        } else if (entry->ai_family == AF_INET6) {
            result.family = CLINUX_IPV6;
            result.scope = ((const struct sockaddr_in6 *)entry->ai_addr)->sin6_scope_id;
            bytes = &((const struct sockaddr_in6 *)entry->ai_addr)->sin6_addr;
        } else {
            continue;
        }
        if (inet_ntop(entry->ai_family, bytes, result.address, sizeof result.address) == NULL) continue;
        bool known = false;
        for (int i = 0; i < count; i++) {
            known |= results[i].family == result.family && strcmp(results[i].address, result.address) == 0;
        }
        if (!known) results[count++] = result;
    }
    freeaddrinfo(found);
    return count;
}

const char *clinux_resolved_address(const struct clinux_resolved *result) {
    return result->address;
}

const char *clinux_resolution_message(int code) {
    return gai_strerror(code);
}

// MARK: process

// threads and CPUs

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

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
    // Besides ".", ".." and the folder's own descriptor.
    return count - 3;
}
