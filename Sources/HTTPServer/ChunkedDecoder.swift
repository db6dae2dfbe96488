/// Takes a chunked body apart (RFC 9112 section 7.1). Trailer fields are checked and dropped.
struct ChunkedDecoder {
    enum Step: Equatable {
        /// Body bytes, at this range of the input.
        case data(Range<Int>)
        case end
        case reject(Rejection)
    }

    private enum State {
        case size(digits: Int)
        case sizeExtension(ChunkExtension)
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case trailer
        case ended
    }

    private var state = State.size(digits: 0)
    /// Of the chunk being read: its size while that is read, then what is left of its data.
    private var remaining = 0
    private var lineBytes = 0
    private var extensionBytes = 0
    private var trailer = LineScanner(allowsText: true)
    private var trailerLine: [UInt8] = []
    private var trailerBytes = 0

    /// The next thing in `input` from `cursor` on, which moves past it; nil when all input is used up.
    mutating func next(_ input: Span<UInt8>, _ cursor: inout Int) -> Step? {
        while cursor < input.count {
            switch state {
            case .data:
                let taken = min(remaining, input.count - cursor)
                let range = cursor..<cursor + taken
                cursor += taken
                remaining -= taken
                if remaining == 0 { state = .dataCarriageReturn }
                return .data(range)
            case .trailer:
                if let step = readTrailer(input, &cursor) { return step }
            case .ended:
                return .end
            default:
                let byte = input[cursor]
                cursor += 1
                guard readFraming(byte) else { return .reject(.badRequest) }
            }
        }
        return nil
    }

    /// Takes one byte of what stands between the data of two chunks; false if it may not stand there.
    private mutating func readFraming(_ byte: UInt8) -> Bool {
        switch state {
        case .size(let digits):
            lineBytes += 1
            if let value = ASCII.hexValue(byte) {
                // 16 digits may be leading zeros; what does not fit an `Int` is no length.
                if digits == 16 || remaining >> 59 != 0 { return false }
                remaining = remaining << 4 | Int(value)
                state = .size(digits: digits + 1)
                return true
            }
            if digits == 0 { return false }
            switch byte {
            case ASCII.carriageReturn: state = .sizeLineFeed
            case ASCII.semicolon: state = .sizeExtension(ChunkExtension())
            default: return false
            }
        case .sizeExtension(var text):
            lineBytes += 1
            extensionBytes += 1
            if lineBytes > Limits.chunkLineBytes || extensionBytes > Limits.chunkExtensionBytes { return false }
            if byte == ASCII.carriageReturn, text.mayEnd {
                state = .sizeLineFeed
            } else {
                if !text.accept(byte) { return false }
                state = .sizeExtension(text)
            }
        case .sizeLineFeed:
            if byte != ASCII.lineFeed { return false }
            lineBytes = 0
            state = remaining == 0 ? .trailer : .data
        case .dataCarriageReturn:
            if byte != ASCII.carriageReturn { return false }
            state = .dataLineFeed
        case .dataLineFeed:
            if byte != ASCII.lineFeed { return false }
            state = .size(digits: 0)
        case .data, .trailer, .ended: return false
        }
        return true
    }

    /// Takes bytes of the trailer section up to the end of a line.
    private mutating func readTrailer(_ input: Span<UInt8>, _ cursor: inout Int) -> Step? {
        let start = cursor
        let room = Limits.trailerBytes - trailerBytes
        let outcome = trailer.scan(input, &cursor, room: room)
        trailerBytes += cursor - start
        trailerLine.append(input, start..<cursor)
        switch outcome {
        case .incomplete: return nil
        case .tooLong: return .reject(.fieldsTooLarge)
        case .malformed: return .reject(.badRequest)
        case .complete: break
        }
        let length = trailerLine.count - 2
        if length == 0 {
            state = .ended
            return .end
        }
        do throws(Rejection) {
            _ = try HeaderFields.Entry.parse(trailerLine.span, 0, length)
        } catch {
            return .reject(error)
        }
        trailerLine.removeAll(keepingCapacity: true)
        return nil
    }
}
