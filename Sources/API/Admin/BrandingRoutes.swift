import Domain
import HTTPServer
import JSON
import Store

/// `…/branding`: how Link looks to a sub-client's users, and which pages may show it.
enum BrandingRoutes {
    static let admin: [Route] = [
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/branding", needs: .viewSubClients, get),
        .adminWrite(.put, "/admin/v1/sub-clients/{subClientId}/branding", needs: .manageBranding, put),
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/branding/preview", needs: .viewSubClients, preview),
    ]
    /// A sub-client sees its own.
    static let tenant: [Route] = [.tenant(.get, "/v1/branding", getOwn)]

    @Sendable private static func get(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        try await read(call, scope.tenant(try call.identifier(0)))
    }

    @Sendable private static func getOwn(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        try await read(call, principal.scope)
    }

    private static func read(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        answer(call, scope, try await call.store { store throws(StoreError) in try await store.branding(scope) })
    }

    @Sendable private static func put(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        let version = try call.expectedVersion()
        var fields = try Fields(try await call.json().value)
        var settings = BrandingSettings()
        settings.displayName = fields.nullable("displayName", .name(APILimits.nameCharacters))
        settings.style.primaryColor = fields.nullable("primaryColor", .color)
        settings.style.primaryTextColor = fields.nullable("primaryTextColor", .color)
        settings.style.secondaryColor = fields.nullable("secondaryColor", .color)
        settings.style.secondaryTextColor = fields.nullable("secondaryTextColor", .color)
        settings.style.buttonRadius = fields.nullable("buttonRadius", .integer(LinkStyle.radii))
        settings.style.cornerRadius = fields.nullable("cornerRadius", .integer(LinkStyle.radii))
        settings.style.overlayOpacity = fields.nullable("overlayOpacity", .opacity)
        settings.style.theme = fields.nullable("theme", .word)
        settings.style.language = fields.nullable("language", .word)
        settings.style.fiatCurrency = fields.nullable("fiatCurrency", .word)
        settings.allowedOrigins =
            fields.nullable(
                "allowedOrigins", Rule<WebOrigin>.list(of: .origin, 0...APILimits.allowedOrigins) { $0.text }) ?? []
        try fields.finish()
        let branding = try await call.store { [settings] store throws(StoreError) in
            try await store.putBranding(tenant, settings, version: version)
        }
        return answer(call, tenant, branding)
    }

    @Sendable private static func preview(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        let branding = try await call.store { store throws(StoreError) in try await store.branding(tenant) }
        let style = branding.settings.style
        return .json(
            200,
            jsonObject { json in
                json.member("displayName", branding.settings.displayName ?? branding.subClientName)
                json.member("linkStyle", json: LinkTokenStyle.object(style) ?? Array("{}".utf8))
                json.member("th", word: style.theme)
                json.member("lng", word: style.language)
                json.member("fiatCur", word: style.fiatCurrency)
                json.member("logoUrl", branding.logo.map { LogoAddress.url(call, tenant.subClient, $0.digest) })
                write(style.warnings, &json)
            })
    }

    // MARK: Answers

    private static func answer(_ call: Call, _ scope: TenantScope, _ branding: Branding) -> Response {
        let settings = branding.settings
        let style = settings.style
        let body = jsonObject { json in
            json.member("displayName", settings.displayName)
            json.member("primaryColor", style.primaryColor?.text)
            json.member("primaryTextColor", style.primaryTextColor?.text)
            json.member("secondaryColor", style.secondaryColor?.text)
            json.member("secondaryTextColor", style.secondaryTextColor?.text)
            json.member("buttonRadius", style.buttonRadius.map { Int32($0) })
            json.member("cornerRadius", style.cornerRadius.map { Int32($0) })
            json.member("overlayOpacity", style.overlayOpacity?.text)
            json.member("theme", word: style.theme)
            json.member("language", word: style.language)
            json.member("fiatCurrency", word: style.fiatCurrency)
            json.key("allowedOrigins")
            json.beginArray()
            for origin in settings.allowedOrigins { json.string(origin.text) }
            json.endArray()
            json.key("logo")
            if let logo = branding.logo {
                LogoAddress.write(logo, call, scope.subClient, &json)
            } else {
                json.null()
            }
            write(style.warnings, &json)
            json.member("version", branding.version)
            json.member("updatedAt", branding.updatedAt)
        }
        return Response.json(200, body).tagged(branding.version)
    }

    private static func write(_ warnings: [ContrastWarning], _ json: inout JSONWriter) {
        json.key("warnings")
        json.beginArray()
        for warning in warnings {
            let (text, color) =
                switch warning.pair {
                case .primary: ("primaryTextColor", "primaryColor")
                case .secondary: ("secondaryTextColor", "secondaryColor")
                }
            json.beginObject()
            json.member("field", text)
            json.member("against", color)
            json.member("contrast", warning.ratioText)
            json.member("minimum", ContrastWarning.minimumText)
            json.member("message", "\(text) is hard to read on \(color): WCAG 2.2 asks for a higher contrast.")
            json.endObject()
        }
        json.endArray()
    }
}

extension Rule where Value == Color {
    static let color = Rule(placeholder: Color(red: 0, green: 0, blue: 0), "must be a colour as #rrggbb") { value in
        value.string.flatMap { Color(text: $0) }
    }
}

extension Rule where Value == WebOrigin {
    static let origin = Rule(
        placeholder: .localhost,
        "must be an https origin without a path, such as https://shop.example or https://*.shop.example; "
            + "for the sandbox also http://localhost"
    ) { value in value.string.flatMap { WebOrigin(text: $0) } }
}

extension Rule where Value == Opacity {
    static let opacity = Rule(
        placeholder: .clear, "must be a decimal from \"0\" to \"1\" with at most two decimals, as a string"
    ) { value in value.string.flatMap { Opacity(text: $0) } }
}
