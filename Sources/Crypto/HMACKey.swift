/// An HMAC-SHA-256 key prepared for repeated use: both padded key blocks are hashed once (RFC 2104, section 4).
package struct HMACKey: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    package init(_ key: [UInt8]) {
        let material = key.count > CryptoLimits.blockBytes ? Digest.sha256(key) : key
        var innerPad = [UInt8](repeating: 0x36, count: CryptoLimits.blockBytes)
        var outerPad = [UInt8](repeating: 0x5c, count: CryptoLimits.blockBytes)
        for (index, byte) in material.enumerated() {
            innerPad[index] ^= byte
            outerPad[index] ^= byte
        }
        var inner = SHA256()
        inner.update(innerPad)
        var outer = SHA256()
        outer.update(outerPad)
        self.inner = inner
        self.outer = outer
        wipe(&innerPad)
        wipe(&outerPad)
    }

    /// The tag of the parts, one after the other: 32 bytes.
    package func authenticate(_ parts: [UInt8]...) -> [UInt8] {
        var state = begin()
        for part in parts { state.update(part.span) }
        return state.finish()
    }

    /// As above for one part, without the list that a variable number of them makes.
    package func authenticate(_ message: [UInt8]) -> [UInt8] {
        var state = begin()
        state.update(message.span)
        return state.finish()
    }

    /// Whether `tag` is the full tag of the parts, in time that does not depend on where it differs.
    package func isValid(_ tag: [UInt8], for parts: [UInt8]...) -> Bool {
        var state = begin()
        for part in parts { state.update(part.span) }
        return constantTimeEqual(state.finish(), tag)
    }

    /// Starts a tag whose parts arrive one by one.
    package func begin() -> Computation { Computation(inner: inner, outer: outer) }

    /// A running HMAC.
    package struct Computation: Sendable {
        fileprivate var inner: SHA256
        fileprivate let outer: SHA256

        package mutating func update(_ bytes: Span<UInt8>) { inner.update(bytes) }
        package mutating func update(_ bytes: [UInt8]) { inner.update(bytes) }
        package mutating func update(_ bytes: ArraySlice<UInt8>) { inner.update(bytes) }

        /// The tag, 32 bytes.
        package consuming func finish() -> [UInt8] {
            var last = outer
            inner.finish(into: &last)
            return last.finish()
        }
    }
}
