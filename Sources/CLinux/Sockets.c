#include "CLinux.h"
#include "checked.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// MARK: bytes

ptrdiff_t clinux_receive(int descriptor, void *buffer, size_t count) {
    ssize_t received;
    do received = recv(descriptor, buffer, count, 0);
    while (received < 0 && errno == EINTR);
    return received < 0 ? -errno : received;
}

ptrdiff_t clinux_receive_stamped(int descriptor, void *buffer, size_t count, int64_t *stamp) {
    struct iovec place = {.iov_base = buffer, .iov_len = count};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct msghdr message = {
        .msg_iov = &place,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t received;
    do received = recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    *stamp = 0;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec time;
        memcpy(&time, CMSG_DATA(header), sizeof time);
        *stamp = time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
    }
    return received;
}

static int64_t time_of(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

int64_t clinux_wall_clock(void) {
    return time_of(CLOCK_REALTIME);
}

int64_t clinux_clock(void) {
    return time_of(CLOCK_BOOTTIME);
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

int clinux_stamp_arrivals(int descriptor) {
    return checked(set_option(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, 1));
}

int clinux_prepare_listener(int descriptor, int max_unsent) {
    const int result = checked(set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1));
    return result < 0 ? result : checked(set_option(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, max_unsent));
}

int clinux_accept(int descriptor) {
    int connection;
    do connection = accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (connection < 0 && errno == EINTR);
    return connection < 0 ? -errno : connection;
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
        // For an IPv4 client of a dual-stack socket, the text is the IPv4 address.
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
    // The filter sees packets from their TCP header on. The header's flags are byte 13.
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
