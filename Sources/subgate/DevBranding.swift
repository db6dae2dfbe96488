import HTTPClient
import JSON

extension DevProvisioning {
    /// What the demo shop looks like in Link, where nobody has chosen anything else.
    private static let defaults: [(name: String, value: String)] = [
        ("displayName", "Harbour Coffee"), ("primaryColor", "#0f5c4d"), ("primaryTextColor", "#ffffff"),
        ("secondaryColor", "#e3efe9"), ("secondaryTextColor", "#0f3d34"), ("theme", "system"),
    ]
    /// All other members of a branding that can be written.
    private static let others = [
        "buttonRadius", "cornerRadius", "overlayOpacity", "language", "fiatCurrency",
    ]

    /// Allows the shop's origin, without which Link refuses to be framed there. What was chosen for the sub-client
    /// since the first start stays as it is.
    func branding(_ state: inout DevState) async throws {
        guard let id = state.subClientID, state.shopOrigin != demo.receiver else { return }
        let path = "/admin/v1/sub-clients/\(id)/branding"
        let current = try await admin.call(.get, path)
        let old = state.shopOrigin.map { [$0, DemoAddresses.named($0)] } ?? []
        let kept = (current["allowedOrigins"]?.elements.compactMap(\.text) ?? []).filter {
            !old.contains($0) && !demo.shopOrigins.contains($0)
        }
        var json = JSONWriter()
        json.beginObject()
        for (name, value) in Self.defaults {
            json.key(name)
            if let chosen = current[name], !chosen.isNull || state.shopOrigin != nil {
                json.raw(chosen.raw)
            } else {
                json.string(value)
            }
        }
        for name in Self.others {
            json.key(name)
            if let chosen = current[name] { json.raw(chosen.raw) } else { json.null() }
        }
        json.key("allowedOrigins")
        json.beginArray()
        for origin in kept + demo.shopOrigins { json.string(origin) }
        json.endArray()
        json.endObject()
        _ = try await admin.call(.put, path, json.bytes)
        if state.shopOrigin == nil, current["logo"]?.isNull == true {
            _ = try await admin.call(.put, path + "/logo", DevLogo.png, type: "image/png")
        }
        state.shopOrigin = demo.receiver
        try save(state)
    }
}

extension DemoAddresses {
    /// The same origin by the machine's name.
    fileprivate static func named(_ origin: String) -> String {
        "http://localhost" + origin.dropFirst("http://127.0.0.1".count)
    }
}
