//! A block in detail: every field of its header, and its transactions.

use chain::address::Address;
use chain::{BitcoinHeader, Block, BlockId, Transaction, U256, Work, block_proof, decode_exact};

use crate::names::hex;
use wire::{BlockDetail, BlockView, TransactionView};

/// All about a block but what builds on it. `raw` is header and body, if the body is here.
#[must_use]
pub fn detail(
    block: BlockView,
    header: &BitcoinHeader,
    raw: Option<&[u8]>,
    work: Option<Work>,
) -> BlockDetail {
    let parsed = raw.and_then(|raw| decode_exact::<Block>(raw).ok());
    let target = header.bits.expand().target;
    BlockDetail {
        header: *header,
        raw: raw.map(<[u8]>::to_vec),
        target,
        margin_milli: margin_milli(target.0, header.id()),
        expected_tries: expected_tries(header),
        work,
        child: None,
        transactions: parsed
            .iter()
            .flat_map(|block| &block.transactions)
            .map(transaction)
            .collect(),
        block,
    }
}

/// How many tries it takes on average to meet a header's target.
#[must_use]
pub fn expected_tries(header: &BitcoinHeader) -> u64 {
    saturating(block_proof(header.bits).0)
}

/// The target divided by the hash, in thousandths.
fn margin_milli(target: U256, id: BlockId) -> u64 {
    let hash = U256::from_le_bytes(*id.as_bytes());
    if hash.is_zero() {
        return u64::MAX;
    }
    // Divide first: the target times 1,000 may overflow.
    let (whole, rest) = target.div_rem(hash);
    let part = rest / (hash / U256::from(1_000)).max(U256::ONE);
    saturating(
        whole
            .saturating_mul(U256::from(1_000))
            .saturating_add(part.min(U256::from(999))),
    )
}

fn saturating(number: U256) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn transaction(tx: &Transaction) -> TransactionView {
    let output = |output: &chain::TxOut| {
        let address = Address::from_script_pubkey(&output.script_pubkey);
        let to = address.map_or_else(|| hex(output.script_pubkey.as_bytes()), |a| a.to_string());
        (to, output.value.to_string())
    };
    TransactionView {
        txid: tx.txid().to_string(),
        coinbase: tx.is_coinbase(),
        size: u32::try_from(tx.total_size()).unwrap_or(u32::MAX),
        outputs: tx.outputs.iter().map(output).collect(),
    }
}

#[cfg(test)]
mod tests {
    use chain::{Encode, bitcoin_2009};

    use super::*;
    use wire::BlockState;

    /// Bitcoin's genesis block, whose values are in every textbook.
    #[test]
    fn the_genesis_block_has_its_well_known_values() {
        let block = bitcoin_2009().genesis;
        let view = BlockView {
            id: block.id(),
            parent: block.header.prev,
            height: 0,
            time: 1_231_006_505,
            bits: 0x1d00_ffff,
            miner: None,
            state: BlockState::Best,
        };
        let work = block_proof(block.header.bits);
        let detail = detail(view, &block.header, Some(&block.to_vec()), Some(work));
        assert_eq!(detail.header.nonce, 2_083_236_893);
        assert_eq!(detail.expected_tries, 0x1_0001_0001);
        let target = format!("00000000ffff{}", "0".repeat(52));
        assert_eq!(hex(&detail.target.to_be_bytes()), target);
        // 0xffff... over 0x000000000019d6689c... is 2536.426 in Python's integers.
        assert_eq!(detail.margin_milli, 2_536_426);
        assert_eq!(detail.transactions.len(), 1);
        let coinbase = &detail.transactions[0];
        assert_eq!((coinbase.size, coinbase.coinbase), (204, true));
        assert_eq!(coinbase.outputs[0].1, "5000000000");
        assert_eq!(detail.raw.unwrap().len(), 285);
    }

    #[test]
    fn margins_of_extreme_hashes_saturate() {
        assert_eq!(margin_milli(U256::MAX, BlockId::ZERO), u64::MAX);
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(margin_milli(U256::MAX, BlockId::from_bytes(one)), u64::MAX);
        assert_eq!(
            margin_milli(U256::from(5), BlockId::from_bytes([0xff; 32])),
            0
        );
    }
}
