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
        .integer(
            "max_queue_tokens",
            \.maxQueueTokens,
            unit: "tokens",
            in: 1...1_073_741_824,
            """
            Work that may wait for a worker. A request that does not fit is refused at once (429) instead of waiting \
            longer than its client would. Divide by the tokens per second of /metrics to see the wait that it allows.
            """
        ),
        .integer(
            "max_queue_rows",
            \.maxQueueRows,
            unit: "texts",
            in: 1...16_777_216,
            "Texts that may wait for a worker, whatever their length; what does not fit is refused at once (429)."
        ),
        .integer(
            "max_client_batch_size",
            \.maxClientBatchSize,
            unit: "texts",
            in: 1...1_048_576,
            """
            Texts in one request; more are refused (422). It keeps one client from filling the queue with one call.
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
            Tokens of one /tokenize answer, with "output": "batch" the padding counted; more are refused (422). A token \
            takes about 80 bytes of JSON.
            """
        ),
    ]
}
