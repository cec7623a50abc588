import NIOCore

/// One timer for all that can take too long: the handshake, the reply, idleness.
extension UpstreamConnection: NIOScheduledCallbackHandler {
    func setAlarm(_ deadline: NIODeadline) {
        guard let time = alarm.set(deadline) else { return }
        arm(time)
    }

    func cancelTimer() {
        alarm.clear()
        timer?.cancel()
        timer = nil
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer = nil
        switch alarm.rang(now: .now()) {
        case .due: expire()
        case .again(let time): arm(time)
        case .idle: break
        }
    }

    private func arm(_ time: NIODeadline) {
        timer?.cancel()
        timer = nil
        guard let loop = context?.eventLoop else { return }
        do {
            timer = try loop.assumeIsolated().scheduleCallback(at: time, handler: self)
        } catch {
            // The event loop is shutting down: no timer will ring, and no connection lives on.
            close()
        }
    }

    private func expire() {
        switch phase {
        case .connecting: failConnecting(ConnectFailure("no TLS handshake in time"))
        case .idle: pool.retire(self)
        case .busy:
            if let due = streaming?.due, due > .now() { return setAlarm(due) }
            collector.timedOut()
            finish(reusable: false)
        case .closed: break
        }
    }
}
