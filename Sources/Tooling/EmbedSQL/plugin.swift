import PackagePlugin

/// Runs `embed-sql` over `db/`, so that each statement and migration there is a Swift constant of the module `SQL`.
@main
struct EmbedSQL: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let target = target.sourceModule else { return [] }
        let inputs = target.sourceFiles.map(\.url).filter { $0.pathExtension == "sql" }
        let output = context.pluginWorkDirectoryURL.appending(path: "Statements.swift")
        return [
            .buildCommand(
                displayName: "Embedding db/",
                executable: try context.tool(named: "embed-sql").url,
                arguments: [target.directoryURL.path(), output.path()],
                inputFiles: inputs,
                outputFiles: [output])
        ]
    }
}
