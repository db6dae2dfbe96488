import Runtime
import Testing

struct SecretTests {
    private struct Configuration { let password = Secret(Array("hunter2".utf8)) }

    @Test func aSecretPrintsAsStars() {
        let secret = Secret(Array("hunter2".utf8))
        #expect("\(secret)" == "***")
        #expect(String(describing: secret) == "***")
        #expect(String(reflecting: secret) == "***")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(Configuration(), to: &dumped)
        dump([secret], to: &dumped)
        dumped += "\(Configuration()) \([secret]) \(Optional(secret) as Any) \(["a": secret])"
        #expect(!dumped.contains("hunter2") && !dumped.contains("104"))
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func theBytesComeOutOnlyLoudly() {
        let secret = Secret(Array("hunter2".utf8))
        #expect(secret.exposed == Array("hunter2".utf8))
        #expect(secret.withExposedBytes { $0[0] } == UInt8(ascii: "h"))
        #expect(secret.count == 7)
        #expect(Secret([]).exposed.isEmpty)
    }
}
