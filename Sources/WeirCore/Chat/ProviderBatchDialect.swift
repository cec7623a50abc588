/// A batch's own name, `batch_…`: known to Weir and, one way or another, to the provider.
package typealias BatchID = Slug

/// A provider's batch interface: many requests in one submission, answered within a day at a lower
/// price. Pure translation, as in `ProviderDialect`; what goes up and comes back for one call is
/// what a call by itself has.
package protocol ProviderBatchDialect: Sendable {
    /// Whether a batch that the provider lists still has the name that it was created with.
    var keepsNames: Bool { get }

    /// Uploads the requests, where the provider takes them as a file; nil where they are part of
    /// the creation. An upload by itself starts nothing and costs nothing.
    func upload(_ items: [ProviderBatchItem], of batch: BatchID) -> EncodedRequest?

    /// The uploaded file's id. Throws where the bytes are no such reply.
    func decodeUpload(_ body: [UInt8]) throws(ReplyDefect) -> Slug

    /// Creates the batch: from here on it runs, and costs.
    ///
    /// - Parameter file: what the upload said; nil where there was none.
    func create(
        _ items: [ProviderBatchItem], of batch: BatchID, file: Slug?
    ) -> EncodedRequest

    /// Reads what creation, a look at a batch, and its cancelling answer.
    func decodeBatch(_ body: [UInt8]) throws(ReplyDefect) -> ProviderBatch

    /// A GET that tells how a batch is.
    func path(of batch: Slug) -> String

    /// Asks for what hasn't begun to be left out. What is done by then is billed.
    func cancel(_ batch: Slug) -> EncodedRequest

    /// A GET of the account's batches, the newest first.
    ///
    /// - Parameter cursor: what the page before said.
    func listPath(after cursor: Slug?) -> String

    func decodeList(_ body: [UInt8]) throws(ReplyDefect) -> ProviderBatchPage

    /// GETs of a batch's results, one JSON document a line; none where it has none.
    func resultPaths(of batch: ProviderBatch) -> [String]

    /// Reads one line. Nil for an empty one; throws where it is no result.
    func decodeResult(_ line: [UInt8]) throws(ReplyDefect) -> ProviderBatchResult?
}

/// One call of a batch, as the provider would have got it by itself.
package struct ProviderBatchItem: Sendable {
    /// Unlike every other of any batch; letters, digits, `-` and `_`, at most 64.
    package let name: String
    package let request: EncodedRequest

    package init(name: String, request: EncodedRequest) {
        self.name = name
        self.request = request
    }
}

/// A batch as its provider describes it.
package struct ProviderBatch: Sendable, Equatable {
    package let id: Slug
    package let state: State
    /// What it was named at its creation; nil where the provider keeps no name.
    package let name: BatchID?
    /// Nil where that can't be read.
    package let createdAt: Timestamp?
    /// Calls in it; nil where the provider doesn't count them yet.
    package let calls: Int?
    /// Calls that the provider says it has completed: what it bills. Nil where it doesn't say.
    package let completed: Int?
    /// The files that hold its results, where they are files.
    package let files: [Slug]

    package enum State: Sendable, Equatable {
        case running
        /// Nothing more comes.
        ///
        /// - Parameter runsOut: whether there may be calls that were not run: the batch has failed,
        ///   expired or been cancelled.
        case ended(runsOut: Bool)
    }

    package init(
        id: Slug, state: State, name: BatchID? = nil, createdAt: Timestamp? = nil,
        calls: Int? = nil, completed: Int? = nil, files: [Slug] = []
    ) {
        self.id = id
        self.state = state
        self.name = name
        self.createdAt = createdAt
        self.calls = calls
        self.completed = completed
        self.files = files
    }
}

package struct ProviderBatchPage: Sendable, Equatable {
    package let batches: [ProviderBatch]
    /// Nil at the end.
    package let next: Slug?

    package init(batches: [ProviderBatch], next: Slug?) {
        self.batches = batches
        self.next = next
    }
}

/// What became of one call of a batch.
package struct ProviderBatchResult: Sendable, Equatable {
    package let name: String
    package let outcome: Outcome

    package enum Outcome: Sendable, Equatable {
        /// A 2xx reply's body, as a call by itself would have got it.
        case answered([UInt8])
        /// An error in place of an answer. Not billed, whatever its status.
        case refused(ProviderFailure)
        /// Cancelled or expired before its turn. Not billed.
        case unprocessed
    }

    package init(name: String, outcome: Outcome) {
        self.name = name
        self.outcome = outcome
    }
}
