//! English.

mod about;

use self::about::ABOUT;
use super::*;

fn state(state: BlockState) -> &'static str {
    match state {
        BlockState::Best => "best chain",
        BlockState::Rival => "rival",
        BlockState::Stale => "stale",
        BlockState::Invalid => "invalid",
        BlockState::Unseen => "not here yet",
    }
}

fn bad_code(code: &str) -> &'static str {
    match code.split('-').next().unwrap_or_default() {
        "name" => "A room's name has 1 to 32 lowercase letters, digits and hyphens.",
        "spacing" => "The time between blocks is not a number within its limits.",
        "bits" => "The starting target is not one that a room can have.",
        "window" => "The blocks between two adjustments are not a number within their limits.",
        "halving" => "The blocks between two halvings are not a number within their limits.",
        "too" => "The link is longer than any room's.",
        "missing" => "The link lacks a part.",
        "twice" => "The link says one thing twice.",
        "unknown" => "The link asks for something that rooms do not have.",
        "damaged" => "A part of the link was lost or changed on the way. Ask for it again.",
        _ => "The link does not lead to a room.",
    }
}

fn failure(code: &str) -> Option<&'static str> {
    Some(match code {
        "too-many-nodes" => "A tab hosts at most 16 nodes.",
        "last-node" => "The last node of a tab stays.",
        "nothing-to-undo" => "There is nothing to undo any more.",
        "unknown-block" => "This tab does not have that block.",
        "unknown-node" => "That node is gone.",
        "unknown-tab" => "That tab is gone.",
        "not-ready" => "This tab is not ready.",
        "engine-lost" => "The engine of this tab stopped before it was done.",
        _ => return None,
    })
}

fn preset(key: &str) -> Option<(&'static str, &'static str)> {
    Some(match key {
        "instant" => ("Instant", "A block every 2 s: many forks"),
        "steady" => ("Steady", "A block every 30 s: few forks"),
        "halving" => ("Halving", "Every 10 s; the reward halves after 20 blocks"),
        "bitcoin" => ("Bitcoin's pace", "A block every 10 min, as the real one"),
        _ => return None,
    })
}

pub static TEXTS: Texts = Texts {
    common: Common {
        close: "Close",
        cancel: "Cancel",
        copy: "Copy",
        copied: "Copied",
        copy_failed: "The browser refused to copy. Select the text instead.",
        copy_what: |what| format!("Copy {what}"),
        home: "To the chain",
        not_found: "There is nothing here",
        not_found_more: "The address after # leads nowhere. Your nodes are running all the same.",
        somebody: "an unknown node",
        starting: "Starting the nodes of this tab…",
    },
    head: Head {
        promise: "A real blockchain that lives in the tabs of your browser. Press Mine, open a second tab, and watch the two compete and agree.",
        room: "Room",
        share: "Share",
        about: "About",
        other_language: "中文",
        dark: "Dark colours",
        light: "Light colours",
        skip: "Skip to the chain",
        bar: "Panels",
        bar_mine: "Mine",
        bar_chain: "Chain",
        bar_peers: "Peers",
        bar_log: "Log",
        title: |height| format!("Block {height} · Tabchain"),
    },
    mine: Mine {
        title: "Mine",
        start: "Mine",
        stop: "Stop mining",
        power: "Power",
        gentle: "Gentle",
        half: "Half",
        full: "Full",
        exact: "Exact power",
        workers: "Workers",
        duty: "Working time, %",
        load: |workers, cores, duty| {
            let of = plural(cores, "core", "cores");
            if duty == "100" {
                format!("{workers} of {of}, all the time")
            } else {
                format!("{workers} of {of}, {duty}% of the time")
            }
        },
        shared: |tabs, workers, duty| {
            let workers = plural(workers, "worker", "workers");
            format!("{tabs} tabs mine and share this power: {workers} at {duty}% here")
        },
        rate: "Hash rate",
        off: "Not mining. Nothing runs until you press.",
        measuring: "measuring…",
        spark: |low, high, now| {
            format!("Hash rate over the last minute: lowest {low}, highest {high}, now {now}")
        },
        target: "Target",
        target_more: "A block counts only if its hash, read as a number, is not above the target.",
        odds: |tries| format!("1 in {tries} tries"),
        expected: "Expected",
        expected_every: |time| format!("one block in {time}"),
        aims: |time| format!("room aims at one in {time}"),
        retarget: "Adjusts",
        retarget_in: |blocks| format!("in {}", plural(blocks, "block", "blocks")),
        found: "Found here",
        found_of: |mine, all| format!("{mine} of {}", plural(all, "block", "blocks")),
        restarts: |count| format!("Workers that died and were replaced: {count}"),
    },
    chain: Chain {
        title: "Chain",
        tip: "Tip",
        agree: |nodes| match nodes {
            "1" => "1 node".to_owned(),
            "2" => "both nodes agree".to_owned(),
            _ => format!("all {nodes} nodes agree"),
        },
        some_here: |here, all| format!("{here} of {all} nodes are here"),
        compete: |tips| format!("{tips} tips compete"),
        picture: "Block tree",
        keys: "Arrow keys move from block to block, Enter opens one.",
        as_table: "As a table",
        as_tree: "As a picture",
        newest: "To the newest",
        hint_first: "This is block 0, the start. Press Mine: your browser then searches for a number that makes block 1 valid.",
        hint_mining: "Searching: each try hashes the 80 bytes of block 1 with another number, until the hash is below the target.",
        next: "next",
        label: |height, hash, state, miner| {
            if miner.is_empty() {
                format!("Block {height}, {hash}, {state}")
            } else {
                format!("Block {height}, {hash}, {state}, found by {miner}")
            }
        },
        standing: |names| format!("here stand: {names}"),
        earlier: |count| format!("… {count} earlier"),
        state,
        legend: "Legend",
        legend_miner: "shape and colour: who found it",
        legend_tip: "tip of this tab",
        legend_rival: "rival",
        legend_stale: "stale: lost the race",
        legend_unseen: "only in other tabs so far",
        legend_stand: "under a block: nodes whose tip it is",
        col_height: "Height",
        col_hash: "Hash",
        col_miner: "Found by",
        col_state: "State",
        col_nodes: "Nodes standing here",
        genesis: "nobody: everybody starts with it",
    },
    block: Block {
        title: |height| format!("Block {height}"),
        newest: "newest",
        follow: "Follow the newest",
        previous: "Previous block",
        next: "Next block",
        loading: "Fetching the block…",
        unknown: "This tab does not have this block.",
        header: "Its header: 80 bytes, as Bitcoin's",
        fields: [
            ("Version", "ver", "which rules it follows"),
            (
                "Previous block",
                "previous",
                "the block it builds on: this makes the chain",
            ),
            (
                "Merkle root",
                "Merkle root",
                "one hash over all its transactions",
            ),
            ("Time", "time", "when it was mined, by its miner's clock"),
            ("Bits", "bits", "the target in short form"),
            ("Nonce", "nonce", "the number that was searched for"),
        ],
        hash: "Hash",
        target: "Target",
        below: |times| format!("The hash is {times}× below the target: the work is proven."),
        above: "Nobody had to work for this block: it is the agreed start.",
        proof: "Proof of work",
        found_by: "Found by",
        tries: |tries| format!("1 in {tries} tries succeeds."),
        confirmations: "Confirmations",
        confirmed: |count| match count {
            "0" => "the newest block".to_owned(),
            _ => format!("{} on top", plural(count, "block", "blocks")),
        },
        off_chain: "not on the best chain",
        work: "Work so far",
        raw: "whole block, hex",
        transactions: "Transactions",
        no_body: "Only the header has arrived so far.",
        coinbase: "reward",
        transfer: "transfer",
        bytes: |count| format!("{count} bytes"),
        more: |count| format!("and {count} more"),
    },
    peers: Peers {
        title: "Tabs and nodes",
        count: |tabs, nodes| {
            format!(
                "{}, {}",
                plural(tabs, "tab", "tabs"),
                plural(nodes, "node", "nodes")
            )
        },
        tab: |label| format!("Tab {label}"),
        this_tab: "this tab",
        alone: "Open this page in a second tab: it joins by itself.",
        add: "Add a node",
        remove: |name| format!("Remove {name}"),
        joined_tab: |label| format!("Tab {label} joined to the others"),
        joined_node: |name| format!("{name} joined to the others"),
        cut: "cut off",
        cut_tab: "Cut off: it hears and tells nothing.",
        silent: "silent",
        mining: "mining",
        syncing: |have, want| format!("syncing {have} of {want}"),
        loading: |have, all| format!("loading {have} of {all}"),
        tip: "tip",
        switch_hint: "A switch cuts a tab or a node off. Mine on both sides, join again, and see one side win.",
    },
    log: Log {
        title: "What happens",
        empty: "Nothing yet.",
        filters: "Show",
        all_nodes: "all nodes",
        of_node: "Events of",
        kinds: ["Blocks", "Switches", "Tabs and nodes", "Mining", "Trouble"],
        none_match: "Nothing fits these filters.",
        between: ", ",
        more: |count| format!(" and {count} more"),
    },
    share: Share {
        title: "Share this room",
        lead: "Another tab of this browser joins the same chain with this link.",
        link: "Link",
        qr: "QR code of the link",
        elsewhere: "On another browser or device the link opens the same rules with a chain of its own.",
        never_mines: "A link never starts mining.",
        too_long: "The link is too long for a QR code.",
    },
    room: Room {
        title: "Rooms",
        lead: "A room is a chain with its own rules. Tabs in the same room share a chain; other rooms hear nothing of it.",
        now: "You are in",
        rules: |spacing, window, halving| {
            format!(
                "A block every {spacing}, target adjusted every {window} blocks, reward halved every {halving} blocks."
            )
        },
        presets: "Ready-made rules",
        preset,
        own: "Your own rules",
        name: "Name",
        name_hint: "1 to 32 lowercase letters, digits and hyphens",
        spacing: "Time between blocks",
        start: "Starting difficulty",
        window: "Target adjusted every",
        halving: "Reward halved every",
        seconds: "seconds",
        blocks: "blocks",
        range: |low, high| format!("{low} to {high}"),
        odds: |tries| format!("1 in {tries} tries"),
        open: "Open this room",
        recent: "Rooms you were in",
        bad: "This room link cannot be used",
        bad_lead: "Nothing was opened and nothing was lost.",
        bad_code,
        bad_value: "The part in question:",
        to_default: "Open the room used last",
    },
    reset: Reset {
        button: "Reset room",
        title: "Reset this room?",
        lead: |blocks| {
            format!(
                "All tabs of this browser forget the chain of this room ({}) and start again from block 0.",
                plural(blocks, "block", "blocks")
            )
        },
        undoable: "You can undo this afterwards.",
        confirm: "Reset",
        done: "The room was reset.",
        undo: "Undo",
        undone: "The reset was undone.",
    },
    notices: Notices {
        title: "Notices",
        memory: "The chain is kept in memory only and is lost when this tab closes.",
        memory_why: |why| format!("Reason: {why}"),
        other_data: |version| {
            format!(
                "This browser holds data of another version of Tabchain (format {version}). It was left alone; this session is kept in memory only."
            )
        },
        other_version: "Another tab runs another version of Tabchain; the two do not talk. Reload both.",
        reload: "Reload",
        dismiss: "Dismiss",
        syncing: |name, have, want| format!("{name} catches up: {have} of {want} blocks"),
        loading: |have, all| format!("Reading saved blocks: {have} of {all}"),
        failed: |why| format!("That did not work: {why}"),
        failure,
        you_found: |height| format!("This tab found block {height}."),
        switched: |undone, applied| {
            format!(
                "Another branch won: {} undone, {applied} applied.",
                plural(undone, "block", "blocks")
            )
        },
    },
    crash: Crash {
        title: "The engine of this tab crashed",
        restarting: "A new one is being started from what was saved. Other tabs are not affected.",
        restarted: "A new one is running again from what was saved. Other tabs were not affected.",
        gave_up: "It crashed too often in one minute and was left off. What was saved is still there.",
        old_page: "This page and its engine are of different versions. Reload the page.",
        page: "The page itself crashed. Reload it: the chain is saved.",
        report: "Report",
        copy: "Copy report",
        again: "Start again",
    },
    about: ABOUT,
};
