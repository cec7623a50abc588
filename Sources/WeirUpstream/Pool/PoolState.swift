import NIOCore

/// The connections to one endpoint on one event loop, and who waits for one. A value: what it
/// returns is to be done by its owner.
///
/// Every connection is connecting, idle or leased until it is reported closed. Nobody waits while
/// a connection is idle.
struct PoolState<Connection: Equatable, Waiter> {
    struct Limits {
        var connections: Int
        var idle: Int
        var waiting: Int
    }

    enum Lease {
        case use(Connection)
        /// It waits now; so many connections are to be opened.
        case wait(connects: Int)
        case refuse(String)
    }

    enum Placement {
        case serve(Waiter)
        case keep
        case close
    }

    private let limits: Limits
    /// Connecting, idle and leased ones.
    private(set) var count = 0
    private(set) var connecting = 0
    /// The one used last is used next, so that the others can run into their idle timeout.
    private var idle: [Connection] = []
    private var waiting = CircularBuffer<(waiter: Waiter, due: NIODeadline)>()
    private(set) var isShutDown = false

    init(_ limits: Limits) { self.limits = limits }

    var idleCount: Int { idle.count }
    var waitingCount: Int { waiting.count }

    /// - Parameter due: when it stops waiting, see `expire`.
    mutating func lease(_ waiter: Waiter, until due: NIODeadline) -> Lease {
        guard !isShutDown else { return .refuse("shutting down") }
        if let connection = idle.popLast() { return .use(connection) }
        guard waiting.count < limits.waiting else {
            return .refuse("too many calls wait for a connection")
        }
        waiting.append((waiter, due))
        return .wait(connects: connectsToStart())
    }

    /// A connect has succeeded.
    mutating func connected(_ connection: Connection) -> Placement {
        connecting -= 1
        return place(connection)
    }

    /// A connect has failed: the one who has waited longest is told, and others may need a new
    /// attempt. One failure fails one waiter; the others' connects are under way.
    mutating func connectFailed() -> (victim: Waiter?, connects: Int) {
        connecting -= 1
        count -= 1
        let victim = waiting.popFirst()?.waiter
        return (victim, connectsToStart())
    }

    /// A leased connection is free and fit for more.
    mutating func released(_ connection: Connection) -> Placement { place(connection) }

    /// A connection, idle or not, is about to be closed: it must not be leased any more.
    mutating func withdraw(_ connection: Connection) {
        guard let index = idle.lastIndex(of: connection) else { return }
        idle.remove(at: index)
    }

    /// A connection, idle or leased, is closed. Returns the number of connections to be opened.
    mutating func closed(_ connection: Connection) -> Int {
        withdraw(connection)
        count -= 1
        return connectsToStart()
    }

    /// Takes out those whose time is over, and says when the next one's is.
    mutating func expire(now: NIODeadline) -> (expired: [Waiter], next: NIODeadline?) {
        var expired: [Waiter] = []
        var next: NIODeadline?
        waiting.removeAll { entry in
            if entry.due <= now {
                expired.append(entry.waiter)
                return true
            }
            next = next.map { min($0, entry.due) } ?? entry.due
            return false
        }
        return (expired, next)
    }

    /// Takes one out that waits no longer; nil where none of them is meant.
    mutating func remove(where isMeant: (Waiter) -> Bool) -> Waiter? {
        guard let index = waiting.firstIndex(where: { isMeant($0.waiter) }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// From now on everything is refused. Returns who is to be told and what is to be closed.
    mutating func shutDown() -> (waiters: [Waiter], idle: [Connection]) {
        isShutDown = true
        defer {
            waiting.removeAll()
            idle = []
        }
        return (waiting.map(\.waiter), idle)
    }

    private mutating func place(_ connection: Connection) -> Placement {
        guard !isShutDown else { return .close }
        if let next = waiting.popFirst() { return .serve(next.waiter) }
        guard idle.count < limits.idle else { return .close }
        idle.append(connection)
        return .keep
    }

    private mutating func connectsToStart() -> Int {
        let wanted = max(0, min(waiting.count - connecting, limits.connections - count))
        connecting += wanted
        count += wanted
        return wanted
    }
}
