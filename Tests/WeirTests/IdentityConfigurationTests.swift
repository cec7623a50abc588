import Testing
import WeirService

@testable import weir

@Suite("Reading what gateways and instances share")
struct IdentityConfigurationTests {
    private static let secret = "an-identity-secret-of-32-letters"

    private func read(_ yaml: String) throws(ConfigurationError) -> Configuration {
        try Configuration.read(
            yaml: yaml, environment: ["SECRET": Self.secret, "SHORT": "too-short"]
        ).configuration
    }

    @Test("Secrets are read and never listed")
    func secrets() throws {
        let configuration = try read("identity: { secret: ${SECRET}, previous_secret: ${SECRET} }")
        #expect(configuration.identity.secret?.reveal == Self.secret)
        #expect(configuration.identity.previousSecret?.reveal == Self.secret)
        #expect(!configuration.listing.contains(Self.secret))
        #expect(try read("server: { drain_notice: 7s }").server.drainNotice == .seconds(7))
    }

    @Test(
        "Mistakes are told with their paths",
        arguments: [
            ("identity: { secret: ${SHORT} }", "identity.secret"),
            (
                "identity: { secret: ${SECRET}, previous_secret: ${SHORT} }",
                "identity.previous_secret"
            ),
            ("identity: { previous_secret: ${SECRET} }", "identity.previous_secret"),
            ("identity: { secrets: ${SECRET} }", "identity.secrets"),
        ])
    func mistakes(yaml: String, path: String) {
        do {
            _ = try read(yaml)
            Issue.record("\(yaml) was read")
        } catch {
            #expect(error.mistakes.map(\.path) == [path])
        }
    }

    @Test("Who vouches for callers depends on the role")
    func gates() throws {
        let without = Configuration()
        let with = try read("identity: { secret: ${SECRET} }")
        let time = SystemTime()
        #expect(without.identityGate(.all, time: time) == nil)
        #expect(with.identityGate(.all, time: time)?.isOnlyDoor == false)
        #expect(with.identityGate(.service, time: time)?.isOnlyDoor == true)
    }
}
