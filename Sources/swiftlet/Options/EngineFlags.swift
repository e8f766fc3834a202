import ArgumentParser
import Encoder
import LinearAlgebra
import Service

extension DataType: ExpressibleByArgument {}
extension Backend: ExpressibleByArgument {}

/// How a command's model computes.
struct EngineFlags: ParsableArguments {
    @Option(
        help: "Arithmetic of the matrix products: bfloat16 and int8 take half and a quarter of float32's memory."
    )
    var dtype = DataType.float32

    @Option(help: "What computes; auto is the fastest that this CPU has. openblas is for float32 only.")
    var backend = Backend.auto

    func validate() throws {
        if let conflict = options.conflict { throw ValidationError(conflict) }
    }

    var options: EngineOptions { EngineOptions(dataType: dtype, backend: backend) }
}
