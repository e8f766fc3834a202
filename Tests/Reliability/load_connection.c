// The connections of load.c: HTTP/1.1 and HTTP/2, with TLS or without.

#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    SOURCES = 32,  // addresses that connections come from: each has only 28,000 ports
};

int connections, opening;
static int epoll;
static SSL_CTX *tls;
static struct connection *first_free, *last_free;

void prepare_connections(void) {
    epoll = epoll_create1(0);
    if (!is_tls) return;
    tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(
        tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_protos(tls, (const uint8_t *)(is_http2 ? "\x02h2" : "\x08http/1.1"), is_http2 ? 3 : 9);
}

static void add_free(struct connection *connection) {
    if (connection->is_free || connection->is_dead || !connection->is_open) return;
    connection->is_free = true;
    connection->next = NULL;
    if (last_free) last_free->next = connection; else first_free = connection;
    last_free = connection;
}

struct connection *take_free(void) {
    while (first_free) {
        struct connection *connection = first_free;
        first_free = connection->next;
        if (!first_free) last_free = NULL;
        connection->is_free = false;
        if (!connection->is_dead) return connection;
        free(connection);
    }
    return NULL;
}

static void end_connection(struct connection *connection) {
    if (connection->is_dead) return;
    connection->is_dead = true;
    connections--;
    opening -= !connection->is_open;
    if (connection->request) finish(connection->request, false);
    if (connection->session) nghttp2_session_del(connection->session);  // finishes its streams
    SSL_free(connection->ssl);
    close(connection->fd);
    free(connection->out);
    // One that is queued as free is freed when its turn comes.
    if (!connection->is_free) free(connection);
}

static void queue(struct connection *connection, const void *bytes, size_t count) {
    if (connection->out_sent == connection->out_bytes) connection->out_sent = connection->out_bytes = 0;
    connection->out = realloc(connection->out, connection->out_bytes + count);
    memcpy(connection->out + connection->out_bytes, bytes, count);
    connection->out_bytes += count;
}

static ssize_t move_bytes(struct connection *connection, void *in, const void *out, size_t count) {
    ssize_t moved;
    if (!connection->ssl) {
        moved = in ? recv(connection->fd, in, count, 0) : send(connection->fd, out, count, MSG_NOSIGNAL);
        return moved < 0 && (errno == EAGAIN || errno == ENOTCONN) ? -2 : in && moved == 0 ? -1 : moved;
    }
    moved = in ? SSL_read(connection->ssl, in, (int)count) : SSL_write(connection->ssl, out, (int)count);
    if (moved > 0) return moved;
    const int error = SSL_get_error(connection->ssl, (int)moved);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -2 : -1;
}

static bool flush(struct connection *connection) {
    if (!connection->is_open) return true;
    for (;;) {
        while (connection->out_sent < connection->out_bytes) {
            const ssize_t moved = move_bytes(connection, NULL, connection->out + connection->out_sent,
                connection->out_bytes - connection->out_sent);
            if (moved == -2) return true;
            if (moved < 0) return false;
            connection->out_sent += (size_t)moved;
        }
        if (!connection->session) return true;
        const uint8_t *bytes;
        const ssize_t count = nghttp2_session_mem_send(connection->session, &bytes);
        if (count < 0) return false;
        if (count == 0) return true;
        queue(connection, bytes, (size_t)count);
    }
}

struct connection *open_connection(void) {
    struct connection *connection = calloc(1, sizeof *connection);
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static unsigned opened;
    const struct sockaddr_in source = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + opened++ % SOURCES)};
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(connection->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
    bind(connection->fd, (const struct sockaddr *)&source, sizeof source);
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connection->fd < 0
        || (connect(connection->fd, (const struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)) {
        if (connection->fd >= 0) close(connection->fd);
        free(connection);
        return NULL;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event);
    if (is_tls) {
        connection->ssl = SSL_new(tls);
        SSL_set_fd(connection->ssl, connection->fd);
        SSL_set_connect_state(connection->ssl);
    }
    connections++;
    opening++;
    return connection;
}

// MARK: HTTP/2

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
    const uint8_t *value, size_t value_bytes, uint8_t flags, void *user) {
    (void)flags, (void)user, (void)value_bytes;
    struct request *request = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (request && name_bytes == 7 && memcmp(name, ":status", 7) == 0) request->status = atoi((const char *)value);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *user) {
    struct connection *connection = user;
    struct request *request = nghttp2_session_get_stream_user_data(session, stream);
    if (!request) return 0;
    finish(request, error == NGHTTP2_NO_ERROR);
    connection->busy--;
    add_free(connection);
    return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t count, uint32_t *flags,
    nghttp2_data_source *source, void *user) {
    (void)session, (void)stream, (void)user;
    struct request *request = source->ptr;
    const size_t left = request->body_bytes - request->body_sent, taken = left < count ? left : count;
    memcpy(buffer, request->body + request->body_sent, taken);
    request->body_sent += taken;
    if (request->body_sent == request->body_bytes) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)taken;
}

static void begin_http2(struct connection *connection) {
    static nghttp2_session_callbacks *callbacks;
    if (!callbacks) {
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    }
    nghttp2_session_client_new(&connection->session, callbacks, connection);
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, NULL, 0);
}

#define FIELD(name, value) {(uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, strlen(value), 0}

static void begin(struct connection *connection, double due) {
    struct request *request = make_request(due);
    char deadline[16];
    snprintf(deadline, sizeof deadline, "%d", deadline_ms);
    connection->busy++;
    if (is_http2) {
        const nghttp2_nv fields[] = {FIELD(":method", "POST"), FIELD(":scheme", is_tls ? "https" : "http"),
            FIELD(":authority", "localhost"), FIELD(":path", "/embed"), FIELD("content-type", "application/json"),
            FIELD("x-request-timeout-ms", deadline)};
        const nghttp2_data_provider body = {{.ptr = request}, read_body};
        const size_t count = sizeof fields / sizeof fields[0];
        nghttp2_submit_request(connection->session, NULL, fields, count, &body, request);
        if (connection->busy < streams) add_free(connection);
    } else {
        char head[256];
        const int count = snprintf(head, sizeof head, "POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            "application/json\r\nX-Request-Timeout-Ms: %s\r\nContent-Length: %zu\r\n\r\n",
            deadline, request->body_bytes);
        queue(connection, head, (size_t)count);
        queue(connection, request->body, request->body_bytes);
        connection->request = request;
    }
}

void ask(struct connection *connection, double due) {
    begin(connection, due);
    if (!flush(connection)) end_connection(connection);
}

// MARK: answers

// Takes the whole HTTP/1.1 answers from what was read. Returns false if the connection ends.
static bool take_answer(struct connection *connection) {
    connection->in[connection->in_bytes] = 0;
    const char *end = strstr(connection->in, "\r\n\r\n");
    if (!end || !connection->request) return end == NULL;
    const char *length = strcasestr(connection->in, "content-length:");
    const size_t body = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
    const size_t whole = (size_t)(end + 4 - connection->in) + body;
    if (connection->in_bytes < whole) return true;
    const char *close = strcasestr(connection->in, "connection: close");
    connection->request->status = atoi(connection->in + 9);
    finish(connection->request, true);
    connection->request = NULL;
    connection->in_bytes = 0;
    connection->busy = 0;
    if (close && close < end) return false;
    add_free(connection);
    return true;
}

static bool read_answers(struct connection *connection) {
    static char buffer[65536];
    for (;;) {
        char *place = connection->session ? buffer : connection->in + connection->in_bytes;
        const size_t space = connection->session ? sizeof buffer : sizeof connection->in - 1 - connection->in_bytes;
        const ssize_t moved = move_bytes(connection, place, NULL, space);
        if (moved == -2) return true;
        if (moved < 0) return false;
        if (connection->session) {
            if (nghttp2_session_mem_recv(connection->session, (const uint8_t *)buffer, (size_t)moved) < 0) return false;
            if (!nghttp2_session_want_read(connection->session)) return false;
        } else {
            connection->in_bytes += (size_t)moved;
            if (!take_answer(connection)) return false;
        }
        if ((size_t)moved < space && !connection->ssl) return true;
    }
}

static bool handle(struct connection *connection, uint32_t events) {
    if (!connection->is_open) {
        if (events & (EPOLLERR | EPOLLHUP)) return false;
        if (connection->ssl) {
            const int result = SSL_do_handshake(connection->ssl);
            if (result != 1) {
                const int error = SSL_get_error(connection->ssl, result);
                return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
            }
        } else if (!(events & EPOLLOUT)) {
            return true;
        }
        connection->is_open = true;
        opening--;
        if (is_http2) begin_http2(connection);
        if (!connection->busy) add_free(connection);
    }
    return read_answers(connection) && flush(connection);
}

void poll_sockets(void) {
    struct epoll_event events[512];
    int count;
    while ((count = epoll_wait(epoll, events, 512, 0)) > 0) {
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!handle(connection, events[i].events)) end_connection(connection);
        }
        if (count < 512) break;
    }
}
