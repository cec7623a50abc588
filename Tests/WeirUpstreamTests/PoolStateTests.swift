import NIOCore
import Testing

@testable import WeirUpstream

/// The pool's rules without a socket: connections are numbers, waiters are letters.
@Suite struct PoolStateTests {
    private typealias State = PoolState<Int, String>
    private let far = NIODeadline.distantFuture

    @Test func oneWhoFindsNothingIdleWaitsForAConnection() {
        var state = state()
        #expect(connects(state.lease("a", until: far)) == 1)
        #expect(served(state.connected(1)) == "a")
        #expect(isKept(state.released(1)))
        #expect(used(state.lease("b", until: far)) == 1)
    }

    @Test func theOneUsedLastIsUsedNext() {
        var state = state()
        for waiter in ["a", "b"] { _ = state.lease(waiter, until: far) }
        for connection in [1, 2] { _ = state.connected(connection) }
        for connection in [1, 2] { _ = state.released(connection) }
        #expect(used(state.lease("c", until: far)) == 2)
    }

    @Test func aFreedConnectionGoesToWhoHasWaitedLongest() {
        var state = state(connections: 1)
        #expect(connects(state.lease("a", until: far)) == 1)
        #expect(connects(state.lease("b", until: far)) == 0)
        #expect(connects(state.lease("c", until: far)) == 0)
        #expect(served(state.connected(1)) == "a")
        #expect(served(state.released(1)) == "b")
        #expect(state.closed(1) == 1)
        #expect(served(state.connected(2)) == "c")
    }

    @Test func aFailedConnectFailsOneWaiter() {
        var state = state(connections: 2)
        for waiter in ["a", "b", "c"] { _ = state.lease(waiter, until: far) }
        #expect(state.connecting == 2)
        let first = state.connectFailed()
        #expect(first.victim == "a")
        #expect(first.connects == 1)
        #expect(served(state.connected(1)) == "b")
        let second = state.connectFailed()
        #expect(second.victim == "c")
        #expect(second.connects == 0)
        #expect(state.count == 1)
    }

    @Test func theLimitsHold() {
        var state = state(connections: 2, idle: 1, waiting: 2)
        _ = state.lease("a", until: far)
        _ = state.lease("b", until: far)
        #expect(isRefused(state.lease("c", until: far)))
        _ = state.connected(1)
        _ = state.connected(2)
        #expect(isKept(state.released(1)))
        #expect(isClosed(state.released(2)))
        #expect(state.closed(2) == 0)
        #expect(state.count == 1)
    }

    @Test func whoseTimeIsOverIsTakenOut() {
        var state = state()
        _ = state.lease("a", until: .uptimeNanoseconds(30))
        _ = state.lease("b", until: .uptimeNanoseconds(10))
        _ = state.lease("c", until: .uptimeNanoseconds(20))
        let first = state.expire(now: .uptimeNanoseconds(10))
        #expect(first.expired == ["b"])
        #expect(first.next == .uptimeNanoseconds(20))
        let rest = state.expire(now: .uptimeNanoseconds(99))
        #expect(rest.expired == ["a", "c"])
        #expect(rest.next == nil)
        #expect(isKept(state.connected(1)))
    }

    @Test func aWithdrawnConnectionIsNotLeased() {
        var state = state()
        _ = state.lease("a", until: far)
        _ = state.connected(1)
        _ = state.released(1)
        state.withdraw(1)
        #expect(connects(state.lease("b", until: far)) == 1)
        #expect(state.closed(1) == 0)
        #expect(state.count == 1)
    }

    @Test func shutdownRefusesEverything() {
        var state = state(connections: 2)
        for waiter in ["a", "b", "c"] { _ = state.lease(waiter, until: far) }
        _ = state.connected(1)
        _ = state.released(1)
        let (waiters, idle) = state.shutDown()
        #expect(waiters == ["c"])
        #expect(idle.isEmpty)
        #expect(isRefused(state.lease("d", until: far)))
        #expect(isClosed(state.connected(2)))
        #expect(state.closed(1) == 0)
        #expect(state.closed(2) == 0)
        #expect(state.count == 0)
    }

    private func state(connections: Int = 9, idle: Int = 9, waiting: Int = 9) -> State {
        State(.init(connections: connections, idle: idle, waiting: waiting))
    }

    private func connects(_ lease: State.Lease) -> Int? {
        if case .wait(let connects) = lease { connects } else { nil }
    }

    private func used(_ lease: State.Lease) -> Int? {
        if case .use(let connection) = lease { connection } else { nil }
    }

    private func isRefused(_ lease: State.Lease) -> Bool {
        if case .refuse = lease { true } else { false }
    }

    private func served(_ placement: State.Placement) -> String? {
        if case .serve(let waiter) = placement { waiter } else { nil }
    }

    private func isKept(_ placement: State.Placement) -> Bool {
        if case .keep = placement { true } else { false }
    }

    private func isClosed(_ placement: State.Placement) -> Bool {
        if case .close = placement { true } else { false }
    }
}
