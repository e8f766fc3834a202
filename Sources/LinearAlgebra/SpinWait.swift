internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// One step of a loop that waits for another thread.
package enum SpinWait {
    /// Tells the CPU that the caller only waits, or offers the CPU to other threads.
    @inline(__always)
    package static func pause(offeringCPU: Bool) {
        if offeringCPU {
            _ = sched_yield()
        } else {
            swl_pause()
        }
    }
}
