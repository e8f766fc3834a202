import Foundation

/// What errno says, in words.
func systemErrorText(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}

/// The same of an error of Foundation's, whose own words are often no more than that something failed.
func systemErrorText(_ error: any Error) -> String {
    let cause = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error) as NSError
    guard cause.domain == NSPOSIXErrorDomain else { return cause.localizedDescription }
    return systemErrorText(Int32(clamping: cause.code))
}
