// The closed vocabularies of the contract. Raw values are the words on the wire and in the database.

/// Which of Mesh's two worlds a key, an upstream, a link session or an endpoint belongs to. They never mix.
package enum Environment: String, Sendable, CaseIterable {
    case sandbox, production
}

package enum SubClientStatus: String, Sendable, CaseIterable {
    /// `closed` is for good; what is `erased` was closed before.
    case onboarding, active, suspended, closed, erased

    /// Whether new link tokens may be minted. A sub-client that is being onboarded may use the sandbox.
    package func allowsLinkTokens(in environment: Environment) -> Bool {
        switch self {
        case .active: true
        case .onboarding: environment == .sandbox
        case .suspended, .closed, .erased: false
        }
    }
}

package enum CredentialAccess: String, Sendable, CaseIterable {
    case read, readWrite
}

/// The body a webhook carries: Mesh's own PascalCase fields, or our `{"type","timestamp","data"}`.
package enum PayloadFormat: String, Sendable, CaseIterable {
    case mesh, standard
}

/// A way to sign a webhook, as Standard Webhooks names them.
package enum SignatureScheme: String, Sendable, CaseIterable {
    /// HMAC-SHA-256 under a secret that both sides hold.
    case v1
    /// Ed25519: the receiver needs the public key alone.
    case v1a
}

/// In which order an endpoint wants its deliveries.
package enum DeliveryOrdering: String, Sendable, CaseIterable {
    /// As they come.
    case unordered = "none"
    /// The events of one transfer one after the other; transfers do not wait for each other.
    case transfer
}

/// Why Subgate disabled an endpoint by itself.
package enum DisabledReason: String, Sendable, CaseIterable {
    /// Its receiver answered 410.
    case gone
    /// Nothing has got through for days.
    case failing
}

package enum DeliveryStatus: String, Sendable, CaseIterable {
    case pending, delivering, retrying, delivered, held, failed, cancelled
}

/// How an event came: by the upstream's webhook, by a look at the upstream's list of transfers, or from Subgate itself.
package enum EventOrigin: String, Sendable, CaseIterable {
    case webhook, reconciliation, subgate
}

/// Which of an upstream's transfers a look at its list is for.
package enum ReconciliationSweep: String, Sendable, CaseIterable {
    /// Those of the last hours, again and again.
    case recent
    /// Those of the last days, now and then: what came to its end late, and refunds.
    case deep
}

/// Whose data is erased.
package enum ErasureSubject: String, Sendable, CaseIterable {
    case subClient, endUser
}

package enum ErasureStatus: String, Sendable, CaseIterable {
    case running, done
}

package enum RecoveryStatus: String, Sendable, CaseIterable {
    case running, done, cancelled
}

package enum TransferType: String, Sendable, CaseIterable {
    case deposit, payment, onramp, fiatOnRamp, fiatOffRamp, subscribe, unsubscribe
}

/// Whether an upstream knows what it is to know of a sub-client.
package enum RegistrationState: String, Sendable, CaseIterable {
    /// Something is still to be sent.
    case pending
    case synced
    /// It takes a person, or it has failed for long.
    case failed
    /// The sub-client is closed, and the upstream has it no more.
    case removed
}

/// How an endpoint fares, in one word.
package enum HealthState: String, Sendable, CaseIterable {
    case healthy
    /// Nothing is sent for a while: the receiver asked for it.
    case slowed
    /// It has taken nothing for some time; now and then one delivery is tried.
    case failing
    case disabled
}
