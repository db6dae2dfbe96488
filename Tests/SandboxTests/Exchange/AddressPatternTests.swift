import Domain
import Runtime
import Testing

@testable import Sandbox

@Suite struct AddressPatternTests {
    @Test(arguments: [
        ("evm", "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"), ("evm", "0x9Bf6207f8A3f4278E0C989527015deFe10e5D7c6"),
        ("solana", "HN7cABqLq46Es1jh92dQQisAq662SmxELLLsHHe4YWrH"), ("bitcoin", "3FZbgi29cpjq2GjdwV8eyHuJJnkLtktZc5"),
        ("bitcoin", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
        ("dogecoin", "D8vFz4p1L37jdg47HXKtSHA5uYLYxbGgPD"), ("tron", "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE"),
        ("ripple", "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh"),
        ("stellar", "GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7"),
        ("tvm", "EQDtFpEwcFAEcRe5mLVh2N6C0x-_hJEM7W61_JLnSF74p4q2"),
        ("injective", "inj1akxycslq8cjt0uffw4rjmfm3echchptu52a2dq"),
    ])
    func takesRealAddresses(type: String, address: String) {
        #expect(AddressPattern.of(networkType: type).matches(Exchanged.bytes(address)))
    }

    @Test(arguments: [
        ("evm", "0x0Ff0"), ("evm", ""), ("evm", "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0a"),
        ("evm", "0xGFf0000f0A0f0000F0F000000000ffFf00f0F0f0"), ("evm", "3FZbgi29cpjq2GjdwV8eyHuJJnkLtktZc5"),
        ("bitcoin", "0x9Bf6207f8A3f4278E0C989527015deFe10e5D7c6"),
        ("solana", "HN7cABqLq46Es1jh92dQQisAq662SmxELLLsHHe4YWrI"), ("tron", "0x9Bf6207f8A3f4278E0C989527015deFe10e5"),
    ])
    func refusesOthers(type: String, address: String) {
        #expect(!AddressPattern.of(networkType: type).matches(Exchanged.bytes(address)))
    }

    @Test func makesAddressesOfItsOwnForm() {
        var random = RandomSource.seeded(3)
        for network in CatalogueNetwork.all {
            let pattern = network.addressPattern
            for _ in 0..<20 { #expect(pattern.matches(pattern.address(&random)), "\(network.name)") }
            #expect(pattern.matches(pattern.address(of: "seed")))
            #expect(pattern.address(of: "seed") == pattern.address(of: "seed"))
            #expect(pattern.address(of: "seed") != pattern.address(of: "another"))
        }
    }

    @Test func findsWhoseAnAddressIs() {
        let ethereum = Exchanged.ethereum
        let metaMask = Exchanged.source("MetaMask").integration
        let wallet = Addresses.wallet(metaMask, networkType: "evm")
        let owner = { (address: [UInt8]) in
            Addresses.owner(of: address, on: ethereum, clientId: Exchanged.clientId)
        }
        #expect(owner(wallet) == .wallet(integration: metaMask, networkType: "evm"))
        for user in TestUser.all {
            let holder = Holder.user(name: user.name)
            let address = Addresses.deposit(
                Exchanged.source("Binance").integration, ethereum, clientId: Exchanged.clientId, holder: holder)
            #expect(owner(address) == holder)
            #expect(Addresses.owner(of: address, on: ethereum, clientId: UUIDValue(high: 9, low: 9)) == nil)
        }
        #expect(owner(Exchanged.address) == nil)
        // An exchange's own address is none of its users'.
        #expect(owner(Addresses.omnibus(Exchanged.source("Coinbase").integration, ethereum)) == nil)
    }

    @Test func writesTheExpressionThatCataloguesCarry() {
        #expect(AddressPattern.of(networkType: "evm").regularExpression == "^(0x[0-9a-fA-F]{40,40})$")
        #expect(AddressPattern.of(networkType: "tvm").regularExpression.contains("|0:[0-9a-fA-F]{64,64})$"))
    }
}
