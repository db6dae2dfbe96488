import Crypto
import Domain
import JSON

/// What a wallet of the stand-in signs. Nobody has its key: the signature follows from message and address, the same
/// each time, in the look of the network's type.
struct WalletSignature: Sendable {
    let verification: WalletVerification
    /// Whether it is one of the addresses that the merchant asked for.
    let isVerified: Bool

    /// Nil for an exchange's account, which signs nothing.
    init?(of options: VerificationOptions, by account: ConnectedAccount, at now: Timestamp) {
        guard let address = account.walletAddress, let type = account.source.networkType else { return nil }
        verification = WalletVerification(
            address: address, networkType: type, message: options.text,
            signedMessageHash: WalletSignature.text(options.text, address, networkType: type), verifiedAt: now)
        isVerified = options.accepts(address, networkType: type)
    }

    private static func text(_ message: [UInt8], _ address: [UInt8], networkType: String) -> [UInt8] {
        let halves = ["r", "s"].map { half in Digest.sha256(Array(half.utf8), message, [0], address) }
        // On chains like Ethereum, 64 bytes and a recovery id of 27.
        if networkType == "evm" { return Array("0x".utf8) + Hex.encode(halves[0] + halves[1] + [27]) }
        return Base64.encode(halves[0] + halves[1])
    }

    var json: [UInt8] {
        var json = JSONWriter(reservingCapacity: 1_024)
        json.beginObject()
        json.member("signedMessageHash", verification.signedMessageHash)
        json.member("message", verification.message)
        json.member("address", verification.address)
        json.member("timeStamp", integer: verification.verifiedAt.milliseconds)
        json.member("isVerified", isVerified)
        json.array("verifiedAddresses", isVerified ? [verification.address] : []) { $1.string($0) }
        json.endObject()
        return json.bytes
    }
}

extension VerificationOptions {
    /// What the wallet signs: Mesh's guide says that a blank message gets a generic one.
    var text: [UInt8] {
        if let message, message.contains(where: { $0 > 0x20 }) { return message }
        return Array("I confirm that I own this wallet.".utf8)
    }

    /// Network and address count only where addresses are given, as with Mesh. Those of chains like Ethereum are
    /// written in any case.
    func accepts(_ address: [UInt8], networkType type: String) -> Bool {
        guard let addresses, !addresses.isEmpty else { return true }
        if let networkType, networkType != .unknown, networkType.rawValue != type { return false }
        return addresses.contains { wanted in
            wanted == address || type == "evm" && wanted.map(lowercaseASCII) == address.map(lowercaseASCII)
        }
    }
}
