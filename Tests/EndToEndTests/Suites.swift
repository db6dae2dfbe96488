import Testing

/// Journeys through the whole program, over its public contract. One at a time: each starts processes of its own.
@Suite(.serialized) enum EndToEnd {}

/// Many events at once, and nodes that die meanwhile.
@Suite(.serialized) enum UnderLoad {}
