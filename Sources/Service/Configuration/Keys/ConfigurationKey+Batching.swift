extension ConfigurationKey {
    static let batching: [ConfigurationKey] = [
        .integer(
            "max_batch_tokens",
            \.maxBatchTokens,
            unit: "tokens",
            in: 1...1_048_576,
            """
            Size up to which texts are put together in one batch. Larger batches use the CPU better up to a few \
            thousand tokens; beyond that they only add latency and memory. A single text above it runs alone.
            """
        ),
        .integer(
            "max_batch_rows",
            \.maxBatchRows,
            unit: "texts",
            in: 1...65536,
            "Number of texts up to which they are put together in one batch."
        ),
        .seconds(
            "batch_latency_target",
            \.batchLatencyTarget,
            in: .milliseconds(1)...(.seconds(3600)),
            """
            How long one batch should run at most. What batches cost is measured, and fewer tokens than \
            max_batch_tokens are put together where those would take longer, though never fewer than 256: whoever \
            comes while a batch runs waits for it. Raise it if only throughput counts.
            """
        ),
        .integer(
            "max_queue_tokens",
            \.maxQueueTokens,
            unit: "tokens",
            in: 1...1_073_741_824,
            """
            Work in the queue, for each of the two priorities. A request that does not fit waits for \
            max_admission_wait and is then refused (429). A large request enters the queue in parts of an eighth at \
            most. Divide by the tokens per second of /metrics to see the wait that it allows.
            """
        ),
        .integer(
            "max_queue_rows",
            \.maxQueueRows,
            unit: "texts",
            in: 1...16_777_216,
            "Texts in the queue, whatever their length, for each of the two priorities; as max_queue_tokens."
        ),
        .integer(
            "max_held_rows",
            \.maxHeldRows,
            unit: "texts",
            in: 1...16_777_216,
            """
            Texts of all requests that were taken in and are not answered, for each of the two priorities; what does \
            not fit is refused (429). Results are held until a request's last one is there: 2 KB for a vector of the \
            full-size model.
            """
        ),
        .seconds(
            "max_admission_wait",
            \.maxAdmissionWait,
            in: .zero...(.seconds(60)),
            """
            For a request to be taken in when the queue is full. One that would wait longer, as measured, is refused \
            at once (429 with Retry-After); so every refusal comes within this time.
            """
        ),
        .integer(
            "max_client_batch_size",
            \.maxClientBatchSize,
            unit: "texts",
            in: 1...1_048_576,
            """
            Texts in one request; more are refused (422). Other requests are computed meanwhile, however many they \
            are; but the answer is made in one piece, 8 KB of memory for each vector of the full-size model.
            """
        ),
        .integer(
            "result_cache_bytes",
            \.resultCacheBytes,
            unit: "bytes",
            in: 0...1_099_511_627_776,
            """
            Memory for results of texts that come again, the least recently used given up first. 0: none are kept. A \
            result is used for the same tokens and the same output only, and is the same to the bit. It takes 2.5 KB \
            for a vector of the full-size model. Equal texts in flight are computed once in any case.
            """
        ),
        .integer(
            "max_token_vectors_per_request",
            \.maxTokenVectorsPerRequest,
            unit: "tokens",
            in: 1...16_777_216,
            """
            Tokens of one /embed_all request, whose answer has a vector for each; more are refused (422). A vector of \
            the full-size model is 2 KB of floats and about 6 KB of JSON.
            """
        ),
        .integer(
            "max_token_vectors_held",
            \.maxTokenVectorsHeld,
            unit: "tokens",
            in: 1...1_073_741_824,
            """
            Token vectors that are held for all /embed_all answers being sent; above it such requests are refused \
            (429). The default is 256 MB of the full-size model's vectors.
            """
        ),
        .integer(
            "max_tokenized_tokens",
            \.maxTokenizedTokens,
            unit: "tokens",
            in: 1...16_777_216,
            """
            Tokens of one /tokenize answer, with "output": "batch" the padding counted; more are refused (422). A \
            token takes about 80 bytes of JSON.
            """
        ),
    ]
}
