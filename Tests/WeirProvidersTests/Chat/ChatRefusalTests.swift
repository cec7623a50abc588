import Testing
import WeirCore

@testable import WeirProviders

@Suite("Chat requests, refused")
struct ChatRefusalTests {
    @Test(
        "are refused for what has no price, and for what tenants would share",
        arguments: [
            (#""audio":{"voice":"a"}"#, "audio"),
            (#""modalities":["text","audio"]"#, "modalities[1]"),
            (#""prediction":{"type":"content","content":"x"}"#, "prediction"),
            (#""web_search_options":{}"#, "web_search_options"),
            (#""search_parameters":{"mode":"on"}"#, "search_parameters"),
            (#""enable_search":true"#, "enable_search"), (#""plugins":[{"id":"web"}]"#, "plugins"),
            (#""models":["a","b"]"#, "models"), (#""provider":{"order":["a"]}"#, "provider"),
            (#""route":"fallback""#, "route"), (#""best_of":5"#, "best_of"),
            (#""service_tier":"flex""#, "service_tier"),
            (#""service_tier":"priority""#, "service_tier"),
            (#""service_tier":"fast""#, "service_tier"), (#""speed":"fast""#, "speed"),
            (#""inference_geo":"eu""#, "inference_geo"),
            (#""previous_response_id":"r""#, "previous_response_id"),
            (#""conversation":"c""#, "conversation"), (#""background":true"#, "background"),
            (#""cached_content":"c""#, "cached_content"),
            (
                #""extra_body":{"google":{"cached_content":"cachedContents/1"}}"#,
                "extra_body.google.cached_content"
            ),
            (#""prompt_cache_options":{"ttl":"12h"}"#, "prompt_cache_options.ttl"),
            (#""cache_control":{"type":"ephemeral","ttl":"1h"}"#, "cache_control.ttl"),
            (#""tools":[{"type":"web_search"}]"#, "tools[0].type"),
            (#""tools":[{"type":"mcp","server_url":"https://x"}]"#, "tools[0].type"),
            (#""tools":[{"type":"code_interpreter"}]"#, "tools[0].type"),
            (
                #""tools":[{"type":"function","function":{"name":"f","cache_control":"#
                    + #"{"ttl":"1h"}}}]"#, "tools[0].function.cache_control.ttl"
            ),
        ])
    func refuses(members: String, param: String) throws {
        #expect(try chatFault(plainChat(members)) == param)
    }

    @Test(
        "are taken at the standard tier", arguments: ["auto", "default", "standard", "on_demand"])
    func takesStandardTier(tier: String) throws {
        #expect(try chatFault(plainChat(#""service_tier":"\#(tier)""#)) == nil)
    }

    @Test(
        "are refused for parts that have no price or no bound",
        arguments: [
            (#"{"type":"input_audio","input_audio":{"data":"QQ=="}}"#, "type"),
            (#"{"type":"video_url","video_url":{"url":"https://x"}}"#, "type"),
            (#"{"type":"something"}"#, "type"), (#"{}"#, "type"), (#"{"type":7}"#, "type"),
            (#"{"type":"text"}"#, "text"), (#"{"type":"text","text":7}"#, "text"),
            (#"{"type":"file","file":{"file_id":"file-1"}}"#, "file.file_id"),
            (#"{"type":"file","file":{}}"#, "file.file_data"),
            (#"{"type":"file","file":{"file_data":"no base64!"}}"#, "file.file_data"),
            (
                #"{"type":"file","file":{"file_data":"data:audio/mp3;base64,QQ=="}}"#,
                "file.file_data"
            ),
            (
                #"{"type":"image_url","image_url":{"url":"data:;base64,QQ=="}}"#, "image_url.url"
            ),
            (#"{"type":"file"}"#, "file"), (#"{"type":"image_url"}"#, "image_url"),
            (#"{"type":"image_url","image_url":{}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"ftp://x/a.png"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"gs://b/a.png"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"data:image/png,abc"}}"#, "image_url.url"),
            (
                #"{"type":"image_url","image_url":{"url":"data:text/plain;base64,QUJD"}}"#,
                "image_url.url"
            ),
            (
                #"{"type":"image_url","image_url":{"url":"data:image/png;base64,tell me all"}}"#,
                "image_url.url"
            ),
            (#"{"type":"image_url","image_url":"data:,"}"#, "image_url.url"),
            (
                #"{"type":"text","text":"a","prompt_cache_breakpoint":{"ttl":"12h"}}"#,
                "prompt_cache_breakpoint.ttl"
            ),
            (#"{"type":"text","text":"a","cache_control":{"ttl":"1h"}}"#, "cache_control.ttl"),
        ])
    func refusesParts(part: String, param: String) throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":[\#(part)]}]}"#
        #expect(try chatFault(body) == "messages[0].content[0].\(param)")
    }

    @Test(
        "name the message at fault",
        arguments: [
            (#"{"role":"user"}"#, "messages[0].content"),
            (#"{"role":"user","content":7}"#, "messages[0].content"),
            (#"{"role":"user","content":["a"]}"#, "messages[0].content[0]"),
            (
                #"{"role":"system","content":[{"type":"image_url","image_url":{"url":"#
                    + #""https://x"}}]}"#, "messages[0].content"
            ),
            (#"{"role":"ghost","content":"x"}"#, "messages[0].role"),
            (#"{"content":"x"}"#, "messages[0].role"), (#""x""#, "messages[0]"),
            (#"{"role":"tool","content":"x"}"#, "messages[0].tool_call_id"),
            (#"{"role":"tool","tool_call_id":"c"}"#, "messages[0].content"),
            (#"{"role":"assistant","audio":{"id":"a"}}"#, "messages[0].audio"),
            (#"{"role":"assistant","tool_calls":{}}"#, "messages[0].tool_calls"),
            (#"{"role":"assistant","tool_calls":[{}]}"#, "messages[0].tool_calls[0].id"),
            (
                #"{"role":"assistant","tool_calls":[{"id":"c"}]}"#,
                "messages[0].tool_calls[0].function"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"c","function":{"name":7}}]}"#,
                "messages[0].tool_calls[0].function.name"
            ),
        ])
    func namesMessages(message: String, param: String) throws {
        #expect(try chatFault(#"{"model":"m","messages":[\#(message)]}"#) == param)
    }

    @Test("name the field of the wrong type or out of range")
    func namesFields() throws {
        #expect(try chatFault(#"{"messages":[]}"#) == "model")
        #expect(try chatFault(#"{"model":"a b","messages":[]}"#) == "model")
        #expect(try chatFault(#"{"model":"m"}"#) == "messages")
        #expect(try chatFault(#"{"model":"m","messages":"x"}"#) == "messages")
        for number in impossibleCounts + ["0"] {
            for name in ["max_tokens", "max_completion_tokens", "n"] {
                #expect(try chatFault(plainChat(#""\#(name)":\#(number)"#)) == name, "\(number)")
            }
        }
        let wrong = [
            "stream": "1", "stream_options": "true", "temperature": "2.1", "top_p": "\"a\"",
            "top_k": "[]", "seed": "1.5", "frequency_penalty": "-2.1", "presence_penalty": "1e99",
            "stop": "{}", "tools": "{}", "tool_choice": "\"maybe\"", "parallel_tool_calls": "0",
            "reasoning_effort": "7", "reasoning": "\"high\"", "thinking": "true",
            "response_format": "\"json\"", "modalities": "\"text\"", "service_tier": "7",
            "prompt_cache_options": "[]", "extra_body": "1", "functions": "7",
        ]
        for (name, value) in wrong {
            #expect(try chatFault(plainChat(#""\#(name)":\#(value)"#)) == name, "\(name)")
        }
        let nested = [
            (#""stop":["a",7]"#, "stop[1]"), (#""tools":[7]"#, "tools[0]"),
            (#""tools":[{"function":{}}]"#, "tools[0].function.name"),
            (
                #""tools":[{"function":{"name":"f","parameters":"x"}}]"#,
                "tools[0].function.parameters"
            ),
            (#""tool_choice":{"type":"function"}"#, "tool_choice.function"),
            (#""response_format":{}"#, "response_format.type"),
            (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
            (#""reasoning":{"max_tokens":-1}"#, "reasoning.max_tokens"),
            (#""thinking":{"budget_tokens":1e9}"#, "thinking.budget_tokens"),
            (#""modalities":[7]"#, "modalities[0]"),
        ]
        for (members, param) in nested {
            #expect(try chatFault(plainChat(members)) == param, "\(members)")
        }
    }
}
