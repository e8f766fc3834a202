import CLinux

/// The process's limit of open descriptors.
package enum DescriptorLimit {
    /// Raises the soft limit to `wanted` where it is lower, as far as the hard limit lets.
    ///
    /// - Returns: The soft limit now in force.
    package static func raise(toAtLeast wanted: Int) throws(TransportError) -> Int {
        let limit = clinux_raise_descriptor_limit(wanted)
        guard limit >= 0 else { throw .system(operation: "setrlimit", address: nil, code: Int32(-limit)) }
        return limit
    }
}
