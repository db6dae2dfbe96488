/// What in a text deceives the person who reads it: characters that are not seen, that turn the order of others around,
/// or that pass for other letters.
///
/// After Unicode Technical Standard 39: invisible and format characters have no place in a name, compatibility forms
/// of ASCII (full-width, mathematical, enclosed) are taken for ASCII, and a word that mixes Latin with Cyrillic or
/// Greek is how one name is made to look like another.
package enum DeceptiveText {
    package enum Kind: Equatable, Sendable {
        /// Bidirectional controls, zero-width and other format characters, separators of lines, what is no character.
        case invisible
        /// A compatibility form of ASCII.
        case disguised
        /// A word of Latin and Cyrillic or Greek letters.
        case mixedScripts
    }

    private enum Script { case latin, cyrillic, greek }

    /// The first that is wrong with a name in UTF-8, or nil.
    package static func find(inName name: [UInt8]) -> Kind? {
        var script: Script?
        for scalar in String(decoding: name, as: UTF8.self).unicodeScalars {
            if isInvisible(scalar.value) { return .invisible }
            if isDisguised(scalar.value) { return .disguised }
            guard let found = self.script(of: scalar.value) else {
                // Marks and digits belong to the word; what else is no letter of the three ends it.
                if !scalar.properties.isAlphabetic, !isJoiner(scalar.value) { script = nil }
                continue
            }
            if let script, script != found { return .mixedScripts }
            script = found
        }
        return nil
    }

    /// Whether UTF-8 text turns the order of its characters around, so that it reads as another.
    package static func isReordered(_ text: [UInt8]) -> Bool {
        if text.allSatisfy({ $0 < 0x80 }) { return false }
        return String(decoding: text, as: UTF8.self).unicodeScalars.contains { scalar in
            (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }

    private static func isInvisible(_ value: UInt32) -> Bool {
        switch value {
        case 0xAD, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180E, 0x200B...0x200F, 0x2028...0x202E,
            0x2060...0x206F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0...0xFFFB, 0xE0000...0xE0FFF:
            true
        // Noncharacters, and planes for private use.
        default:
            value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(value) || (0xE000...0xF8FF).contains(value)
                || value >= 0xF0000
        }
    }

    private static func isDisguised(_ value: UInt32) -> Bool {
        switch value {
        case 0xFF01...0xFF5E, 0x1D400...0x1D7FF, 0x2460...0x24FF, 0x1F100...0x1F1E5,
            0x2100...0x214F
        where value != 0x2116
            && value != 0x2122:
            true
        default: false
        }
    }

    private static func script(of value: UInt32) -> Script? {
        switch value {
        case 0x41...0x5A, 0x61...0x7A,
            0xC0...0x24F where value != 0xD7 && value != 0xF7, 0x1E00...0x1EFF:
            .latin
        case 0x400...0x52F, 0x1C80...0x1C8F, 0x2DE0...0x2DFF, 0xA640...0xA69F: .cyrillic
        case 0x370...0x3FF, 0x1F00...0x1FFF: .greek
        default: nil
        }
    }

    /// Digits, hyphens and apostrophes stand within words.
    private static func isJoiner(_ value: UInt32) -> Bool {
        (0x30...0x39).contains(value) || value == 0x2D || value == 0x27 || value == 0x2019 || value == 0x5F
    }
}
