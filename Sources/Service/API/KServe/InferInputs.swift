/// What the input tensors of a request mean to the model.
enum InferInputs {
    /// The tensors that a model is described with. A tensor of texts may have any name; the others are what a
    /// tokenizer of Hugging Face gives.
    static func tensors(of model: LoadedModel) -> [(name: String, datatype: InferDatatype, shape: [Int])] {
        model.tokenizer == nil ? [("input_ids", .int64, [-1, -1])] : [("text", .bytes, [-1])]
    }

    /// Texts `[rows]` or `[rows, 1]`, pairs of texts `[rows, 2]`, or `input_ids` with an `attention_mask`.
    static func inputs(_ tensors: [InferTensor]) throws -> [TextInput] {
        guard let first = tensors.first else {
            throw ServiceError.invalid("`inputs` is empty; give a BYTES tensor of texts, or `input_ids`")
        }
        if tensors.count == 1, case .texts(let texts) = first.elements { return try inputs(texts, of: first) }
        var byName: [String: (tensor: InferTensor, numbers: [Int])] = [:]
        for tensor in tensors {
            guard case .numbers(let numbers) = tensor.elements, known.contains(tensor.name), byName[tensor.name] == nil
            else {
                throw ServiceError.invalid(
                    """
                    the input "\(tensor.name.prefix(100))" is not taken here; give one BYTES tensor of texts, or \
                    integers in input_ids, attention_mask and token_type_ids, each once
                    """
                )
            }
            byName[tensor.name] = (tensor, numbers)
        }
        guard let ids = byName["input_ids"] else { throw ServiceError.invalid("there is no input `input_ids`") }
        guard byName.values.allSatisfy({ $0.tensor.shape == ids.tensor.shape }) else {
            throw ServiceError.invalid("the shapes of input_ids, attention_mask and token_type_ids differ")
        }
        let mask = byName["attention_mask"]?.numbers
        if let types = byName["token_type_ids"]?.numbers,
            types.indices.contains(where: {
                types[$0] != 0 && mask?[$0] != 0
            })
        {
            throw ServiceError.invalid("token_type_ids must be 0; send pairs as texts of the shape [rows, 2]")
        }
        return try inputs(ids.numbers, mask: mask, of: ids.tensor)
    }

    private static let known: Set<String> = ["input_ids", "attention_mask", "token_type_ids"]

    private static func inputs(_ texts: [String], of tensor: InferTensor) throws -> [TextInput] {
        switch tensor.columns {
        case 1: return texts.map(TextInput.text)
        case 2: return stride(from: 0, to: texts.count, by: 2).map { .pair(texts[$0], texts[$0 + 1]) }
        default:
            throw ServiceError.invalid(
                "texts must have the shape [rows], [rows, 1] or, as pairs, [rows, 2]. Given: \(tensor.shape)"
            )
        }
    }

    /// The ids that the mask lets through; one dimension is one row.
    private static func inputs(_ numbers: [Int], mask: [Int]?, of tensor: InferTensor) throws -> [TextInput] {
        let columns = tensor.shape.count == 1 ? tensor.rows : tensor.columns
        guard columns > 0 else { return [] }
        return try stride(from: 0, to: numbers.count, by: columns).map { start in
            .ids(
                try (start..<start + columns).filter { mask?[$0] != 0 }.map { index in
                    guard let id = Int32(exactly: numbers[index]) else {
                        throw ServiceError.invalid("`input_ids` must be token ids. Given: \(numbers[index])")
                    }
                    return id
                }
            )
        }
    }
}
