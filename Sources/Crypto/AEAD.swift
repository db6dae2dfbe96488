import COpenSSL

/// AES-256-GCM with a random nonce (NIST SP 800-38D). A sealed value is nonce (12) | ciphertext | tag (16).
package enum AEAD {
    /// What sealing adds, in bytes.
    package static let overhead = CryptoLimits.nonceBytes + CryptoLimits.tagBytes

    /// Seals `plaintext` under a 32-byte key; `associatedData` is bound to it and not stored in it.
    package static func seal(_ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8]) -> [UInt8] {
        seal(plaintext, key: key, nonce: Random.bytes(CryptoLimits.nonceBytes), associatedData: associatedData)
    }

    /// For known-answer tests; every other caller lets the nonce be random.
    static func seal(_ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], associatedData: [UInt8]) -> [UInt8] {
        precondition(key.count == CryptoLimits.keyBytes, "an AES-256 key has 32 bytes")
        precondition(nonce.count == CryptoLimits.nonceBytes, "a nonce has 12 bytes")
        let context = CipherContext()
        return unsafe [UInt8](unsafeUninitializedCapacity: plaintext.count + overhead) { buffer, count in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyBytes(from: nonce)
            let output = unsafe buffer.baseAddress! + CryptoLimits.nonceBytes
            unsafe context.require(
                EVP_EncryptInit_ex2(context.handle, CipherContext.algorithm.handle, key, nonce, nil))
            var written: Int32 = 0
            if !associatedData.isEmpty {
                unsafe context.require(
                    EVP_EncryptUpdate(context.handle, nil, &written, associatedData, Int32(associatedData.count)))
            }
            written = 0
            if !plaintext.isEmpty {
                unsafe context.require(
                    EVP_EncryptUpdate(context.handle, output, &written, plaintext, Int32(plaintext.count)))
            }
            var rest: Int32 = 0
            unsafe context.require(EVP_EncryptFinal_ex(context.handle, output + Int(written), &rest))
            unsafe context.require(
                EVP_CIPHER_CTX_ctrl(
                    context.handle, EVP_CTRL_AEAD_GET_TAG, Int32(CryptoLimits.tagBytes), output + plaintext.count))
            count = plaintext.count + overhead
        }
    }

    /// The plaintext of what `seal` returned for the same key and associated data.
    ///
    /// Throws `CryptoError.cannotOpen`, whatever the reason, and releases no byte before the tag is checked.
    package static func open(
        _ sealed: [UInt8], key: [UInt8], associatedData: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard key.count == CryptoLimits.keyBytes, sealed.count >= overhead else { throw .cannotOpen }
        let length = sealed.count - overhead
        let context = CipherContext()
        var isGenuine = false
        var plaintext = unsafe [UInt8](unsafeUninitializedCapacity: length + 1) { buffer, count in
            count = length
            isGenuine = unsafe sealed.withUnsafeBufferPointer { input in
                unsafe open(input, key: key, associatedData: associatedData, into: buffer.baseAddress!, context)
            }
            if !isGenuine { unsafe buffer.initialize(repeating: 0) }
        }
        guard isGenuine else {
            wipe(&plaintext)
            forgetErrors()
            throw .cannotOpen
        }
        return plaintext
    }

    private static func open(
        _ sealed: UnsafeBufferPointer<UInt8>, key: [UInt8], associatedData: [UInt8],
        into output: UnsafeMutablePointer<UInt8>, _ context: borrowing CipherContext
    ) -> Bool {
        let length = sealed.count - overhead
        let body = unsafe sealed.baseAddress! + CryptoLimits.nonceBytes
        let tag = unsafe UnsafeMutableRawPointer(mutating: body + length)
        var written: Int32 = 0
        var rest: Int32 = 0
        let cipher = unsafe CipherContext.algorithm.handle
        guard unsafe EVP_DecryptInit_ex2(context.handle, cipher, key, sealed.baseAddress, nil) == 1 else {
            return false
        }
        if !associatedData.isEmpty {
            let count = Int32(associatedData.count)
            guard unsafe EVP_DecryptUpdate(context.handle, nil, &written, associatedData, count) == 1 else {
                return false
            }
        }
        written = 0
        if length > 0 {
            guard unsafe EVP_DecryptUpdate(context.handle, output, &written, body, Int32(length)) == 1 else {
                return false
            }
        }
        let tagLength = Int32(CryptoLimits.tagBytes)
        guard unsafe EVP_CIPHER_CTX_ctrl(context.handle, EVP_CTRL_AEAD_SET_TAG, tagLength, tag) == 1 else {
            return false
        }
        return unsafe EVP_DecryptFinal_ex(context.handle, output + Int(written), &rest) == 1
    }
}

/// Owns one `EVP_CIPHER_CTX`; freeing it wipes the key schedule.
@safe
struct CipherContext: ~Copyable {
    let handle: OpaquePointer

    /// Fetched once: looking an algorithm up by name costs more than sealing a short value.
    static let algorithm = Algorithm()

    /// Never freed, never changed after it is fetched, so every thread may use it.
    @safe
    final class Algorithm: @unchecked Sendable {
        let handle: OpaquePointer
        init() {
            guard let fetched = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) else {
                preconditionFailure("libcrypto lacks AES-256-GCM")
            }
            unsafe handle = unsafe fetched
        }
    }

    init() {
        guard let made = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("out of memory") }
        unsafe handle = unsafe made
    }

    deinit { unsafe EVP_CIPHER_CTX_free(handle) }

    /// Sealing has no input it may refuse: a failure is a programmer's error or the want of memory.
    func require(_ status: Int32) { precondition(status == 1, "AES-256-GCM cannot seal") }
}
