import COpenSSL

/// Ed25519 signatures (RFC 8032), for webhooks whose receivers should hold no secret.
package enum Ed25519 {
    package static let seedBytes = 32
    package static let publicKeyBytes = 32
    package static let signatureBytes = 64

    /// A private key, made from its seed once and usable from every thread.
    @safe
    package final class SigningKey: @unchecked Sendable {
        /// Immutable after init; libcrypto reads a key from many threads at once.
        private let key: OpaquePointer
        /// 32 bytes.
        package let publicKey: [UInt8]

        /// The key of a 32-byte seed: random bytes, kept as the secret.
        package init(seed: [UInt8]) {
            precondition(seed.count == seedBytes, "an Ed25519 seed has 32 bytes")
            guard let key = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
                preconditionFailure("libcrypto lacks Ed25519")
            }
            unsafe self.key = unsafe key
            var length = publicKeyBytes
            var publicKey = [UInt8](repeating: 0, count: publicKeyBytes)
            let status = unsafe EVP_PKEY_get_raw_public_key(key, &publicKey, &length)
            precondition(status == 1 && length == publicKeyBytes, "an Ed25519 key has a public half")
            self.publicKey = publicKey
        }

        deinit { unsafe EVP_PKEY_free(key) }

        /// The signature, 64 bytes, the same each time for the same message.
        package func sign(_ message: [UInt8]) -> [UInt8] {
            var signature = [UInt8](repeating: 0, count: signatureBytes)
            var length = signatureBytes
            let context = unsafe EVP_MD_CTX_new()
            defer { unsafe EVP_MD_CTX_free(context) }
            let begun = unsafe EVP_DigestSignInit(context, nil, nil, nil, key)
            let done = unsafe EVP_DigestSign(context, &signature, &length, message, message.count)
            precondition(begun == 1 && done == 1 && length == signatureBytes, "Ed25519 cannot sign")
            return signature
        }
    }

    /// Whether `signature` is `message`'s under the public key; false for any malformed input.
    package static func isValid(_ signature: [UInt8], for message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == signatureBytes, publicKey.count == publicKeyBytes else { return false }
        // A refused key or signature leaves its reasons in the list.
        defer { forgetErrors() }
        guard let key = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else {
            return false
        }
        defer { unsafe EVP_PKEY_free(key) }
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
