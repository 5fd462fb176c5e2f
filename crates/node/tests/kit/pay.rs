//! Payments for tests: keys and signatures, networks that have mined, nodes that stand alone.

use std::sync::Arc;

use chain::sighash::{SighashType, Sighasher};
use chain::{
    Address, Amount, BitcoinHeader, Block, BlockId, Encode, Height, OutPoint, Script, SecretKey,
    Transaction, TxIn, TxOut, Witness, decode_exact,
};
use ledger::Owned;
use node::Memo;
use node::message::Message;
use protocol::{AskId, Input};

use super::host::{Disk, Solo};
use super::net::Net;
use super::{key, params, peer, real_node};

pub fn secret(seat: u8) -> SecretKey {
    SecretKey::from_bytes(&[seat, 1].repeat(16).try_into().unwrap()).unwrap()
}

pub fn script(seat: u8) -> Script {
    Address::from_output_key(&key(seat)).script_pubkey()
}

pub fn sat(satoshi: u64) -> Amount {
    Amount::new(satoshi).unwrap()
}

/// A signed payment of coins of seat `owner`, in outputs of these amounts to seats.
pub fn pay(owner: u8, coins: &[(OutPoint, Amount)], to: &[(u8, u64)]) -> Transaction {
    let spent: Vec<TxOut> = coins
        .iter()
        .map(|(_, amount)| TxOut::new(*amount, script(owner)))
        .collect();
    let inputs = coins.iter().map(|(at, _)| TxIn {
        sequence: 0xffff_fffd, // replaceable
        ..TxIn::new(*at)
    });
    let mut tx = Transaction {
        version: 2,
        inputs: inputs.collect(),
        outputs: to
            .iter()
            .map(|(seat, amount)| TxOut::new(sat(*amount), script(*seat)))
            .collect(),
        lock_time: 0,
    };
    let unsigned = tx.clone();
    let tag = *params().genesis_id().as_bytes();
    let sighasher = Sighasher::new(&unsigned, &spent, Some(tag)).unwrap();
    for (index, input) in (0u32..).zip(&mut tx.inputs) {
        let signature = sighasher.sign_key_spend(index, SighashType::DEFAULT, &secret(owner));
        input.witness = Witness::new([signature.unwrap()]);
    }
    tx
}

pub fn bytes(tx: &Transaction) -> Arc<[u8]> {
    tx.to_vec().into()
}

pub fn outpoint(tx: &Transaction, vout: u32) -> OutPoint {
    let txid = tx.txid();
    OutPoint { txid, vout }
}

/// A network whose seat 0 has mined `rewards` blocks, of which the first coinbases are mature.
pub fn network(nodes: u8, rewards: usize) -> Net {
    let memo = Memo::new();
    let nodes = (0..nodes).map(|seat| real_node(seat, &memo)).collect();
    let mut net = Net::new(nodes, 7);
    for _ in 0..rewards {
        mine(&mut net, 0);
    }
    net
}

/// A seat finds a block with what waits there now, and everybody has time to hear of it.
pub fn mine(net: &mut Net, seat: usize) {
    net.run(12_000); // so that the draft is a new one
    net.mine(seat);
    net.run(2_000);
}

pub fn coins(net: &Net, seat: usize, of: u8) -> Vec<Owned> {
    net.seats[seat].node.watch(&[script(of)]).0
}

/// The coin of seat 0's block at a height of the best chain.
pub fn reward(net: &Net, height: u32) -> (OutPoint, Amount) {
    let coins = coins(net, 0, 0);
    let coin = coins.iter().find(|coin| coin.height == Height(height));
    let coin = coin.expect("not spent yet");
    (coin.at, coin.amount)
}

pub fn submit(net: &mut Net, seat: usize, ask: u64, tx: &Transaction) {
    let ask = AskId(ask);
    net.input(seat, Input::Submit { ask, tx: bytes(tx) });
}

pub fn waits(net: &Net, seat: usize, tx: &Transaction) -> bool {
    net.seats[seat].node.mempool().get(&tx.txid()).is_some()
}

pub fn block(net: &Net, seat: usize, id: &BlockId) -> Block {
    let block = net.seats[seat].node.block(id).expect("it is here");
    decode_exact(&block).expect("a block")
}

/// A node that is up, with coins of its own, and peers that gave it nothing.
pub fn solo() -> (Solo, OutPoint, Amount) {
    let net = network(1, 5);
    let (at, amount) = reward(&net, 1);
    (alone(&net, 0), at, amount)
}

/// A node of a network again, from what it saved, with other peers.
pub fn alone(net: &Net, seat: u8) -> Solo {
    let disk = &net.seats[usize::from(seat)].disk;
    let disk = Disk {
        own: disk.own.clone(),
        shared: disk.shared.clone(),
    };
    let mut solo = Solo::boot(real_node(seat, &Memo::new()), disk);
    let up = vec![peer(8), peer(9)];
    solo.step(Input::Peers { up });
    solo.sent.clear();
    solo
}

/// A node hears of the last blocks of another one's chain.
pub fn feed(solo: &mut Solo, net: &Net, seat: usize, count: u32) {
    let node = &net.seats[seat].node;
    let tip = node.tip().1;
    let heights = tip.0 - count + 1..=tip.0;
    let ids = heights.filter_map(|height| node.best_at(Height(height)));
    let blocks: Vec<Arc<[u8]>> = ids.filter_map(|id| node.block(&id)).collect();
    let header = |block: &Arc<[u8]>| BitcoinHeader::decode(block.first_chunk().unwrap());
    let headers = blocks.iter().map(header).collect();
    solo.hear(peer(8), &Message::Headers(headers));
    for block in blocks {
        solo.hear(peer(8), &Message::Body(block));
    }
    assert_eq!(solo.node.tip().0, node.tip().0);
}
