extension ConfigurationKey {
    static let model: [ConfigurationKey] = [
        .text(
            "model",
            \.model,
            type: "path or id",
            """
            Folder of the model to serve, in the Hub's layout: config.json, vocab.txt or tokenizer.json, and \
            model.safetensors or pytorch_model.bin. Or its id on the Hugging Face Hub, as google/mobilebert-uncased: \
            what is not in the Hub's cache yet is fetched at the start, while requests are answered 503. The variables \
            of huggingface_hub hold (HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE). Unset: the bundled model, a \
            small one for embeddings and sentiment.
            """
        ),
        .text(
            "revision",
            \.revision,
            """
            Branch, tag or commit of a model of the Hub. A commit in full is never looked up again; of others the \
            cache's state is taken where there is one, which `swiftlet pull` renews. Unset: main.
            """
        ),
        .text(
            "served_model_name",
            \.servedModelName,
            """
            The model's name in /info and in answers. Unset: its id on the Hub, else the name of its folder. Set it \
            when the folder's name says nothing to clients, or shall not be shown.
            """
        ),
        .choice(
            "default_pooling",
            \.defaultPooling,
            """
            How /embed makes one vector of a text's tokens when a request does not say. Unset: what the model's \
            1_Pooling/config.json says, else mean.
            """
        ),
        .text(
            "default_prompt",
            \.defaultPrompt,
            """
            What is put before each text that is embedded or tokenized when a request has no `prompt_name`, such as \
            "query: ". Unset: default_prompt_name.
            """
        ),
        .text(
            "default_prompt_name",
            \.defaultPromptName,
            """
            Which of the prompts in the model's config_sentence_transformers.json that is. Unset: the one that the \
            file says, else none.
            """
        ),
        .integer(
            "max_input_length",
            \.maxInputLength,
            unit: "tokens",
            in: 0...1_048_576,
            """
            Longest input, special tokens included. 0: the model's own limit, which it can only lower. A long text \
            takes more time than in proportion to its length, so a lower limit also bounds the latency of others.
            """
        ),
        .boolean(
            "auto_truncate",
            \.autoTruncate,
            """
            What becomes of an input above the limit when the request has no `truncate` of its own: true cuts it to \
            the limit, false refuses it (422).
            """
        ),
        .choice(
            "dtype",
            \.dtype,
            """
            Arithmetic of the matrix products; sums are float32 in each. bfloat16 halves the memory of the weights \
            and, on CPUs with AVX-512 BF16, the time; int8 takes a quarter of both where there is VNNI. What they \
            cost in accuracy is in docs/benchmarks.md.
            """
        ),
        .choice(
            "backend",
            \.backend,
            """
            What computes: auto takes the fastest kernels that this CPU has, and /info says which; the others are for \
            comparison, and stop the start where the CPU lacks them. openblas is for float32 only.
            """
        ),
    ]
}
