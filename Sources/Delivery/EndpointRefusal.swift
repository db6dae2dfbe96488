import HTTPClient
import Store

/// Why an endpoint's row cannot be sent to, for the operator's log.
enum EndpointRefusal {
    static func reason(_ endpoint: DispatchEndpoint, _ policy: AddressPolicy) -> String {
        do {
            let url = try TargetURL(endpoint.url, options: policy.urlOptions)
            guard let objection = policy.objection(to: url) else { return "its secret is no key" }
            return switch objection {
            case .notHTTPS: "its URL is not https"
            case .port: "its URL's port \(url.port) is not allowed"
            case .addressLiteral, .address: "its URL has an address for a host"
            }
        } catch {
            // The rule has a name; the URL itself may hold a secret, and anything else.
            return "its URL breaks a rule: \(error)"
        }
    }
}
