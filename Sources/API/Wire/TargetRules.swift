import HTTPClient
import JSON

/// Rules for URLs that we call, or show: one grammar, the HTTP client's own.
extension Rule where Value == [UInt8] {
    /// A webhook endpoint's address.
    static func target(_ policy: AddressPolicy) -> Rule {
        Rule(placeholder: []) { value, path, errors in
            guard let text = value.string, APILimits.urlBytes.contains(text.count) else {
                errors.append(Problem.FieldError(field: path, message: "must be a URL of at most 2048 characters"))
                return nil
            }
            guard let message = TargetRules.objection(to: text, policy) else { return text }
            errors.append(Problem.FieldError(field: path, message: message))
            return nil
        }
    }

    /// The start of an upstream's addresses: no query, and no slash at its end is kept.
    static func baseURL(_ policy: AddressPolicy) -> Rule {
        Rule(placeholder: []) { value, path, errors in
            guard var text = Rule.target(policy).read(value, path, &errors) else { return nil }
            if text.contains(UInt8(ascii: "?")) {
                errors.append(Problem.FieldError(field: path, message: "must not have a query"))
                return nil
            }
            while text.last == UInt8(ascii: "/") { text.removeLast() }
            return text
        }
    }

    /// A public https address that is only shown, never called.
    static let website = Rule(placeholder: [], "must be an https URL of at most 2048 characters") { value in
        guard let text = value.string, APILimits.urlBytes.contains(text.count),
            let url = try? TargetURL(text, options: .publicNames), url.scheme == .https
        else { return nil }
        return text
    }
}

enum TargetRules {
    /// What is wrong with the address, or nil. It never repeats the address.
    static func objection(to text: [UInt8], _ policy: AddressPolicy) -> String? {
        do {
            let url = try TargetURL(text, options: policy.urlOptions)
            return policy.objection(to: url).map { explanation($0, policy) }
        } catch {
            return explanation(error)
        }
    }

    private static func explanation(_ objection: AddressPolicy.URLObjection, _ policy: AddressPolicy) -> String {
        switch objection {
        case .notHTTPS: "must be https"
        case .port: "must use port " + (policy.ports ?? []).map { "\($0)" }.joined(separator: " or ")
        case .addressLiteral, .address: "must name a public host"
        }
    }

    private static func explanation(_ error: TargetURLError) -> String {
        switch error {
        case .tooLong: "must be a URL of at most 2048 characters"
        case .scheme: "must start with https://"
        case .userInformation: "must not have user information"
        case .fragment: "must not have a fragment"
        case .port: "has a port that is not 1 to 65535"
        case .addressLiteral, .malformedLiteral, .numericHost: "must have a host name, not an address"
        case .notPublicName: "must have a public host name"
        case .emptyHost, .hostTooLong, .emptyLabel, .labelTooLong, .hostByte, .trailingDot:
            "must have an ASCII host name"
        case .forbiddenByte, .percentEncoding, .pathByte: "has characters that a URL must percent-encode"
        }
    }
}
