extension Configuration {
    /// Only what a client needs: where the server listens and the administrator's key. Mistakes
    /// elsewhere are ignored, and so is a key that can't be read here.
    static func readEndpoint(
        yaml: String, environment: [String: String]
    ) throws(ConfigurationError) -> (server: Server, adminKey: Secret?) {
        let (root, reader) = try open(yaml: yaml, environment: environment)
        let server = Server(root.section("server"))
        try reader.finish()
        return (server, root.secret("admin_key"))
    }
}
