import COpenSSL

/// Randomness for keys, nonces and secrets: libcrypto's generator, seeded by the kernel, reseeded after a fork.
package enum Random {
    /// `count` unpredictable bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            filled = count
        }
    }

    /// Without randomness no key and no nonce can be made: there is nothing to go on with.
    static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        let length = Int32(buffer.count)
        let status = unsafe RAND_bytes(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), length)
        precondition(status == 1, "the system gives no randomness")
    }
}
