import Glibc
import Reports
import Trials

/// What is said to the person or pipeline that started the command.
enum Console {
    /// Says what an exit code means, as the last line on stderr, and returns it.
    static func end(with code: Int32, _ report: RunReport? = nil) -> Int32 {
        complain(ExitMeaning.line(code, report: report))
        return code
    }

    static func print(_ text: String) { write(Self.ended(text), to: STDOUT_FILENO) }

    /// Writes a piece of a result to stdout.
    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Writes to stderr, where everything goes that is not a result.
    static func complain(_ text: String) { write(Self.ended(text), to: STDERR_FILENO) }

    /// Writes to stderr without ending the line.
    static func draw(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func ended(_ text: String) -> String {
        text.last?.isNewline == true ? text : text + "\n"
    }

    /// Writes the text whole or, if nobody reads any more, not.
    private static func write(_ text: String, to descriptor: CInt) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
                guard written > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
        }
    }

    /// Whether this is a pipeline, in which a line that is drawn over and over has no place.
    static func isPipeline(_ environment: [String: String]) -> Bool {
        ["CI", "TF_BUILD", "JENKINS_URL"].contains { environment[$0]?.isEmpty == false }
    }

    /// Whether to colour what is written to a descriptor (no-color.org, force-color.org).
    static func isColoured(_ descriptor: CInt, _ environment: [String: String]) -> Bool {
        if environment["NO_COLOR"]?.isEmpty == false { return false }
        if environment["FORCE_COLOR"]?.isEmpty == false { return true }
        return isatty(descriptor) == 1 && environment["TERM"] != "dumb"
    }

    /// The terminal's width in columns, 80 if it does not say.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
