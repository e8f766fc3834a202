#ifndef SWIFTLET_CTLS_H
#define SWIFTLET_CTLS_H

// The parts of OpenSSL that TLS needs. OpenSSL's interface is macros and callbacks; this one is plain functions over
// integers and buffers.
//
// A function that fails writes the reason into the caller's message and leaves OpenSSL's queue of errors empty. No
// message holds any part of a key.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The bytes of the longest message, its final zero included.
#define CTLS_MESSAGE_BYTES 256

/// The result of an operation on a session. A function that moves bytes returns their number instead, if it is
/// positive.
enum ctls_result {
    CTLS_DONE = 0,
    /// Nothing can be done now: try again when the descriptor is readable or writable.
    CTLS_BLOCKED = -1,
    /// The peer has finished sending.
    CTLS_END = -2,
    /// The session is broken.
    CTLS_FAILED = -3,
};

/// The part of a context that could not be made.
enum ctls_fault { CTLS_NO_FAULT, CTLS_FAULT_CERTIFICATE, CTLS_FAULT_KEY, CTLS_FAULT_PAIR, CTLS_FAULT_LIBRARY };

// contexts: certificates and settings that many sessions share. A context does not change once it is made, so any
// thread may use it.
struct ctls_context;
/// A server's context from PEM files. On failure it is NULL, and `fault` and `message` are set.
struct ctls_context *ctls_server_context(
    const char *chain_path, const char *key_path, bool requires_tls13, enum ctls_fault *fault, char *message
);
/// A client's context. It trusts the certificates of a PEM file or, if `trust_path` is NULL, the certificates that the
/// system trusts. If `verifies` is false, it accepts any certificate.
struct ctls_context *ctls_client_context(const char *trust_path, bool verifies, char *message);
void ctls_context_free(struct ctls_context *context);
/// The time at which the certificate expires, in seconds since 1970; 0 if there is no certificate.
int64_t ctls_context_expiry(const struct ctls_context *context);

// sessions: each is used by one thread at a time
struct ctls_session;
/// A session over a connected descriptor. The session does not close the descriptor. With a `server_name` (a name or an
/// address) it is a client's session; with NULL it is a server's. Returns NULL if memory is short.
struct ctls_session *ctls_session_create(struct ctls_context *context, int descriptor, const char *server_name);
void ctls_session_free(struct ctls_session *session);
/// CTLS_DONE once both sides have the keys.
int ctls_handshake(struct ctls_session *session, char *message);
/// Whether ALPN chose HTTP/2.
bool ctls_chose_http2(const struct ctls_session *session);
/// Reads at most one record.
ptrdiff_t ctls_read(struct ctls_session *session, void *buffer, size_t count);
/// Reads all records that have come, until the buffer is full. A read from the descriptor that was given less than it
/// asked for is the last, so later bytes must be reported to the caller.
ptrdiff_t ctls_gather(struct ctls_session *session, void *buffer, size_t count);
/// Whether another read may give something although nothing more is reported.
bool ctls_may_read(const struct ctls_session *session);
/// When the kernel received the first bytes that the last read or step of the handshake has taken, as
/// clinux_receive_stamped says it. If others came together with them, it is when those came. 0 if it took none.
int64_t ctls_stamp(const struct ctls_session *session);
/// Writes without ever raising SIGPIPE. After CTLS_BLOCKED the next call must write the same bytes; their address may
/// differ.
ptrdiff_t ctls_write(struct ctls_session *session, const void *bytes, size_t count);
/// Tells the peer that no more bytes follow.
int ctls_finish(struct ctls_session *session);

// digests
#define CTLS_DIGEST_BYTES 32
/// SHA-256; false when the library fails.
bool ctls_digest(const void *bytes, size_t count, uint8_t *digest);
/// Whether two digests are equal, in a time that does not depend on where they differ.
bool ctls_digests_equal(const uint8_t *one, const uint8_t *other);

// hashes of bytes that come in parts
enum ctls_hash_kind { CTLS_SHA1, CTLS_SHA256 };
#define CTLS_HASH_BYTES_MAX 32
struct ctls_hash;
/// NULL when the library fails.
struct ctls_hash *ctls_hash_create(enum ctls_hash_kind kind);
void ctls_hash_free(struct ctls_hash *hash);
bool ctls_hash_add(struct ctls_hash *hash, const void *bytes, size_t count);
/// Writes the hash into `digest` and returns its length, 0 when the library fails. Call it once only.
size_t ctls_hash_finish(struct ctls_hash *hash, uint8_t *digest);

#endif
