package import HTTPServer

/// One operation of the stand-in.
package struct SandboxRoute: Sendable {
    package enum Operation: Equatable, Sendable {
        case about, createLinkToken, completeLinkToken, payLink, connect, linkAsset, linkCall, logo
        case networks, managedIntegrations, tokens, integrations, status, transfers
        case managed(ManagedOperation)
        case account(AccountOperation)
        case fault(FaultOperation)
    }

    package let method: Method
    /// As openapi.yaml spells it; a segment in braces matches any one segment.
    package let pattern: StaticString
    /// Whether the path matches without ASCII case, as Mesh's routing does.
    package let ignoresCase: Bool
    /// Whether openapi.yaml describes it; pages for people are not part of the contract, and neither is what Mesh
    /// serves and Subgate does not: Mesh's own documents describe that.
    package let isContract: Bool
    package let operation: Operation

    /// One of Mesh's own calls.
    fileprivate static func mesh(_ method: Method, _ pattern: StaticString, _ operation: Operation) -> SandboxRoute {
        SandboxRoute(method: method, pattern: pattern, ignoresCase: true, isContract: true, operation: operation)
    }

    /// One of Mesh's own calls that Subgate does not serve.
    fileprivate static func managed(
        _ method: Method, _ pattern: StaticString, _ operation: ManagedOperation
    ) -> SandboxRoute {
        SandboxRoute(
            method: method, pattern: pattern, ignoresCase: true, isContract: false, operation: .managed(operation))
    }
}

/// Everything the sandbox listener serves.
package enum SandboxRouteTable {
    package static let routes: [SandboxRoute] = [
        .mesh(.post, "/api/v1/linktoken", .createLinkToken),
        .mesh(.get, "/api/v1/transfers/managed/networks", .networks),
        .mesh(.get, "/api/v1/transfers/managed/integrations", .managedIntegrations),
        .mesh(.get, "/api/v1/transfers/managed/tokens", .tokens),
        .mesh(.get, "/api/v1/transfers/managed/mesh", .transfers),
        .mesh(.get, "/api/v1/integrations", .integrations),
        .mesh(.get, "/api/v1/status", .status),
        .managed(.post, "/api/v1/transfers/managed/configure", .configure),
        .managed(.post, "/api/v1/transfers/managed/preview", .preview),
        .managed(.post, "/api/v1/transfers/managed/execute", .execute),
        .managed(.post, "/api/v1/transfers/managed/update", .update),
        .managed(.post, "/api/v1/transfers/managed/quote", .quote),
        .managed(.get, "/api/v1/transfers/managed/verify", .verifyTransfer),
        .managed(.post, "/api/v1/transfers/managed/address/get", .getAddress),
        .managed(.post, "/api/v1/transfers/managed/address/list", .listAddresses),
        .managed(.post, "/api/v1/holdings/get", .holdings),
        .managed(.post, "/api/v1/holdings/value", .holdingsValue),
        .managed(.post, "/api/v1/balance/get", .balance),
        .managed(.post, "/api/v1/exchange/verify", .identity),
        .managed(.post, "/api/v1/token/refresh", .refreshToken),
        .mesh(.get, "/api/v1/wallets/verify", .managed(.walletVerifications)),
        .mesh(.delete, "/api/v1/account", .managed(.removeAccount)),
        SandboxRoute(
            method: .post, pattern: "/sandbox/v1/link-tokens/complete", ignoresCase: false, isContract: true,
            operation: .completeLinkToken),
        SandboxRoute(method: .get, pattern: "/", ignoresCase: false, isContract: false, operation: .about),
        SandboxRoute(method: .get, pattern: "/paylink", ignoresCase: false, isContract: false, operation: .payLink),
        SandboxRoute(
            method: .get, pattern: "/b2b-iframe/{clientId}/broker-connect", ignoresCase: false, isContract: false,
            operation: .connect),
        SandboxRoute(
            method: .get, pattern: "/link/assets/{name}", ignoresCase: false, isContract: false,
            operation: .linkAsset),
        SandboxRoute(
            method: .post, pattern: "/link/v1/{call}", ignoresCase: false, isContract: false, operation: .linkCall),
        SandboxRoute(
            method: .get, pattern: "/public/clients/logo/{clientId}/{id}", ignoresCase: false, isContract: false,
            operation: .logo),
        fault(.get, "/sandbox/v1/faults", .getFaults),
        fault(.put, "/sandbox/v1/faults", .setFaults),
        fault(.post, "/sandbox/v1/reset", .reset),
        fault(.get, "/sandbox/v1/clock", .getClock),
        fault(.put, "/sandbox/v1/clock", .setClock),
        fault(.post, "/sandbox/v1/clock/advance", .advanceClock),
        account(.post, "/admin/api/v1/Token", .createToken),
        account(.get, "/admin/api/v1/SubClient", .listSubClients),
        account(.post, "/admin/api/v1/SubClient", .createSubClient),
        account(.get, "/admin/api/v1/SubClient/{id}", .getSubClient),
        account(.put, "/admin/api/v1/SubClient/{id}", .replaceSubClient),
        account(.delete, "/admin/api/v1/SubClient/{id}", .deleteSubClient),
        account(.post, "/admin/api/v1/SubClient/{id}/logo", .uploadLogo),
        account(.delete, "/admin/api/v1/SubClient/{id}/logo", .deleteLogo),
        account(.get, "/admin/api/v1/Client/callbackUrls", .getCallbackUrls),
        account(.post, "/admin/api/v1/Client/callbackUrls", .setCallbackUrls),
        account(.get, "/admin/api/v1/Client", .getAccount),
        account(.put, "/admin/api/v1/Client", .setAccount),
    ]

    private static func account(
        _ method: Method, _ pattern: StaticString, _ operation: AccountOperation
    ) -> SandboxRoute {
        SandboxRoute(
            method: method, pattern: pattern, ignoresCase: true, isContract: false, operation: .account(operation))
    }

    private static func fault(
        _ method: Method, _ pattern: StaticString, _ operation: FaultOperation
    ) -> SandboxRoute {
        SandboxRoute(
            method: method, pattern: pattern, ignoresCase: false, isContract: true, operation: .fault(operation))
    }

    enum Match {
        case operation(SandboxRoute.Operation)
        /// The path exists, for other methods.
        case otherMethods([Method])
        case nothing
    }

    /// The route of a request that is served.
    static func route(_ method: Method, _ path: ArraySlice<UInt8>) -> SandboxRoute? {
        routes.first { $0.method == (method == .head ? .get : method) && matches($0, path) }
    }

    /// Finds what a request asks for. HEAD is answered as GET is; the server leaves the body out.
    static func match(_ method: Method, _ path: ArraySlice<UInt8>) -> Match {
        let routes = routes.filter { matches($0, path) }
        if let route = routes.first(where: { $0.method == (method == .head ? .get : method) }) {
            return .operation(route.operation)
        }
        if routes.isEmpty { return .nothing }
        return .otherMethods(routes.flatMap { ($0.method == .get ? [.get, .head] : [$0.method]) + [.options] })
    }

    private static func matches(_ route: SandboxRoute, _ path: ArraySlice<UInt8>) -> Bool {
        let slash = UInt8(ascii: "/")
        let expected = Array(route.pattern.description.utf8).split(separator: slash, omittingEmptySubsequences: false)
        let actual = path.split(separator: slash, omittingEmptySubsequences: false)
        guard expected.count == actual.count else { return false }
        return zip(expected, actual).allSatisfy { segment, given in
            if segment.first == UInt8(ascii: "{") { return !given.isEmpty }
            return route.ignoresCase
                ? segment.elementsEqual(given, by: { lowercaseASCII($0) == lowercaseASCII($1) })
                : segment.elementsEqual(given)
        }
    }
}
