package import Domain
import JSON

extension Catalogue {
    /// The names of integrations, which is all that webhooks tell of them. Looked for among what Link offers and what
    /// could settle; an id that is in neither has none.
    package func integrationNames(
        _ ids: [UUIDValue], of upstream: ActiveUpstream
    ) async throws(UpstreamFailure) -> [[UInt8]] {
        let wanted = Set(ids)
        var names: Set<[UInt8]> = []
        for (list, member) in [(CatalogueCall.integrations, "items"), (.managedIntegrations, "integrations")] {
            let answer = try await answer(list, of: upstream)
            guard let root = try? JSONDocument.parse(answer.content, limits: .catalogue).root else { continue }
            for entry in root[member]?.elements ?? root.elements {
                guard let id = entry["id"]?.string.flatMap({ UUIDValue(text: $0) }), wanted.contains(id),
                    let name = entry["name"]?.string
                else { continue }
                names.insert(name)
            }
        }
        return Array(names)
    }
}

extension JSONLimits {
    /// For the lists of an upstream.
    static let catalogue = JSONLimits(
        documentBytes: UpstreamLimits.catalogueBytes, members: UpstreamLimits.catalogueMembers)
}
