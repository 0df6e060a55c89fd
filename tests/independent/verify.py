#!/usr/bin/env python3
"""Verifies what Airlock writes, without any of its code and without any library beside Python's own.

Written from the specifications: RFC 6962 and RFC 9162 (Merkle trees), RFC 8032 (Ed25519), RFC 8785 (canonical JSON),
c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof@v1, and docs/evidence.md for the bundle.

    verify.py checkpoint FILE VKEY...     a signed checkpoint
    verify.py proof FILE VKEY...          a tlog-proof that carries its record as extra data
    verify.py bundle FILE [VKEY...]       an evidence bundle; without keys those that it lists

Prints one line. Exit status: 0 it holds; 1 it does not; 2 it can't be read.
"""

import base64
import hashlib
import json
import sys


class Wrong(Exception):
    """It does not hold."""


# --- Ed25519, RFC 8032, section 5.1 -----------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P != 0:
        return None
    return P - x if (x & 1) != sign else x


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def ed25519_verify(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return equal(multiply(s, BASE), add(r, multiply(k, a)))


def cross_check(public, message, signature, ours):
    """With `--cross-check`, the `cryptography` package has to say the same."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        theirs = True
    except (InvalidSignature, ValueError):
        theirs = False
    assert ours == theirs, "two implementations of Ed25519 disagree"


# --- Notes and checkpoints --------------------------------------------------------------------------------------------


def unbase64(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong("base64") from error


def key_id(name, public):
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def read_key(text):
    name, identifier, rest = text.split("+", 2)
    data = unbase64(rest)
    if data[0] != 1 or len(data) != 33 or key_id(name, data[1:]).hex() != identifier:
        raise Wrong("a key is not what its id says")
    return name, data[1:]


def read_hash(text):
    data = unbase64(text)
    if len(data) != 32:
        raise Wrong("a hash has not 32 bytes")
    return data


def read_checkpoint(note, keys):
    """Origin, size and root of a signed checkpoint."""
    text, _, signatures = note.rpartition("\n\n")
    if not text or not signatures.endswith("\n"):
        raise Wrong("no signed note")
    text += "\n"
    signed = False
    for line in signatures[:-1].split("\n"):
        dash, name, data = line.split(" ")
        if dash != "\u2014":
            raise Wrong("no signature line")
        data = unbase64(data)
        for known, public in keys:
            if known == name and key_id(name, public) == data[:4]:
                good = ed25519_verify(public, text.encode(), data[4:])
                if CROSS_CHECK:
                    cross_check(public, text.encode(), data[4:], good)
                if not good:
                    raise Wrong("a signature is wrong")
                signed = True
    if not signed:
        raise Wrong("nobody who is known has signed")
    origin, size, root, *extensions = text[:-1].split("\n")
    if not size.isascii() or not size.isdigit() or str(int(size)) != size or "" in extensions:
        raise Wrong("no checkpoint")
    return origin, int(size), read_hash(root)


# --- Merkle trees -----------------------------------------------------------------------------------------------------


def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(leaves, deleted, first, last):
    """MTH over the leaves from `first` up to `last` (RFC 6962, section 2.1); what was deleted is known by its root."""
    if first == last:
        return hashlib.sha256(b"").digest()
    if (first, last) in deleted:
        return deleted[(first, last)]
    if last - first == 1:
        return leaves[first]
    k = 1
    while k * 2 < last - first:
        k *= 2
    return node_hash(tree_root(leaves, deleted, first, first + k), tree_root(leaves, deleted, first + k, last))


def check_inclusion(index, size, leaf, proof, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        raise Wrong("the leaf is not in the tree")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise Wrong("the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or r != root:
        raise Wrong("the proof does not lead to the root")


# --- Records and bundles ----------------------------------------------------------------------------------------------


def no_twins(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise Wrong("a member is there twice")
    return dict(pairs)


def canonical(record):
    """RFC 8785, for objects of strings, lists of strings and whole numbers."""
    names = sorted(record, key=lambda name: name.encode("utf-16-be"))
    ordered = {name: record[name] for name in names}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()


def verify_proof(text, keys):
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Wrong("no tlog-proof")
    extra = unbase64(lines.pop(0)[len("extra "):]) if lines[0].startswith("extra ") else None
    word, index = lines.pop(0).split(" ")
    if word != "index" or extra is None:
        raise Wrong("no index, or no record with it")
    origin, size, root = read_checkpoint(note, keys)
    check_inclusion(int(index), size, leaf_hash(extra), [read_hash(line) for line in lines], root)
    record = json.loads(extra, object_pairs_hook=no_twins)
    if canonical(record) != extra or record["seq"] != int(index):
        raise Wrong("the record is not canonical, or has another number")
    return f"record {index} is in {origin} of {size}"


def verify_bundle(text, given):
    bundle = json.loads(text, object_pairs_hook=no_twins)
    if (bundle["format"], bundle["schemaVersion"]) != ("airlock-evidence", 2):
        raise Wrong("no bundle of version 2")
    keys = given or [read_key(key) for key in bundle["keys"]]
    deleted, gone = {}, 0
    places, place = [], 0
    segments = list(bundle["deleted"])
    for _ in bundle["records"] + [None]:
        while segments and segments[0]["first"] == place:
            segment = segments.pop(0)
            deleted[(place, place + segment["count"])] = read_hash(segment["root"])
            gone += segment["count"]
            place += segment["count"]
        places.append(place)
        place += 1
    if segments or len(bundle["records"]) != len(bundle["leafHashes"]):
        raise Wrong("records, leaf hashes and deleted segments do not fit together")
    leaves = {}
    for place, record, listed in zip(places, bundle["records"], bundle["leafHashes"]):
        leaves[place] = leaf_hash(canonical(record))
        if leaves[place] != read_hash(listed) or record["seq"] != place:
            raise Wrong(f"record {place} is not the one that its hash is of, or has another number")
    size = len(bundle["records"]) + gone
    sizes = []
    for note in bundle["checkpoints"]:
        origin, at, root = read_checkpoint(note, keys)
        sizes.append(at)
        if origin != bundle["origin"] or at > size or tree_root(leaves, deleted, 0, at) != root:
            raise Wrong(f"the checkpoint of size {at} is not of these records")
    if not sizes or max(sizes) != size:
        raise Wrong("no checkpoint is of all records")
    return f"{bundle['origin']}: {size} records, root {tree_root(leaves, deleted, 0, size).hex()}"


def main(command, file, *keys):
    with open(file, encoding="utf-8", newline="") as opened:
        text = opened.read()
    known = [read_key(key) for key in keys]
    if command == "checkpoint":
        origin, size, root = read_checkpoint(text, known)
        return f"{origin}: {size} records, root {root.hex()}"
    return {"proof": verify_proof, "bundle": verify_bundle}[command](text, known)


if __name__ == "__main__":
    try:
        CROSS_CHECK = "--cross-check" in sys.argv
        print(main(*[arg for arg in sys.argv[1:] if arg != "--cross-check"]))
    except Wrong as wrong:
        print(f"wrong: {wrong}")
        sys.exit(1)
    except (KeyError, ValueError, TypeError, IndexError, OSError) as error:
        print(f"unreadable: {error}")
        sys.exit(2)
