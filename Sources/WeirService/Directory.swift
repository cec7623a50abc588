import Crypto
import Synchronization
package import WeirCore

/// Tenants, keys, switches and prices as this process sees them: one immutable snapshot, replaced
/// as a whole after a change is durable. Reading never waits.
package final class Directory: Sendable {
    private let current: Mutex<Snapshot>
    private let store: any DirectoryStore
    private let changes = SerialGate()

    /// Everything that admission looks at, as of one moment.
    package final class Snapshot: Sendable {
        package let tenants: [TenantID: Tenant]
        /// By the digest of the token.
        package let keys: [[UInt8]: ServiceKey]
        package let switches: KillSwitches
        package let prices: PriceBook

        init(
            tenants: [TenantID: Tenant], keys: [[UInt8]: ServiceKey], switches: KillSwitches,
            prices: PriceBook
        ) {
            self.tenants = tenants
            self.keys = keys
            self.switches = switches
            self.prices = prices
        }
    }

    /// - Parameter prices: the built-in book with the operator's own file over it; prices that were
    ///   put by API go over both.
    package init(
        contents: DirectoryContents, prices: PriceBook, store: any DirectoryStore
    ) throws(PriceBookError) {
        var book = prices
        for document in contents.prices { book = book.overlaid(by: try PriceBook(json: document)) }
        current = Mutex(
            Snapshot(
                tenants: Dictionary(contents.tenants.map { ($0.id, $0) }) { $1 },
                keys: Dictionary(contents.keys.map { ($0.digest, $0) }) { $1 },
                switches: contents.switches, prices: book))
        self.store = store
    }

    package var snapshot: Snapshot { current.withLock { $0 } }

    /// Makes a change durable with its audit entry, then lets everybody see it.
    package func apply(_ change: DirectoryChange, audit: AuditEntry) async throws(WeirError) {
        await changes.enter()
        defer { changes.leave() }
        let next = try snapshot.applying(change)
        do {
            try await store.apply(change, audit: audit)
        } catch {
            throw WeirError(error)
        }
        current.withLock { $0 = next }
    }
}

extension Directory.Snapshot {
    fileprivate func applying(
        _ change: DirectoryChange
    ) throws(WeirError) -> Directory.Snapshot {
        var (tenants, keys, switches, prices) = (tenants, keys, switches, prices)
        switch change {
        case .putTenant(let tenant): tenants[tenant.id] = tenant
        case .putKeys(let list): for key in list { keys[key.digest] = key }
        case .engage(let target, true): switches.engaged.insert(target)
        case .engage(let target, false): switches.engaged.remove(target)
        case .addPrices(let document):
            do {
                prices = prices.overlaid(by: try PriceBook(json: document))
            } catch {
                throw WeirError(.invalidRequest, error.description, param: error.path)
            }
        }
        return Directory.Snapshot(
            tenants: tenants, keys: keys, switches: switches, prices: prices)
    }
}

extension WeirError {
    /// What a caller hears when something could not be made durable: nothing was done.
    package init(_ error: StoreError) {
        switch error {
        case .unavailable: self.init(.serviceUnavailable, "The ledger can't be written")
        case .overloaded: self.init(.overloaded, "Too many writes are waiting")
        case .refused: self.init(.internalError, "The ledger refused the write")
        }
    }
}
