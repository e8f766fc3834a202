import Checkpoint
import Encoder
import Foundation

/// sentence-transformers' 1_Pooling/config.json (its class Pooling).
enum PoolingConfiguration {
    private static let modes: [(key: String, pooling: Pooling?)] = [
        ("pooling_mode_cls_token", .cls), ("pooling_mode_mean_tokens", .mean), ("pooling_mode_max_tokens", nil),
        ("pooling_mode_mean_sqrt_len_tokens", nil), ("pooling_mode_weightedmean_tokens", nil),
        ("pooling_mode_lasttoken", nil),
    ]

    /// The pooling that the folder asks for; nil when it has no 1_Pooling.
    static func pooling(inModelDirectory directory: String) throws(ModelError) -> Pooling? {
        let path = directory + "/1_Pooling/config.json"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        var chosen: [(key: String, pooling: Pooling?)] = []
        do {
            let file = try ConfigurationFile(path: path)
            for mode in modes where try file.boolean(mode.key, default: false) { chosen.append(mode) }
        } catch {
            throw ModelError.unreadable(error)
        }
        guard chosen.count == 1, let pooling = chosen[0].pooling else {
            throw ModelError.unsupportedPooling(file: path, modes: chosen.map(\.key))
        }
        return pooling
    }
}
