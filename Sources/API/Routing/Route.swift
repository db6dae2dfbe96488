package import Domain
package import HTTPServer
import Store

/// One operation of the contract: a method, a path pattern, who may call it, and what it does.
package struct Route: Sendable {
    /// Who may call. There is no default: each handler's type decides it.
    package enum Access: Hashable, Sendable {
        /// Anyone who reaches the ops listener.
        case ops
        /// An admin key of a member whose role allows it.
        case admin(Permission)
        /// A sub-client's credential, as a bearer token or in Mesh's two headers.
        case tenant(CredentialAccess)
        /// A sub-client's credential in Mesh's two headers.
        case meshTenant(CredentialAccess)
        /// An upstream, by its signature over the body.
        case inbound
        /// Anyone who reaches the public listener.
        case open
        /// A person at the console, whose role allows it if it is said what; nobody in particular for what is open.
        case console(Permission?)
    }

    typealias Admin = @Sendable (Call, PlatformScope) async throws(Problem) -> Response
    typealias Tenant = @Sendable (Call, Principal) async throws(Problem) -> Response
    typealias Mesh = @Sendable (Call, Principal) async throws(MeshProblem) -> Response
    typealias Open = @Sendable (Call) async throws(Problem) -> Response
    typealias Inbound = @Sendable (Call, inout RequestFacts) async throws(Problem) -> Response

    enum Handler: Sendable {
        case ops(Open)
        case admin(Permission, Admin)
        case tenant(CredentialAccess, Tenant)
        case mesh(CredentialAccess, Mesh)
        case inbound(Inbound)
        case open(Open)
        case console(Permission?, Console.Page)
        case consoleOpen(Open)
    }

    package let method: Method
    /// Literal segments and `{names}`, spelled as in openapi.yaml.
    package let pattern: StaticString
    /// Bytes of body the operation reads at most; 0 if it reads none.
    package let bodyLimit: Int
    let handler: Handler
    /// What it counts as while it is worked on; nil where it is not counted.
    let admission: Admission.Kind?

    init(_ method: Method, _ pattern: StaticString, bodyLimit: Int, _ handler: Handler) {
        self.method = method
        self.pattern = pattern
        self.bodyLimit = bodyLimit
        self.handler = handler
        admission = Admission.kind(of: handler, method, pattern)
    }

    package var access: Access {
        switch handler {
        case .ops: .ops
        case .admin(let permission, _): .admin(permission)
        case .tenant(let access, _): .tenant(access)
        case .mesh(let access, _): .meshTenant(access)
        case .inbound: .inbound
        case .open: .open
        case .console(let permission, _): .console(permission)
        case .consoleOpen: .console(nil)
        }
    }

    /// `GET /v1/me`, for logs and metrics.
    package var name: String { "\(method.name) \(pattern)" }

    // MARK: The rows of the tables

    /// A bodiless operation of an admin.
    static func admin(
        _ method: Method, _ pattern: StaticString, needs permission: Permission, _ handler: @escaping Admin
    ) -> Route {
        Route(method, pattern, bodyLimit: 0, .admin(permission, handler))
    }

    /// An operation of an admin with a body.
    static func adminWrite(
        _ method: Method, _ pattern: StaticString, needs permission: Permission, _ handler: @escaping Admin
    ) -> Route {
        Route(method, pattern, bodyLimit: APILimits.bodyBytes, .admin(permission, handler))
    }

    /// A bodiless operation of a sub-client: reading with GET, changing with everything else.
    static func tenant(_ method: Method, _ pattern: StaticString, _ handler: @escaping Tenant) -> Route {
        Route(method, pattern, bodyLimit: 0, .tenant(method == .get ? .read : .readWrite, handler))
    }

    /// An operation of a sub-client with a body.
    static func tenantWrite(_ method: Method, _ pattern: StaticString, _ handler: @escaping Tenant) -> Route {
        Route(method, pattern, bodyLimit: APILimits.bodyBytes, .tenant(.readWrite, handler))
    }
}

/// All operations of one listener.
package struct RouteTable: Sendable {
    package let listener: StaticString
    package let routes: [Route]
    /// Pages for people, which are no part of the contract that programs rely on.
    package let pages: [Route]
    /// All that is answered.
    package let served: [Route]

    init(listener: StaticString, routes: [Route], pages: [Route] = []) {
        self.listener = listener
        self.routes = routes
        self.pages = pages
        served = routes + pages
    }

    /// Merchants and upstreams.
    package static let publicListener = RouteTable(
        listener: "public",
        routes: [MeRoutes.all, EndpointRoutes.tenant, LinkSessionRoutes.all, TransferRoutes.all, EventRoutes.all]
            .flatMap { $0 } + DeliveryRoutes.all + ErasureRoutes.tenant + LinkTokenRoutes.all + CatalogueRoutes.all
            + AccountRoutes.all + MeshTransferRoutes.all + InboundRoutes.all
            + BrandingRoutes.tenant + HostedLogoRoutes.all + WebhookKeyRoutes.all
            + RecoveryRoutes.tenant + ReplayRoutes.tenant + StatisticRoutes.tenant)

    /// The PSP's admins.
    package static let adminListener = RouteTable(
        listener: "admin",
        routes: [SubClientRoutes.all, ImportRoutes.all, CredentialRoutes.all, SubClientViewRoutes.all]
            .flatMap { $0 } + UpstreamRoutes.all + RegistrationRoutes.all + QuarantineRoutes.all + MemberRoutes.all
            + UsageRoutes.all
            + AdminKeyRoutes.all + AuditRoutes.all + BrandingRoutes.admin + LogoRoutes.all + ComplianceRoutes.all
            + ErasureRoutes.admin + EndpointRoutes.admin + RecoveryRoutes.admin + ReplayRoutes.admin
            + StatisticRoutes.admin + OperatorWebhookRoutes.all,
        pages: ConsoleRoutes.all)

    /// Health and metrics.
    package static let opsListener = RouteTable(listener: "ops", routes: OpsRoutes.all)

    package static let all: [RouteTable] = [publicListener, adminListener, opsListener]
}
