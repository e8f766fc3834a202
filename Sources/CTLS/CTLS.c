#include "CTLS.h"

#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct ctls_context {
    SSL_CTX *context;
};

struct ctls_session {
    SSL *ssl;
    int descriptor;
    bool has_ended;
    // Whether the last read from the descriptor may have left bytes there, and whether that ends ctls_gather if not.
    bool may_wait;
    bool ends_early;
    // Whether another read may give something although nothing is reported.
    bool may_read;
    // The stamp of the last read from the descriptor, and of the oldest bytes that ctls_read gave; 0 if unknown.
    int64_t stamp;
    int64_t oldest;
};

// The most bytes of one read from the descriptor: several small requests, which came at about the same time.
enum { READ_AHEAD = 2048 };

// MARK: messages

// Takes the first error of OpenSSL's queue, because it caused the others, and clears the queue.
static void take_error(char *message) {
    const unsigned long code = ERR_get_error();
    const char *reason = NULL;
    if (code != 0) reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    if (message != NULL) {
        strncpy(message, reason != NULL ? reason : "unknown failure", CTLS_MESSAGE_BYTES - 1);
        message[CTLS_MESSAGE_BYTES - 1] = 0;
    }
    ERR_clear_error();
}

// MARK: bytes

// OpenSSL's own BIO for sockets writes with write(2), which raises SIGPIPE.

static int transport_write(BIO *bio, const char *bytes, int count) {
    const struct ctls_session *session = BIO_get_data(bio);
    ssize_t sent;
    do sent = send(session->descriptor, bytes, (size_t)count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    BIO_clear_retry_flags(bio);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)) BIO_set_retry_write(bio);
    return (int)sent;
}

static int transport_read(BIO *bio, char *buffer, int count) {
    struct ctls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->ends_early && !session->may_wait) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const size_t asked = count < READ_AHEAD ? (size_t)count : READ_AHEAD;
    const int64_t before = session->stamp;
    const ptrdiff_t received = clinux_receive_stamped(session->descriptor, buffer, asked, &session->stamp);
    // Bytes behind a full read may have come as early as its last ones.
    if (received > 0 && session->oldest == 0) session->oldest = session->may_wait ? before : session->stamp;
    session->may_wait = received == (ptrdiff_t)asked;
    if (received == -EAGAIN || received == -EWOULDBLOCK || received == -ENOBUFS) BIO_set_retry_read(bio);
    if (received == 0) session->has_ended = true;
    return received < 0 ? -1 : (int)received;
}

static long transport_control(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    const struct ctls_session *session = BIO_get_data(bio);
    switch (command) {
        case BIO_CTRL_FLUSH: return 1;
        case BIO_CTRL_EOF: return session->has_ended;
        default: return 0;
    }
}

static BIO_METHOD *transport_method;

static void make_transport_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "swiftlet descriptor");
    if (method == NULL) return;
    BIO_meth_set_write(method, transport_write);
    BIO_meth_set_read(method, transport_read);
    BIO_meth_set_ctrl(method, transport_control);
    transport_method = method;
}

// MARK: contexts

// Without this callback OpenSSL would ask for a key's passphrase on the terminal.
static int refuse_passphrase(char *buffer, int size, int is_writing, void *unused) {
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)unused;
    return -1;
}

// RFC 7301: chooses HTTP/2 if the client offers it, else HTTP/1.1. A client that offers neither is refused.
static int choose_protocol(
    SSL *ssl, const unsigned char **chosen, unsigned char *length, const unsigned char *offered,
    unsigned int offered_length, void *unused
) {
    (void)ssl;
    (void)unused;
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *found = NULL;
    const int result = SSL_select_next_proto(&found, length, ours, sizeof ours - 1, offered, offered_length);
    if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(const SSL_METHOD *method) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_transport_method);
    ERR_clear_error();
    SSL_CTX *context = transport_method != NULL ? SSL_CTX_new(method) : NULL;
    if (context == NULL) return NULL;
    // Idle sessions release their buffers: each of ten thousand would otherwise hold 34 KiB.
    SSL_CTX_set_mode(
        context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    );
    // HTTP itself marks the end of a message, so an end without close_notify cannot truncate a message unnoticed.
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF
    );
    return context;
}

static struct ctls_context *wrap(SSL_CTX *context, char *message) {
    struct ctls_context *wrapped = context != NULL ? malloc(sizeof *wrapped) : NULL;
    if (wrapped == NULL) {
        take_error(message);
        SSL_CTX_free(context);
        return NULL;
    }
    wrapped->context = context;
    return wrapped;
}

static enum ctls_fault configure_server(
    SSL_CTX *context, const char *chain_path, const char *key_path, bool requires_tls13
) {
    // The ciphers of TLS 1.2 are those that RFC 9113, 9.2.2, allows for HTTP/2: forward secrecy and AEAD.
    if (SSL_CTX_set_min_proto_version(context, requires_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION) != 1
        || SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
        return CTLS_FAULT_LIBRARY;
    }
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Sessions are resumed by tickets, which the client keeps. A cache would cost memory here. A second ticket for each
    // connection would help only clients that open several at once.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    // Else each record would take two reads from the descriptor.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, chain_path) != 1) return CTLS_FAULT_CERTIFICATE;
    // The certificate is set already, so a key that belongs to another certificate is refused here.
    if (SSL_CTX_use_PrivateKey_file(context, key_path, SSL_FILETYPE_PEM) != 1) {
        const unsigned long code = ERR_peek_last_error();
        const bool is_other = ERR_GET_LIB(code) == ERR_LIB_X509
            && (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH || ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
        return is_other ? CTLS_FAULT_PAIR : CTLS_FAULT_KEY;
    }
    return SSL_CTX_check_private_key(context) == 1 ? CTLS_NO_FAULT : CTLS_FAULT_PAIR;
}

struct ctls_context *ctls_server_context(
    const char *chain_path, const char *key_path, bool requires_tls13, enum ctls_fault *fault, char *message
) {
    SSL_CTX *context = new_context(TLS_server_method());
    *fault = context != NULL ? configure_server(context, chain_path, key_path, requires_tls13) : CTLS_FAULT_LIBRARY;
    if (*fault != CTLS_NO_FAULT) {
        take_error(message);
        SSL_CTX_free(context);
        return NULL;
    }
    struct ctls_context *wrapped = wrap(context, message);
    if (wrapped == NULL) *fault = CTLS_FAULT_LIBRARY;
    return wrapped;
}

struct ctls_context *ctls_client_context(const char *trust_path, bool verifies, char *message) {
    SSL_CTX *context = new_context(TLS_client_method());
    if (context == NULL) return wrap(NULL, message);
    bool is_ready = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
    if (verifies) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        is_ready = is_ready
            && (trust_path != NULL ? SSL_CTX_load_verify_file(context, trust_path)
                                   : SSL_CTX_set_default_verify_paths(context)) == 1;
        // The file may name the service's own certificate instead of the authority that signed it.
        if (trust_path != NULL) X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    }
    if (!is_ready) {
        take_error(message);
        SSL_CTX_free(context);
        return NULL;
    }
    return wrap(context, message);
}

void ctls_context_free(struct ctls_context *context) {
    SSL_CTX_free(context->context);
    free(context);
}

int64_t ctls_context_expiry(const struct ctls_context *context) {
    const X509 *certificate = SSL_CTX_get0_certificate(context->context);
    struct tm end;
    if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return 0;
    return (int64_t)timegm(&end);
}

// MARK: sessions

static bool set_server_name(SSL *ssl, const char *name) {
    unsigned char address[sizeof(struct in6_addr)];
    const bool is_address = inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
    if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    return SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, name) == 1;
}

struct ctls_session *ctls_session_create(struct ctls_context *context, int descriptor, const char *server_name) {
    struct ctls_session *session = calloc(1, sizeof *session);
    if (session == NULL) return NULL;
    session->descriptor = descriptor;
    session->ssl = SSL_new(context->context);
    BIO *transport = session->ssl != NULL ? BIO_new(transport_method) : NULL;
    if (transport == NULL) {
        ctls_session_free(session);
        return NULL;
    }
    BIO_set_data(transport, session);
    BIO_set_init(transport, 1);
    SSL_set_bio(session->ssl, transport, transport);
    if (server_name == NULL) {
        SSL_set_accept_state(session->ssl);
    } else {
        SSL_set_connect_state(session->ssl);
        if (!set_server_name(session->ssl, server_name)) {
            ctls_session_free(session);
            return NULL;
        }
    }
    return session;
}

void ctls_session_free(struct ctls_session *session) {
    SSL_free(session->ssl);
    ERR_clear_error();
    free(session);
}

// The outcome of an operation that returned `result`.
static int outcome(const struct ctls_session *session, int result, char *message) {
    switch (SSL_get_error(session->ssl, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return CTLS_BLOCKED;
        case SSL_ERROR_ZERO_RETURN:
            return CTLS_END;
        default:
            take_error(message);
            return CTLS_FAILED;
    }
}

int ctls_handshake(struct ctls_session *session, char *message) {
    ERR_clear_error();
    session->oldest = 0;
    const int result = SSL_do_handshake(session->ssl);
    if (result == 1) return CTLS_DONE;
    const long verified = SSL_get_verify_result(session->ssl);
    const int came_to = outcome(session, result, message);
    if (came_to == CTLS_FAILED && verified != X509_V_OK) {
        strncpy(message, X509_verify_cert_error_string(verified), CTLS_MESSAGE_BYTES - 1);
        message[CTLS_MESSAGE_BYTES - 1] = 0;
    }
    return came_to;
}

bool ctls_chose_http2(const struct ctls_session *session) {
    const unsigned char *chosen = NULL;
    unsigned int length = 0;
    SSL_get0_alpn_selected(session->ssl, &chosen, &length);
    return length == 2 && memcmp(chosen, "h2", 2) == 0;
}

int64_t ctls_stamp(const struct ctls_session *session) {
    return session->oldest;
}

bool ctls_may_read(const struct ctls_session *session) {
    return session->may_read;
}

static int read_record(struct ctls_session *session, char *buffer, size_t count, size_t *received) {
    ERR_clear_error();
    const int result = SSL_read_ex(session->ssl, buffer, count, received);
    session->may_read = result == 1 || SSL_get_error(session->ssl, result) != SSL_ERROR_WANT_READ;
    return result;
}

ptrdiff_t ctls_read(struct ctls_session *session, void *buffer, size_t count) {
    size_t received = 0;
    session->oldest = SSL_has_pending(session->ssl) ? session->stamp : 0;
    const int result = read_record(session, buffer, count, &received);
    return result == 1 ? (ptrdiff_t)received : outcome(session, result, NULL);
}

ptrdiff_t ctls_gather(struct ctls_session *session, void *buffer, size_t count) {
    const ptrdiff_t first = ctls_read(session, buffer, count);
    if (first <= 0) return first;
    size_t total = (size_t)first, received = 0;
    session->ends_early = true;
    // An error comes again with the next call.
    while (total < count && read_record(session, (char *)buffer + total, count - total, &received) == 1) {
        total += received;
    }
    session->ends_early = false;
    ERR_clear_error();
    return (ptrdiff_t)total;
}

ptrdiff_t ctls_write(struct ctls_session *session, const void *bytes, size_t count) {
    ERR_clear_error();
    size_t sent = 0;
    const int result = SSL_write_ex(session->ssl, bytes, count, &sent);
    return result == 1 ? (ptrdiff_t)sent : outcome(session, result, NULL);
}

int ctls_finish(struct ctls_session *session) {
    ERR_clear_error();
    const int result = SSL_shutdown(session->ssl);
    // 0: our close_notify is sent, the peer's has not arrived yet.
    return result >= 0 ? CTLS_DONE : outcome(session, result, NULL);
}

// MARK: digests

bool ctls_digest(const void *bytes, size_t count, uint8_t *digest) {
    return EVP_Digest(bytes, count, digest, NULL, EVP_sha256(), NULL) == 1;
}

bool ctls_digests_equal(const uint8_t *one, const uint8_t *other) {
    return CRYPTO_memcmp(one, other, CTLS_DIGEST_BYTES) == 0;
}

struct ctls_hash {
    EVP_MD_CTX *context;
};

struct ctls_hash *ctls_hash_create(enum ctls_hash_kind kind) {
    struct ctls_hash *hash = malloc(sizeof *hash);
    if (!hash) return NULL;
    hash->context = EVP_MD_CTX_new();
    if (hash->context && EVP_DigestInit_ex(hash->context, kind == CTLS_SHA1 ? EVP_sha1() : EVP_sha256(), NULL) == 1) {
        return hash;
    }
    ctls_hash_free(hash);
    return NULL;
}

void ctls_hash_free(struct ctls_hash *hash) {
    if (!hash) return;
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

bool ctls_hash_add(struct ctls_hash *hash, const void *bytes, size_t count) {
    return EVP_DigestUpdate(hash->context, bytes, count) == 1;
}

size_t ctls_hash_finish(struct ctls_hash *hash, uint8_t *digest) {
    unsigned int count = 0;
    return EVP_DigestFinal_ex(hash->context, digest, &count) == 1 ? count : 0;
}
