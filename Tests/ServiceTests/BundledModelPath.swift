import Foundation

/// The bundled model's folder in the checkout that these tests are part of.
let bundledModelPath = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Models/mobilebert-mini-sst2").path
