#!/usr/bin/env python3
"""Makes the texts for the measurements, the same ones in every run.

    Benchmarks/make_texts.py FOLDER [--sst2 SST2_DIR]

    FOLDER/short.txt      single sentences for the encoder and the service: SST-2's dev sentences
    FOLDER/sentences.txt  many of them for the tokenizers: SST-2's training sentences
    FOLDER/mixed.txt      5 MB of lines in 24 languages and 14 scripts, with figures, marks, addresses and emoji

SST-2 is not ours to share. Without SST2_DIR (GLUE's folder, with train.tsv and dev.tsv), sentences with as many words
are drawn from the vocabulary instead. FOLDER/source says which of the two was used. Python's standard library is enough.
"""

import argparse
import csv
import os
import random

MIXED_BYTES = 5_000_000

# "All human beings are born free and equal in dignity and rights …": article 1 of the Universal Declaration of
# Human Rights, or its beginning.
SPACED = [
    "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and"
    " should act towards one another in a spirit of brotherhood.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience"
    " et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und"
    " sollen einander im Geiste der Brüderlichkeit begegnen.",
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia,"
    " deben comportarse fraternalmente los unos con los otros.",
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i"
    " sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a svědomím a mají spolu"
    " jednat v duchu bratrství.",
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler.",
    "Hver maður er borinn frjáls og jafn öðrum að virðingu og réttindum.",
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны"
    " поступать в отношении друг друга в духе братства.",
    "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։",
    "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.",
    "כל בני אדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلًا وضميرًا.",
    "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।",
    "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்.",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
]
UNSPACED = [
    "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
]
MARKS = ["2026-11-21", "3.14159", "№ 7", "user@example.org", "https://example.org/a?b=c", "50 %", "€12,99", "😀", "👩‍🚀",
         "🇪🇺", "…", "C++", "(sic)", "½", "ﬁn", "Ⅷ", "naïve"]


def mixed_line(randomness):
    """A line of words (or of runs of characters, in a script without spaces) from one language, and now and then from two."""
    parts = []
    for _ in range(1 + (randomness.random() < 0.2)):
        if randomness.random() < len(UNSPACED) / (len(SPACED) + len(UNSPACED)):
            text = randomness.choice(UNSPACED)
            for _ in range(randomness.randint(2, 8)):
                start = randomness.randrange(len(text) - 4)
                parts.append(text[start : start + randomness.randint(4, 24)])
        else:
            parts += randomness.choices(randomness.choice(SPACED).split(), k=randomness.randint(5, 40))
        if randomness.random() < 0.5:
            parts.append(randomness.choice(MARKS))
    return " ".join(parts)


def mixed_lines():
    randomness = random.Random(1)
    size = 0
    while size < MIXED_BYTES:
        line = mixed_line(randomness)
        size += len(line.encode()) + 1
        yield line


def drawn_sentences(count, mean_words, seed):
    """Sentences of words from the vocabulary. Frequent words, which come first in it, are drawn more often."""
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "../Models/mobilebert-mini/vocab.txt"), encoding="utf-8") as file:
        words = [line for line in file.read().split("\n")[1996:] if line.isalpha()]
    randomness = random.Random(seed)
    for _ in range(count):
        length = max(1, min(60, round(randomness.expovariate(1 / mean_words))))
        yield " ".join(words[int(len(words) ** randomness.random()) - 1] for _ in range(length))


def sst2_sentences(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [row["sentence"].strip() for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def write(folder, name, lines):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--sst2", metavar="SST2_DIR", help="GLUE's folder of SST-2")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    if arguments.sst2:
        short = sst2_sentences(os.path.join(arguments.sst2, "dev.tsv"))
        sentences = sst2_sentences(os.path.join(arguments.sst2, "train.tsv"))
        source = "SST-2"
    else:
        short = drawn_sentences(872, 19.5, 2)
        sentences = drawn_sentences(67_349, 9.4, 3)
        source = "drawn"
    write(arguments.folder, "short.txt", short)
    write(arguments.folder, "sentences.txt", sentences)
    write(arguments.folder, "mixed.txt", mixed_lines())
    write(arguments.folder, "source", [source])


if __name__ == "__main__":
    main()
