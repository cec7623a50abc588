import NIOCore

#if canImport(Glibc) || canImport(Musl)
    extension UpstreamConnection {
        /// Whether the peer has closed its side already, which the event loop may learn only in its
        /// next turn: what would be written now would never be read. One system call.
        var isLeftByPeer: Bool {
            // The kernel's report begins with the state; more than that isn't asked for.
            let report = ChannelOptions.Types.SocketOption(level: .tcp, name: .tcp_info)
            // A channel that can't tell is judged by what its events say.
            guard let answer = try? context?.channel.syncOptions?.getOption(report) else {
                return false
            }
            return UInt8(truncatingIfNeeded: answer.littleEndian) != UpstreamConnection.established
        }

        private static let established: UInt8 = 1
    }
#else
    extension UpstreamConnection {
        /// Not to be found out here by a system call: the channel's events tell it.
        var isLeftByPeer: Bool { false }
    }
#endif
