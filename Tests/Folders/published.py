"""Folders as well-known models were published: their files and keys, with small random weights.

The shapes are small ones; everything else is as in the repository of that name on the Hub, old ones as they first were.
"""

from cases import Case
from checkpoints import values
from folder import DIRECTIONS, Folder
from heads import configuration, random_tensors, set_labels
from oddities import random_for
from published_parts import (
    PLAIN,
    keys,
    old,
    old_pooler,
    position_ids,
    sentence_modules,
    settings_of_2023,
    with_tokenizer_json,
)
from texts import inputs
from tokenizer_files import NAMED, SPARE, vocabulary

PUBLISHED = []


def published(name, family, head, lowercase=True):
    """Adds a function of (folder, rng), which makes a plain folder the published one."""

    def add(change):
        PUBLISHED.append((name, family, head, lowercase, change))
        return change

    return add


class Published(Case):
    """The case of a well-known folder."""

    all = PUBLISHED
    oddities = ()

    def __init__(self, number):
        self.name, family, head, lowercase, change = PUBLISHED[number]
        self.number = number
        rng = random_for("published", self.name)
        self.folder = folder = Folder(family, head, rng)
        folder.lowercase = lowercase
        folder.vocabulary = vocabulary(rng)
        folder.config = configuration(family, head, len(folder.vocabulary) + SPARE, rng)
        for name in ("problem_type", "id2label", "label2id"):
            folder.config.pop(name, None)
        if family == "mobilebert":
            folder.config |= {"classifier_activation": "classifier_activation" not in change.__doc__}
        set_labels(folder.config, LABELS.get(self.name, ["LABEL_0", "LABEL_1"]))
        folder.tensors = random_tensors(folder)
        if self.name not in LABELS:
            del folder.config["id2label"], folder.config["label2id"]
        change(folder, rng)
        self.texts, self.pairs = inputs(rng, folder.words)
        self.some_texts = self.texts[1::4]
        self.max_length = 9

    @property
    def title(self):
        return self.name


LABELS = {
    "distilbert-base-uncased-finetuned-sst-2-english": ["NEGATIVE", "POSITIVE"],
    "dslim/bert-base-NER": ["O", "B-MISC", "I-MISC", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"],
    "dbmdz/bert-large-cased-finetuned-conll03-english": ["B-LOC", "B-MISC", "B-ORG", "I-LOC", "I-PER", "O"],
    "nlptown/bert-base-multilingual-uncased-sentiment": ["1 star", *(f"{count} stars" for count in range(2, 6))],
    "ProsusAI/finbert": ["positive", "negative", "neutral"],
    "unitary/toxic-bert": ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"],
    "cross-encoder/ms-marco-MiniLM-L-6-v2": ["LABEL_0"],
    "typeform/mobilebert-uncased-mnli": ["ENTAILMENT", "NEUTRAL", "CONTRADICTION"],
    "mobilebert for tokens, without architectures": ["O", "B-PER", "I-PER"],
    "BAAI/bge-small-en-v1.5": ["LABEL_0"],
}


@published("bert-base-uncased, as of 2019", "bert", "pretraining")
def bert_of_2019(folder, rng):
    """vocab.txt and a config.json without architectures, model_type and epsilon."""
    old(folder)
    keys(folder, {}, ["architectures", "layer_norm_eps", "pad_token_id"])
    folder.hidden_keys = ["model_type"]


@published("bert-base-uncased", "bert", "masked")
def bert_uncased(folder, rng):
    """Now."""
    keys(folder, {"architectures": ["BertForMaskedLM"], "gradient_checkpointing": False, "use_cache": True})
    keys(folder, {"position_embedding_type": "absolute", "transformers_version": "4.6.0.dev0"})
    folder.tokenizer_config = {"do_lower_case": True, "model_max_length": 512}
    with_tokenizer_json(folder)
    folder.tensors["cls.seq_relationship.weight"] = values(folder, rng, 2, folder.width)
    folder.tensors["cls.seq_relationship.bias"] = values(folder, rng, 2)
    old_pooler(folder, rng)
    old(folder)
    folder.format = "safetensors"


@published("bert-base-cased", "bert", "masked", lowercase=False)
def bert_cased(folder, rng):
    """Its tokenizer keeps case."""
    folder.tokenizer_config = {"do_lower_case": False, "model_max_length": 512}
    with_tokenizer_json(folder)


@published("distilbert-base-uncased-finetuned-sst-2-english", "distilbert", "sequence")
def distilbert_sst2(folder, rng):
    """Of 2019, with safetensors of later."""
    keys(folder, {"finetuning_task": "sst-2", "output_past": True, "tie_weights_": True, "qa_dropout": 0.1})
    folder.tokenizer_config = {"model_max_length": 512, "do_lower_case": True}


@published("distilbert-base-cased-distilled-squad", "distilbert", "answers", lowercase=False)
def distilbert_squad(folder, rng):
    """Its config.json has many keys of generation."""
    keys(folder, {"output_past": True, "tie_weights_": True, "do_sample": False, "eos_token_ids": 0, "num_beams": 1})
    folder.tokenizer_config = {"do_lower_case": False, "model_max_length": 512}
    with_tokenizer_json(folder)
    folder.format = "bin-legacy"


@published("google/mobilebert-uncased", "mobilebert", "pretraining")
def mobilebert(folder, rng):
    """classifier_activation is false, and the key of the width inside layers is there."""
    keys(folder, {"true_hidden_size": folder.config["intra_bottleneck_size"]})
    folder.tokenizer_config = None
    with_tokenizer_json(folder)
    position_ids(folder)
    folder.format = "bin-legacy"


@published("typeform/mobilebert-uncased-mnli", "mobilebert", "sequence")
def mobilebert_mnli(folder, rng):
    """classifier_activation is false, so no tensor tells a classifier of texts from one of tokens."""
    keys(folder, {"_num_labels": 3, "true_hidden_size": folder.config["intra_bottleneck_size"]})
    folder.tokenizer_config = {"do_lower_case": True, "model_max_length": 512, **NAMED, "strip_accents": None}
    folder.special_tokens_map = dict(NAMED)
    position_ids(folder)
    folder.format = "bin"


@published("mobilebert for tokens, without architectures", "mobilebert", "tokens")
def mobilebert_tokens(folder, rng):
    """classifier_activation is false, and a script has written config.json."""
    keys(folder, {}, ["architectures"])
    folder.tokenizer_config = {"do_lower_case": True}


@published("csarron/mobilebert-uncased-squad-v2", "mobilebert", "answers")
def mobilebert_squad(folder, rng):
    """classifier_activation is false."""
    keys(folder, {"true_hidden_size": folder.config["intra_bottleneck_size"]})
    folder.tokenizer_config = {"do_lower_case": True, "model_max_length": 512}
    folder.special_tokens_map = dict(NAMED)
    folder.format = "bin-legacy"


@published("dslim/bert-base-NER", "bert", "tokens", lowercase=False)
def bert_ner(folder, rng):
    """An empty added_tokens.json, and the pooler that all checkpoints had."""
    keys(folder, {"_num_labels": 9, "max_length": 512, "output_past": True})
    folder.tokenizer_config = {"do_lower_case": False, "max_len": 512, "init_inputs": []}
    folder.special_tokens_map, folder.added_tokens = dict(NAMED), {}
    old_pooler(folder, rng)
    folder.format = "bin-legacy"


@published("dbmdz/bert-large-cased-finetuned-conll03-english", "bert", "tokens", lowercase=False)
def bert_conll(folder, rng):
    """Without a special_tokens_map.json."""
    keys(folder, {"_num_labels": 6, **DIRECTIONS})
    folder.tokenizer_config = {"do_lower_case": False, "model_max_length": 512}
    with_tokenizer_json(folder)
    old_pooler(folder, rng)
    position_ids(folder)
    folder.format = "bin"


@published("deepset/bert-base-cased-squad2", "bert", "answers", lowercase=False)
def bert_squad(folder, rng):
    """A name and a language in config.json."""
    keys(folder, {"language": "english", "name": "Bert", **DIRECTIONS})
    folder.tokenizer_config = {"do_lower_case": False}
    folder.special_tokens_map = dict(NAMED)
    old_pooler(folder, rng)
    folder.format = "bin"


@published("nlptown/bert-base-multilingual-uncased-sentiment", "bert", "sequence")
def bert_stars(folder, rng):
    """Stars as labels."""
    keys(folder, {"_num_labels": 5, "finetuning_task": "sentiment-analysis", "output_past": True, **DIRECTIONS})
    folder.tokenizer_config = {"do_lower_case": True, "model_max_length": 512}
    folder.special_tokens_map = dict(NAMED)
    folder.format = "bin-legacy"


@published("ProsusAI/finbert", "bert", "sequence")
def finbert(folder, rng):
    """Of transformers 4.1."""
    keys(folder, {"gradient_checkpointing": False, "position_embedding_type": "absolute", "use_cache": True})
    folder.tokenizer_config = {"do_lower_case": True, **NAMED, "tokenize_chinese_chars": True, "strip_accents": None}
    folder.tokenizer_config |= {"model_max_length": 512}
    folder.special_tokens_map = dict(NAMED)
    position_ids(folder)
    folder.format = "bin"


@published("unitary/toxic-bert", "bert", "sequence")
def toxic_bert(folder, rng):
    """Several labels for a text."""
    keys(folder, {"_name_or_path": "bert-base-uncased", "gradient_checkpointing": False})
    keys(folder, {"problem_type": "multi_label_classification"})
    folder.tokenizer_config = {"do_lower_case": True, **NAMED, "name_or_path": "bert-base-uncased"}
    folder.special_tokens_map = dict(NAMED)
    position_ids(folder)
    folder.format = "bin"


@published("cross-encoder/ms-marco-MiniLM-L-6-v2", "bert", "sequence")
def cross_encoder(folder, rng):
    """One label, and the activation of sentence-transformers."""
    keys(folder, {"gradient_checkpointing": False, "position_embedding_type": "absolute"})
    keys(folder, {"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"})
    folder.tokenizer_config = {"do_lower_case": True, **NAMED, "special_tokens_map_file": None}
    folder.tokenizer_config |= {"model_max_length": 512, "name_or_path": "nreimers/MiniLM", "do_basic_tokenize": True}
    folder.special_tokens_map = dict(NAMED)
    position_ids(folder)
    folder.format = "bin"


@published("prajjwal1/bert-tiny", "bert", "pretraining")
def bert_tiny(folder, rng):
    """vocab.txt, a short config.json and a checkpoint, as they were converted from TensorFlow's."""
    keys(folder, {}, ["architectures", "layer_norm_eps", "pad_token_id"])
    folder.hidden_keys = ["model_type"]
    position_ids(folder)
    folder.format = "bin"


@published("emilyalsentzer/Bio_ClinicalBERT", "bert", "masked", lowercase=False)
def clinical_bert(folder, rng):
    """A cased vocabulary without a file that says so: BertTokenizer lowercases."""
    keys(folder, {}, ["architectures", "layer_norm_eps"])
    folder.format = "bin-legacy"


@published("sentence-transformers/all-MiniLM-L6-v2", "bert", "sentences")
def all_minilm(folder, rng):
    """Of 2021, with the lengths of its training in tokenizer.json."""
    keys(folder, {"_name_or_path": "nreimers/MiniLM-L6-H384-uncased", "gradient_checkpointing": False})
    folder.tokenizer_config = {"do_lower_case": True, **NAMED, "tokenize_chinese_chars": True, "strip_accents": None}
    folder.tokenizer_config |= {"name_or_path": "nreimers/MiniLM", "special_tokens_map_file": "/root/map.json"}
    folder.special_tokens_map = dict(NAMED)
    with_tokenizer_json(folder, 16)
    sentence_modules(folder, "mean")
    position_ids(folder)


@published("sentence-transformers/paraphrase-MiniLM-L6-v2, version 1", "bert", "sentences")
def paraphrase_minilm(folder, rng):
    """The Transformer's files in a folder of their own, and no prompts."""
    folder.tokenizer_config = {"do_lower_case": True, "model_max_length": 512, **NAMED}
    folder.tokenizer_config["tokenizer_class"] = "BertTokenizer"
    folder.special_tokens_map, folder.added_tokens = dict(NAMED), {}
    sentence_modules(folder, "mean", ["Transformer", "Pooling"], "0_Transformer", 20)
    del folder.modules["config_sentence_transformers.json"]
    position_ids(folder)
    folder.format = "bin-legacy"


@published("sentence-transformers/bert-base-nli-mean-tokens, version 0.2", "bert", "sentences")
def nli(folder, rng):
    """The first version's names: a module BERT in 0_BERT."""
    folder.tokenizer_config = {"do_lower_case": True, "max_len": 30, "init_inputs": []}
    folder.special_tokens_map, folder.added_tokens = dict(NAMED), {}
    sentence_modules(folder, "mean", ["BERT", "Pooling"], "0_BERT", 24)
    del folder.modules["config_sentence_transformers.json"]
    keys(folder, {"finetuning_task": None, "num_labels": 2, "output_past": True}, ["architectures"])
    folder.hidden_keys = ["model_type"]
    folder.format = "bin-legacy"


@published("sentence-transformers/distiluse-base-multilingual-cased", "distilbert", "sentences", lowercase=False)
def distiluse(folder, rng):
    """A Dense with Tanh behind the Pooling."""
    folder.tokenizer_config = {"do_lower_case": False, **NAMED, "full_tokenizer_file": None}
    folder.special_tokens_map = dict(NAMED)
    sentence_modules(folder, "mean", ["Transformer", "Pooling", "Dense"])
    folder.modules["2_Dense/config.json"] = {
        "in_features": folder.width,
        "out_features": 8,
        "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    folder.modules["2_Dense/pytorch_model.bin"] = {
        "linear.weight": values(folder, rng, 8, folder.width),
        "linear.bias": values(folder, rng, 8),
    }
    folder.format = "bin"


@published("intfloat/e5-small-v2", "bert", "sentences")
def e5(folder, rng):
    """The mean of the tokens; its prefixes are not in its files."""
    folder.tokenizer_config = settings_of_2023(folder)
    del folder.tokenizer_config["do_basic_tokenize"], folder.tokenizer_config["never_split"]
    folder.special_tokens_map = dict(NAMED)
    with_tokenizer_json(folder)
    sentence_modules(folder, "mean", length=512)
    del folder.modules["config_sentence_transformers.json"]
    position_ids(folder)


@published("BAAI/bge-small-en-v1.5", "bert", "sentences")
def bge(folder, rng):
    """The first token, and labels that no head has."""
    folder.tokenizer_config = settings_of_2023(folder)
    folder.special_tokens_map = {name: {"content": token, **PLAIN} for name, token in NAMED.items()}
    with_tokenizer_json(folder, 24)
    sentence_modules(folder, "cls", length=512)
    folder.modules["sentence_bert_config.json"]["do_lower_case"] = True
    folder.modules["config_sentence_transformers.json"]["prompts"] = {"query": "the good: "}


@published("mixedbread-ai/mxbai-embed-xsmall-v1", "bert", "sentences")
def mxbai(folder, rng):
    """Prompts, the first token, and all poolings' keys."""
    folder.tokenizer_config = settings_of_2023(folder, max_length=512, pad_to_multiple_of=None, padding_side="right")
    folder.tokenizer_config |= {"stride": 0, "truncation_side": "right", "truncation_strategy": "longest_first"}
    folder.special_tokens_map = {name: {"content": token, **PLAIN} for name, token in NAMED.items()}
    with_tokenizer_json(folder)
    sentence_modules(folder, "cls", ["Transformer", "Pooling"], length=40)
    more = {"pooling_mode_weightedmean_tokens": False, "pooling_mode_lasttoken": False, "include_prompt": True}
    folder.modules["1_Pooling/config.json"] |= more
    folder.modules["config_sentence_transformers.json"] |= {
        "prompts": {"query": "Hello the film: ", "passage": ""},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
