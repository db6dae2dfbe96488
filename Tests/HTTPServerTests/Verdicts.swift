@testable import HTTPServer

/// Parses all of `text`'s UTF-8 at once.
func parse(_ text: String) -> Transcript { Transcript([Array(text.utf8)]) }

/// A request with `line` as its first line and a sound rest.
func withLine(_ line: String) -> String { line + "\r\nHost: a\r\n\r\n" }

/// A GET with these field lines after a sound `Host`.
func withFields(_ fields: String...) -> String {
    "GET / HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
}

/// A POST whose chunked body is `chunks`.
func withChunks(_ chunks: String) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
}

/// What a parser says to a whole request: the rejection, or nil for one that stands.
func verdict(_ text: String) -> Rejection? { parse(text).rejection }
