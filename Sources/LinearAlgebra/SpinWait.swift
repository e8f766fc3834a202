internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// One turn of a loop that waits for another thread.
package enum SpinWait {
    /// Lets the CPU know that the caller only waits, or lets other threads have it.
    @inline(__always)
    package static func pause(offeringCPU: Bool) {
        if offeringCPU {
            _ = sched_yield()
        } else {
            swl_pause()
        }
    }
}
