import Domain
import HTTPServer
import JSON
import Store

/// `/v1/events/{eventId}/replay`: sending an event once more, to one endpoint or to all.
enum ReplayRoutes {
    static let tenant: [Route] = [
        .tenantWrite(.post, "/v1/events/{eventId}/replay") { call, principal throws(Problem) in
            try await replay(call, principal.scope, try call.identifier(0))
        }
    ]

    static let admin: [Route] = [
        .adminWrite(.post, "/admin/v1/sub-clients/{subClientId}/events/{eventId}/replay", needs: .operateDeliveries) {
            call, scope throws(Problem) in
            try await replay(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        }
    ]

    private static func replay(_ call: Call, _ scope: TenantScope, _ id: EventID) async throws(Problem) -> Response {
        var fields = try Fields(try await call.json().value)
        let endpoints = fields.nullable("endpointIds", .endpointIDs)
        try fields.finish()
        let replay = try await call.store { store throws(StoreError) in
            try await store.replayEvent(scope, id, to: endpoints)
        }
        switch replay {
        case .unknownEndpoints(let positions):
            throw .invalid(
                positions.map { position in
                    Problem.FieldError(
                        field: "endpointIds[\(position)]", message: "must be an endpoint of the event's environment")
                })
        case .done(let deliveries):
            return .json(
                202,
                jsonObject { json in
                    json.key("data")
                    json.beginArray()
                    for delivery in deliveries {
                        json.beginObject()
                        DeliveryRoutes.write(delivery, &json)
                        json.endObject()
                    }
                    json.endArray()
                })
        }
    }
}

extension Rule where Value == [EndpointID] {
    /// As many as there may be in an environment.
    static let endpointIDs = Rule<EndpointID>.list(
        of: Rule<EndpointID>(
            placeholder: EndpointID(UUIDValue(high: 0, low: 0)), "must be an identifier that starts with we_"
        ) { value in
            value.string.flatMap { EndpointID(text: $0) }
        }, 1...APILimits.endpointsPerEnvironment, distinctBy: { $0.text })
}
