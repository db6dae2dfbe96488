import HTTPClient

/// One of Mesh's lists that say what can be transferred, from where, and how that fares: the same for all sub-clients.
package enum CatalogueCall: String, CaseIterable, Sendable {
    case networks = "/api/v1/transfers/managed/networks"
    case managedIntegrations = "/api/v1/transfers/managed/integrations"
    case tokens = "/api/v1/transfers/managed/tokens"
    case integrations = "/api/v1/integrations"
    case status = "/api/v1/status"

    package var call: MeshCall { MeshCall(.get, Array(rawValue.utf8)) }

    /// How long an answer is good.
    var freshness: Duration { self == .status ? UpstreamLimits.statusFreshness : UpstreamLimits.catalogueFreshness }
}
