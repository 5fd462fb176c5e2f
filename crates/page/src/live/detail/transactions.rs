//! The transactions of a block.

use kit::copy::CopyButton;
use kit::numbers::{hex, short};
use wire::{BlockDetail, TransactionView};
use yew::prelude::*;

use super::words::Block;
use crate::shell::door::Ui;

/// How many transactions are listed.
const SHOWN: usize = 20;

/// The first transactions, each with its outputs.
pub fn transactions(ui: &Ui, detail: &BlockDetail) -> Html {
    let t: &Block = ui.words();
    let all = &detail.transactions;
    let hidden = all.len().saturating_sub(SHOWN);
    html! {
        <div class="transactions">
            <h3>
                { t.transactions }<span class="count">{ ui.n.whole(all.len() as u64) }</span>
                if let Some(raw) = &detail.raw {
                    <CopyButton lang={ui.lang} text={hex(raw)} what={t.raw} label={(t.bytes)(&ui.n.whole(raw.len() as u64))} />
                }
            </h3>
            if detail.raw.is_none() && all.is_empty() { <p class="muted">{ t.no_body }</p> }
            <ul>
                { for all.iter().take(SHOWN).map(|transaction| row(ui, transaction)) }
            </ul>
            if hidden > 0 { <p class="muted">{ (t.more)(&ui.n.whole(hidden as u64)) }</p> }
        </div>
    }
}

fn row(ui: &Ui, transaction: &TransactionView) -> Html {
    let t: &Block = ui.words();
    html! {
        <li key={transaction.txid.clone()}>
            <span class="chip">{ if transaction.coinbase { t.coinbase } else { t.transfer } }</span>
            <code title={transaction.txid.clone()}>{ short(&transaction.txid) }</code>
            <span class="muted">{ (t.bytes)(&ui.n.whole(transaction.size)) }</span>
            { for transaction.outputs.iter().map(|(to, amount)| html! {
                <span class="output">{ "→ " }<code title={to.clone()}>{ short(to) }</code>{ " " }<strong>{ coins(ui, amount) }</strong></span>
            }) }
        </li>
    }
}

/// Converts an amount in the smallest unit to coins of 100,000,000 units; anything that is not a
/// number stays as it is.
fn coins(ui: &Ui, amount: &str) -> String {
    let Ok(units) = amount.parse::<u64>() else {
        return amount.to_owned();
    };
    let fraction = format!("{:08}", units % 100_000_000);
    let fraction = fraction.trim_end_matches('0');
    let whole = ui.n.whole(units / 100_000_000);
    if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    }
}
