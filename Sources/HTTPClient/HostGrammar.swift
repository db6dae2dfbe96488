import Runtime

/// The grammar of a URL's host: a name of LDH labels (RFC 1123 section 2.1), or a plain address literal where allowed.
enum HostGrammar {
    static func parse(
        _ text: ArraySlice<UInt8>, _ options: TargetURL.Options
    ) throws(TargetURLError) -> TargetURL.Host {
        guard let first = text.first else { throw .emptyHost }
        if first == UInt8(ascii: "[") {
            guard text.last == UInt8(ascii: "]"), text.count > 2,
                let address = IPAddress(ipv6Text: text.dropFirst().dropLast())
            else { throw .malformedLiteral }
            guard options.contains(.addressLiterals) else { throw .addressLiteral }
            return .literal(address)
        }
        if let address = IPAddress(ipv4Text: text) {
            guard options.contains(.addressLiterals) else { throw .addressLiteral }
            return .literal(address)
        }
        return .name(try name(text, options))
    }

    private static func name(
        _ text: ArraySlice<UInt8>, _ options: TargetURL.Options
    ) throws(TargetURLError) -> [UInt8] {
        // One dot more than the longest name leaves the precise reason to the label check.
        guard text.count <= Limits.hostBytes + 1 else { throw .hostTooLong }
        let name = text.map(lowerCased)
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for (index, label) in labels.enumerated() {
            if label.isEmpty { throw index > 0 && index == labels.count - 1 ? .trailingDot : .emptyLabel }
            guard label.count <= Limits.labelBytes else { throw .labelTooLong }
            for byte in label where !isLetterOrDigit(byte) && byte != UInt8(ascii: "-") { throw .hostByte }
            if label.first == UInt8(ascii: "-") || label.last == UInt8(ascii: "-") { throw .hostByte }
        }
        guard name.count <= Limits.hostBytes else { throw .hostTooLong }
        guard let top = labels.last, !isNumeric(top) else { throw .numericHost }
        if options.contains(.localNames) { return name }
        guard labels.count >= 2, isPublicTop(top) else { throw .notPublicName }
        return name
    }

    /// Whether `inet_aton` or a browser (WHATWG URL, "ends in a number") could read a host with this last label as an
    /// address.
    private static func isNumeric(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy({ (0x30...0x39).contains($0) }) { return true }
        guard label.count >= 2, label.first == UInt8(ascii: "0"), label[label.startIndex + 1] == UInt8(ascii: "x")
        else {
            return false
        }
        return label.dropFirst(2).allSatisfy(isHexDigit)
    }

    /// Letters alone, at least two, or an internationalised label in its ASCII form.
    private static func isPublicTop(_ label: ArraySlice<UInt8>) -> Bool {
        if label.starts(with: "xn--".utf8) { return label.count > 4 }
        return label.count >= 2 && label.allSatisfy(isLetter)
    }
}
