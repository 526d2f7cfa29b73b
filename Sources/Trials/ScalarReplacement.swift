extension String {
    /// The text with each occurrence of a scalar replaced, also where others combine with it to one
    /// character: to the server, to shells and to readers of reports it is what it is.
    package func replacing(scalar: Unicode.Scalar, with replacement: String) -> String {
        guard unicodeScalars.contains(scalar) else { return self }
        var text = String.UnicodeScalarView()
        for next in unicodeScalars {
            if next == scalar {
                text.append(contentsOf: replacement.unicodeScalars)
            } else {
                text.append(next)
            }
        }
        return String(text)
    }
}
