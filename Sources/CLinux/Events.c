#include "CLinux.h"
#include "checked.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

const uint32_t clinux_readable = EPOLLIN;
const uint32_t clinux_writable = EPOLLOUT;
const uint32_t clinux_peer_finished = EPOLLRDHUP;
const uint32_t clinux_failed = EPOLLERR;
const uint32_t clinux_hung_up = EPOLLHUP;
const uint32_t clinux_edge_triggered = EPOLLET;
const uint32_t clinux_exclusive = EPOLLEXCLUSIVE;

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
    // On the stack, so that Swift need not know the kernel's packed layout.
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
