import PackagePlugin

/// Runs `embed-files` over a target's files that are not Swift: SQL becomes the constants of the module `SQL`, and the
/// files of pages become `PageFile`s of the target that has them.
@main
struct EmbedFiles: BuildToolPlugin {
    private static let kinds: [(name: String, endings: Set<String>, output: String)] = [
        ("sql", ["sql"], "Statements.swift"), ("pages", ["html", "css", "js"], "PageFiles.swift"),
    ]

    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let target = target.sourceModule else { return [] }
        return try EmbedFiles.kinds.compactMap { kind in
            let inputs = target.sourceFiles.map(\.url).filter { kind.endings.contains($0.pathExtension) }
            if inputs.isEmpty { return nil }
            let output = context.pluginWorkDirectoryURL.appending(path: kind.output)
            let sources = kind.name == "sql" ? [target.directoryURL.path()] : inputs.map { $0.path() }.sorted()
            return .buildCommand(
                displayName: "Embedding \(kind.name) of \(target.name)",
                executable: try context.tool(named: "embed-files").url,
                arguments: [kind.name, output.path()] + sources,
                inputFiles: inputs,
                outputFiles: [output])
        }
    }
}
