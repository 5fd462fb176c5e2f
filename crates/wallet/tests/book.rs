//! The book of a wallet: blocks that come and go, payments under way.
#![cfg(not(target_arch = "wasm32"))]

mod kit;

use chain::{Address, Amount, Height, OutPoint, Script, Transaction, TxIn, TxOut, Txid};
use kit::{account, other, sat};
use proptest::collection::vec;
use proptest::prelude::*;
use wallet::{Balance, Book, BookError, Branch, KeyPath, OwnCoin};

const MATURITY: u32 = 3;

fn book() -> Book {
    Book::new(account(1).viewer(), Height(10), MATURITY).unwrap()
}

fn own(branch: Branch, index: u32) -> Address {
    account(1)
        .viewer()
        .address(KeyPath { branch, index })
        .unwrap()
}

fn reward(height: u32, to: Script) -> Transaction {
    Transaction::coinbase(Height(height), b"x", vec![TxOut::new(sat(50_000), to)])
}

fn pay(from: &[OutPoint], to: &[(u64, Script)]) -> Transaction {
    let outputs = to
        .iter()
        .map(|(satoshi, to)| TxOut::new(sat(*satoshi), to.clone()));
    Transaction {
        version: 2,
        inputs: from.iter().map(|at| TxIn::new(*at)).collect(),
        outputs: outputs.collect(),
        lock_time: 0,
    }
}

fn at(tx: &Transaction, vout: u32) -> OutPoint {
    OutPoint {
        txid: tx.txid(),
        vout,
    }
}

fn foreign(number: u8) -> OutPoint {
    OutPoint {
        txid: Txid::from_bytes([number; 32]),
        vout: 0,
    }
}

fn balance(spendable: u64, ripening: u64, pending: u64) -> Balance {
    Balance {
        spendable: sat(spendable),
        ripening: sat(ripening),
        pending: sat(pending),
    }
}

#[test]
fn rewards_ripen_for_exactly_as_many_blocks_as_the_chain_asks_for() {
    let mut book = book();
    book.connect(
        Height(11),
        &[reward(11, own(Branch::Receive, 0).script_pubkey())],
    )
    .unwrap();
    assert_eq!(book.balance(), balance(0, 50_000, 0));
    book.connect(Height(12), &[]).unwrap();
    assert!(book.spendable().is_empty());
    // The next block is the 14th, three above the 11th.
    book.connect(Height(13), &[]).unwrap();
    assert_eq!(book.balance(), balance(50_000, 0, 0));
    book.disconnect().unwrap();
    assert_eq!(book.balance(), balance(0, 50_000, 0));
}

#[test]
fn a_payment_is_pending_then_confirmed_then_taken_back_and_pending_again() {
    let mut book = book();
    let received = pay(
        &[foreign(1)],
        &[(9_000, own(Branch::Receive, 0).script_pubkey())],
    );
    book.expect(&received).unwrap();
    assert_eq!(book.balance(), balance(0, 0, 9_000));
    assert!(book.spendable().is_empty() && book.pending_change().is_empty());
    book.connect(Height(11), std::slice::from_ref(&received))
        .unwrap();
    assert_eq!(book.balance(), balance(9_000, 0, 0));

    let spent = pay(
        &[at(&received, 0)],
        &[
            (4_000, other(0).script_pubkey()),
            (4_800, own(Branch::Change, 0).script_pubkey()),
        ],
    );
    book.expect(&spent).unwrap();
    assert_eq!(book.balance(), balance(0, 0, 4_800));
    assert_eq!(book.pending_change().len(), 1);
    let sent = book.sent(spent.txid()).unwrap();
    assert_eq!((sent.change, sent.spent.len()), (Some(1), 1));
    book.connect(Height(12), std::slice::from_ref(&spent))
        .unwrap();
    assert_eq!(book.balance(), balance(4_800, 0, 0));
    assert_eq!(book.sent(spent.txid()), None, "too late to replace it");
    let history = book.history();
    assert_eq!(history.len(), 2);
    assert_eq!(
        (history[0].txid, history[0].height),
        (spent.txid(), Some(Height(12)))
    );
    assert_eq!(
        (history[0].received, history[0].spent),
        (sat(4_800), sat(9_000))
    );
    assert_eq!((history[0].fee, history[1].fee), (Some(sat(200)), None));

    assert_eq!(book.disconnect(), Ok(vec![spent.txid()]));
    assert_eq!(book.balance(), balance(0, 0, 4_800));
    assert_eq!(book.disconnect(), Ok(vec![received.txid()]));
    assert_eq!(book.balance(), balance(0, 0, 4_800));
    assert_eq!(book.disconnect(), Err(BookError::Before(Height(10))));
    let gap = BookError::Gap {
        tip: Height(10),
        given: Height(12),
    };
    assert_eq!(book.connect(Height(12), &[]), Err(gap));
}

#[test]
fn a_block_that_spends_otherwise_ends_a_payment_and_all_that_builds_on_it() {
    let mut book = book();
    let received = pay(
        &[foreign(1)],
        &[(9_000, own(Branch::Receive, 0).script_pubkey())],
    );
    book.connect(Height(11), std::slice::from_ref(&received))
        .unwrap();
    let one = pay(
        &[at(&received, 0)],
        &[(8_000, own(Branch::Change, 0).script_pubkey())],
    );
    let child = pay(
        &[at(&one, 0)],
        &[(7_000, own(Branch::Change, 1).script_pubkey())],
    );
    book.expect(&one).unwrap();
    book.expect(&child).unwrap();
    assert_eq!(book.balance(), balance(0, 0, 7_000));
    let rival = pay(&[at(&received, 0)], &[(8_900, other(0).script_pubkey())]);
    assert_eq!(
        book.connect(Height(12), &[rival]),
        Ok(vec![one.txid(), child.txid()])
    );
    assert_eq!(book.balance(), balance(0, 0, 0));
}

#[test]
fn a_replacement_takes_the_place_of_what_it_replaces() {
    let mut book = book();
    let received = pay(
        &[foreign(1)],
        &[(9_000, own(Branch::Receive, 0).script_pubkey())],
    );
    book.connect(Height(11), std::slice::from_ref(&received))
        .unwrap();
    let one = pay(&[at(&received, 0)], &[(8_000, other(0).script_pubkey())]);
    let two = pay(
        &[at(&received, 0)],
        &[(7_000, own(Branch::Change, 0).script_pubkey())],
    );
    assert_eq!(book.expect(&one), Ok(vec![]));
    assert_eq!(book.expect(&two), Ok(vec![one.txid()]));
    assert_eq!(book.expect(&two), Ok(vec![]), "known already");
    assert_eq!(book.balance(), balance(0, 0, 7_000));
    assert_eq!(book.forget(two.txid()), vec![two.txid()]);
    assert_eq!(book.balance(), balance(9_000, 0, 0));
}

#[test]
fn a_reward_that_is_taken_back_takes_along_what_spent_it() {
    let mut book = book();
    let coinbase = reward(11, own(Branch::Receive, 0).script_pubkey());
    book.connect(Height(11), std::slice::from_ref(&coinbase))
        .unwrap();
    let spent = pay(
        &[at(&coinbase, 0)],
        &[(40_000, own(Branch::Change, 0).script_pubkey())],
    );
    book.expect(&spent).unwrap();
    assert_eq!(book.disconnect(), Ok(vec![]));
    assert_eq!(book.balance(), Balance::default());
    assert!(book.history().is_empty());
}

#[test]
fn strangers_are_no_business_of_the_book_and_used_addresses_open_new_ones() {
    let mut book = book();
    let theirs = pay(&[foreign(1)], &[(9_000, other(0).script_pubkey())]);
    book.expect(&theirs).unwrap();
    book.connect(Height(11), &[theirs, reward(11, other(1).script_pubkey())])
        .unwrap();
    assert!(book.history().is_empty());
    // Address 25 is beyond the gap until address 10 is paid, in the very same transaction.
    let far = own(Branch::Receive, 25).script_pubkey();
    let near = own(Branch::Receive, 10).script_pubkey();
    let both = pay(&[foreign(2)], &[(1_000, far), (2_000, near)]);
    book.connect(Height(12), &[both]).unwrap();
    assert_eq!(book.balance(), balance(3_000, 0, 0));
    assert_eq!(book.addresses().next(Branch::Receive).unwrap().0.index, 26);
}

/// What a random block does: rewards us or not, and payments from coins that we have.
type Block = (bool, Vec<(u8, u8)>);

fn blocks() -> impl Strategy<Value = Vec<Block>> {
    vec((any::<bool>(), vec((any::<u8>(), any::<u8>()), 0..3)), 1..8)
}

/// Connects the blocks; each payment spends one of our coins and pays part of it to others.
fn connect_all(book: &mut Book, blocks: &[Block]) -> Vec<Vec<Transaction>> {
    let mut made = Vec::new();
    for (is_ours, payments) in blocks {
        let height = book.tip().next();
        let to = match is_ours {
            true => own(Branch::Receive, height.0 % 5).script_pubkey(),
            false => other(0).script_pubkey(),
        };
        let mut block = vec![reward(height.0, to)];
        let mut coins = book.spendable();
        for (which, part) in payments {
            if coins.is_empty() {
                break;
            }
            let coin = coins.remove(*which as usize % coins.len());
            let back = coin.amount.to_sat() * u64::from(*part) / 256;
            let out = coin.amount.to_sat() - back;
            let outputs = [
                (out, other(2).script_pubkey()),
                (
                    back,
                    own(Branch::Change, u32::from(*part) % 4).script_pubkey(),
                ),
            ];
            block.push(pay(&[coin.outpoint], &outputs));
        }
        assert_eq!(book.connect(height, &block), Ok(vec![]));
        made.push(block);
    }
    made
}

fn confirmed(book: &Book) -> (Vec<OwnCoin>, Height) {
    (book.spendable(), book.tip())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever was connected and taken back, the book is that of the blocks that count.
    #[test]
    fn a_reorganisation_equals_a_replay(
        stem in blocks(),
        old in blocks(),
        new in blocks(),
    ) {
        let mut book = book();
        let stem = connect_all(&mut book, &stem);
        let before = confirmed(&book);
        let old = connect_all(&mut book, &old);
        for _ in &old {
            book.disconnect().unwrap();
        }
        // Nobody pays again: what is pending is given up, and the book is where it was.
        let pending: Vec<Txid> = book.history().iter()
            .filter(|entry| entry.height.is_none()).map(|entry| entry.txid).collect();
        for txid in pending {
            book.forget(txid);
        }
        prop_assert_eq!(confirmed(&book), before);
        let new = connect_all(&mut book, &new);
        let mut replayed = self::book();
        for block in stem.iter().chain(&new) {
            replayed.connect(replayed.tip().next(), block).unwrap();
        }
        prop_assert_eq!(confirmed(&book), confirmed(&replayed));
        prop_assert_eq!(book.balance(), replayed.balance());
        prop_assert_eq!(book.history(), replayed.history());
        // The balance is what came in less what went out.
        let history = book.history();
        let come = Amount::sum(history.iter().map(|entry| entry.received)).unwrap();
        let gone = Amount::sum(history.iter().map(|entry| entry.spent)).unwrap();
        let Balance { spendable, ripening, pending } = book.balance();
        let have = Amount::sum([spendable, ripening, pending]).unwrap();
        prop_assert_eq!(come.checked_sub(gone), Some(have));
    }
}
