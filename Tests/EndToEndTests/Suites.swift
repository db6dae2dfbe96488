import Testing

// Each one test at a time, because each starts processes of its own; the three of them side by side, because most of
// their time is waiting.

/// Journeys through the whole program, over its public contract.
@Suite(.serialized) enum EndToEnd {}

/// What a running program does by and by: retries, chores, erasures, what it looks for and what it finds again.
@Suite(.serialized) enum OverTime {}

/// Many events at once, and nodes that die meanwhile.
@Suite(.serialized) enum UnderLoad {}
