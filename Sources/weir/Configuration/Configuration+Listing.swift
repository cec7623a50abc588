import WeirCore
import WeirProviders
import WeirService
import WeirUpstream

extension Configuration {
    /// What is in force, every default filled in, as YAML; secrets are redacted.
    var listing: String {
        var lines: [String] = []
        YAMLText.write(listed, indent: 0, into: &lines)
        return lines.joined(separator: "\n")
    }

    var listed: JSON {
        [
            "server": [
                "host": .string(server.host), "port": JSON(server.port),
                "max_connections": JSON(server.maxConnections ?? 0),
                "max_connections_per_address": JSON(server.maxConnectionsPerAddress ?? 0),
                "drain_notice": .string(server.drainNotice.configured),
                "drain_timeout": .string(server.drainTimeout.configured),
            ],
            "storage": ["sqlite": ["path": .string(storage.sqlitePath)]],
            "admin_key": listed(adminKey),
            "identity": [
                "secret": listed(identity.secret),
                "previous_secret": listed(identity.previousSecret),
            ],
            "gateway": gateway.listed,
            "providers": object(providers.map { ($0.name.description, listed($0)) }),
            "models": object(models.map { ($0.name.description, listed($0)) }),
            "prices": ["file": listed(pricesFile)],
            "limits": listed(limits),
            "queues": queues.listed,
            "events": events.listed, "webhooks": webhooks.listed(listed),
            "batches": batches.listed,
            "routing": routing.listed,
            "streams": streams.listed,
            "cache": [
                "max_bytes": .string(ByteSize.text(cache.maxBytes)),
                "features": object(
                    cache.features.map { ($0.key.description, .string($0.value.configured)) }
                        .sorted { $0.0 < $1.0 }),
            ],
            "logging": [
                "level": .string(logging.level.rawValue),
                "format": .string(logging.format.rawValue),
            ],
            "screening": [
                "default": screening.standard.listed,
                "features": object(
                    screening.features.map { ($0.key.description, $0.value.listed) }
                        .sorted { $0.0 < $1.0 }),
            ],
            "templates": templates.listed,
        ]
    }

    private func listed(_ provider: Provider) -> JSON {
        [
            "kind": .string(provider.kind.rawValue),
            "base_url": .string(provider.baseURL.description),
            "api_key": listed(provider.apiKey), "ca_file": listed(provider.caFile),
            "timeout": .string(provider.timeout.configured),
            "concurrency": JSON(provider.concurrency),
            "max_connections": JSON(provider.maxConnections),
            "bills_errors": .bool(provider.billsErrors),
            "prices_as": .string(provider.pricesAs),
        ]
    }

    private func listed(_ model: Model) -> JSON {
        var members: [JSONObject.Member] = []
        if model.targets.count == 1, model.targets[0].weight == 1 {
            members += model.targets[0].members
        } else {
            let targets = model.targets.map { target in
                JSON.object(
                    JSONObject(
                        target.members + [.init(name: "weight", value: JSON(target.weight))]))
            }
            members.append(.init(name: "targets", value: .array(targets)))
        }
        if !model.fallbacks.isEmpty {
            let names = model.fallbacks.map { JSON.string($0.description) }
            members.append(.init(name: "fallbacks", value: .array(names)))
        }
        return .object(JSONObject(members))
    }

    private func listed(_ limits: Limits) -> JSON {
        [
            "body": .string(ByteSize.text(limits.body)), "json_depth": JSON(limits.jsonDepth),
            "max_tokens_default": JSON(limits.maxTokensDefault),
            "call_timeout": .string(limits.callTimeout.configured),
            "concurrent_calls": JSON(limits.concurrentCalls),
            "idempotency_kept": .string(limits.idempotencyKept.configured),
            "ai": limits.ai.listed, "queue": limits.queue.listed,
        ]
    }

    private func listed(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    private func listed(_ secret: Secret?) -> JSON {
        secret.map { .string($0.description) } ?? .null
    }
}

extension Configuration.Gateway {
    fileprivate var listed: JSON {
        [
            "pools": object(
                pools.map { pool in
                    let own: [JSONObject.Member] = [
                        .init(
                            name: "instances",
                            value: .array(pool.instances.map { .string($0.description) })),
                        .init(
                            name: "max_connection_age",
                            value: .string(pool.maxConnectionAge.configured)),
                        .init(name: "ca_file", value: pool.caFile.map { .string($0) } ?? .null),
                    ]
                    return (
                        pool.plan.name.description, .object(JSONObject(own + pool.plan.listed))
                    )
                }),
            "default_pool": defaultPool.map { .string($0.description) } ?? .null,
            "keeps_jobs": .bool(keepsJobs),
            "jobs_pool": jobsPool.map { .string($0.description) } ?? .null,
            "features": object(
                features.map { ($0.pattern.description, .string($0.pool.description)) }),
            "routes": routes.isEmpty ? .null : .array(routes.map(\.listed)),
        ]
    }
}

extension ModelCatalogue.Target {
    fileprivate var members: [JSONObject.Member] {
        [
            .init(name: "provider", value: .string(provider.description)),
            .init(name: "model", value: .string(model.description)),
        ]
    }
}

extension Configuration.Routing {
    fileprivate var listed: JSON {
        [
            "attempts": JSON(retry.attempts), "retries": JSON(retry.retries),
            "retry_base": .string(retry.base.configured),
            "retry_cap": .string(retry.cap.configured),
            "breaker": [
                "failures": JSON(breaker.failures),
                "window": .string(breaker.window.configured), "rate": JSON(breaker.rate),
                "minimum_calls": JSON(breaker.minimumCalls),
                "cool_down": .string(breaker.coolDown.configured),
                "longest_cool_down": .string(breaker.longestCoolDown.configured),
                "slow_start": .string(breaker.slowStart.configured),
            ],
        ]
    }
}

extension StreamLimits {
    fileprivate var listed: JSON {
        [
            "first_token": .string(firstToken.configured),
            "between_tokens": .string(betweenTokens.configured),
            "total": .string(total.configured), "drain": .string(drain.configured),
        ]
    }
}

extension ScreeningPolicy {
    fileprivate var listed: JSON {
        [
            "max_input": .string(ByteSize.text(maxInputBytes)),
            "control_characters": .string(controlCharacters.rawValue),
            "invisible_characters": .string(invisibleCharacters.rawValue),
            "injection": .string(injection.rawValue),
            "injection_covers_system_prompt": .bool(injectionCoversSystemPrompt),
            "html": .string(html.rawValue),
            "personal_data": [
                "mode": .string(personalData.mode.rawValue),
                "kinds": .array(
                    personalData.kinds.map(\.rawValue).sorted().map { .string($0) }),
                "national_ids": object(
                    personalData.nationalIDPatterns.map { ($0.name, .string($0.pattern)) }),
            ],
            "harden_system_prompt": .bool(systemPromptSuffix != nil),
            "system_prompt_suffix": systemPromptSuffix.map { .string($0) } ?? .null,
            "output": [
                "max_size": .string(ByteSize.text(output.maxBytes)),
                "strip_tags": .bool(output.stripTags), "escape_html": .bool(output.escapeHTML),
                "required_json_fields": .array(output.requiredJSONFields.map { .string($0) }),
                "personal_data": .string(output.personalData.rawValue),
            ],
        ]
    }
}

private func object(_ pairs: [(String, JSON)]) -> JSON {
    .object(JSONObject(pairs.map { .init(name: $0.0, value: $0.1) }))
}
