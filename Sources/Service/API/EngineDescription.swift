import LinearAlgebra

/// What computes, for /info and the log.
enum EngineDescription {
    static var coreName: String { OpenBLAS.coreName }
    static var openBLASVersion: String { OpenBLAS.version }
}
