// Only this call: closures in top-level code belong to the main actor, which no loop of ours is.
Commands.main()
