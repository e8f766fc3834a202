import JSON

/// `modules.json`: the modules of sentence-transformers that a text goes through, in order.
package struct ModuleList: Sendable {
    /// `{"type": "sentence_transformers.models.Dense", "path": "2_Dense", …}`.
    package struct Entry: Sendable {
        /// The last part of the class's name.
        package let type: String
        /// The folder of the module's files, from the model's folder on; empty for the model's own.
        package let path: String
        /// The entry itself, for errors.
        package let section: JSONSection

        /// The folder, in the model's folder `directory`.
        ///
        /// - Throws: `wrongValue` for a path that leads out of the model's folder: what was downloaded must not.
        package func folder(in directory: String) throws(ModelError) -> String {
            guard !path.begins(with: "/"), !path.pieces(separatedBy: "/").contains("..") else {
                throw section.wrong("path", .string(path), expected: "a folder in this one")
            }
            return path.isEmpty ? directory : "\(directory)/\(path)"
        }
    }

    /// The file, for messages.
    package let file: String
    /// The modules, in the file's order.
    package let entries: [Entry]

    /// Reads the file of a model's folder; nil when there is none.
    ///
    /// - Throws: what is wrong with it.
    package init?(directory: String) throws(ModelError) {
        let path = ModelFile.modules.path(in: directory)
        guard OpenFile.exists(path) else { return nil }
        try self.init(bytes: OpenFile.contents(of: path, limit: JSONSection.maximumBytes), file: path)
    }

    /// Reads the contents of the file at path `file`.
    ///
    /// - Throws: as ``init(directory:)``.
    package init(bytes: [UInt8], file: String) throws(ModelError) {
        self.file = file
        entries = try JSONSection.list(bytes: bytes, path: file).map { section throws(ModelError) in
            let type = try section.string("type").pieces(separatedBy: ".").last ?? ""
            return Entry(type: String(type), path: try section.string("path", default: ""), section: section)
        }
    }
}
