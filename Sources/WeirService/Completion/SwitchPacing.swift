import Synchronization
import WeirCore

/// Lets subscribers hear of switches once a minute for each model of a tenant: a provider that is
/// down for all calls would drown everything else. The audit log has every one.
final class SwitchPacing: Sendable {
    private struct Key: Hashable {
        let tenant: TenantID
        let model: ModelName
    }
    private let told = Mutex<[Key: Timestamp]>([:])

    private static let pause = Duration.seconds(60)
    /// Models of tenants that are remembered; beyond them nothing is told.
    private static let most = 16_384

    /// Whether one that happens now is told.
    func admits(_ tenant: TenantID, _ model: ModelName, at now: Timestamp) -> Bool {
        told.withLock { told in
            let key = Key(tenant: tenant, model: model)
            if let last = told[key], now < last.advanced(by: SwitchPacing.pause), last <= now {
                return false
            }
            if told.count >= SwitchPacing.most {
                told = told.filter { now < $0.value.advanced(by: SwitchPacing.pause) }
            }
            guard told.count < SwitchPacing.most else { return false }
            told[key] = now
            return true
        }
    }
}
