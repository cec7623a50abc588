import Foundation
import NIOSSL

/// Runs a server with the certificate for `localhost`, beside the file of its authority.
func withSecureServer(
    _ script: ScriptedServer.Script = .init(),
    _ body: (ScriptedServer, _ authorities: String) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
        // What is left in the folder for temporary files does no harm.
        try? FileManager.default.removeItem(at: folder)
    }
    let file = folder.appending(path: "authority.pem")
    try TestCertificates.authority.write(to: file, atomically: true, encoding: .utf8)
    let leaf = try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.leaf.utf8))
    let key = try NIOSSLPrivateKey(bytes: Array(TestCertificates.key.utf8), format: .pem)
    let context = try NIOSSLContext(
        configuration: .makeServerConfiguration(
            certificateChain: leaf.map { .certificate($0) }, privateKey: .privateKey(key)))
    let server = try await ScriptedServer(script, tls: context)
    try await body(server, file.path)
    try await server.stop()
}
