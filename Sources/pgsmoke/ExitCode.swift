/// The exit codes, the contract with pipelines.
enum ExitCode {
    static let failed: Int32 = 1
    static let couldNotRun: Int32 = 2
    static let nothingTried: Int32 = 3
    /// `EX_USAGE` of sysexits.h.
    static let usage: Int32 = 64
    /// `EX_CONFIG` of sysexits.h.
    static let settings: Int32 = 78
    /// `EX_SOFTWARE` of sysexits.h.
    static let bug: Int32 = 70
}
