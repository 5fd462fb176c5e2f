"""The least that B-Coin's rules need with Flask, for `cargo xtask bench bcoin`: the weight of the original, in other words.

    python3 original.py 5001

It does what the original does and nothing more: it keeps everything in lists, and its development server answers each
request on a thread of its own.
"""

import sys
from datetime import datetime
from hashlib import sha256
from itertools import count
from json import dumps
from urllib.parse import urlparse
from uuid import uuid4

import requests
from flask import Flask, jsonify, request

KEYS = ("sender", "receiver", "amount")

app = Flask(__name__)
name = uuid4().hex
chain, waiting, nodes = [], [], set()


def digest(text):
    return sha256(text.encode()).hexdigest()


def fits(proof, previous):
    return digest(str(proof**2 - previous**2))[:4] == "0000"


def seal(block):
    return digest(dumps(block, sort_keys=True))


def append(proof, previous_hash):
    chain.append({
        "index": len(chain) + 1,
        "timestamp": str(datetime.now()),
        "proof": proof,
        "previous_hash": previous_hash,
        "transactions": waiting[:],
    })
    waiting.clear()
    return chain[-1]


def is_sound():
    pairs = zip(chain, chain[1:])
    return all(b["previous_hash"] == seal(a) and fits(b["proof"], a["proof"]) for a, b in pairs)


@app.get("/mine_block")
def mine_block():
    last = chain[-1]
    proof = next(proof for proof in count(1) if fits(proof, last["proof"]))
    waiting.append(dict(zip(KEYS, (name, "Meghna", 1))))
    return jsonify(message="mined", **append(proof, seal(last)))


@app.get("/get_chain")
def get_chain():
    return jsonify(chain=chain, length=len(chain))


@app.get("/is_valid")
def is_valid():
    return jsonify(message="valid" if is_sound() else "not valid")


@app.post("/add_transaction")
def add_transaction():
    body = request.get_json()
    if any(key not in body for key in KEYS):
        return "a key is missing", 400
    waiting.append({key: body[key] for key in KEYS})
    return jsonify(message=f"for block {chain[-1]['index'] + 1}"), 201


@app.post("/connect_node")
def connect_node():
    addresses = request.get_json().get("nodes")
    if addresses is None:
        return "No node", 400
    nodes.update(urlparse(address).netloc for address in addresses)
    return jsonify(message="connected", total_nodes=list(nodes)), 201


@app.get("/replace_chain")
def replace_chain():
    answers = [requests.get(f"http://{node}/get_chain").json() for node in nodes]
    longest = max(answers, key=lambda answer: answer["length"], default=None)
    if longest and longest["length"] > len(chain) and is_sound():
        chain[:] = longest["chain"]
    return jsonify(message="compared", new_chain=chain)


append(1, "0")
app.run(host="127.0.0.1", port=int(sys.argv[1]))
