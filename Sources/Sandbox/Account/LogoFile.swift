/// A logo that was uploaded: the part `logoFile` of a multipart body, a PNG or a JPEG by all it says of itself.
struct LogoFile: Sendable, Equatable {
    enum Kind: String, Sendable { case png = "image/png", jpeg = "image/jpeg" }

    let kind: Kind
    let bytes: [UInt8]

    /// Nil for no such part or several, another type or file ending, too many bytes, or content that begins otherwise.
    init?(_ form: Multipart) {
        let parts = form.parts.filter { $0.name.elementsEqual("logoFile".utf8) }
        guard parts.count == 1, let fileName = parts[0].fileName, let type = parts[0].contentType,
            let kind = LogoFile.kind(mediaType: type), LogoFile.kind(fileName: fileName) == kind,
            LogoFile.kind(content: parts[0].content) == kind, parts[0].content.count <= SandboxLimits.logoBytes
        else { return nil }
        self.kind = kind
        bytes = Array(parts[0].content)
    }

    init(kind: Kind, bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }

    private static func kind(mediaType: [UInt8]) -> Kind? {
        if equalsIgnoringASCIICase(mediaType, "image/png") { return .png }
        let isJPEG = equalsIgnoringASCIICase(mediaType, "image/jpeg") || equalsIgnoringASCIICase(mediaType, "image/jpg")
        return isJPEG ? .jpeg : nil
    }

    private static func kind(fileName: [UInt8]) -> Kind? {
        if equalsIgnoringASCIICase(fileName.suffix(4), ".png") { return .png }
        let isJPEG =
            equalsIgnoringASCIICase(fileName.suffix(4), ".jpg") || equalsIgnoringASCIICase(fileName.suffix(5), ".jpeg")
        return isJPEG ? .jpeg : nil
    }

    private static func kind(content: ArraySlice<UInt8>) -> Kind? {
        if content.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        return content.starts(with: [0xFF, 0xD8, 0xFF]) ? .jpeg : nil
    }
}
