#!/usr/bin/env python3
"""Prints the bill of materials of a release as SPDX 2.3 (JSON): what the program consists of and what it links.

    scripts/make_sbom.py PROGRAM VERSION COMMIT < DEPENDENCIES

DEPENDENCIES is the output of `swift package show-dependencies --format json`. Run it where the release was built: the
versions of the system's libraries are those that are installed. SOURCE_DATE_EPOCH is the time of the document.
"""
import datetime
import json
import os
import re
import shutil
import subprocess
import sys

# A package that is not here stops the release: somebody must read its licence first.
LICENCES = {
    "swift-argument-parser": "Apache-2.0 WITH Swift-exception",
    "swift-collections": "Apache-2.0 WITH Swift-exception",
    "swift-http-types": "Apache-2.0",
    "swift-log": "Apache-2.0",
    "yams": "MIT",
}
LIBRARIES = {
    "libc6": "LGPL-2.1-or-later",
    "libcurl4": "curl",
    "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libnghttp2-14": "MIT",
    "libssl3": "Apache-2.0",
    "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libxml2": "MIT",
    "zlib1g": "Zlib",
}


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def libraries(program: str) -> dict[str, str]:
    """The Debian packages of the shared libraries that the program itself names, with their versions."""
    names = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", program))
    found: dict[str, str] = {}
    swift = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("swift") or "")))
    for name in names:
        # A development build links the toolchain's own libraries, which are part of swift-runtime.
        if os.path.exists(os.path.join(swift, "lib/swift/linux", name)):
            continue
        # dpkg knows the names of files before /lib became a link to /usr/lib, so the pattern leaves the folder open.
        packages = {line.split(":")[0] for line in run("dpkg-query", "--search", f"*/{name}").splitlines()
                    if line.endswith("/" + name) and "-cross" not in line}
        if not packages:
            sys.exit(f"make_sbom: no Debian package has {name}, which {program} links")
        package = sorted(packages)[0]
        found[package] = run("dpkg-query", "--show", "--showformat=${Version}", package)
    return found


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    program, version, commit = sys.argv[1:]
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    packages, relations = [], []

    def add(name: str, version: str, licence: str, relation: str, location: str, purl: str | None = None) -> None:
        identifier = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
        package = {
            "SPDXID": identifier, "name": name, "versionInfo": version, "downloadLocation": location,
            "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
            "copyrightText": "NOASSERTION",
        }
        if purl:
            package["externalRefs"] = [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
        packages.append(package)
        owner = "SPDXRef-DOCUMENT" if relation == "DESCRIBES" else "SPDXRef-swiftlet"
        relations.append(
            {"spdxElementId": owner, "relationshipType": relation, "relatedSpdxElement": identifier})

    add("swiftlet", version, "Apache-2.0", "DESCRIBES", "NOASSERTION")

    swift: dict[str, dict] = {}

    def collect(package: dict) -> None:
        for each in package["dependencies"]:
            swift[each["identity"]] = each
            collect(each)

    collect(json.load(sys.stdin))
    for identity in sorted(swift):
        if identity not in LICENCES:
            sys.exit(f"make_sbom: {identity} is new: read its licence and add it to LICENCES")
        each = swift[identity]
        place = re.sub(r"^https://|\.git$", "", each["url"])
        add(identity, each["version"], LICENCES[identity], "STATIC_LINK", "git+" + each["url"] + "@" + each["version"],
            f"pkg:swift/{place}@{each['version']}")
    toolchain = re.search(r"Swift version (\S+)", run("swift", "--version"))
    if not toolchain:
        sys.exit("make_sbom: `swift --version` names no version")
    # The standard library, Dispatch and Foundation, which contains ICU.
    add("swift-runtime", toolchain[1], "Apache-2.0 WITH Swift-exception AND Unicode-3.0", "STATIC_LINK",
        "https://www.swift.org/install/linux")
    release = dict(line.rstrip().split("=", 1) for line in open("/etc/os-release", encoding="utf-8") if "=" in line)
    distribution = release["ID"].strip('"')
    for name, installed in sorted(libraries(program).items()):
        if name not in LIBRARIES:
            sys.exit(f"make_sbom: the program links {name}: read its licence and add it to LIBRARIES")
        add(name, installed, LIBRARIES[name], "DYNAMIC_LINK", "NOASSERTION", f"pkg:deb/{distribution}/{name}@{installed}")

    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"swiftlet-{version}", "documentNamespace": f"urn:swiftlet:{version}:{commit}:{os.uname().machine}",
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: scripts/make_sbom.py"]},
        "packages": packages, "relationships": relations,
    }
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    print()


main()
