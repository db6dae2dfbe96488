import Crypto
import Domain
import HTTPServer
import Image
import JSON
import Runtime
import Store

/// `…/branding/logo`: a PNG or JPEG, taken only after all of it was decoded.
enum LogoRoutes {
    private static let path: StaticString = "/admin/v1/sub-clients/{subClientId}/branding/logo"

    static let all: [Route] = [
        Route(.put, path, bodyLimit: ImageLimits.bytes, .admin(.manageBranding, put)),
        .admin(.get, path, needs: .viewSubClients, get),
        .admin(.delete, path, needs: .manageBranding, delete),
    ]

    @Sendable private static func put(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        guard let stated = format(call.head.headers) else { throw unsupported }
        let bytes = try await call.bytes()
        guard ImageInspector.format(of: bytes) == stated else { throw unsupported }
        let inspection = await call.context.worker.run { () -> Result<Inspection, ImageProblem> in
            Result { () throws(ImageProblem) in
                Inspection(image: try ImageInspector.inspect(bytes), digest: Digest.sha256(bytes))
            }
        }
        // As many wait as may: later there is room again.
        guard let inspection else { throw .unavailable }
        let found: Inspection
        do { found = try inspection.get() } catch { throw problem(error) }
        let logo = NewLogo(
            digest: found.digest, mediaType: found.image.format == .png ? .png : .jpeg, width: found.image.width,
            height: found.image.height, bytes: bytes)
        let facts = try await call.store { store throws(StoreError) in try await store.putLogo(tenant, logo) }
        var json = JSONWriter()
        LogoAddress.write(facts, call, tenant.subClient, &json)
        return Response.json(200, json.bytes).tagged(digest: facts.digest)
    }

    @Sendable private static func get(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        let logo = try await call.store { store throws(StoreError) in try await store.logo(tenant) }
        return .logo(logo, for: call, cacheControl: "private, no-cache")
    }

    @Sendable private static func delete(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        try await call.store { store throws(StoreError) in try await store.deleteLogo(tenant) }
        return .noContent
    }

    private struct Inspection: Sendable {
        let image: InspectedImage
        let digest: [UInt8]
    }

    // MARK: What is not taken

    private static let unsupported = Problem(
        .unsupportedMediaType, "The body must be image/png or image/jpeg, and be what its Content-Type says.")

    /// What Content-Type says, without its parameters; `image/jpg` is what some clients call a JPEG.
    private static func format(_ headers: HeaderFields) -> InspectedImage.Format? {
        guard let value = headers["content-type"] else { return nil }
        let type = value.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
            .map { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }
        switch type {
        case Array("image/png".utf8): return .png
        case Array("image/jpeg".utf8), Array("image/jpg".utf8): return .jpeg
        default: return nil
        }
    }

    private static func problem(_ problem: ImageProblem) -> Problem {
        let side = ImageLimits.side
        let message =
            switch problem {
            case .notAnImage: "is not an image"
            case .tooManyBytes: "has more than \(ImageLimits.bytes) bytes"
            case .tooSmall: "must have at least \(side.lowerBound) pixels on each side"
            case .tooLarge: "must have at most \(side.upperBound) pixels on each side"
            case .damaged: "is cut off or damaged"
            case .trailingData: "has data after the image's end"
            case .animated: "must not be animated"
            case .suspectMetadata: "holds a page, a script or a document in its metadata"
            case .unsupported: "is a kind of JPEG that browsers do not show"
            }
        switch problem {
        case .notAnImage: return unsupported
        case .tooManyBytes: return Problem(.tooLarge, "The body \(message).")
        default: return .invalid(field: "body", message)
        }
    }
}
