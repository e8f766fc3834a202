import Foundation
import Hub
import LinearAlgebra
import Service

/// The program's entry.
@main
enum Main {
    static func main() async {
        StandardDescriptors.ensureOpen()
        // While there is one thread: it changes the environment.
        OpenBLAS.prepareEnvironment()
        WebTrust.prepareEnvironment()
        HeapMemory.limitReserves()
        // A reader that goes away (`| head`) is then an error of write(2), which ends a command quietly.
        BrokenPipe.ignoreSignal()
        do {
            try await SwiftletCommand.run(arguments: Array(CommandLine.arguments.dropFirst()))
            ProcessEnd.now(.success)
        } catch {
            SwiftletCommand.end(with: error)
        }
    }
}
