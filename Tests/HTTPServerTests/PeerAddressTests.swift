import Runtime
import Testing

@Suite struct PeerAddressTests {
    @Test func anIPv4AddressHasFourOctets() {
        let address = PeerAddress(ipv4: (192, 0, 2, 1), port: 80)
        #expect(address.isIPv4)
        #expect(address.octets == [192, 0, 2, 1])
        #expect(address.hostText == "192.0.2.1")
    }

    @Test func anIPv6AddressHasSixteen() {
        let address = PeerAddress(high: 0x2001_0db8_0000_0000, low: 1, port: 80)
        #expect(!address.isIPv4)
        #expect(address.octets == [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        #expect(address.hostText == "2001:db8::1")
    }

    @Test func aMappedIPv4AddressIsTheIPv4Address() {
        #expect(PeerAddress(high: 0, low: 0xFFFF_C000_0201, port: 80) == PeerAddress(ipv4: (192, 0, 2, 1), port: 80))
        #expect(!PeerAddress(high: 0, low: 1, port: 80).isIPv4)
    }
}
