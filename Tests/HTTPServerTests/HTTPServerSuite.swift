import Testing

/// The tests that run servers, one after another: they measure times and count connections.
@Suite(.serialized, .timeLimit(.minutes(10))) enum HTTPServerSuite {}
