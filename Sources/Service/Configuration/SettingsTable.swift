import Batching
import Encoder
import HTTPServer
import Inference

/// The table of all settings, in the order of `--help` and of `config/swiftlet.yaml`. A new setting is a property of
/// the struct that needs it and one entry here; its environment variable, its flag and its documents follow from both.
extension ConfigurationKey {
    /// A group of keys under one heading of the reference file and of `--help`.
    package struct Section: Sendable {
        /// The heading.
        package let title: String
        /// The section's keys, in the order in which they are shown.
        package let keys: [ConfigurationKey]
    }

    /// Every key, in the order of the reference file.
    package static let all: [ConfigurationKey] = sections.flatMap(\.keys)

    /// The table of all settings.
    package static let sections: [Section] = [
        Section(title: "Model", keys: model),
        Section(title: "Network", keys: network),
        Section(title: "TLS, keys, browsers, compression", keys: security),
        Section(title: "Threads", keys: threads),
        Section(title: "Batching", keys: batching),
        Section(title: "Health", keys: health),
        Section(title: "Limits", keys: limits),
        Section(title: "Time limits", keys: timeLimits),
        Section(title: "Log", keys: log),
    ]

    private static let model: [ConfigurationKey] = [
        .text(
            "model",
            \.model.name,
            type: "path or id",
            """
            The model to serve: a folder in the Hub's layout (config.json, vocab.txt or tokenizer.json, and \
            model.safetensors or pytorch_model.bin), or an id on the Hugging Face Hub, such as \
            google/mobilebert-uncased. Files that the Hub's cache does not hold yet are fetched at the start; \
            meanwhile requests are answered 503. The variables of huggingface_hub apply (HF_HUB_CACHE, HF_TOKEN, \
            HF_ENDPOINT, HF_HUB_OFFLINE). Unset: the bundled model, a small one for embeddings and sentiment.
            """
        ),
        .text(
            "revision",
            \.model.revision,
            """
            Branch, tag or commit of a model on the Hub. A full commit hash is never looked up again; for a branch or \
            tag the commit in the cache is used if there is one, and `swiftlet pull` updates it. Unset: main.
            """
        ),
        .text(
            "served_model_name",
            \.model.servedName,
            """
            The model's name in /info and in answers. Unset: its id on the Hub, else the name of its folder. Set it \
            when the folder's name means nothing to clients, or when they must not see it.
            """
        ),
        .choice(
            "task",
            \.model.task,
            """
            Task of the model's head. Unset: that of the class in config.json's `architectures`, else what the weights \
            tell. Set it where they fit several tasks, as a head of one label does, or where config.json is wrong.
            """
        ),
        .choice(
            "default_pooling",
            \.inference.defaultPooling,
            """
            How /embed makes one vector of a text's tokens when a request does not say. Unset: the pooling in the \
            model's 1_Pooling/config.json, else mean.
            """
        ),
        .text(
            "default_prompt",
            \.inference.defaultPrompt,
            """
            Text that is put before each text to embed or tokenize when a request has no `prompt_name`, such as \
            "query: ". Unset: the prompt that default_prompt_name chooses.
            """
        ),
        .text(
            "default_prompt_name",
            \.model.defaultPromptName,
            """
            Name of the default prompt, one of the prompts in the model's config_sentence_transformers.json. Unset: \
            the default that this file names, else no prompt.
            """
        ),
        .integer(
            "max_input_length",
            \.inference.maxInputLength,
            unit: "tokens",
            in: 0...1_048_576,
            """
            Longest input, special tokens included. 0: the model's own limit, which this setting can only lower. The \
            time for a text grows faster than its length, so a lower limit also shortens the wait of other requests.
            """
        ),
        .boolean(
            "auto_truncate",
            \.inference.autoTruncate,
            """
            What happens to an input above the limit when the request has no `truncate` of its own: true cuts the \
            input to the limit, false refuses it (422).
            """
        ),
        .choice(
            "dtype",
            \.model.compute.dataType,
            """
            Arithmetic of the matrix products; sums are float32 in each. bfloat16 halves the memory of the weights \
            and, on AMD CPUs with AVX-512 BF16, the time; int8 needs a quarter of both on CPUs with VNNI. \
            docs/benchmarks.md shows how accurate each of them is.
            """
        ),
        .choice(
            "backend",
            \.model.compute.backend,
            """
            The kernels that do the arithmetic: auto takes the fastest that this CPU supports, and /info names them. \
            The other values are for comparison; if the CPU lacks the instructions of the chosen kernels, the service \
            does not start. openblas computes in float32 only.
            """
        ),
    ]

    private static let threads: [ConfigurationKey] = [
        .integer(
            "workers",
            \.inference.workers,
            unit: "threads",
            in: 0...1024,
            """
            Engine workers, each of which computes one batch at a time on one CPU. 0: the CPU budget, that is, the \
            smallest of the online CPUs, the affinity mask and the cgroup quota. More workers than CPUs slow every \
            batch.
            """
        ),
        .integer(
            "compute_nice",
            \.inference.computeNice,
            unit: "steps",
            in: 0...19,
            """
            How far engine workers and request threads stand back behind the event loops, in steps of nice(2). The \
            event loops need little CPU, but at once: under overload they refuse what is too much, and the more CPU \
            the others take from them, the later. Programs outside the service's cgroup are not concerned, if CPU is \
            divided by cgroups.
            """
        ),
        .integer(
            "event_loops",
            \.http.eventLoops,
            unit: "threads",
            in: 0...256,
            """
            Threads that read, parse and write for all connections. 0: one for every four CPUs of the budget. One \
            thread carries tens of thousands of requests a second; raise this for many connections with small requests.
            """
        ),
        .integer(
            "request_threads",
            \.http.requestThreads,
            unit: "threads",
            in: 0...1024,
            """
            How many requests are decoded, tokenized and encoded to JSON at the same time. 0: the CPU budget. Lower it \
            to keep more of the CPUs for the engine.
            """
        ),
    ]

    private static let batching: [ConfigurationKey] = [
        .integer(
            "max_batch_tokens",
            \.inference.batching.maxBatchTokens,
            unit: "tokens",
            in: 1...1_048_576,
            """
            Most tokens of one batch. Larger batches use the CPU better up to a few thousand tokens; beyond that they \
            only add latency and memory. A text that is longer than this limit gets a batch of its own.
            """
        ),
        .integer(
            "max_batch_texts",
            \.inference.batching.maxBatchSequences,
            formerName: "max_batch_rows",
            unit: "texts",
            in: 1...65536,
            "Most texts of one batch, however short they are."
        ),
        .seconds(
            "batch_latency_target",
            \.inference.batching.batchLatencyTarget,
            in: .milliseconds(1)...(.seconds(3600)),
            """
            How long one batch should run at most. The service measures the time of batches. If max_batch_tokens would \
            take longer than this target, it makes smaller batches, but never smaller than 256 tokens. The reason: a \
            request that arrives while a batch runs waits for that batch. Raise the target if only throughput counts.
            """
        ),
        .integer(
            "max_queue_tokens",
            \.inference.batching.maxQueueTokens,
            unit: "tokens",
            in: 1...1_073_741_824,
            """
            Most tokens in the queue, for each of the two priorities. A request that does not fit waits for \
            max_admission_wait and is then refused (429). A large request enters the queue in parts of at most an \
            eighth of this number. Divide this number by the tokens per second of /metrics to see how long requests \
            may wait.
            """
        ),
        .integer(
            "max_queue_texts",
            \.inference.batching.maxQueueSequences,
            formerName: "max_queue_rows",
            unit: "texts",
            in: 1...16_777_216,
            """
            Most texts in the queue, whatever their length, for each of the two priorities; works as max_queue_tokens \
            does.
            """
        ),
        .integer(
            "max_held_texts",
            \.inference.batching.maxHeldSequences,
            formerName: "max_held_rows",
            unit: "texts",
            in: 1...16_777_216,
            """
            Most texts that the service holds for all admitted requests together, for each of the two priorities; a \
            request that does not fit is refused (429). The service holds a request's results until all of them are \
            computed: 2 KB for each vector of the full-size model.
            """
        ),
        .seconds(
            "max_admission_wait",
            \.inference.batching.maxAdmissionWait,
            in: .zero...(.seconds(60)),
            """
            How long a request may wait for admission when the queue is full. If the measured speed shows that the \
            request would wait longer, it is refused at once (429 with Retry-After). So every refusal comes within \
            this time.
            """
        ),
        .integer(
            "max_client_batch_size",
            \.inference.maxClientBatchSize,
            unit: "texts",
            in: 1...1_048_576,
            """
            Most texts in one request; more are refused (422). A large request does not block other requests, but its \
            answer is built in memory as a whole: 8 KB for each vector of the full-size model.
            """
        ),
        .integer(
            "result_cache_bytes",
            \.inference.batching.resultCacheBytes,
            unit: "bytes",
            in: 0...1_099_511_627_776,
            """
            Memory for results of texts that may come again; the least recently used result is dropped first. 0: no \
            results are kept. A result is used only for the same tokens and the same output, and is the same to the \
            bit. A result takes 2.5 KB for a vector of the full-size model. Equal texts in flight are computed once in \
            any case.
            """
        ),
        .integer(
            "max_token_vectors_per_request",
            \.inference.maxTokenVectorsPerRequest,
            unit: "tokens",
            in: 1...16_777_216,
            """
            Most tokens of one /embed_all request, whose answer has a vector for each token; more are refused (422). A \
            vector of the full-size model is 2 KB of floats and about 6 KB of JSON.
            """
        ),
        .integer(
            "max_token_vectors_held",
            \.inference.maxTokenVectorsHeld,
            unit: "tokens",
            in: 1...1_073_741_824,
            """
            Most token vectors that are held for all /embed_all answers being sent; above this number /embed_all \
            requests are refused (429). The default is 256 MB of the full-size model's vectors.
            """
        ),
        .integer(
            "max_tokenized_tokens",
            \.inference.maxTokenizedTokens,
            unit: "tokens",
            in: 1...16_777_216,
            """
            Most tokens of one /tokenize answer, padding included with "output": "batch"; more are refused (422). A \
            token takes about 80 bytes of JSON.
            """
        ),
    ]

    private static let health: [ConfigurationKey] = [
        .seconds(
            "watchdog_timeout",
            \.lifecycle.watchdogTimeout,
            in: shortest...longest,
            """
            How long a batch may take. A batch that takes longer is given up: its texts are answered with an error, \
            and a new worker replaces the one that computes it. If work is waiting and no batch has finished for this \
            long, /health/ready answers 503. Keep it well above the time of the largest batch on the slowest machine.
            """
        ),
        .integer(
            "max_worker_replacements",
            \.inference.maxWorkerReplacements,
            unit: "workers",
            in: 0...1024,
            """
            How many stuck workers may be replaced. Each stuck worker keeps its thread and memory. When no replacement \
            is left, /health/live answers 503, so that an orchestrator restarts the process.
            """
        ),
    ]

    private static let log: [ConfigurationKey] = [
        .choice("log_level", \.log.level, "Lowest severity that is logged. Log lines go to standard error."),
        .choice(
            "log_format",
            \.log.format,
            """
            Form of a log line: json is one object a line, text is for people, auto is text if standard error is a \
            terminal, else json. The texts of requests are never logged.
            """
        ),
        .choice(
            "access_log",
            \.log.access,
            """
            Requests that have a line in the log, always a JSON object, whatever log_format is: all requests, those \
            with errors (a status of 400 and above, or a client that disconnected), or none. docs/operations.md \
            explains the fields.
            """
        ),
        .integer(
            "log_buffer_bytes",
            \.log.bufferBytes,
            unit: "bytes",
            in: 4096...1_073_741_824,
            """
            Bytes of log lines that may wait for a slow reader of standard error. Lines that do not fit are dropped \
            and counted (swiftlet_log_lines_dropped_total): the log never holds up requests.
            """
        ),
    ]
}
