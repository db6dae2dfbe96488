package import Domain
package import Runtime

/// Makes identifiers from an injected clock and random source.
package struct IdentifierSource: Sendable {
    private let clock: Clock
    private let random: RandomSource

    package init(clock: Clock, random: RandomSource) {
        self.clock = clock
        self.random = random
    }

    package func next<Kind>(_ kind: Identifier<Kind>.Type = Identifier<Kind>.self) -> Identifier<Kind> {
        Identifier(UUIDValue(version7At: clock.now(), random: random.next()))
    }

    /// A random UUID, for identifiers that Mesh's clients expect to be one (client ids).
    package func nextUUID() -> UUIDValue { UUIDValue(version4: (random.next(), random.next())) }

    package func draw() -> UInt64 { random.next() }
}
