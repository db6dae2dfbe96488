import COpenSSL
import Runtime

/// The keys that session tickets are sealed with: one that makes tickets, and the one before it, whose tickets are
/// still taken. They are random, in memory only, and change with time; no node knows another's.
final class TicketKeys: @unchecked Sendable {
    struct Key: Equatable {
        static let nameBytes = 16
        /// Tells which key sealed a ticket; no secret.
        let name: [UInt8]
        let cipherKey: [UInt8]
        let macKey: [UInt8]

        init(_ random: (Int) -> [UInt8]) {
            name = random(Key.nameBytes)
            cipherKey = random(32)
            macKey = random(32)
        }
    }

    private struct Pair {
        var current: Key
        var previous: Key?
        /// When the current key began, in seconds since 1970.
        var since: Int64
    }

    private let random: @Sendable (Int) -> [UInt8]
    private let now: @Sendable () -> Int64
    private let keys: Locked<Pair>

    init(random: @escaping @Sendable (Int) -> [UInt8], now: @escaping @Sendable () -> Int64) {
        self.random = random
        self.now = now
        keys = Locked(Pair(current: Key(random), previous: nil, since: now()))
    }

    /// The key for a new ticket.
    func current() -> Key { keys.withValue { rotated(&$0).current } }

    /// The key of a ticket that came back, and whether the client is to have a new ticket; nil for a ticket of nobody's
    /// or of long ago.
    func find(_ name: [UInt8]) -> (key: Key, isOld: Bool)? {
        let pair = keys.withValue { rotated(&$0) }
        if pair.current.name == name { return (pair.current, false) }
        if let previous = pair.previous, previous.name == name { return (previous, true) }
        return nil
    }

    private func rotated(_ pair: inout Pair) -> Pair {
        let now = now()
        let age = now - pair.since
        if age >= TLSLimits.ticketSeconds || age < 0 {
            // Nobody came for so long that the last key's tickets are over too.
            let isLongAgo = age >= 2 * TLSLimits.ticketSeconds || age < 0
            pair = Pair(current: Key(random), previous: isLongAgo ? nil : pair.current, since: now)
        }
        return pair
    }
}

extension TicketKeys {
    /// What OpenSSL calls for each ticket. 1: go on; 2: go on and give a new ticket; 0: no such ticket.
    static let seal:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?,
            Int32
        ) -> Int32 = { ssl, name, vector, cipher, mac, isSealing in
            guard let name = unsafe name, let vector = unsafe vector else { return -1 }
            let context = unsafe SSL_get_SSL_CTX(ssl)
            guard let mine = unsafe SSL_CTX_get_ex_data(context, 0) else { return -1 }
            let keys = unsafe Unmanaged<TicketKeys>.fromOpaque(mine).takeUnretainedValue()
            var key: Key
            var status: Int32 = 1
            if isSealing == 1 {
                key = keys.current()
                for index in key.name.indices { unsafe name[index] = key.name[index] }
                if unsafe RAND_bytes(vector, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1 { return -1 }
            } else {
                let wanted = unsafe [UInt8](UnsafeBufferPointer(start: name, count: Key.nameBytes))
                guard let found = keys.find(wanted) else { return 0 }
                key = found.key
                if found.isOld { status = 2 }
            }
            let isReady =
                unsafe EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipherKey, vector, isSealing) == 1
                && copenssl_set_ticket_mac(mac, key.macKey, key.macKey.count) == 1
            return isReady ? status : -1
        }
}
