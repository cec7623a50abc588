import WeirCore

/// A breaker written the long way, to compare the real one with: it remembers every call, names its
/// states by text, and counts in plain milliseconds.
struct NaiveBreaker {
    let failures, rate, minimum: Int
    let slice, coolDown, longest, slowStart: Int64
    var phase = "closed"
    /// Calls of a phase are told apart by its number.
    var phaseNumber = 0
    var start: Int64
    var length: Int64 = 0
    var isProbing = false
    var doublings = 0
    /// Slice and result of every call that counts.
    var history: [(slice: Int64, failed: Bool)] = []
    var newestSlice: Int64 = 0
    var row = 0

    enum Answer: Equatable { case yes, probe, no(Int) }

    mutating func enter(_ next: String, _ moment: Int64, _ time: Int64 = 0) {
        (phase, start, length, phaseNumber) = (next, moment, time, phaseNumber + 1)
        isProbing = false
    }

    mutating func pass(_ now: Int64) {
        if now < start { start = now }
        let isOver = now >= start + length
        switch phase {
        case "resting" where isOver: enter("closed", start + length)
        case "open" where isOver: enter("half-open", start + length)
        case "half-open" where isProbing && isOver: enter("half-open", start + length)
        case "slow" where isOver:
            (history, row, doublings) = ([], 0, 0)
            enter("closed", start + length)
        default: break
        }
    }

    mutating func ask(_ now: Int64, _ thousandth: Int) -> Answer {
        pass(now)
        switch phase {
        case "closed": return .yes
        case "slow":
            let share = max(100, (now - start) * 1_000 / length)
            return thousandth < Int(share) ? .yes : .no(1)
        case "half-open":
            if isProbing { return .no(1) }
            enter("half-open", now, longest)
            isProbing = true
            return .probe
        default:
            let left = start + length - now
            return .no(Int(max(1, left / 1_000 + (left % 1_000 > 0 ? 1 : 0))))
        }
    }

    mutating func tell(_ outcome: BreakerOutcome, from number: Int, _ now: Int64) {
        pass(now)
        guard number == phaseNumber else { return }
        switch outcome {
        case .neutral:
            if phase == "half-open" { enter("half-open", now) }
        case .success:
            if phase == "half-open" {
                enter("slow", now, slowStart)
                pass(now)
            } else {
                row = 0
                remember(false, now)
            }
        case .failure(let asked):
            fail(now, min(longest, Int64(max(0, asked ?? 0)) * 1_000))
        }
    }

    private mutating func fail(_ now: Int64, _ asked: Int64) {
        var opens = phase == "half-open"
        if !opens {
            row += 1
            remember(true, now)
            let failed = history.filter(\.failed).count
            opens = row >= failures || phase == "slow" && asked > 0
            if history.count >= minimum,
                Double(failed) / Double(history.count) * 100 >= Double(rate)
            {
                opens = true
            }
        }
        if opens {
            var time = min(coolDown, longest)
            for _ in 0..<doublings { time = min(time * 2, longest) }
            doublings = min(doublings + 1, 40)
            (history, row) = ([], 0)
            enter("open", now, max(time, asked))
        } else if asked > 0 {
            enter("resting", now, asked)
        }
    }

    private mutating func remember(_ failed: Bool, _ now: Int64) {
        let number = now / slice
        if number <= newestSlice - 10 { history = [] }
        newestSlice =
            number <= newestSlice - 10 || number > newestSlice ? number : newestSlice
        history.append((newestSlice, failed))
        history.removeAll { $0.slice <= newestSlice - 10 }
    }
}
