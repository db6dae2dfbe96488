/// A logo as multipart/form-data (RFC 7578): one part `logoFile`.
struct LogoForm: Sendable {
    let contentType: [UInt8]
    let body: [UInt8]

    /// `random` makes the boundary: 128 bits that an image does not hold by chance.
    init(mediaType: [UInt8], bytes: [UInt8], random: (UInt64, UInt64)) {
        let boundary = Array("subgate-".utf8) + LogoForm.hexadecimal(random.0) + LogoForm.hexadecimal(random.1)
        let ending = mediaType.elementsEqual("image/png".utf8) ? "png" : "jpg"
        var body: [UInt8] = []
        body.reserveCapacity(bytes.count + 256)
        body += "--".utf8
        body += boundary
        body += "\r\nContent-Disposition: form-data; name=\"logoFile\"; filename=\"logo.\(ending)\"\r\n".utf8
        body += "Content-Type: ".utf8
        body += mediaType
        body += "\r\n\r\n".utf8
        body += bytes
        body += "\r\n--".utf8
        body += boundary
        body += "--\r\n".utf8
        self.body = body
        contentType = Array("multipart/form-data; boundary=".utf8) + boundary
    }

    private static func hexadecimal(_ value: UInt64) -> [UInt8] {
        (0..<16).map { place in
            let digit = UInt8(truncatingIfNeeded: value >> (60 - 4 * UInt64(place))) & 15
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
        }
    }
}
