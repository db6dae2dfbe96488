import Crypto

/// One file of a page, embedded when the program is built: `all` is generated.
struct PageFile: Sendable {
    let name: String
    let text: String

    /// What browsers compare: changes with the text.
    var etag: String {
        "\"" + String(decoding: Hex.encode(Digest.sha256(Array(text.utf8))).prefix(32), as: UTF8.self) + "\""
    }

    static func find(_ name: String) -> PageFile? { all.first { $0.name == name } }
}
