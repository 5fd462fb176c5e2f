//! Reorganisations with coins of every kind of lock: the state is a function of the branch, whatever was tried
//! before.

mod kit;

use std::collections::BTreeMap;

use chain::lock::witness_script::{HashTimeLock, Multisig};
use chain::{
    Block, EcdsaSighashType, Lock, OutPoint, Script, SighashType, Sighasher, Spender, Transaction,
    TxIn, TxOut, Witness, WitnessScript, sha256,
};
use kit::blocks::Chain;
use kit::{amount, key};
use ledger::Ledger as _;
use proptest::collection::vec;
use proptest::prelude::*;

const SECRET: &[u8] = b"what the receiver tells";

/// What an output does with its coins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    PublicKey,
    PublicKeyHash,
    Taproot,
    OneOfTwo,
    WithSecret,
    AfterExpiry,
    Data,
    Burn,
    NonStandard,
}

const KINDS: [Kind; 9] = [
    Kind::PublicKey,
    Kind::PublicKeyHash,
    Kind::Taproot,
    Kind::OneOfTwo,
    Kind::WithSecret,
    Kind::AfterExpiry,
    Kind::Data,
    Kind::Burn,
    Kind::NonStandard,
];

impl Kind {
    fn script(self) -> Option<WitnessScript> {
        match self {
            Self::OneOfTwo => {
                let keys = [1, 2].map(|number| key(number).ecdsa_key());
                Multisig::new(1, keys.into()).map(WitnessScript::Multisig)
            }
            Self::WithSecret | Self::AfterExpiry => {
                Some(WitnessScript::HashTimeLock(HashTimeLock {
                    hash: sha256(SECRET),
                    receiver: key(1).ecdsa_key().hash(),
                    payer: key(2).ecdsa_key().hash(),
                    // Two contracts that differ; both have expired.
                    expiry: if self == Self::AfterExpiry { 2 } else { 3 },
                }))
            }
            _ => None,
        }
    }

    fn lock(self) -> Lock {
        match self {
            Self::PublicKey => Lock::PublicKey(key(1).ecdsa_key()),
            Self::PublicKeyHash => Lock::PublicKeyHash(key(1).ecdsa_key().hash()),
            Self::Taproot => Lock::Taproot(key(1).public_key().to_bytes()),
            Self::Data => Lock::Data(b"a note".to_vec()),
            Self::Burn => Lock::Burn,
            Self::NonStandard => Lock::NonStandard(Script(vec![0x51])),
            Self::OneOfTwo | Self::WithSecret | Self::AfterExpiry => {
                Lock::to_script(&self.script().expect("it has one"))
            }
        }
    }

    fn of(output: &TxOut) -> Self {
        let lock = Lock::of(&output.script_pubkey);
        let kind = KINDS.iter().find(|kind| kind.lock() == lock);
        *kind.expect("one of ours")
    }

    fn can_be_spent(self) -> bool {
        !matches!(self, Self::Data | Self::Burn | Self::NonStandard)
    }
}

/// Spends one coin and signs as its lock asks for.
fn spend(at: OutPoint, coin: &TxOut, outputs: Vec<TxOut>, tag: [u8; 32]) -> Transaction {
    let kind = Kind::of(coin);
    let input = TxIn {
        sequence: TxIn::FINAL - 1,
        ..TxIn::new(at)
    };
    let mut tx = Transaction {
        version: 2,
        inputs: vec![input],
        outputs,
        lock_time: 3,
    };
    let spent = [coin.clone()];
    let unsigned = tx.clone();
    let spender = Spender::new(&unsigned, &spent, Some(tag)).expect("one coin");
    let all = EcdsaSighashType::ALL;
    let sign = |by: u8, hash: [u8; 32]| [key(by).sign_ecdsa(&hash), vec![1]].concat();
    let public = |by: u8| key(by).ecdsa_key().as_bytes().to_vec();
    let legacy = || sign(1, spender.legacy_hash(0, all).expect("an input"));
    let script = kind.script();
    let scripted = |by| {
        let script = script.as_ref().expect("it has one");
        let amount = coin.amount().expect("little");
        sign(
            by,
            spender
                .script_hash(0, script, amount, all)
                .expect("an input"),
        )
    };
    let (script_sig, mut items) = match kind {
        Kind::PublicKey => (Script::default().push(&legacy()), vec![]),
        Kind::PublicKeyHash => (Script::default().push(&legacy()).push(&public(1)), vec![]),
        Kind::Taproot => {
            let sighasher = Sighasher::new(&unsigned, &spent, Some(tag)).expect("one coin");
            let item = sighasher.sign_key_spend(0, SighashType::DEFAULT, &key(1));
            (Script::default(), vec![item.expect("our key")])
        }
        Kind::OneOfTwo => (Script::default(), vec![vec![], scripted(2)]),
        Kind::WithSecret => {
            let items = vec![scripted(1), public(1), SECRET.to_vec(), vec![1]];
            (Script::default(), items)
        }
        Kind::AfterExpiry => (Script::default(), vec![scripted(2), public(2), vec![]]),
        Kind::Data | Kind::Burn | Kind::NonStandard => panic!("nobody spends {kind:?}"),
    };
    items.extend(script.map(|script| script.script().0));
    tx.inputs[0].script_sig = script_sig;
    tx.inputs[0].witness = Witness::new(items);
    tx
}

/// What a block does: each pair spends one of the coins that can be spent, and pays to that kind.
type Step = Vec<(u8, u8)>;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(vec((any::<u8>(), any::<u8>()), 0..4), 1..4)
}

/// The coins that transactions leave, and what may be spent of them, as a test counts them.
#[derive(Clone, Default)]
struct Purse(BTreeMap<OutPoint, TxOut>);

impl Purse {
    fn take(&mut self, tx: &Transaction) {
        for input in &tx.inputs {
            self.0.remove(&input.prevout);
        }
        for (vout, output) in (0..).zip(&tx.outputs) {
            let at = OutPoint {
                txid: tx.txid(),
                vout,
            };
            if Kind::of(output).can_be_spent() {
                self.0.insert(at, output.clone());
            }
        }
    }

    /// Appends a block, whose payments may spend one another's coins.
    fn extend(&mut self, chain: &mut Chain, step: &Step) -> Block {
        let mut made = Vec::new();
        for (which, kinds) in step {
            let Some((at, coin)) = self.0.iter().nth(usize::from(*which) % self.0.len().max(1))
            else {
                break;
            };
            let half = coin.value as u64 / 2;
            let kind = |number: u8| KINDS[usize::from(number) % KINDS.len()].lock().script();
            let outputs = [kind(*kinds), kind(kinds / 9)].map(|to| TxOut::new(amount(half), to));
            let tx = spend(*at, coin, outputs.into(), chain.tag());
            self.take(&tx);
            made.push(tx);
        }
        let block = chain.block(1, 0, made);
        assert_eq!(chain.apply(&block), Ok(()));
        block
    }
}

fn cut(chain: &mut Chain, states: usize) {
    chain.states.truncate(states);
    chain.coinbases.truncate(states - 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_reorganisation_equals_a_replay(stem in steps(), old in steps(), new in steps()) {
        let mut chain = Chain::mature();
        let mut purse = Purse::default();
        let (at, coin) = chain.reward(1);
        purse.0.insert(at, coin);
        let mut kept: Vec<Block> = stem.iter().map(|step| purse.extend(&mut chain, step)).collect();
        let fork = chain.states.len();
        let before = chain.ledger.root(&chain.states[fork - 1]);
        let mut abandoned = purse.clone();
        for step in &old {
            abandoned.extend(&mut chain, step);
        }
        cut(&mut chain, fork);
        prop_assert_eq!(chain.ledger.root(&chain.states[fork - 1]), before);
        kept.extend(new.iter().map(|step| purse.extend(&mut chain, step)));
        let mut replayed = Chain::mature();
        for block in &kept {
            prop_assert_eq!(replayed.apply(block), Ok(()));
        }
        let tip = |chain: &Chain| {
            let state = chain.states.last().expect("a state");
            (chain.ledger.snapshot(state), chain.ledger.root(state), chain.ledger.supply(state))
        };
        prop_assert_eq!(tip(&chain), tip(&replayed));
        let (snapshot, root, _) = tip(&chain);
        let restored = chain.ledger.restore(&snapshot).expect("its own bytes");
        prop_assert_eq!(chain.ledger.root(&restored), root);
        // All that can be spent is there.
        let state = chain.states.last().expect("a state");
        prop_assert!(purse.0.keys().all(|at| chain.ledger.coins(state).get(at).is_some()));
    }
}
