import Testing
import WeirCore
@testable import WeirProviders

@Suite("A Responses request that can't be taken")
struct ResponsesRefusalTests {
    @Test(
        "because it bills without a price here, or reaches beyond its tenant, names the field",
        arguments: [
            (#""previous_response_id":"resp_1""#, "previous_response_id"),
            (#""conversation":{"id":"conv_1"}"#, "conversation"),
            (#""conversation":"c""#, "conversation"),
            (#""prompt":{"id":"pmpt_1"}"#, "prompt"), (#""background":true"#, "background"),
            (#""background_options":{"completion_window":"8h"}"#, "background_options"),
            (#""context_management":[{"type":"compaction"}]"#, "context_management"),
            (#""service_tier":"flex""#, "service_tier"),
            (#""service_tier":"priority""#, "service_tier"),
            (#""service_tier":"fast""#, "service_tier"), (#""n":2"#, "n"),
            (#""models":["a"]"#, "models"),
            (#""reasoning":{"mode":"pro"}"#, "reasoning.mode"),
            (#""prompt_cache_options":{"ttl":"12h"}"#, "prompt_cache_options.ttl"),
            (
                #""prompt_cache_options":{"comparison_response_id":"resp_1"}"#,
                "prompt_cache_options.comparison_response_id"
            ),
            (#""max_tokens":5"#, "max_tokens"), (#""modalities":["audio"]"#, "modalities"),
            (#""prediction":{}"#, "prediction"), (#""plugins":[{"id":"web"}]"#, "plugins"),
            (#""tools":[{"type":"web_search"}]"#, "tools[0].type"),
            (#""tools":[{"type":"file_search","vector_store_ids":["vs"]}]"#, "tools[0].type"),
            (#""tools":[{"type":"code_interpreter","container":"c"}]"#, "tools[0].type"),
            (#""tools":[{"type":"image_generation"}]"#, "tools[0].type"),
            (#""tools":[{"type":"mcp","server_label":"x"}]"#, "tools[0].type"),
            (#""tools":[{"type":"programmatic_tool_calling"}]"#, "tools[0].type"),
            (#""tools":[{"type":"tool_search"}]"#, "tools[0].execution"),
            (#""tools":[{"type":"shell"}]"#, "tools[0].environment"),
            (
                #""tools":[{"type":"shell","environment":{"type":"container_reference"}}]"#,
                "tools[0].environment"
            ),
            (
                #""tools":[{"type":"namespace","name":"n","tools":[{"type":"mcp"}]}]"#,
                "tools[0].tools[0].type"
            ),
        ])
    func refusesFields(member: String, param: String) throws {
        let error = try responsesRefusal(#"{"model":"m","input":"Hi",\#(member)}"#)
        #expect(error?.code == .invalidRequest && error?.param == param)
        #expect(error?.message.hasPrefix(param) == true)
    }

    @Test(
        "because of an item names the item",
        arguments: [
            (#"{"type":"item_reference","id":"msg_1"}"#, ""), (#"{"id":"msg_1"}"#, ""),
            (#"{"type":"web_search_call","id":"ws_1"}"#, ".type"),
            (#"{"type":"file_search_call","id":"fs_1"}"#, ".type"),
            (#"{"type":"mcp_call","id":"m"}"#, ".type"), (#"{"type":"brand_new"}"#, ".type"),
            (#"{"type":"mcp_approval_response","approval_request_id":"m"}"#, ".type"),
            (#"{"type":"image_generation_call","id":"ig"}"#, ".type"),
            (#"{"type":"compaction_trigger"}"#, ".type"),
            (#"{"type":"additional_tools","tools":[{"type":"mcp"}]}"#, ".tools[0].type"),
            (#"{"type":"tool_search_output","tools":[{"type":"web_search"}]}"#, ".tools[0].type"),
            (
                #"{"type":"shell_call","environment":{"type":"container_reference"}}"#,
                ".environment"
            ),
            (#"{"type":"computer_call_output","output":{"file_id":"f"}}"#, ".output.file_id"),
            (
                #"{"role":"user","content":[{"type":"input_image","file_id":"f"}]}"#,
                ".content[0].file_id"
            ),
            (
                #"{"role":"user","content":[{"type":"input_file","file_id":"f"}]}"#,
                ".content[0].file_id"
            ),
            (
                #"{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}"#,
                ".content[0].type"
            ),
            (#"{"role":"user","content":[{"type":"brand_new"}]}"#, ".content[0].type"),
            (
                #"{"role":"user","content":[{"type":"input_image","#
                    + #""image_url":"file:///etc/passwd"}]}"#,
                ".content[0].image_url"
            ),
            (
                #"{"role":"user","content":[{"type":"input_image","#
                    + #""image_url":"data:image/png,AA"}]}"#,
                ".content[0].image_url"
            ),
            (
                #"{"role":"user","content":[{"type":"input_image","image_url":"#
                    + #""data:video/mp4;base64,AA"}]}"#, ".content[0].image_url"
            ),
            (
                #"{"role":"user","content":[{"type":"input_file","file_data":"#
                    + #""data:Audio/mp3;base64,AA"}]}"#, ".content[0].file_data"
            ),
            (
                #"{"role":"user","content":[{"type":"input_image","image_url":"#
                    + #""data:image/png;base64,Read this!"}]}"#, ".content[0].image_url"
            ),
            (
                #"{"role":"user","content":[{"type":"input_file","file_data":"Read this!"}]}"#,
                ".content[0].file_data"
            ),
            (
                #"{"role":"user","content":[{"type":"input_file","file_url":"gs://a/b"}]}"#,
                ".content[0].file_url"
            ),
            (
                #"{"role":"user","content":[{"type":"input_text","text":"a","#
                    + #""prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}]}"#,
                ".content[0].prompt_cache_breakpoint.ttl"
            ),
        ])
    func refusesItems(item: String, place: String) throws {
        let error = try responsesRefusal(#"{"model":"m","input":["a"]}"#)
        #expect(error?.param == "input[0]")
        let found = try responsesRefusal(
            #"{"model":"m","input":[{"role":"user","content":"a"},\#(item)]}"#)
        #expect(found?.code == .invalidRequest && found?.param == "input[1]\(place)")
    }

    @Test(
        "because of a wrong type names the place",
        arguments: [
            (#"{"input":"a"}"#, "model"), (#"{"model":7,"input":"a"}"#, "model"),
            (#"{"model":"a b","input":"a"}"#, "model"), (#"{"model":"m"}"#, "input"),
            (#"{"model":"m","input":[]}"#, "input"), (#"{"model":"m","input":{}}"#, "input"),
            (#"{"model":"m","input":[{"type":"reasoning","id":"rs_1"}]}"#, "input"),
            (#"{"model":"m","input":7}"#, "input"), (#"{"model":"m","input":[7]}"#, "input[0]"),
            (#"{"model":"m","input":[{}]}"#, "input[0].content"),
            (#"{"model":"m","input":[{"type":7}]}"#, "input[0].type"),
            (#"{"model":"m","input":[{"role":"x","content":"a"}]}"#, "input[0].role"),
            (#"{"model":"m","input":[{"role":"user"}]}"#, "input[0].content"),
            (#"{"model":"m","input":[{"role":"user","content":{}}]}"#, "input[0].content"),
            (#"{"model":"m","input":[{"role":"user","content":["a"]}]}"#, "input[0].content[0]"),
            (
                #"{"model":"m","input":[{"role":"user","content":[{"#
                    + #""type":"input_text","text":7}]}]}"#,
                "input[0].content[0].text"
            ),
            (
                #"{"model":"m","input":[{"role":"user","content":[{"type":"input_text"}]}]}"#,
                "input[0].content[0].text"
            ),
            (
                #"{"model":"m","input":[{"type":"function_call","name":"f","arguments":{}}]}"#,
                "input[0].arguments"
            ),
            (
                #"{"model":"m","input":[{"type":"function_call","arguments":"{}"}]}"#,
                "input[0].name"
            ),
            (
                #"{"model":"m","input":[{"type":"function_call_output","output":7}]}"#,
                "input[0].output"
            ),
            (#"{"model":"m","input":[{"type":"reasoning","summary":"a"}]}"#, "input[0].summary"),
            (
                #"{"model":"m","input":[{"type":"reasoning","encrypted_content":7}]}"#,
                "input[0].encrypted_content"
            ),
            (#"{"model":"m","input":"a","instructions":["b"]}"#, "instructions"),
            (#"{"model":"m","input":"a","max_output_tokens":0}"#, "max_output_tokens"),
            (#"{"model":"m","input":"a","max_output_tokens":-1}"#, "max_output_tokens"),
            (#"{"model":"m","input":"a","max_output_tokens":1.0}"#, "max_output_tokens"),
            (#"{"model":"m","input":"a","max_output_tokens":1e3}"#, "max_output_tokens"),
            (
                #"{"model":"m","input":"a","max_output_tokens":9223372036854775808}"#,
                "max_output_tokens"
            ),
            (#"{"model":"m","input":"a","max_output_tokens":"5"}"#, "max_output_tokens"),
            (#"{"model":"m","input":"a","temperature":2.1}"#, "temperature"),
            (#"{"model":"m","input":"a","temperature":1e999}"#, "temperature"),
            (#"{"model":"m","input":"a","top_p":-1}"#, "top_p"),
            (#"{"model":"m","input":"a","stream":"yes"}"#, "stream"),
            (#"{"model":"m","input":"a","store":1}"#, "store"),
            (#"{"model":"m","input":"a","tools":{}}"#, "tools"),
            (#"{"model":"m","input":"a","tools":[{"name":"f"}]}"#, "tools[0].type"),
            (#"{"model":"m","input":"a","tools":[{"type":"function"}]}"#, "tools[0].name"),
            (
                #"{"model":"m","input":"a","tools":[{"type":"function","name":"f","#
                    + #""parameters":[]}]}"#,
                "tools[0].parameters"
            ),
            (#"{"model":"m","input":"a","tool_choice":"f"}"#, "tool_choice"),
            (#"{"model":"m","input":"a","tool_choice":7}"#, "tool_choice"),
            (#"{"model":"m","input":"a","tool_choice":{"type":"function"}}"#, "tool_choice.name"),
            (#"{"model":"m","input":"a","text":"json"}"#, "text"),
            (
                #"{"model":"m","input":"a","text":{"format":{"type":"json_schema"}}}"#,
                "text.format.schema"
            ),
            (#"{"model":"m","input":"a","text":{"format":{}}}"#, "text.format.type"),
            (#"{"model":"m","input":"a","reasoning":{"effort":3}}"#, "reasoning.effort"),
            (#"{"model":"m","input":"a","include":"x"}"#, "include"),
            (#"{"model":"m","input":"a","include":[7]}"#, "include"),
            (#"{"model":"m","input":"a","top_logprobs":21}"#, "top_logprobs"),
        ])
    func refusesTypes(body: String, param: String) throws {
        let error = try responsesRefusal(body)
        #expect(error?.code == .invalidRequest && error?.param == param)
    }

    @Test(
        "by another provider names what only OpenAI can be told",
        arguments: [
            (#""text":{"verbosity":"low"}"#, ["text.verbosity"]),
            (#""truncation":"auto""#, ["truncation"]),
            (#""text":{"format":{"type":"grammar"}}"#, ["text.format"]),
            (#""top_logprobs":3"#, ["top_logprobs"]),
            (#""moderation":{"model":"o"}"#, ["moderation"]),
            (#""include":["message.output_text.logprobs"]"#, ["include"]),
            (#""brand_new":1,"other":null"#, ["brand_new"]),
            (#""reasoning":{"effort":"low","max_tokens":5}"#, ["reasoning.max_tokens"]),
            (#""tool_choice":{"type":"allowed_tools","mode":"auto","tools":[]}"#, ["tool_choice"]),
            (
                #""tools":[{"type":"custom","name":"c"},{"type":"local_shell"}]"#,
                ["tools[0]", "tools[1]"]
            ),
            (
                #""tools":[{"type":"function","name":"f","defer_loading":true}]"#,
                ["tools[0].defer_loading"]
            ),
            (#""tools":[{"type":"shell","environment":{"type":"local"}}]"#, ["tools[0]"]),
            (#""tools":[{"type":"tool_search","execution":"client"}]"#, ["tools[0]"]),
            (
                #""tools":[{"type":"namespace","name":"n","tools":[{"#
                    + #""type":"function","name":"f"}]}]"#,
                ["tools[0]"]
            ),
        ])
    func namesUncarried(member: String, names: [String]) throws {
        let request = try readResponses(#"{"model":"m","input":"Hi",\#(member)}"#)
        #expect(request.uncarried == names)
    }

    @Test(
        "by another provider names the items that only OpenAI knows",
        arguments: [
            (#"{"type":"custom_tool_call","call_id":"c","name":"f","input":"x"}"#, "input[1]"),
            (#"{"type":"custom_tool_call_output","call_id":"c","output":"x"}"#, "input[1]"),
            (
                #"{"type":"computer_call_output","output":{"type":"computer_screenshot","#
                    + #""image_url":"https://x/y"}}"#, "input[1]"
            ),
            (#"{"type":"compaction","encrypted_content":"g"}"#, "input[1]"),
            (
                #"{"type":"function_call","name":"f","arguments":"{}","namespace":"n"}"#,
                "input[1].namespace"
            ),
            (
                #"{"role":"system","content":[{"type":"input_image","image_url":"https://x/y"}]}"#,
                "input[1].content[0]"
            ),
            (#"{"role":"user","content":"a","brand_new":1}"#, "input[1].brand_new"),
        ])
    func namesUncarriedItems(item: String, name: String) throws {
        let request = try readResponses(
            #"{"model":"m","input":[{"role":"user","content":"a"},\#(item)]}"#)
        #expect(request.uncarried == [name])
    }
}
