package import Inference
package import JSON
package import Tokenization

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

extension LabelScore {
    /// Writes `{"label": …, "score": …}`.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("label")
            writer.string(label)
            writer.key("score")
            writer.number(score)
        }
    }
}

extension NextSentence {
    /// Writes the members `is_next`, `not_next` and `logits` of an object.
    package func write(to writer: inout JSONWriter) {
        writer.key("is_next")
        writer.number(isNext)
        writer.key("not_next")
        writer.number(notNext)
        writer.key("logits")
        writer.numbers(logits)
    }
}

extension ChoiceAnswer {
    /// Writes the members `index`, `choice`, `probabilities` and `logits` of an object.
    package func write(choices: [String], to writer: inout JSONWriter) {
        writer.key("index")
        writer.integer(index)
        writer.key("choice")
        writer.string(choices[index])
        writer.key("probabilities")
        writer.numbers(probabilities)
        writer.key("logits")
        writer.numbers(logits)
    }
}

extension MaskCandidate {
    /// Writes `{"score": …, "token": …, "token_str": …, "sequence": …}`.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("score")
            writer.number(score)
            writer.key("token")
            writer.integer(token)
            writer.key("token_str")
            writer.string(tokenText)
            writer.key("sequence")
            writer.string(sequence)
        }
    }
}

extension Answer {
    /// Writes `{"score": …, "start": …, "end": …, "answer": …}`.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("score")
            writer.number(score)
            writer.key("start")
            writer.integer(start)
            writer.key("end")
            writer.integer(end)
            writer.key("answer")
            writer.string(text)
        }
    }
}

extension Entity {
    /// Writes `{"entity": …, "score": …, "index": …, "word": …, "start": …, "end": …}`; if tokens were aggregated,
    /// `entity_group` and no index.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key(index == nil ? "entity_group" : "entity")
            writer.string(label)
            writer.key("score")
            writer.number(score)
            if let index {
                writer.key("index")
                writer.integer(index)
            }
            writer.key("word")
            writer.string(word)
            writer.key("start")
            writer.integer(start)
            writer.key("end")
            writer.integer(end)
        }
    }
}

/// One token of a text, as `/tokenize` and `swiftlet tokenize` show it.
package struct EncodedToken: Sendable {
    /// The token's id.
    package let id: Int32
    /// The token as it stands in the vocabulary.
    package let token: String
    /// The part of the text that the token stands for. It is `token` for a special token, and for a token of ids, which
    /// have no text.
    package let text: String
    /// The token's place in its text; nil for a special token.
    package let place: Range<Int32>?
    /// The token's type id.
    package let typeID: Int32

    /// Writes `{"id": …, "text": …, "special": …, "start": …, "stop": …, "type_id": …, "token": …}`.
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key(plain: "id")
        writer.integer(id)
        writer.key(plain: "text")
        writer.string(text)
        writer.key(plain: "special")
        writer.boolean(place == nil)
        writer.key(plain: "start")
        if let place { writer.integer(place.lowerBound) } else { writer.null() }
        writer.key(plain: "stop")
        if let place { writer.integer(place.upperBound) } else { writer.null() }
        writer.key(plain: "type_id")
        writer.integer(typeID)
        writer.key(plain: "token")
        writer.string(token)
        writer.endObject()
    }
}

extension Encoding {
    /// The token at an index, as it is shown. (An initializer of the token would own its arguments, and so copy them.)
    /// - Parameters:
    ///   - texts: the text and, if there is one, its pair; none if the tokens come from ids.
    ///   - offsets: where each of the encoding's tokens stands in its text, in the unit of the answer.
    ///   - tokenizer: what made the encoding.
    package func token(
        at index: Int,
        of texts: [String],
        offsets: [Range<Int32>],
        by tokenizer: Tokenizer
    ) -> EncodedToken {
        let token = tokenizer.token(id: ids[index]) ?? ""
        let place = specialTokensMask[index] ? nil : offsets[index]
        let text = Int(sequenceIDs[index])
        return EncodedToken(
            id: ids[index],
            token: token,
            text: place != nil && texts.indices.contains(text) ? texts[text].part(self.offsets[index]) : token,
            place: place,
            typeID: typeIDs[index]
        )
    }
}

extension String {
    /// The text in a range of its UTF-8 bytes.
    fileprivate func part(_ range: Range<Int32>) -> String {
        let start = utf8.index(utf8.startIndex, offsetBy: Int(range.lowerBound))
        return String(decoding: utf8[start..<utf8.index(start, offsetBy: range.count)], as: UTF8.self)
    }
}
