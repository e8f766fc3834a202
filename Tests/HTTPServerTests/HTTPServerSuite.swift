import Testing

/// The tests that run servers. They run one after another, because they measure times and count connections.
@Suite(.serialized, .timeLimit(.minutes(10))) enum HTTPServerSuite {}
