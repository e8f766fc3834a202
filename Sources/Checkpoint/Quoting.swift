/// `text`, from a file, for an error message: in quotation marks, bounded in length, and with nothing in it that could
/// end the quotation or steer a terminal.
func quoted(_ text: String) -> String {
    var result = "\""
    var scalars = text.unicodeScalars.makeIterator()
    for _ in 0..<CheckpointLimits.quotedCharacters {
        guard let scalar = scalars.next() else { return result + "\"" }
        result += needsEscape(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return scalars.next() == nil ? result + "\"" : result + "…\""
}

private func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    // Format characters include those that turn the direction of text.
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: scalar == "\"" || scalar == "\\"
    }
}
