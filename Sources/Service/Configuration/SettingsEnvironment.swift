/// The settings among the environment's variables: `SWIFTLET_MAX_BATCH_TOKENS=8192`.
///
/// An empty value is no value: that is what compose files and shells make of a variable that is not set.
enum SettingsEnvironment {
    /// Names the configuration file.
    static let fileVariable = ConfigurationKey.variablePrefix + "CONFIG"

    /// Variables with our prefix that are not settings: the file's path, the keys, the choice of OpenBLAS's kernels,
    /// which is made before there is a configuration, and the folder that larger tests read.
    private static let otherVariables = Set(
        ["CONFIG", "BLAS_CORE", "REFERENCE"].map { ConfigurationKey.variablePrefix + $0 } + [Edge.keysVariable]
    )

    /// - Throws: `unknownKey` for any other variable that begins with `SWIFTLET_`.
    static func parse(_ environment: [String: String]) throws(ConfigurationError) -> [Setting] {
        var settings: [Setting] = []
        let ours = environment.filter { $0.key.hasPrefix(ConfigurationKey.variablePrefix) }
        for (variable, value) in ours.sorted(by: { $0.key < $1.key }) {
            if otherVariables.contains(variable) || isServiceLink(variable, value: value) { continue }
            guard let key = known[variable] else {
                let nearest = EditDistance.nearest(to: variable, among: known.keys.sorted() + [fileVariable])
                throw .unknownKey(name: variable, source: .environment(variable), nearest: nearest)
            }
            guard !value.isEmpty else { continue }
            settings.append(Setting(key: key, value: value, source: .environment(variable)))
        }
        return settings
    }

    private static let known = Dictionary(uniqueKeysWithValues: ConfigurationKey.all.map { ($0.variable, $0) })

    /// Whether Kubernetes made the variable: for a Service that is named `swiftlet` it gives every pod of the
    /// namespace SWIFTLET_SERVICE_HOST, SWIFTLET_SERVICE_PORT…, SWIFTLET_PORT=tcp://… and SWIFTLET_PORT_80_TCP…
    /// unless the pod says `enableServiceLinks: false`. None of them is meant for us.
    private static func isServiceLink(_ variable: String, value: String) -> Bool {
        if variable.hasSuffix("_SERVICE_HOST") || variable.contains("_SERVICE_PORT") { return true }
        if variable.contains(/_PORT_[0-9]+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?$/) { return true }
        return variable.hasSuffix("_PORT") && value.contains("://")
    }
}
