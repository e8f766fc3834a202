/// Which requests have a line in the access log.
package enum AccessLogScope: String, Sendable, CaseIterable {
    /// Every request.
    case all
    /// Those answered with a status of 400 and above, or not at all.
    case errors
    /// None.
    case off
}
