// Shared by load.c, which decides what is sent and when, and load_connection.c, which sends it.

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BODY_BYTES = 32 * 1024 };

struct request {
    double due;
    int status;
    size_t body_bytes, body_sent;
    struct request *next;
    char body[];
};

struct connection {
    int fd, busy;
    bool is_open, is_free, wants_write, is_dead;
    SSL *ssl;
    nghttp2_session *session;
    struct request *request;  // HTTP/1.1: the one under way
    char *out;                // bytes that wait to be sent
    size_t out_bytes, out_sent;
    char in[8192];
    size_t in_bytes;
    struct connection *next;  // in the queue of free ones
};

// The arguments
extern int port, most, deadline_ms;
extern bool is_tls, is_http2;
/// The requests that may be under way at once on one HTTP/2 connection.
extern int streams;

// load.c
struct request *make_request(double due);
/// Counts what became of a request. `is_whole` says whether its answer came.
void finish(struct request *request, bool is_whole);

// load_connection.c
/// The open connections, and those of them that are being opened.
extern int connections, opening;
void prepare_connections(void);
/// Opens a connection; NULL if that fails at once.
struct connection *open_connection(void);
/// The connection that has been free for longest; NULL if none is free.
struct connection *take_free(void);
/// Sends a request on a free connection.
void ask(struct connection *connection, double due);
/// Handles all that has happened on the connections.
void poll_sockets(void);
