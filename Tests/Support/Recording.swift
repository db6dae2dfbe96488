package import Domain
import Runtime
package import Store

extension Store {
    /// Records attempts as the dispatcher does. Handovers of which one is recorded end: tests record them whole.
    package func record(_ attempts: [FinishedAttempt], node: UUIDValue) async throws {
        let now = clock.now()
        let handovers = Set(attempts.compactMap(\.delivery.handover?.handover))
        try await advance(
            attempts.map {
                DeliveryAdvance(
                    $0.delivery, handover: $0.delivery.handover?.handover, next: .init($0.decision, now: now),
                    attempt: $0)
            }, node: node, endedHandovers: Array(handovers))
    }
}
