"""Makes python.json: what Python's json and the rules of B-Coin come to. Run with any Python from 3.11 on:

    python3 make.py > python.json

Chance is seeded, so the file is the same each time.
"""

import datetime
import hashlib
import json
import random
import struct
import sys

chance = random.Random(20220101)

TEXTS = [
    "", "a", "/", '"', "\\", "\b\f\n\r\t", "\x00\x01\x1f", "\x7f\x80", "é", "中文", "李四 → 王五", "€", "\ud7ff\ue000",
    "\uffff", "😀", "\U0010ffff", "\ud83d", "\ude00", "\ude00\ud83d", "\ud83dx", "a\u2028b\u2029",
]
NUMBERS = [
    "0", "-0", "1", "-1", "9007199254740993", "18446744073709551616", "-170141183460469231731687303715884105729",
    "1" + "0" * 400, "9" * 4300, "0.0", "-0.0", "1.0", "1e5", "1E5", "1e+5", "1e-5", "0.1", "0.30000000000000004", "100.10",
    "1e15", "1e16", "123456789012345678.0", "9999999999999998.0", "0.0001", "0.00001", "0.00012345", "1e22", "1e23",
    "1.7976931348623157e308", "1.7976931348623159e308", "-1e999", "5e-324", "2e-324", "2.2250738585072014e-308",
    "4.35", "2.675", "1e-7", "123e-20", "1.5e300", "0e0", "0E-5", "12345678901234567890.5", "NaN", "Infinity", "-Infinity",
]
WRITTEN = [
    'null', 'true', 'false', '[]', '{}', ' [ ] ', '\t{\n}\r', '[1, 2,3]', '{"b": 1, "a": 2, "b": 3}',
    '{"é": 1, "z": 2, "Z": 3, "": 4, "\\ud83d\\ude00": 5, "\\uffff": 6, "\\ud800": 7}', '"\\u0041\\/"', '"raw é 中 😀"',
    '"\\ud83d\\u0041"', '"\\ud83d\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '[[[[[{"a": [null, {"b": -0.0}]}]]]]]',
    '{"amount": 1.10, "sender": {"deep": [1, "2", null]}, "receiver": false}', '\ufeff{"bom": 1}',
]
REFUSED = [
    '', ' ', '[', ']', '{', '[1,]', '{"a":1,}', "{'a':1}", '{a:1}', '{"a"}', '{"a":}', '[1 2]', '01', '-', '-01', '1.', '.5', '1e',
    '1e+', '+1', '0x1', 'nul', 'True', 'nan', '-NaN', '"', '"\\x41"', '"\\u12"', '"\\u+123"', '"\\u00g0"', '"\n"', '"\x00"', '"\t"',
    '1 2', '[] []', '\x00', '\u00a01', '\ufeff\ufeff1', '"\\ud83d\\u"', '9' * 4301, '-' + '9' * 4301,
]


def floats():
    """Floats of all sizes, and of the sizes that people use."""
    for _ in range(150):
        (number,) = struct.unpack("<d", chance.randbytes(8))
        yield repr(number) if number == number and abs(number) != float("inf") else "0.5"
    for _ in range(100):
        yield "%.*e" % (chance.randrange(20), chance.uniform(-10, 10) * 10 ** chance.randrange(-8, 20))
    for _ in range(50):
        yield "%.2f" % chance.uniform(0, 1000)
    for _ in range(50):  # two shortest texts are equally near: the even one counts
        yield "%d.%s" % (chance.randrange(10**14, 2 * 10**15), chance.choice(["25", "75"]))


def value(depth):
    """Any value."""
    kind = chance.randrange(7 if depth else 5)
    if kind == 5:
        return [value(depth - 1) for _ in range(chance.randrange(4))]
    if kind == 6:
        return {text(): value(depth - 1) for _ in range(chance.randrange(4))}
    return [None, True, chance.randrange(-(10**30), 10**30), chance.uniform(-1e6, 1e6), text()][kind]


def text():
    """Any text, halves of surrogate pairs included."""
    return "".join(chr(chance.randrange(chance.choice([0x80, 0x250, 0xA000, 0x110000]))) for _ in range(chance.randrange(6)))


def loads(written):
    return json.loads(written.encode("utf-8", "surrogatepass"))


def row(written):
    meant = loads(written)
    spaced = json.dumps(meant, sort_keys=True)
    compact = json.dumps(meant, sort_keys=True, separators=(",", ":"))
    return {"written": written, "spaced": spaced, "compact": compact}


def rows():
    written = [json.dumps(text) for text in TEXTS] + NUMBERS + WRITTEN + list(floats())
    return [row(w) for w in written + [json.dumps(value(4)) for _ in range(100)]]


def refused():
    for written in REFUSED:
        try:
            loads(written)
        except ValueError:
            continue
        sys.exit("Python reads %r" % written)
    return REFUSED


def proof_after(previous):
    proof = 1
    while not hashlib.sha256(str(proof**2 - previous**2).encode()).hexdigest().startswith("0000"):
        proof += 1
    return proof


PAYMENTS = [
    [],
    [["张三", "李四", 100]],
    [["a", "b", 0.1], ["a", "b", 1e16], ["a", "b", 1e-5]],
    [[None, True, [1, {"z": 1, "a": "\ud83d"}]], ['"\\/\n', "😀", -0.0]],
    [["", "", 10**40]],
]


def chain():
    """Blocks as the original makes them, with the hash of each."""
    blocks = [{"index": 1, "timestamp": "2022-01-01 09:00:00", "proof": 1, "previous_hash": "0", "transactions": []}]
    for number, payments in enumerate(PAYMENTS, 2):
        payments = payments + [["4d2121f7cf28ac0d506fc5b077a4e179", "Meghna", 1]]
        keys = ["sender", "receiver", "amount"]
        last = blocks[-1]
        blocks.append({
            "index": number,
            "timestamp": str(datetime.datetime(2022, 1, 1, 9, number, 7, 120 * number)),
            "proof": proof_after(last["proof"]),
            "previous_hash": hashlib.sha256(json.dumps(last, sort_keys=True).encode()).hexdigest(),
            "transactions": [dict(zip(keys, payment)) for payment in payments],
        })
    hashes = [hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest() for block in blocks]
    body = json.dumps({"chain": blocks, "length": len(blocks)}, sort_keys=True, separators=(",", ":")) + "\n"
    return {"body": body, "hashes": hashes}


def proofs():
    row = [1]
    while len(row) < 25:
        row.append(proof_after(row[-1]))
    return row


def large_proofs():
    """Hashes for proofs of any size and sign."""
    pairs = [(0, 0), (-533, 1), (533, -1), (10**30, 10**30 + 7), (2**62, 2**62 - 1), (2**64, 3), (10**2149, 1)]
    sha = lambda p, q: hashlib.sha256(str(p**2 - q**2).encode()).hexdigest()
    return [{"proof": str(p), "previous": str(q), "hash": sha(p, q)} for p, q in pairs]


def times():
    """Seconds since 1970 without a time zone, microseconds, and the text."""
    moments = [datetime.datetime(1970, 1, 1), datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)]
    moments += [datetime.datetime(y, m, d, 23, 59, 59, 1) for y, m, d in [(2000, 2, 29), (1900, 2, 28), (2100, 3, 1), (2024, 12, 31)]]
    start = datetime.datetime(1900, 1, 1)
    moments += [start + datetime.timedelta(microseconds=chance.randrange(2 * 10**16)) for _ in range(50)]
    micro = datetime.timedelta(microseconds=1)
    return [[(moment - datetime.datetime(1970, 1, 1)) // micro, str(moment)] for moment in moments]


print(json.dumps({
    "json": rows(),
    "refused": refused(),
    "proofs": proofs(),
    "large_proofs": large_proofs(),
    "chain": chain(),
    "times": times(),
}, indent=0))
