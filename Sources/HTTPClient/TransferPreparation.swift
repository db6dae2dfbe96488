import CCurl
import Runtime

/// What a handle is set to for each request.
extension Transfer {
    /// - Parameter changes: what curl learns and forgets of addresses on this occasion.
    /// - Parameter milliseconds: the time left for connecting and in all, at least 1 each.
    func prepare(
        _ request: OutgoingRequest, pinned: [IPAddress], changes: RouteTable.Changes,
        milliseconds: (connect: Int, total: Int), constants: ConstantHeaders
    ) {
        arena.begin(Transfer.roomFor(request, pinned: pinned.count, removals: changes.removals.count))
        guard let route else { return }
        unsafe ccurl_set_text(easy, CURLOPT_URL, arena.url(request.url))
        unsafe ccurl_set_list(
            easy, CURLOPT_HTTPHEADER, arena.headers(request.headers, then: constants.list(for: request)))
        unsafe ccurl_set_list(easy, CURLOPT_CONNECT_TO, arena.connectTo(route))
        writesAddresses = changes.writes
        unsafe ccurl_set_list(easy, CURLOPT_RESOLVE, arena.resolve(route, to: pinned, changes))
        if insistsOnNewConnection { setNewConnection(false) }
        unsafe ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds.connect)
        unsafe ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, milliseconds.total)
        prepareMethod(request)
    }

    private func prepareMethod(_ request: OutgoingRequest) {
        unsafe ccurl_set_long(easy, CURLOPT_NOBODY, request.method == .head ? 1 : 0)
        let carriesBody: Bool
        switch request.method {
        case .get, .head: carriesBody = false
        case .delete: carriesBody = !request.body.isEmpty
        case .post, .put, .patch: carriesBody = true
        }
        if carriesBody {
            unsafe ccurl_set_long(easy, CURLOPT_POST, 1)
            unsafe ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
            unsafe ccurl_set_text(easy, CURLOPT_POSTFIELDS, arena.body(request.body))
        } else if request.method != .head {
            unsafe ccurl_set_long(easy, CURLOPT_HTTPGET, 1)
        }
        switch request.method {
        case .get, .head, .post: unsafe ccurl_set_text(easy, CURLOPT_CUSTOMREQUEST, nil)
        case .put, .patch, .delete: unsafe ccurl_set_text(easy, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    /// An upper bound of what the arena will hold.
    private static func roomFor(_ request: OutgoingRequest, pinned: Int, removals: Int) -> Int {
        let node = 2 * 16
        var room = request.url.pathAndQuery.count + Limits.hostBytes + 24 + request.body.count + 1
        for (name, value) in request.headers { room += name.utf8.count + value.count + 3 + node }
        room += Route.nameBytes + 4 + node
        room += Route.nameBytes + 8 + node + pinned * 48
        room += removals * (Route.nameBytes + 8 + node)
        return room
    }
}

extension WireArena {
    @unsafe mutating func url(_ url: TargetURL) -> UnsafeMutablePointer<CChar> {
        let text = unsafe next
        add(url.scheme.text.utf8)
        add("://".utf8)
        switch url.host {
        case .name(let name): add(name)
        case .literal: add(url.hostText.utf8)
        }
        if url.port != url.scheme.defaultPort {
            add(UInt8(ascii: ":"))
            add(decimal: url.port)
        }
        add(url.pathAndQuery)
        endText()
        return unsafe text
    }

    @unsafe mutating func headers(
        _ headers: [(name: String, value: [UInt8])], then constants: UnsafeMutablePointer<curl_slist>
    ) -> UnsafeMutablePointer<curl_slist> {
        var list = unsafe constants
        for (name, value) in headers.reversed() {
            let text = unsafe next
            add(name.utf8)
            // To curl `Name:` means "not this one", and `Name;` is the field with an empty value.
            add(value.isEmpty ? UInt8(ascii: ";") : UInt8(ascii: ":"))
            if !value.isEmpty { add(UInt8(ascii: " ")) }
            add(value)
            endText()
            unsafe list = unsafe node(text, then: list)
        }
        return unsafe list
    }

    /// `::NAME:`, for any host and port: connect to the host NAME at the port of the URL.
    @unsafe mutating func connectTo(_ route: Route) -> UnsafeMutablePointer<curl_slist> {
        let text = unsafe next
        add("::".utf8)
        route.addName(to: &self)
        add(UInt8(ascii: ":"))
        endText()
        return unsafe node(text, then: nil)
    }

    /// `-NAME:PORT` for each removal, then `NAME:PORT:ADDRESS,[ADDRESS]`; nil when curl knows all it must.
    @unsafe mutating func resolve(
        _ route: Route, to pinned: [IPAddress], _ changes: RouteTable.Changes
    ) -> UnsafeMutablePointer<curl_slist>? {
        var list = unsafe changes.writes ? entry(route, pinned) : nil
        for removal in changes.removals {
            let text = unsafe next
            add(UInt8(ascii: "-"))
            removal.addName(to: &self)
            add(UInt8(ascii: ":"))
            add(decimal: removal.port)
            endText()
            unsafe list = unsafe node(text, then: list)
        }
        return unsafe list
    }

    @unsafe private mutating func entry(
        _ route: Route, _ pinned: [IPAddress]
    ) -> UnsafeMutablePointer<curl_slist> {
        let text = unsafe next
        route.addName(to: &self)
        add(UInt8(ascii: ":"))
        add(decimal: route.port)
        var separator = UInt8(ascii: ":")
        for address in pinned {
            add(separator)
            separator = UInt8(ascii: ",")
            if case .v4 = address {
                add(address.description.utf8)
            } else {
                add("[\(address)]".utf8)
            }
        }
        endText()
        return unsafe node(text, then: nil)
    }

    /// curl sends it from here, without a copy.
    @unsafe mutating func body(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let start = unsafe next
        add(bytes)
        endText()
        return unsafe start
    }
}

/// The header lines every request ends with; an empty one takes back what curl would add by itself.
@safe
final class ConstantHeaders: @unchecked Sendable {
    private let all: UnsafeMutablePointer<curl_slist>
    private let few: UnsafeMutablePointer<curl_slist>

    init() {
        unsafe few = ConstantHeaders.list(["Accept-Encoding: identity", "Accept:"])
        unsafe all = ConstantHeaders.list(["Accept-Encoding: identity", "Accept:", "Expect:", "Content-Type:"])
    }

    deinit {
        unsafe curl_slist_free_all(few)
        unsafe curl_slist_free_all(all)
    }

    /// Each line is compared with a dozen names curl might add. It adds `Expect` for bodies of a MiB and more, and a
    /// `Content-Type` where there is a body and none is given.
    @unsafe func list(for request: OutgoingRequest) -> UnsafeMutablePointer<curl_slist> {
        let name = "content-type".utf8
        let hasType = request.headers.contains { $0.name.utf8.count == name.count && $0.name.utf8.elementsEqual(name) }
        return unsafe hasType && request.body.count < ConstantHeaders.smallBody ? few : all
    }

    /// Bytes: half of what makes curl wait for the peer's word before it sends a body.
    private static let smallBody = 512 * 1_024

    private static func list(_ lines: [String]) -> UnsafeMutablePointer<curl_slist> {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { unsafe list = unsafe curl_slist_append(list, line) }
        guard let list = unsafe list else { preconditionFailure("out of memory") }
        return unsafe list
    }
}
