/// What a PostgreSQL server says of itself.
package struct ServerIdentity: Hashable, Sendable {
    /// The cluster's, and the branch of its history; 0 where the server does not tell.
    package let systemIdentifier: Int64
    package let timeline: Int32
    /// When the server started: a restored database cannot be served without a start.
    package let startedAt: Timestamp

    package init(systemIdentifier: Int64, timeline: Int32, startedAt: Timestamp) {
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.startedAt = startedAt
    }

    func isSameBranch(as other: ServerIdentity) -> Bool {
        systemIdentifier == other.systemIdentifier && timeline == other.timeline
    }
}

/// A mark that nodes leave in the database while they serve it: it rises, and a backup has it as it was.
package struct GatePulse: Hashable, Sendable {
    package let number: Int64
    package let at: Timestamp

    package init(number: Int64, at: Timestamp) {
        self.number = number
        self.at = at
    }
}

/// Why deliveries do not go out. The raw values are the database's words.
package enum HoldReason: String, Sendable, CaseIterable {
    /// Another branch of history, by a server that was told to recover to some point of the past.
    case recoveryTarget
    /// This node saw more commits than the database has.
    case lostCommits
    /// Another cluster or branch, and nobody who can say that it is as new as the one that was served.
    case otherServer
    /// The same cluster, started after a pause that is too long to be taken for an outage.
    case longOutage
    /// A person asked for it.
    case asked

    package var explanation: String {
        switch self {
        case .recoveryTarget: "the database was recovered to a chosen point of its past"
        case .lostCommits: "the database lacks what it had when this node saw it last"
        case .otherServer: "the database is another cluster or branch than was served, and not known to be as new"
        case .longOutage: "the database was not served for longer than an outage lasts, and has been started since"
        case .asked: "somebody asked for it"
        }
    }
}

/// Whether deliveries may go out of a database, or whether it may be a restored one, which owes again what was sent
/// after its backup.
///
/// Every restore starts a server, so as long as the start is the one that was let pass before, there is nothing to
/// judge: a service that was down for a night, with PostgreSQL up, goes on by itself. Judged is each new start:
///
/// - A node that has been running remembers the last pulse it saw. A database that lacks more than `toleratedPulses` of
///   them is older than what was served: restored, even where the branch of history is the same (a copy of the disk).
/// - PostgreSQL begins a branch, a timeline, at the end of each recovery from an archive and at the promotion of a
///   standby. Another one, of a server with a recovery target, was restored: nobody sets one to fail over.
/// - A node that remembers, and misses no more than that, vouches for the rest: a restart, however long it took, or a
///   standby that took over, with what an asynchronous one may lack.
/// - Without such a witness, because nodes were restarted too, the time since the last pulse decides; it is what was
///   lost and what was waited together. On another branch `failoverTime` is allowed. On the same branch only a copy of
///   the disk could have been put in place, which looks exactly like a crash; `longestOutage` is allowed.
package struct DeliveryGate: Sendable {
    /// How often a pulse is left, by whichever node is first.
    package static let pulseInterval: Duration = .seconds(5)
    /// What a standby may lack that takes over: a minute.
    package static let toleratedPulses: Int64 = 12
    /// How long a failover may take that restarts all nodes too.
    package static let failoverTime: Duration = .seconds(120)

    /// Nil for any.
    package let longestOutage: Duration?

    package init(longestOutage: Duration?) { self.longestOutage = longestOutage }

    /// What was written down when the database was served last.
    package struct Record: Hashable, Sendable {
        package let server: ServerIdentity
        package let pulse: GatePulse
        /// Nil if deliveries go out.
        package let hold: Hold?

        package init(server: ServerIdentity, pulse: GatePulse, hold: Hold? = nil) {
            self.server = server
            self.pulse = pulse
            self.hold = hold
        }
    }

    package struct Hold: Hashable, Sendable {
        package let since: Timestamp
        package let reason: HoldReason

        package init(since: Timestamp, reason: HoldReason) {
            self.since = since
            self.reason = reason
        }
    }

    package enum Verdict: Hashable, Sendable {
        case pass
        case hold(HoldReason)
    }

    /// `witness` is the number of the last pulse that the asking node saw while deliveries went out; nil for one that
    /// just started.
    package func verdict(
        _ server: ServerIdentity, hasRecoveryTarget: Bool, record: Record?, witness: Int64?, now: Timestamp
    ) -> Verdict {
        guard let record else { return .pass }
        if let hold = record.hold { return .hold(hold.reason) }
        if let witness, witness - record.pulse.number > DeliveryGate.toleratedPulses { return .hold(.lostCommits) }
        if record.server == server { return .pass }
        let isSameBranch = record.server.isSameBranch(as: server)
        if !isSameBranch, hasRecoveryTarget { return .hold(.recoveryTarget) }
        if witness != nil { return .pass }
        let silence = now - record.pulse.at
        if !isSameBranch { return silence > DeliveryGate.failoverTime ? .hold(.otherServer) : .pass }
        if let longestOutage, silence > longestOutage { return .hold(.longOutage) }
        return .pass
    }
}
