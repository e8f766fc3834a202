import ArgumentParser
import Hub
import JSON
import ModelCache

/// `swiftlet pull`: fetches a model from the Hub into the cache.
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch a model from the Hugging Face Hub into its cache.",
        discussion: """
            Fetches the files of a model that this program reads: configuration, vocabulary, weights (safetensors if \
            there are any, else PyTorch's) and sentence-transformers' modules. Prints the folder that holds them. The \
            cache is the one that huggingface_hub, transformers and sentence-transformers use: files that they have \
            fetched are not fetched again. A pull that was interrupted continues where it ended.

            EXAMPLES
              swiftlet pull google/mobilebert-uncased
              swiftlet serve --model google/mobilebert-uncased
              folder=$(swiftlet pull --quiet sentence-transformers/all-MiniLM-L6-v2 --revision main)

            ENVIRONMENT
              HF_ENDPOINT       the Hub (https://huggingface.co)
              HF_HUB_CACHE      the cache; else hub in HF_HOME, else ~/.cache/huggingface/hub
              HF_TOKEN          for private and gated models; else the file that `hf auth login` writes
              HF_HUB_OFFLINE    1: the cache only
              HF_HUB_DOWNLOAD_TIMEOUT, HF_HUB_ETAG_TIMEOUT   seconds without an answer (10)
              HF_HUB_DISABLE_PROGRESS_BARS   1: no bars
              SSL_CERT_FILE     certificates of authorities to trust (PEM), instead of the system's

            EXIT STATUS
              64  not an id or a revision      66  no such model, revision or file      69  no connection
              65  damaged, or not a model      74  the disk is full or not writable     77  no access to it
            """
    )

    @Argument(help: ArgumentHelp("The model: name or namespace/name.", valueName: "id"))
    var id: String

    @Option(help: ArgumentHelp("Branch, tag or commit.", valueName: "revision"))
    var revision: String?

    @Flag(name: .shortAndLong, help: "Show no progress on standard error.")
    var quiet = false

    @Option(help: "Form of the result: text is the folder; json is an object with folder, commit and files.")
    var format = OutputFormat.text

    @Option(help: ArgumentHelp("Largest file that is fetched.", valueName: "bytes"))
    var maxFileBytes = HubLimits().fileBytes

    func validate() throws {
        if maxFileBytes < 1 { throw ValidationError("--max-file-bytes must be at least 1, not \(maxFileBytes)") }
    }

    func run() async throws {
        let interruption = Interruption()
        var limits = HubLimits()
        limits.fileBytes = maxFileBytes
        let client = try ModelSource.client(limits: limits, observer: PullProgress.observer(isQuiet: quiet))
        let pull = try await client.pull(id, revision: revision)
        var writer = JSONWriter()
        if format.resolved == .json {
            writer.object { writer in
                for (key, value) in [("id", id), ("commit", pull.commit), ("folder", pull.folder)] {
                    writer.key(key)
                    writer.string(value)
                }
                writer.key("files")
                writer.array(pull.files) { $0.string($1) }
            }
            try StandardOutput.write(writer.bytes + [UInt8(ascii: "\n")])
        } else {
            try StandardOutput.write(Array("\(pull.folder)\n".utf8))
        }
        withExtendedLifetime(interruption) {}
    }
}
