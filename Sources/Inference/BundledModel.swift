import Foundation
import JSON
import ModelFiles

/// Finds the model that comes with the program, so that the first answer needs no download.
package enum BundledModel {
    /// The bundled model's folder name.
    package static let name = "mobilebert-mini"

    /// The folder to load when no model is named: `SWIFTLET_MODEL`, else the bundled model beside the program.
    ///
    /// - Throws: every place that was searched, when the model is in none of them.
    package static func locate() throws(ModelNotFound) -> String {
        try locate(
            environment: ProcessInfo.processInfo.environment,
            executable: Bundle.main.executablePath,
            workingDirectory: FileManager.default.currentDirectoryPath,
            isModel: { FileManager.default.fileExists(atPath: ModelFile.configuration.path(in: $0)) }
        )
    }

    /// Finds the folder, with all facts about the system given.
    static func locate(
        environment: [String: String],
        executable: String?,
        workingDirectory: String,
        isModel: (String) -> Bool
    ) throws(ModelNotFound) -> String {
        if let named = environment["SWIFTLET_MODEL"], !named.isEmpty { return named }
        let places = candidates(executable: executable, workingDirectory: workingDirectory)
        guard let found = places.first(where: isModel) else { throw ModelNotFound(searched: places) }
        return found
    }

    /// The places where the model may be: installed under the program's prefix, in the working directory of a checkout,
    /// or in the checkout that the program was built in.
    static func candidates(executable: String?, workingDirectory: String) -> [String] {
        var places: [String] = []
        var folders = [workingDirectory]
        if let executable, executable.begins(with: "/") {
            let parts = executable.pieces(separatedBy: "/").filter { !$0.isEmpty }.dropLast()
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

/// No model was named, and the bundled model is in none of the places where it may be.
package struct ModelNotFound: Error, Equatable, CustomStringConvertible {
    /// The places that were searched, in order.
    package let searched: [String]

    package var description: String {
        "no model was named (--model DIR or SWIFTLET_MODEL) and the bundled one is in none of:\n  "
            + searched.joined(separator: "\n  ")
    }
}
