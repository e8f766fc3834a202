/// `text`, from a file, for an error message: in quotation marks, without control characters, and bounded in length.
func quoted(_ text: String) -> String {
    var result = "\""
    var scalars = text.unicodeScalars.makeIterator()
    for _ in 0..<CheckpointLimits.quotedCharacters {
        guard let scalar = scalars.next() else { return result + "\"" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: result += scalar.escaped(asASCII: true)
        default: result.unicodeScalars.append(scalar)
        }
    }
    return scalars.next() == nil ? result + "\"" : result + "…\""
}
