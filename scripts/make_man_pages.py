#!/usr/bin/env python3
"""Writes the man pages of swiftlet, in section 1 one for each command, and swiftlet.yaml(5), from the program's own help.

    scripts/make_man_pages.py PROGRAM FOLDER

The text comes from `PROGRAM --experimental-dump-help` (JSON, by swift-argument-parser) and `PROGRAM serve
--print-config`. SOURCE_DATE_EPOCH sets the date of the pages; without it they have none.
"""
import datetime
import json
import os
import re
import subprocess
import sys


def escape(text: str) -> str:
    """Text as roff: no character of it is a command or an escape, and hyphens and quotes can be copied."""
    for plain, roff in (("\\", "\\e"), ("-", "\\-"), ("'", "\\(aq"), ("`", "\\(ga"), ("^", "\\(ha"), ("~", "\\(ti"),
                        # A list of values, long as it is, may break behind a bar.
                        ("|", "|\\:")):
        text = text.replace(plain, roff)
    return "\n".join("\\&" + line if line.startswith((".", "\\(aq")) else line for line in text.split("\n"))


def discussion(text: str) -> list[str]:
    """A command's long text: lines in capitals are headings, indented lines stand as they are, others are paragraphs."""
    page, block = [], []

    def end_block() -> None:
        if block:
            page.extend([".PP", ".nf", *(escape(line) for line in block), ".fi"])
            block.clear()

    for line in text.split("\n"):
        if re.fullmatch(r"[A-Z][A-Z ]+( \(.*\))?", line):
            end_block()
            page.append(f'.SH "{escape(line)}"')
        elif line.startswith(" "):
            block.append(line)
        elif line:
            end_block()
            page.extend([".PP", escape(line)])
        elif block:
            block.append("")
        while len(block) > 1 and block[-1] == block[-2] == "":
            block.pop()
    end_block()
    return page


def name(part: dict) -> str:
    """An option's name with its dashes."""
    return ("--" if part["kind"] == "long" else "-") + part["name"]


def argument(part: dict) -> list[str]:
    """An entry of OPTIONS."""
    value = f"<{part.get('valueName', 'value')}>"
    if part["kind"] == "positional":
        head = f"\\fI{escape(value)}\\fR" + (" ..." if part["isRepeating"] else "")
    else:
        head = ", ".join(f"\\fB{escape(name(each))}\\fR" for each in part["names"])
        if part["kind"] == "option":
            head += f" \\fI{escape(value)}\\fR"
    lines = [".TP", head]
    text = part.get("abstract", "")
    values = part.get("allValues")
    if values and not all(each in text for each in values):
        text += f" One of: {', '.join(values)}."
    if "defaultValue" in part and "default:" not in text:
        text += f" (default: {part['defaultValue']})"
    lines.append(escape(text.strip()) or "\\&")
    if part.get("discussion"):
        for paragraph in part["discussion"].split("\n\n"):
            lines.extend([".IP", escape(" ".join(paragraph.split()))])
    return lines


def page_of(command: dict, version: str, date: str) -> str:
    """The page of a command, whose `superCommands` are its path."""
    words = [*command.get("superCommands", []), command["commandName"]]
    title = "-".join(words)
    arguments = [each for each in command.get("arguments", []) if each["shouldDisplay"]]
    commands = [each for each in command.get("subcommands", []) if each.get("shouldDisplay", True)]
    synopsis = f"\\fB{escape(' '.join(words))}\\fR"
    if commands:
        synopsis += " \\fIcommand\\fR"
    if any(each["kind"] != "positional" for each in arguments):
        synopsis += " [\\fIoptions\\fR]"
    for part in arguments:
        if part["kind"] == "positional":
            text = f"\\fI{escape('<' + part['valueName'] + '>')}\\fR" + (" ..." if part["isRepeating"] else "")
            synopsis += f" [{text}]" if part["isOptional"] else f" {text}"
    lines = [
        f'.TH "{escape(title.upper())}" 1 "{date}" "swiftlet {version}" "Swiftlet"',
        # No hyphenation and no adjustment: both hurt names of options.
        ".nh", ".ad l",
        ".SH NAME", f"{escape(title)} \\- {escape(command['abstract'].rstrip('.'))}",
        ".SH SYNOPSIS", synopsis,
    ]
    text = command.get("discussion", "")
    if text and not re.match(r"[A-Z][A-Z ]+\n", text):
        lines.append(".SH DESCRIPTION")
    lines += discussion(text)
    if commands:
        lines.append(".SH COMMANDS")
        for each in commands:
            lines += [".TP", f"\\fB{escape(each['commandName'])}\\fR", escape(each.get("abstract", "")) or "\\&"]
    if arguments:
        lines.append(".SH OPTIONS")
        section = None
        for part in arguments:
            if part.get("sectionTitle") != section:
                section = part.get("sectionTitle")
                lines.append(f'.SS "{escape(section or "General")}"')
            lines += argument(part)
    lines.append(".SH SEE ALSO")
    others = [f"\\fB{escape('-'.join([*words, each['commandName']]))}\\fR(1)" for each in commands]
    if len(words) > 1:
        others.append("\\fBswiftlet\\fR(1)")
    lines.append(", ".join([*others, "\\fBswiftlet.yaml\\fR(5)"]))
    return "\n".join(lines) + "\n"


def settings_page(yaml: str, version: str, date: str) -> str:
    """swiftlet.yaml(5): the comments of each setting of the printed configuration, under the setting's name."""
    lines = [
        f'.TH "SWIFTLET.YAML" 5 "{date}" "swiftlet {version}" "Swiftlet"',
        ".nh", ".ad l",
        ".SH NAME", "swiftlet.yaml \\- settings of swiftlet serve",
        ".SH DESCRIPTION",
    ]
    block: list[str] = []
    for line in [*yaml.split("\n"), ""]:
        if heading := re.fullmatch(r"# --- (.*?) -*", line):
            lines.append(f'.SH "{escape(heading[1].upper())}"')
        elif line == "":
            # A setting's block ends with its line, `# key: value` or `key: value`.
            key = re.fullmatch(r"(?:# )?([a-z][a-z0-9_]*):.*", block[-1]) if block else None
            if key:
                # The sentence with type, default, flag and variable stands on a line of its own.
                lines += [".TP", f"\\fB{escape(key[1])}\\fR"]
                text = [each.removeprefix("#").strip() for each in block[:-1]]
                place = next((i for i, each in enumerate(text) if "Default: " in each and "--" in each), len(text))
                lines.append(escape(" ".join(text[:place])) or "\\&")
                if text[place:]:
                    lines += [".br", escape(" ".join(text[place:]))]
            else:
                paragraph: list[str] = []
                for each in [*block, "#"]:
                    text = each.removeprefix("#").removeprefix(" ")
                    if text.startswith(" "):
                        lines += [".PP", ".nf", escape(text), ".fi"]
                    elif text:
                        paragraph.append(text)
                    elif paragraph:
                        lines += [".PP", escape(" ".join(paragraph))]
                        paragraph = []
            block = []
        else:
            block.append(line)
    lines += [".SH SEE ALSO", "\\fBswiftlet\\-serve\\fR(1)"]
    return "\n".join(lines) + "\n"


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, folder = sys.argv[1:]

    def output(*words: str) -> str:
        # The settings are defaults only if the environment has none.
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SWIFTLET_")}
        return subprocess.run([program, *words], check=True, capture_output=True, text=True, env=clean).stdout

    root = json.loads(output("--experimental-dump-help"))["command"]
    version = output("--version").split()[0]
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    date = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc).strftime("%Y-%m-%d") if epoch else ""
    root["subcommands"] = [each for each in root["subcommands"] if each["commandName"] != "help"]
    for section in ("man1", "man5"):
        os.makedirs(os.path.join(folder, section), exist_ok=True)
    for command in [root, *root["subcommands"]]:
        title = "-".join([*command.get("superCommands", []), command["commandName"]])
        with open(os.path.join(folder, "man1", title + ".1"), "w", encoding="utf-8") as file:
            file.write(page_of(command, version, date))
    with open(os.path.join(folder, "man5", "swiftlet.yaml.5"), "w", encoding="utf-8") as file:
        file.write(settings_page(output("serve", "--print-config"), version, date))


main()
