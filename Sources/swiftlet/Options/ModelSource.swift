import Foundation
import Hub
import Service

/// Where a model is, by what the user calls it: a folder, or an id on the Hub.
struct ModelSource {
    /// What the user calls it; nil stands for the bundled model.
    let name: String?
    /// Which branch, tag or commit of a model of the Hub; nil: `main`.
    let revision: String?

    /// What a name turns out to be.
    enum Place: Equatable {
        case folder(String)
        case hub(id: String, revision: String?)
    }

    /// A model's folder, with the id that it is of.
    struct Location: Equatable, Sendable {
        let folder: String
        let id: String?
    }

    /// A folder that is there wins; what can be an id is one otherwise.
    ///
    /// - Throws: `noModel`, `usage` for a revision of a folder, or `modelNotFound`.
    func place() throws -> Place {
        let environment = ProcessInfo.processInfo.environment
        // Without a name it may come from the environment, and its revision with it.
        let variable = name == nil ? environment["SWIFTLET_REVISION"] : nil
        let revision = [revision, variable].compactMap(\.self).first { !$0.isEmpty }
        let name = try name ?? BundledModel.locate()
        var isFolder = ObjCBool(false)
        if unsafe FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue {
            guard revision == nil else {
                throw CommandError.usage("\(name) is a folder: --revision is for models of the Hub")
            }
            return .folder(name)
        }
        guard (try? ModelID(name)) != nil else {
            throw CommandError.noModel(directory: name, reason: "there is no such folder")
        }
        return .hub(id: name, revision: revision)
    }

    /// Finds out, without fetching anything, what would keep ``locate(observer:)`` from succeeding.
    func check() throws {
        guard case .hub(let id, let revision) = try place() else { return }
        let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
        let cached = try HubClient(settings: settings).cachedFolder(of: id, revision: revision)
        if settings.isOffline, cached == nil {
            throw HubError.notCached(id: id, revision: revision ?? "main", cache: settings.cache)
        }
    }

    /// The model's folder, after it was fetched if need be.
    ///
    /// - Parameter observer: told how a pull goes on; else bars on standard error tell it.
    /// - Throws: `HubError`, besides what ``place()`` throws.
    func locate(
        observer: @autoclosure () -> PullObserver = PullProgress.observer()
    ) async throws -> Location {
        switch try place() {
        case .folder(let folder): return Location(folder: folder, id: nil)
        case .hub(let id, let revision):
            let client = try Self.client(observer: observer())
            return Location(folder: try await client.snapshot(of: id, revision: revision), id: id)
        }
    }

    /// The Hub as the environment has it.
    static func client(limits: HubLimits = HubLimits(), observer: @escaping PullObserver) throws -> HubClient {
        var settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
        settings.userAgent = "swiftlet/\(SwiftletVersion.current)"
        settings.limits = limits
        return HubClient(settings: settings, observer: observer)
    }
}
