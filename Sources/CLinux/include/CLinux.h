#ifndef SWIFTLET_CLINUX_H
#define SWIFTLET_CLINUX_H

// Functions of Linux that Swift's Glibc module lacks (epoll, eventfd, accept4, unions of socket addresses, CPU masks,
// settings of the heap), as plain functions over integers and buffers.
//
// Every function that can fail returns a negative errno. The C code reads errno at once, because in Swift other code
// may run between a C call and a read of `errno`. If a signal interrupts a call, the call is repeated.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Readiness bits, with epoll's own values.
extern const uint32_t clinux_readable;        // EPOLLIN
extern const uint32_t clinux_writable;        // EPOLLOUT
extern const uint32_t clinux_peer_finished;   // EPOLLRDHUP
extern const uint32_t clinux_failed;          // EPOLLERR
extern const uint32_t clinux_hung_up;         // EPOLLHUP
extern const uint32_t clinux_edge_triggered;  // EPOLLET
extern const uint32_t clinux_exclusive;       // EPOLLEXCLUSIVE

/// One readiness report: the token that was passed when the descriptor was added, and the bits above.
struct clinux_event {
    uint64_t token;
    uint32_t readiness;
};

/// The commit that the program was built from, in hexadecimal; null if the build did not name it.
const char *clinux_commit(void);

// epoll
int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token);
int clinux_epoll_remove(int epoll, int descriptor);
/// Waits at most `timeout_ms` (-1: no limit) and fills up to `capacity` events. Returns their number; 0 after an
/// interrupted wait.
int clinux_epoll_wait(int epoll, struct clinux_event *events, int capacity, int timeout_ms);

// eventfd: wakes a loop from another thread. It is watched edge-triggered, so that every signal is an event and its
// counter need not be read.
int clinux_eventfd_create(void);
int clinux_eventfd_signal(int descriptor);

// bytes
ptrdiff_t clinux_receive(int descriptor, void *buffer, size_t count);
/// As clinux_receive. `stamp` becomes the time at which the kernel received these bytes (the last of them), in
/// nanoseconds since 1970; 0 if the kernel did not note it. Not for unix sockets of strangers: descriptors that the
/// peer passes would be received and stay open.
ptrdiff_t clinux_receive_stamped(int descriptor, void *buffer, size_t count, int64_t *stamp);
/// The time now by the clock of these stamps.
int64_t clinux_wall_clock(void);
/// The nanoseconds since the machine started, also of those in which it slept.
int64_t clinux_clock(void);
/// The first byte that waits, which stays unread; CLINUX_NO_BYTE if the peer has finished sending; or a negative errno.
#define CLINUX_NO_BYTE 256
int clinux_peek(int descriptor);
/// Sends without ever raising SIGPIPE.
ptrdiff_t clinux_send(int descriptor, const void *buffer, size_t count);
int clinux_shutdown_write(int descriptor);
/// Makes a later close drop unsent bytes and reset the connection.
int clinux_reset_on_close(int descriptor);

// listening
enum clinux_family { CLINUX_IPV4 = 4, CLINUX_IPV6 = 6, CLINUX_UNIX = 1 };
/// A non-blocking, close-on-exec stream socket, with SO_REUSEADDR for the IP families. `dual_stack` lets an IPv6 socket
/// accept IPv4 too.
int clinux_stream_socket(enum clinux_family family, bool dual_stack);
/// `address` is a numeric address as text, or a path. Returns -EINVAL if it is no address of the family.
int clinux_bind(int descriptor, enum clinux_family family, const char *address, uint16_t port, uint32_t scope);
int clinux_listen(int descriptor, int backlog);
/// Has the kernel note when it receives the bytes of the connections that a TCP listener accepts from now on.
int clinux_stamp_arrivals(int descriptor);
/// Gives the connections that a TCP listener accepts from now on TCP_NODELAY, and TCP_NOTSENT_LOWAT: they take no more
/// bytes while `max_unsent` bytes wait to be sent.
int clinux_prepare_listener(int descriptor, int max_unsent);
/// Accepts a connection, which is non-blocking and close-on-exec.
int clinux_accept(int descriptor);
int clinux_connect(int descriptor, enum clinux_family family, const char *address, uint16_t port, uint32_t scope);
/// The port of a bound IP socket, or a negative errno.
int clinux_local_port(int descriptor);
/// Writes the peer's address as text, without the port; "unix" for a unix socket. Returns 0, or a negative errno.
int clinux_peer_address(int descriptor, char *text, size_t capacity);
/// The longest path, in bytes, that a unix socket's address can hold.
size_t clinux_unix_path_capacity(void);
/// Drops every packet that would open a new connection. Connections that wait to be accepted stay, and half-open ones
/// can still complete.
int clinux_refuse_new_connections(int descriptor);
/// 1 for a socket file, 0 for another kind of file, or a negative errno.
int clinux_is_socket_file(const char *path);

// names
struct clinux_resolved {
    enum clinux_family family;
    uint32_t scope;
    char address[64];
};
/// Resolves `host` into at most `capacity` numeric addresses for listening, each once. Returns the count, or
/// a negative EAI_… code for `clinux_resolution_message`.
int clinux_resolve(const char *host, struct clinux_resolved *results, int capacity);
const char *clinux_resolved_address(const struct clinux_resolved *result);
const char *clinux_resolution_message(int code);

// threads and CPUs
/// Names the calling thread, as `top -H` shows it, by the first 15 bytes. (Foundation's Thread.name races with the
/// thread's own start.)
void clinux_name_thread(const char *name);
/// Makes the calling thread nicer than the process's first thread, by this many steps.
int clinux_step_back(int steps);
/// The CPU that the calling thread runs on, or a negative errno.
int clinux_current_cpu(void);
/// Moves the calling thread to a CPU other than these, among the CPUs that it may use. Later it may come back.
/// Returns -EINVAL if there is no other CPU.
int clinux_leave_cpus(const int *cpus, int count);

// descriptors
/// Opens a spare descriptor, which the process closes when it has no other left.
int clinux_open_reserve(void);
int clinux_close(int descriptor);
/// Writes all bytes to a file or pipe, however long that takes. Returns 0, or a negative errno.
int clinux_write_all(int descriptor, const void *bytes, size_t count);
/// Raises the soft limit of descriptors to `wanted`, but not above the hard limit. Returns the soft limit.
long clinux_raise_descriptor_limit(long wanted);
/// The soft limit of descriptors.
long clinux_descriptor_limit(void);
/// The number of descriptors that the process has open, or a negative errno.
long clinux_open_descriptors(void);

// memory
/// Bounds the freed memory that the allocator keeps: blocks of at least `block_bytes` are mapped on their own, at most
/// about `reserve_bytes` stay free at the end of an arena, and there are at most `arenas` arenas. Call it while there
/// is only one thread. It does nothing if the C library has no such settings.
void clinux_limit_heap(int block_bytes, int reserve_bytes, int arenas);
/// Returns the allocator's free memory to the system, as far as possible.
void clinux_trim_heap(void);
/// Unmaps the resident pages of code and constants of the program and its libraries. Their contents are in the files:
/// a page is mapped again from the page cache when it is touched next.
void clinux_release_program_pages(void);

#endif
