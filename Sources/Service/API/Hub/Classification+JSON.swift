package import JSON

extension Classification {
    /// Writes `{"label": …, "score": …, "logit": …}`.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("label")
            writer.string(label)
            writer.key("score")
            writer.number(score)
            writer.key("logit")
            writer.number(logit)
        }
    }
}
