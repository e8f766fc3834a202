import CLinux
import Foundation

/// What of the program's and its libraries' code is resident.
enum ProgramPages {
    /// Has the process hold only those pages of code and constants that it touches from now on.
    ///
    /// The loader and the libraries' own starts touch some 25 MB, most of it never again. The rest comes back from the
    /// page cache, at a microsecond for each 64 KiB. Called before the weights are packed, so that the most the process
    /// ever holds is less by as much, and once they are. (Measured on the full-size int8 model: at most 65 MB resident
    /// instead of 79.)
    ///
    /// Not under a debugger, whose breakpoints are changed copies of these pages and would be lost.
    static func release() {
        guard !isTraced else { return }
        clinux_release_program_pages()
    }

    private static var isTraced: Bool {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        return status.contains("TracerPid:") && !status.contains("TracerPid:\t0\n")
    }
}
