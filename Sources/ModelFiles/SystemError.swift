import Foundation

/// The operating system's words for an error. They stand here because this is the lowest target that all import which
/// open files.
package enum SystemError {
    /// What the error number `code` means.
    package static func text(_ code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    /// The system's reason for an error of Foundation, whose own words often say no more than that something failed.
    package static func text(_ error: any Error) -> String {
        let cause = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error) as NSError
        guard cause.domain == NSPOSIXErrorDomain else { return cause.localizedDescription }
        return text(Int32(clamping: cause.code))
    }
}
