import Testing

@testable import ModelCache

/// The environment's variables, as huggingface_hub 2.4 reads them.
@Suite("The Hub's settings")
struct HubSettingsTests {
    private func settings(_ variables: [String: String]) throws -> HubSettings {
        try HubSettings(environment: ["HOME": "/home/a", "HF_TOKEN_PATH": "/nonexistent"].merging(variables) { $1 })
    }

    @Test("find the cache in the place where huggingface_hub has it")
    func cache() throws {
        #expect(try settings([:]).cache == "/home/a/.cache/huggingface/hub")
        #expect(try settings(["XDG_CACHE_HOME": "/x"]).cache == "/x/huggingface/hub")
        #expect(try settings(["HF_HOME": "~/hf", "XDG_CACHE_HOME": "/x"]).cache == "/home/a/hf/hub")
        #expect(try settings(["HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/hf"]).cache == "/old")
        #expect(try settings(["HF_HUB_CACHE": "$D/${E}x/$F", "D": "/d", "E": "e"]).cache == "/d/ex/$F")
        #expect(try settings(["HF_HUB_CACHE": ""]).cache == "/home/a/.cache/huggingface/hub")
    }

    @Test("take the token from the environment, else from the file, and refuse one that could end a header field")
    func token() throws {
        #expect(try settings(["HF_TOKEN": " hf_a\n"]).token == "hf_a")
        #expect(try settings(["HUGGING_FACE_HUB_TOKEN": "hf_b"]).token == "hf_b")
        #expect(try settings(["HF_TOKEN": "hf_a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "yes"]).token == nil)
        let error = #expect(throws: HubError.self) { try settings(["HF_TOKEN": "hf a"]) }
        #expect(error.map { !"\($0)".contains("hf a") } == true, "a token is not shown")
    }

    @Test("know offline mode and the endpoint")
    func endpoint() throws {
        #expect(try settings(["HF_HUB_OFFLINE": "on"]).isOffline)
        #expect(try settings(["TRANSFORMERS_OFFLINE": "1"]).isOffline)
        #expect(try settings(["HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"]).isOffline == false)
        #expect(try settings(["HF_ENDPOINT": "http://127.0.0.1:8000//"]).endpoint == "http://127.0.0.1:8000")
        for wrong in ["ftp://a", "localhost", "https://", "https://a?b"] {
            #expect(throws: HubError.self) { try settings(["HF_ENDPOINT": wrong]) }
        }
        #expect(throws: HubError.self) { try settings(["HF_HUB_DOWNLOAD_TIMEOUT": "soon"]) }
    }
}
