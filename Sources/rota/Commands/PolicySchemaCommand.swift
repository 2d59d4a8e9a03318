import PolicyFiles

extension Command {
    static let policySchema = Command(
        words: ["policy", "schema"],
        summary: "print the JSON Schema of policy files, by which editors complete and check",
        discussion: """
            In an editor with the YAML language server, write as the first line of a policy file:
            # yaml-language-server: $schema=policies.schema.json
            What the schema cannot say, such as a lead that is too long for its limit, 'rota policy check' tells.
            """,
        examples: ["rota policy schema > Policies/policies.schema.json"],
        exitCodes: [.done, .failed, .usage],
        run: { invocation in
            invocation.output.document(PolicySchema().document)
            return .done
        })
}
