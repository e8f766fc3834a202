import Foundation

/// Finds the model that comes with the program, so that the first answer needs no download.
package enum BundledModel {
    /// The bundled model's folder name.
    package static let name = "mobilebert-mini"

    /// The folder to load when no model is named: `SWIFTLET_MODEL`, else the bundled model beside the program.
    ///
    /// - Throws: `modelNotFound` with every place that was looked at.
    package static func locate() throws(ConfigurationError) -> String {
        try locate(
            environment: ProcessInfo.processInfo.environment,
            executable: Bundle.main.executablePath,
            workingDirectory: FileManager.default.currentDirectoryPath,
            isModel: { FileManager.default.fileExists(atPath: $0 + "/config.json") }
        )
    }

    /// The same with everything that it asks of the system given.
    static func locate(
        environment: [String: String],
        executable: String?,
        workingDirectory: String,
        isModel: (String) -> Bool
    ) throws(ConfigurationError) -> String {
        let variable = ConfigurationKey.variablePrefix + "MODEL"
        if let named = environment[variable], !named.isEmpty { return named }
        let places = candidates(executable: executable, workingDirectory: workingDirectory)
        guard let found = places.first(where: isModel) else { throw .modelNotFound(searched: places) }
        return found
    }

    /// Where the model may lie: installed under the program's prefix, in the working directory of a checkout, or in
    /// the checkout that the program was built in.
    static func candidates(executable: String?, workingDirectory: String) -> [String] {
        var places: [String] = []
        var folders = [workingDirectory]
        if let executable, executable.hasPrefix("/") {
            let parts = executable.split(separator: "/").dropLast()
            let ancestors = (0...parts.count).reversed().map { "/" + parts.prefix($0).joined(separator: "/") }
            places.append("/" + (parts.dropLast() + ["share/swiftlet/models", name[...]]).joined(separator: "/"))
            folders += ancestors
        }
        for folder in folders {
            let place = (folder == "/" ? "" : folder) + "/Models/" + name
            if !places.contains(place) { places.append(place) }
        }
        return places
    }
}
