import ArgumentParser
import Foundation
import Host
import Hub
import LinearAlgebra
import Service

/// The program's entry.
@main
enum Main {
    static func main() async {
        StandardDescriptors.ensureOpen()
        // These calls change the environment, which is safe while there is only one thread.
        OpenBLAS.prepareEnvironment()
        WebTrust.prepareEnvironment()
        HeapMemory.limitReserves()
        // If the reader closes the pipe (`| head`), write(2) then fails, and that error ends a command quietly.
        BrokenPipe.ignoreSignal()
        do {
            try await SwiftletCommand.run(arguments: Array(CommandLine.arguments.dropFirst()))
            ProcessEnd.now(.success)
        } catch {
            SwiftletCommand.end(with: error)
        }
    }
}

/// The root of the command line: `swiftlet <command>`.
struct SwiftletCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftlet",
        abstract: "MobileBERT: text in; vectors, labels and tokens out.",
        discussion: """
            Serves a model over HTTP, or runs it on texts from the command line, standard input or a file, with one \
            text on each line. Without --model the bundled model is used.

            EXAMPLES
              swiftlet serve --port 8080
              swiftlet classify "a gorgeous, witty, seductive movie"
              swiftlet embed --input reviews.txt > vectors.jsonl
              swiftlet fit --data train.csv --output my-model
              swiftlet train --data train.csv --output my-model
              swiftlet tokenize --format json "Unbelievable!"
              swiftlet pull google/mobilebert-uncased

            EXIT STATUS (sysexits.h)
              0    done; also if the reader of the output closes the pipe (as with | head)
              1    health: the service is not healthy; verify: a published figure is not met; train: the loss is not a
                   finite number any more
              64   wrong usage of the command line
              65   a text or a model that cannot be used
              66   a file or a model that is not there or not readable
              69   the service cannot be started (its port is taken, for example), or the Hub cannot be reached
              70   a fault of the program itself
              74   reading or writing failed
              77   the Hub does not give access to the model
              78   a wrong setting in the configuration file or the environment
              130  interrupted (Ctrl-C); 143 terminated
            """,
        version: SwiftletVersion.description,
        subcommands: [
            ServeCommand.self, EmbedCommand.self, ClassifyCommand.self, QuestionAnsweringCommand.self,
            TokenClassifyCommand.self, FillMaskCommand.self, NextSentenceCommand.self, ChooseCommand.self,
            ZeroShotCommand.self, TokenizeCommand.self, InfoCommand.self,
            FitCommand.self, TrainCommand.self, BenchCommand.self, HealthCommand.self, PullCommand.self,
            VerifyCommand.self,
        ]
    )

    /// Parses the words after the program's name and runs the command that they name.
    ///
    /// Without words, somebody at a terminal learns what to try; a script gets the help.
    static func run(arguments: [String]) async throws {
        guard !arguments.isEmpty || !StandardOutput.isTerminal else {
            return try StandardOutput.write(Array(firstSteps.utf8))
        }
        var command = try parseAsRoot(arguments)
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
    }

    /// What to try first.
    static let firstSteps = """
        Swiftlet makes vectors, labels and tokens of texts. Try:

          swiftlet classify "a gorgeous, witty, seductive movie"
          swiftlet embed "a fine film"
          swiftlet serve                       and open http://127.0.0.1:8080 in a browser
          swiftlet fit --data train.csv --output my-model

        swiftlet --help lists all commands, and swiftlet help serve explains one of them.

        """

    /// Reports an error that a command ended with, and exits with its status.
    static func end(with error: any Error) -> Never {
        // The argument parser itself handles help, version and wrong usage, because it knows which text goes to which
        // stream.
        guard let status = ExitStatus(error) else { exit(withError: error) }
        if status != .success {
            StandardError.write("swiftlet: \(message(of: error))\n")
        }
        ProcessEnd.now(status)
    }

    private static func message(of error: any Error) -> String {
        // `localizedDescription` is not used, because Foundation replaces our errors by "The operation could not be
        // completed".
        "\(error)"
    }
}
