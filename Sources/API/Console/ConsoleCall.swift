import Crypto
import Domain
import HTTPServer
import Runtime
import Store

/// Who looks at a page.
struct ConsoleVisitor: Sendable {
    let session: ConsoleSession
    /// What the forms of this session's pages carry: nobody else's page can know it.
    let formToken: [UInt8]

    func may(_ permission: Permission) -> Bool { session.scope.allows(permission) }
}

/// One request of a person who is signed in.
struct ConsoleCall: Sendable {
    let call: Call
    let visitor: ConsoleVisitor
    /// The fields of a form; none with GET.
    let form: ConsoleForm

    var scope: PlatformScope { visitor.session.scope }
    var now: Timestamp { call.context.clock.now() }

    /// The query without the parameters that a form left empty.
    var query: QueryParameters {
        let given = (call.head.query ?? []).split(separator: UInt8(ascii: "&")).filter { item in
            item.firstIndex(of: UInt8(ascii: "=")).map { item.index(after: $0) < item.endIndex } ?? true
        }
        return QueryParameters(Array(given.joined(separator: [UInt8(ascii: "&")]))[...])
    }

    func store<Value>(_ work: (Store) async throws(StoreError) -> Value) async throws(Problem) -> Value {
        try await call.store(work)
    }

    /// The sub-client that the path's first identifier names, and the scope to read it in. Throws 404.
    func subClient() async throws(Problem) -> (SubClient, TenantScope) {
        let id: SubClientID = try call.identifier(0)
        let found = try await store { store throws(StoreError) in try await store.subClient(scope, id) }
        return (found, scope.tenant(id))
    }
}

/// The fields of a posted form.
struct ConsoleForm: Sendable {
    private let items: QueryItems

    static let empty = ConsoleForm([])

    init(_ body: [UInt8]) { items = QueryItems(body[...]) }

    /// The value of a field that stands there once.
    func value(_ name: StaticString) -> [UInt8]? {
        if case .once(let value) = items.lookup(name) { value } else { nil }
    }
}

/// What tells a form of ours from one that another site's page sends.
enum ConsoleOrigin {
    /// Whether the browser says that a page of this very origin sends the form. Where it says nothing of the sort, as
    /// over plain HTTP to another machine, its `Origin` must be the host that was asked; a sender who says neither is
    /// turned away.
    static func isOwn(_ head: RequestHead) -> Bool {
        switch head.headers.lookup("sec-fetch-site") {
        case .once(let site): return site.elementsEqual("same-origin".utf8)
        case .repeated: return false
        case .absent: break
        }
        guard let origin = head.headers["origin"] else { return false }
        let host = Array(head.host)
        return !host.isEmpty
            && [Array("https://".utf8) + host, Array("http://".utf8) + host].contains { origin.elementsEqual($0) }
    }

    /// Whether the host that was asked is this machine by name: the browser then keeps cookies of plain HTTP. What a
    /// client says of the host concerns that client's cookies alone.
    static func isLoopback(_ head: RequestHead) -> Bool {
        let host = head.host.first == UInt8(ascii: "[") ? head.host : head.host.prefix { $0 != UInt8(ascii: ":") }
        if host.first == UInt8(ascii: "[") { return host.starts(with: "[::1]".utf8) }
        return host.elementsEqual("localhost".utf8) || host.elementsEqual("127.0.0.1".utf8)
    }
}

/// The cookie that holds a session's token.
///
/// Its name begins with `__Host-` and it is `Secure`: browsers keep it only over TLS, for this host alone. On loopback,
/// where there is no TLS to ask for, it is neither.
enum ConsoleCookie {
    private static let plain = Array("subgate-console".utf8)
    private static let secure = Array("__Host-subgate-console".utf8)

    static func token(_ head: RequestHead) -> [UInt8]? {
        let name = ConsoleOrigin.isLoopback(head) ? plain : secure
        var found: [[UInt8]] = []
        for line in head.headers.all("cookie") {
            for pair in line.split(separator: UInt8(ascii: ";")) {
                let pair = pair.drop { $0 == UInt8(ascii: " ") }
                guard pair.starts(with: name), pair.dropFirst(name.count).first == UInt8(ascii: "=") else { continue }
                found.append(Array(pair.dropFirst(name.count + 1)))
            }
        }
        // Two of one name: one of them somebody else set.
        guard found.count == 1, found[0].count == ConsoleLimits.tokenBytes else { return nil }
        return found[0]
    }

    /// The value of `Set-Cookie`; without a token one that makes the browser forget it.
    static func field(_ token: [UInt8]?, _ head: RequestHead) -> [UInt8] {
        let isLoopback = ConsoleOrigin.isLoopback(head)
        let age = token == nil ? 0 : ConsoleTerms.lifetime.components.seconds
        return (isLoopback ? plain : secure) + [UInt8(ascii: "=")] + (token ?? [])
            + Array("; Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict\(isLoopback ? "" : "; Secure")".utf8)
    }

    /// What forms carry: made from the session's token, so that nothing needs to be kept, and telling nothing of it.
    static func formToken(of token: [UInt8]) -> [UInt8] {
        Base64.encodeURLSafe(HMACKey(token).authenticate(Array("subgate console form".utf8)))
    }
}
