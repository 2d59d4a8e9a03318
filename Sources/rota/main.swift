// One call: closures written in this file would be bound to the main actor.
await Program.run(CommandLine.arguments)
