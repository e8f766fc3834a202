@testable import Service

extension ServiceConfiguration {
    /// The values of all stored properties of the configuration's structs, by their paths, such as
    /// `http.limits.maxBodyBytes`.
    var leaves: [String: String] { configurationLeaves(of: self) }

    static func == (first: ServiceConfiguration, second: ServiceConfiguration) -> Bool { first.leaves == second.leaves }
    static func != (first: ServiceConfiguration, second: ServiceConfiguration) -> Bool { !(first == second) }
}

/// The stored properties of a struct, and of the structs in it, by their paths.
func configurationLeaves(of value: Any, at path: String = "") -> [String: String] {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .struct, !(value is Duration), !mirror.children.isEmpty else {
        return [path: String(reflecting: value)]
    }
    return mirror.children.reduce(into: [:]) { result, child in
        let childPath = path.isEmpty ? child.label ?? "" : "\(path).\(child.label ?? "")"
        result.merge(configurationLeaves(of: child.value, at: childPath)) { first, _ in first }
    }
}

extension ConfigurationKey {
    /// The key of that name, nil when there is none.
    static func named(_ name: String) -> ConfigurationKey? { all.first { $0.name == name } }
}
