import Runtime

/// The addresses from which lately something came that is never to wait for less important things: whoever speaks TLS
/// is otherwise known only when the dear part is done. At most so many; the one noted longest ago makes room.
struct WelcomePeers {
    private var peers: [Peer] = []
    private var oldest = 0

    mutating func note(_ peer: Peer) {
        if peers.contains(peer) { return }
        if peers.count < Limits.welcomePeers { return peers.append(peer) }
        peers[oldest] = peer
        oldest = (oldest + 1) % Limits.welcomePeers
    }

    func contains(_ peer: Peer) -> Bool { peers.contains(peer) }
}

/// A peer's address without its port.
struct Peer: Hashable {
    let high: UInt64
    let low: UInt64
    init(_ address: PeerAddress) { (high, low) = (address.high, address.low) }
}
