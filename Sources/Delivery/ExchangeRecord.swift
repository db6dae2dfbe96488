package import HTTPClient
import Domain
import JSON

/// What is kept of an attempt beside the bodies: which headers were sent, which came back, and how long each part took.
///
/// As JSON: `{"requestHeaders":[["name","value"],…],"responseHeaders":[["name","value"],…],"headersWereCut":false,
/// "timings":{"dnsUs":…,"connectUs":…,"tlsUs":…,"firstByteUs":…}}`, where a timing that is not known is absent.
///
/// The values of headers that the endpoint's owner set are not kept: they may be secrets, which are sealed where they
/// are configured and would lie open here, for as long as attempts are kept and for everyone who may look at them. Our
/// own headers stand as they were sent. A signature is good for one body at one moment and gives the key away to
/// nobody.
package enum ExchangeRecord {
    /// Stands for the value of a header that the endpoint's owner set.
    package static let masked = Array("***".utf8)

    /// Where the time of a request went. What did not happen is zero.
    package struct Timings: Sendable {
        package var dns: Duration
        package var connect: Duration
        package var tls: Duration
        package var firstByte: Duration

        package init(
            dns: Duration = .zero, connect: Duration = .zero, tls: Duration = .zero, firstByte: Duration = .zero
        ) {
            self.dns = dns
            self.connect = connect
            self.tls = tls
            self.firstByte = firstByte
        }
    }

    /// `custom` are the headers that the endpoint's owner set, `own` the other ones that were sent. `responseHeaders`
    /// is empty without an answer. Both lists are cut, to `Limits.keptRequestHeaderBytes` and `Limits.keptHeaderBytes`
    /// as they are written, with all that must be escaped.
    package static func json(
        custom: [(name: String, value: [UInt8])], own: [(name: String, value: [UInt8])],
        responseHeaders: ResponseHeaders, timings: Timings
    ) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 1_024)
        json.beginObject()
        json.key("requestHeaders")
        json.beginArray()
        var left = Limits.keptRequestHeaderBytes
        var wasCut = false
        for header in custom { write(Array(header.name.utf8)[...], masked[...], &json, &left, &wasCut) }
        for header in own { write(Array(header.name.utf8)[...], header.value[...], &json, &left, &wasCut) }
        json.endArray()
        json.key("responseHeaders")
        json.beginArray()
        left = Limits.keptHeaderBytes
        for field in responseHeaders { write(field.name, field.value, &json, &left, &wasCut) }
        json.endArray()
        json.key("headersWereCut")
        json.bool(wasCut)
        json.key("timings")
        json.beginObject()
        let parts: [(name: StaticString, time: Duration)] = [
            ("dnsUs", timings.dns), ("connectUs", timings.connect), ("tlsUs", timings.tls),
            ("firstByteUs", timings.firstByte),
        ]
        for part in parts where part.time > .zero {
            json.key(part.name)
            json.integer(part.time.microseconds)
        }
        json.endObject()
        json.endObject()
        return json.bytes
    }

    /// What a header takes beside its name and value: quotes, brackets and commas.
    private static let headerOverhead = 8
    /// The most bytes that one byte may become: `\u0001`.
    private static let longestEscape = 6

    /// Whether there is room for a header whatever its bytes become.
    private static func fits(_ name: Int, _ value: Int, in left: Int) -> Bool {
        headerOverhead + longestEscape * (name + value) < left
    }

    /// Writes a header while there is room, the last one cut to what is left of it.
    private static func write(
        _ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, _ json: inout JSONWriter, _ left: inout Int,
        _ wasCut: inout Bool
    ) {
        if fits(name.count, value.count, in: left) {
            let before = json.bytes.count
            json.beginArray()
            json.string(name)
            json.string(value)
            json.endArray()
            left -= max(json.bytes.count - before, headerOverhead + name.count + value.count)
            return
        }
        left -= headerOverhead + name.reduce(0) { $0 + written($1) }
        guard left > 0 else {
            wasCut = true
            left = 0
            return
        }
        let kept = value.prefix { byte in
            left -= written(byte)
            return left >= 0
        }
        if kept.count < value.count { wasCut = true }
        json.beginArray()
        json.string(name)
        json.string(kept)
        json.endArray()
    }

    /// How many bytes a byte may become: as it is, with a backslash, as the sign for what is no UTF-8, or as `\u0001`.
    private static func written(_ byte: UInt8) -> Int {
        switch byte {
        case 0..<0x20, 0x7F: 6
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): 2
        case 0x80...: 3
        default: 1
        }
    }
}
