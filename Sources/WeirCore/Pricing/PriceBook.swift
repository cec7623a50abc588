/// Every known price, in layers: the built-in book, the operator's file, prices put by API. Of the
/// layers that price a model at a moment, the last one wins.
package struct PriceBook: Sendable {
    private var layers: [Layer]

    fileprivate struct Layer: Sendable {
        let version: String
        /// By `provider/name`, for exact names; newest first.
        var exact: [String: [ModelPrice]] = [:]
        /// Longest prefix first, then newest first.
        var prefixes: [(prefix: String, price: ModelPrice)] = []
    }

    package init() { layers = [] }

    package init(version: String, prices: [ModelPrice]) {
        var layer = Layer(version: version)
        for price in prices.sorted(by: isNewer) {
            for name in [price.model] + price.match {
                if name.utf8.last == UInt8(ascii: "*") {
                    layer.prefixes.append(("\(price.provider)/\(name.dropLast())", price))
                } else {
                    layer.exact["\(price.provider)/\(name)", default: []].append(price)
                }
            }
        }
        layer.prefixes = layer.prefixes.enumerated().sorted {
            ($1.element.prefix.utf8.count, $0.offset) < ($0.element.prefix.utf8.count, $1.offset)
        }.map(\.element)
        layers = [layer]
    }

    /// The version of the newest layer.
    package var version: String { layers.last?.version ?? "none" }

    package func overlaid(by other: PriceBook) -> PriceBook {
        var book = self
        book.layers += other.layers
        return book
    }

    /// The price of a model at a moment; nil where it has none, or one without the fee of a model
    /// that searches unasked. Never a price of zero by omission.
    ///
    /// It stands in one layer and is never mixed, but for what it doesn't say of hidden thoughts:
    /// that is no price, and a layer below may know it.
    package func price(provider: String, model: String, at moment: Timestamp) -> ModelPrice? {
        let name = "\(provider)/\(model)"
        var found: ModelPrice?
        for layer in layers.reversed() {
            guard let price = layer.price(name, at: moment) else { continue }
            found = found?.adding(price.hiddenThoughts) ?? price
            if found?.hiddenThoughts != nil { break }
        }
        guard let found, found.covers(model) else { return nil }
        return found
    }

    /// The models that have a price at a moment, by provider and name.
    package func prices(at moment: Timestamp) -> [ModelPrice] {
        var found: [String: ModelPrice] = [:]
        for layer in layers {
            for (name, prices) in layer.exact {
                guard let price = prices.first(where: { $0.applies(at: moment) }) else { continue }
                guard name == "\(price.provider)/\(price.model)" else { continue }
                guard price.covers(price.model) else {
                    found[name] = nil
                    continue
                }
                let known = self.price(provider: price.provider, model: price.model, at: moment)
                found[name] = price.adding(known?.hiddenThoughts)
            }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension PriceBook.Layer {
    fileprivate func price(_ name: String, at moment: Timestamp) -> ModelPrice? {
        if let price = exact[name]?.first(where: { $0.applies(at: moment) }) { return price }
        return prefixes.first {
            name.utf8.starts(with: $0.prefix.utf8) && $0.price.applies(at: moment)
        }?.price
    }
}

extension ModelPrice {
    fileprivate func applies(at moment: Timestamp) -> Bool {
        effectiveFrom.map { $0 <= moment } ?? true
    }

    /// This price with what another says of hidden thoughts, where it says nothing itself.
    fileprivate func adding(_ thoughts: HiddenThoughts?) -> ModelPrice {
        guard hiddenThoughts == nil, let thoughts else { return self }
        return ModelPrice(
            provider: provider, model: model, match: match, effectiveFrom: effectiveFrom,
            contextWindow: contextWindow, maxOutputTokens: maxOutputTokens,
            hiddenThoughts: thoughts, standard: standard, tiers: tiers,
            serviceTiers: serviceTiers, perCall: perCall, version: version)
    }
}

private func isNewer(_ left: ModelPrice, _ right: ModelPrice) -> Bool {
    (left.effectiveFrom?.milliseconds ?? .min) > (right.effectiveFrom?.milliseconds ?? .min)
}
