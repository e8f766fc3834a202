/// A tokenizer.json whose sections can be replaced.
struct TokenizerJSONSections {
    var version = #""1.0""#
    var addedTokens =
        #"[{"id":1,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"#
        + #""normalized":false,"special":true}]"#
    var normalizer =
        #"{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"#
        + #""strip_accents":null,"lowercase":true}"#
    var preTokenizer = #"{"type":"BertPreTokenizer"}"#
    var postProcessor = #"{"type":"BertProcessing","sep":["[SEP]",1],"cls":["[CLS]",2]}"#
    var decoder = ###"{"type":"WordPiece","prefix":"##","cleanup":true}"###
    var modelType = #""WordPiece""#
    var unknown = #""[UNK]""#
    var prefix = ###""##""###
    var length = "100"
    var vocabulary = ###"{"[UNK]":0,"[SEP]":1,"[CLS]":2,"[PAD]":3,"a":4,"##b":5,"é":6,"e\u0301":7}"###
    var extra = ""

    var text: String {
        """
        {"version":\(version),"truncation":{"max_length":1},"padding":{"strategy":{"Fixed":9}},
        "added_tokens":\(addedTokens),"normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),
        "post_processor":\(postProcessor),"decoder":\(decoder),\(extra)
        "model":{"type":\(modelType),"unk_token":\(unknown),
        "continuing_subword_prefix":\(prefix),"max_input_chars_per_word":\(length),"vocab":\(vocabulary)}}
        """
    }
}
