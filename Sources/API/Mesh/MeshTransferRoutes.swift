import Domain
import HTTPServer
import Store
import Upstream

/// `GET /api/v1/transfers/managed/mesh`: the sub-client's own transfers, from what we know of them.
enum MeshTransferRoutes {
    static let all: [Route] = [
        Route(.get, "/api/v1/transfers/managed/mesh", bodyLimit: 0, .mesh(.read, list))
    ]

    /// Mesh's words; ours for a status that we do not know is pending there.
    enum Status: String, CaseIterable {
        case pending, succeeded, failed

        init(_ status: TransferStatus) {
            switch status {
            case .unknown, .pending: self = .pending
            case .failed: self = .failed
            case .succeeded: self = .succeeded
            }
        }

        var statuses: [TransferStatus] { TransferStatus.allCases.filter { Status($0) == self } }
    }

    @Sendable private static func list(_ call: Call, _ principal: Principal) async throws(MeshProblem) -> Response {
        let request = try MeshTransferRequest(MeshQuery(call))
        var query = request.query
        var page = MeshTransferPage()
        if let ids = request.integrationIDs { query.providers = try await names(of: ids, call, principal) }
        if request.isMeant(for: principal) {
            do {
                page = try await call.store.meshTransfers(principal.scope, query)
            } catch {
                throw call.meshProblem(error)
            }
        }
        if page.isTooWide {
            throw .invalid(
                "FromTimestamp",
                "must be nearer to ToTimestamp: more than \(MeshTransferLimits.sifted) transfers lie between them."
            )
        }
        let body = MeshTransferBody(principal: principal, request: request)
        return .json(
            200,
            MeshEnvelope.ok(content: body.content(page), errorHash: nil, teamCode: nil, requestID: call.requestID))
    }

    /// What events call the integrations with these ids. An id that is not in the upstream's catalogue has no name.
    private static func names(
        of ids: [UUIDValue], _ call: Call, _ principal: Principal
    ) async throws(MeshProblem) -> [[UInt8]] {
        let upstream = try await call.upstream(of: principal)
        do throws(UpstreamFailure) {
            return try await call.context.catalogue.integrationNames(ids, of: upstream)
        } catch {
            throw call.meshProblem(error, upstream)
        }
    }
}

/// The query of Mesh's list, read and judged.
struct MeshTransferRequest {
    var query = MeshTransferQuery()
    let integrationIDs: [UUIDValue]?
    let includesRefunds: Bool
    private let subClientID: UUIDValue?
    private let isSandbox: Bool?

    /// Throws 400 at the first parameter that is wrong.
    init(_ parameters: MeshQuery) throws(MeshProblem) {
        query.count = try parameters.integer("Count", APILimits.meshCount) ?? APILimits.standardMeshCount
        query.offset = try parameters.integer("Offset", APILimits.meshOffset) ?? 0
        query.upstreamTransferID = try parameters.uuid("Id")
        query.transactionID = try parameters.text(
            "ClientTransactionId", 1...APILimits.transactionIDCharacters.upperBound)
        query.userID = try parameters.text("UserId", APILimits.userIDCharacters)
        integrationIDs = try parameters.uuids("IntegrationIds", atMost: APILimits.meshIntegrationIDs)
        query.statuses = try parameters.words(
            "Statuses", MeshTransferRoutes.Status.self, atMost: APILimits.meshStatuses
        )
        .map { $0.flatMap(\.statuses) }
        query.from = try parameters.integer("FromTimestamp", APILimits.unixSeconds).map { Timestamp(seconds: $0) }
        // A whole second holds all that happens until the next.
        query.until = try parameters.integer("ToTimestamp", APILimits.unixSeconds)
            .map { Timestamp(seconds: $0) + .seconds(1) }
        query.minAmountInFiat = try parameters.amount("MinAmountInFiat")
        query.maxAmountInFiat = try parameters.amount("MaxAmountInFiat")
        let order = try parameters.word("OrderBy", MeshTransferQuery.Order.self)
        query.order = order ?? .createdTimestamp
        // The newest first, unless an order is asked for.
        query.isDescending = try parameters.bool("DescendingOrder") ?? (order == nil)
        query.txHash = try parameters.text("Hash", APILimits.hashCharacters)
        subClientID = try parameters.uuid("SubClientId")
        isSandbox = try parameters.bool("IsSandBox")
        includesRefunds = try parameters.bool("IncludeRefundInformation") ?? false
        query.includesWebhookLogs = try parameters.bool("IncludeWebhooksLogs") ?? false
    }

    /// A key sees its own sub-client, by our id of it or the upstream's, in its own environment: whoever asks for
    /// another finds nothing.
    func isMeant(for principal: Principal) -> Bool {
        let own = [principal.scope.subClient.uuid, principal.registration?.subClientID]
        if let subClientID, !own.contains(subClientID) { return false }
        return isSandbox.map { $0 == (principal.environment == .sandbox) } ?? true
    }
}
