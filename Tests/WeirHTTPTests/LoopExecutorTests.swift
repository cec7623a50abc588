import NIOCore
import NIOPosix
import Testing

@testable import WeirHTTP

@Suite struct LoopExecutorTests {
    @Test func `a task stays on its connection's event loop, whoever wakes it`() async {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let other = NIOSingletons.posixBlockingThreadPool
        let places = await withTaskExecutorPreference(LoopExecutor(loop)) {
            var places = [loop.inEventLoop]
            for _ in 0..<3 {
                await withCheckedContinuation { continuation in
                    other.submit { _ in continuation.resume() }
                }
                places.append(loop.inEventLoop)
            }
            async let child = loop.inEventLoop
            places.append(await child)
            return places
        }
        #expect(places == [true, true, true, true, true])
    }
}
