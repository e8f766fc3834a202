"""One case: a folder with the oddities that its seed and number choose, and what is asked of it."""

import added_tokens
import checkpoints
import configuration
import history
import pipelines
import sentences
import texts
import tokenizer_files
import tokenizer_settings
from folder import FAMILIES, Folder
from heads import configuration as model_configuration, heads, random_tensors
from oddities import ODDITIES, random_for

# The order in which oddities are applied: whole folders first, then what changes one file.
ORDER = [history, configuration, sentences, checkpoints, tokenizer_settings, added_tokens, pipelines]

# How often a folder has each head.
SHARES = {
    "base": 3,
    "sequence": 6,
    "tokens": 3,
    "answers": 2,
    "masked": 2,
    "next": 1,
    "pretraining": 1,
    "choice": 1,
    "sentences": 3,
}


class Case:
    def __init__(self, seed, number, without=()):
        self.seed, self.number = seed, number
        rng = random_for(seed, number)
        family = rng.choice(FAMILIES)
        possible = heads(family)
        head = rng.choices(possible, [SHARES[name] for name in possible])[0]
        self.folder = folder = Folder(family, head, rng)
        self.oddities = []
        # Few oddities in most folders: what is refused for one of them says nothing about the others.
        self.share = rng.choice([0.3, 0.6, 1.0, 1.5])
        tokenizer_files.add_tokenizer(folder, random_for(seed, number, "tokenizer"))
        size = len(folder.vocabulary) + tokenizer_files.SPARE
        folder.config = model_configuration(family, head, size, random_for(seed, number, "configuration"))
        self.apply(lambda name: name in configuration.SHAPE, without)
        folder.tensors = random_tensors(folder)
        if head == "sentences":
            sentences.add_modules(folder, random_for(seed, number, "modules"))
        self.apply(lambda name: name not in configuration.SHAPE, without)
        self.texts, self.pairs = texts.inputs(random_for(seed, number, "texts"), folder.words)
        self.some_texts = self.texts if head == "base" else [*self.texts[1::4], self.texts[-1]]
        self.max_length = rng.randint(5, 12)

    def apply(self, chosen, without):
        names = [module.__name__ for module in ORDER]
        for oddity in sorted(ODDITIES, key=lambda oddity: names.index(oddity.change.__module__)):
            rng = random_for(self.seed, self.number, oddity.name)
            wanted = rng.random() < oddity.chance * self.share
            if chosen(oddity.name) and wanted and oddity.name not in without and oddity.needs(self.folder):
                oddity.change(self.folder, rng)
                self.oddities.append(oddity.name)

    def shorten(self):
        """Leaves fewer texts, for answers that are kept in a file."""
        self.texts = [*self.texts[2:11:3], *self.texts[11:15], self.texts[-1][:80]]
        self.some_texts = [text for text in self.texts if len(text) < 60][:2]

    @property
    def title(self):
        files = "tokenizer.json" if self.folder.tokenizer else "vocab.txt"
        if self.folder.tokenizer and self.folder.has_vocabulary_file:
            files = "vocab.txt and tokenizer.json"
        return f"{self.folder.family} {self.folder.head}, {files}: {', '.join(self.oddities) or 'no oddity'}"

    @property
    def mask_token(self):
        for file in (self.folder.tokenizer_config, self.folder.special_tokens_map):
            token = (file or {}).get("mask_token")
            if token is not None:
                return token["content"] if isinstance(token, dict) else token
        return "[MASK]"
