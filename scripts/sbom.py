#!/usr/bin/env python3
"""Writes a bill of materials of a release of Telescope as CycloneDX JSON: each package that the binary is built from,
by Cargo.lock, and the third-party files that it loads or serves, by natives/fetch.sh. It needs no network, and the same
sources give the same output.

    scripts/sbom.py [FILE]    without FILE to standard output
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = "x86_64-unknown-linux-gnu"
# The licenses of TDLib itself, regardless of the package around it, and of htmx.
LICENSES = {"@prebuilt-tdlib/linux-x64-glibc": "BSL-1.0", "htmx.org": "0BSD"}


def metadata():
    """Cargo's metadata of the workspace; the packages have to be downloaded already."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def built_from(meta):
    """The ids of all packages that the binary is built from, each with its dependencies; without those of tests."""
    nodes = {node["id"]: node for node in meta["resolve"]["nodes"]}
    needs, waiting = {}, [meta["resolve"]["root"]]
    while waiting:
        package = waiting.pop()
        if package in needs:
            continue
        deps = nodes[package]["deps"]
        needs[package] = sorted(
            dep["pkg"] for dep in deps if any(kind["kind"] in (None, "build") for kind in dep["dep_kinds"])
        )
        waiting += needs[package]
    return needs


def crate(package, checksums):
    """The component for a Rust package."""
    name, version = package["name"], package["version"]
    found = {"type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version}
    if package.get("license"):
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package["source"]:
        found["purl"] = f"pkg:cargo/{name}@{version}"
        found["hashes"] = [{"alg": "SHA-256", "content": checksums[name, version]}]
    return found


def files():
    """The files that natives/fetch.sh installs for a release."""
    script = (ROOT / "natives" / "fetch.sh").read_text()
    sums = dict(re.findall(r"^(\w+)=([0-9a-f]{128})$", script, re.M))
    found, package = [], None
    for line in script.splitlines():
        if match := re.match(r"\s*download (\S+)@(\S+) \$(\w+)$", line):
            package = match.groups()
        elif match := re.match(r'\s*install_file (\S+) ([^"\s]\S*) \$(\w+)$', line):
            name, version, archive = package
            path, checksum = match[2], sums[match[3]]
            found.append({
                "type": "file",
                "bom-ref": path,
                "name": path,
                "version": version,
                "purl": f"pkg:npm/{name.replace('@', '%40')}@{version}",
                "licenses": [{"expression": LICENSES[name]}],
                "hashes": [{"alg": "SHA-512", "content": checksum}],
                "properties": [{"name": "telescope:package-sha512", "value": sums[archive]}],
            })
    return found


def main():
    """Writes the bill of materials."""
    meta = metadata()
    packages = {package["id"]: package for package in meta["packages"]}
    entry = r'^name = "(.+)"\nversion = "(.+)"\nsource = .*\nchecksum = "([0-9a-f]{64})"$'
    lock = re.findall(entry, (ROOT / "Cargo.lock").read_text(), re.M)
    checksums = {(name, version): checksum for name, version, checksum in lock}
    needs = built_from(meta)
    crates = {id: crate(packages[id], checksums) for id in needs}
    program = crates[meta["resolve"]["root"]]
    program["type"] = "application"
    own = [part for part in crates.values() if part is not program]
    beside = files()
    refs = {id: part["bom-ref"] for id, part in crates.items()}
    graph = {refs[id]: sorted(refs[need] for need in wanted) for id, wanted in needs.items()}
    graph[program["bom-ref"]] += sorted(part["bom-ref"] for part in beside)
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": program},
        "components": sorted(own, key=lambda part: part["bom-ref"]) + beside,
        "dependencies": [{"ref": ref, "dependsOn": graph[ref]} for ref in sorted(graph)],
    }
    text = json.dumps(bom, indent=2, ensure_ascii=False) + "\n"
    if len(sys.argv) > 1:
        pathlib.Path(sys.argv[1]).write_text(text)
        print(f"{sys.argv[1]}: {len(own)} packages, {len(beside)} third-party files")
    else:
        sys.stdout.write(text)


main()
