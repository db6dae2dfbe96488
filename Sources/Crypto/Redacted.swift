/// What holds key material prints as `***` and shows nothing to a mirror, so that no log line or crash report dumps it.
protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension SHA256: Redacted {}
extension HMACKey: Redacted {}
extension HMACKey.Computation: Redacted {}
extension MasterKeys: Redacted {}
extension Ed25519.SigningKey: Redacted {}
