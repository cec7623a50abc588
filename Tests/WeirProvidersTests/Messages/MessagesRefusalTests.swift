import Testing
import WeirCore
import WeirProviders

@Suite("Anthropic clients' requests that are refused")
struct MessagesRefusalTests {
    private func param(_ body: JSONObject) -> String? {
        guard case .failure(let error) = MessagesFixture.read(body) else { return nil }
        #expect(error.code == .invalidRequest && !error.message.isEmpty)
        return error.param
    }

    @Test(
        "bill without a price here or reach into the account",
        arguments: [
            (#""container":"c""#, "container"), (#""mcp_servers":[]"#, "mcp_servers"),
            (#""service_tier":"priority""#, "service_tier"), (#""speed":"fast""#, "speed"),
            (#""inference_geo":"us""#, "inference_geo"), (#""fallbacks":"default""#, "fallbacks"),
            (#""fallback_credit_token":"t""#, "fallback_credit_token"),
            (#""billing_policy":{}"#, "billing_policy"), (#""compaction":{}"#, "compaction"),
            (#""thread":{"type":"create"}"#, "thread"), (#""diagnostics":{}"#, "diagnostics"),
            (
                #""context_management":{"edits":[{"type":"compact_20260112"}]}"#,
                "context_management.edits[0].type"
            ),
            (#""tools":[{"type":"web_search_20250305","name":"s"}]"#, "tools[0].type"),
            (#""tools":[{"type":"web_fetch_20250910","name":"s"}]"#, "tools[0].type"),
            (#""tools":[{"type":"code_execution_20250825","name":"s"}]"#, "tools[0].type"),
            (#""tools":[{"type":"mcp_toolset","mcp_server_name":"s"}]"#, "tools[0].type"),
            (#""tools":[{"type":"advisor_20260301","name":"s"}]"#, "tools[0].type"),
            (#""tools":[{"type":"tool_search_tool_bm25_20251119","name":"s"}]"#, "tools[0].type"),
            (#""tools":[{"type":"bash","name":"s"}]"#, "tools[0].type"),
            (#""tools":[{"type":"bash_2025012x","name":"s"}]"#, "tools[0].type"),
            (#""tools":[{"type":"new_20300101","name":"s"}]"#, "tools[0].type"),
        ])
    func members(member: String, name: String) throws {
        #expect(param(try MessagesFixture.request(",\(member)")) == name)
    }

    @Test(
        "have blocks that do so",
        arguments: [
            (
                #"{"type":"image","source":{"type":"file","file_id":"f"}}"#,
                "messages[0].content[0].source.type"
            ),
            (
                #"{"type":"document","source":{"type":"file","file_id":"f"}}"#,
                "messages[0].content[0].source.type"
            ),
            (
                #"{"type":"tool_result","tool_use_id":"t","content":[{"type":"document","#
                    + #""source":{"type":"file","file_id":"f"}}]}"#,
                "messages[0].content[0].content[0].source.type"
            ),
            (
                #"{"type":"document","source":{"type":"content","content":[{"type":"image","#
                    + #""source":{"type":"file","file_id":"f"}}]}}"#,
                "messages[0].content[0].source.content[0].source.type"
            ),
            (
                #"{"type":"image","source":{"type":"base64","media_type":"text/plain","#
                    + #""data":"AA=="}}"#, "messages[0].content[0].source.media_type"
            ),
            (
                #"{"type":"document","source":{"type":"base64","media_type":"audio/mp3","#
                    + #""data":"AA=="}}"#, "messages[0].content[0].source.media_type"
            ),
            (
                #"{"type":"image","source":{"type":"base64","media_type":"image/png","#
                    + #""data":"plain text"}}"#, "messages[0].content[0].source.data"
            ),
            (#"{"type":"container_upload","file_id":"f"}"#, "messages[0].content[0].type"),
            (
                #"{"type":"tool_addition","tool":{"type":"mcp_toolset_reference"}}"#,
                "messages[0].content[0].tool.type"
            ),
            (
                #"{"type":"tool_addition","tool":{"type":"tool_definition","definition":{"#
                    + #""type":"web_search_20250305","name":"w"}}}"#,
                "messages[0].content[0].tool.definition.type"
            ),
            (#"{"type":"audio","source":{}}"#, "messages[0].content[0].type"),
            (
                #"{"type":"tool_result","tool_use_id":"t","content":[{"type":"audio"}]}"#,
                "messages[0].content[0].content[0].type"
            ),
            (
                #"{"type":"image","source":{"type":"url","url":"file:///etc/passwd"}}"#,
                "messages[0].content[0].source.url"
            ),
        ])
    func blocks(block: String, name: String) throws {
        #expect(param(try MessagesFixture.blocks(block)) == name)
    }

    @Test("have members of a wrong kind")
    func wrongKinds() throws {
        let members = [
            "system": ["7", "{}", "[7]", #"[{"type":"image"}]"#, #"[{"type":"text"}]"#],
            "max_tokens": impossibleCounts + ["0"], "stream": ["1", "\"true\""],
            "temperature": ["-0.1", "2.1", "1e400", "\"1\"", "[]"], "top_p": ["1.1", "true"],
            "top_k": ["-1", "1.5", "4e1", "2147483648"], "stop_sequences": ["\"x\"", "[7]", "{}"],
            "tools": ["{}", "[7]", "[{}]", #"[{"name":"f"}]"#, #"[{"name":7,"input_schema":{}}]"#],
            "tool_choice": ["\"auto\"", "{}", #"{"type":"x"}"#, #"{"type":"tool"}"#],
            "thinking": ["true", "{}", #"{"type":"enabled"}"#],
            "output_config": ["7", #"{"effort":7}"#, #"{"format":{"type":"x"}}"#],
            "output_format": [#"{"type":"json_schema"}"#], "metadata": ["7"],
            "context_management": ["7", #"{"edits":{}}"#, #"{"edits":[{}]}"#],
            "thinking.budget_tokens": [],
        ]
        for (name, values) in members {
            for value in values {
                let turns = #"[{"role":"user","content":"x"}]"#
                let body = try MessagesFixture.object(
                    bytes(#"{"model":"m","messages":\#(turns),"\#(name)":\#(value)}"#))
                let found = param(body) ?? "none"
                #expect(found.hasPrefix(name), "\(name): \(value) gives \(found)")
            }
        }
        for budget in impossibleCounts {
            let thinking = #","thinking":{"type":"enabled","budget_tokens":\#(budget)}"#
            #expect(param(try MessagesFixture.request(thinking)) == "thinking.budget_tokens")
        }
    }

    @Test("have messages of a wrong kind")
    func wrongMessages() throws {
        let messages = [
            "7": "messages", "{}": "messages", "[]": "messages", "[7]": "messages[0]",
            "[{}]": "messages[0].content", #"[{"content":"x"}]"#: "messages[0].role",
            #"[{"role":"tool","content":"x"}]"#: "messages[0].role",
            #"[{"role":7,"content":"x"}]"#: "messages[0].role",
            #"[{"role":"user","content":7}]"#: "messages[0].content",
            #"[{"role":"user","content":null}]"#: "messages[0].content",
            #"[{"role":"user","content":[7]}]"#: "messages[0].content[0]",
            #"[{"role":"user","content":[{}]}]"#: "messages[0].content[0].type",
            #"[{"role":"user","content":[{"type":"text","text":7}]}]"#:
                "messages[0].content[0].text",
            #"[{"role":"user","content":[{"type":"text"}]}]"#: "messages[0].content[0].text",
            #"[{"role":"user","content":[{"type":"image"}]}]"#: "messages[0].content[0].source",
            #"[{"role":"user","content":[{"type":"tool_use","id":"t","name":"f","input":"x"}]}]"#:
                "messages[0].content[0].input",
            #"[{"role":"user","content":[{"type":"tool_use","name":"f","input":{}}]}]"#:
                "messages[0].content[0].id",
            #"[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]"#:
                "messages[0].content[0].tool_use_id",
            #"[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":1}]}]"#:
                "messages[0].content[0].is_error",
            #"[{"role":"user","content":[{"type":"thinking","signature":"s"}]}]"#:
                "messages[0].content[0].thinking",
        ]
        for (json, name) in messages {
            #expect(param(try MessagesFixture.request("", messages: json)) == name, "\(json)")
        }
        for body in [#"{"messages":[]}"#, #"{"model":7}"#, #"{"model":"a b"}"#, "{}"] {
            #expect(param(try MessagesFixture.object(bytes(body))) == "model")
        }
    }

    @Test("survive members changed at random", arguments: 1...30)
    func noise(seed: UInt64) throws {
        let honest =
            #"{"model":"m","max_tokens":8,"system":[{"type":"text","text":"s"}],"messages":["#
            + #"{"role":"user","content":[{"type":"text","text":"t"},{"type":"document","source":{"#
            + #""type":"text","data":"d"}}]},{"role":"assistant","content":[{"type":"tool_use","#
            + #""id":"t","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"#
            + #""tool_result","tool_use_id":"t","content":[{"type":"text","text":"x"}]}]}],"#
            + #""tools":[{"name":"f","input_schema":{"type":"object"}}],"thinking":{"type":"#
            + #""enabled","budget_tokens":2000},"tool_choice":{"type":"auto"}}"#
        let values = [
            "null", "[]", "{}", "-9223372036854775809", "1e999", "\"\"", "true", "[[[]]]", "0.1",
        ]
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        let pieces = honest.split(separator: ":", omittingEmptySubsequences: false)
        for _ in 0..<40 {
            var text = ""
            for (index, piece) in pieces.enumerated() {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                var piece = String(piece)
                if index > 0, state >> 60 == 0, let comma = piece.firstIndex(of: ",") {
                    piece = values[Int(state >> 33) % values.count] + piece[comma...]
                }
                text += index == 0 ? piece : ":" + piece
            }
            // Not every change leaves JSON behind.
            guard let body = try? MessagesFixture.object(bytes(text)) else { continue }
            if case .success(let read) = MessagesFixture.read(body) {
                #expect(read.input.textBytes > 0)
            }
        }
    }
}
