//! The words of tabs and nodes.

use kit::lang::{With1, With2, plural, words};

words! {
    /// Tabs and nodes.
    pub struct Peers {
        title { en: "Tabs and nodes", zh: "标签页与节点" }
        count: With2 {
            en: |tabs, nodes| {
                format!(
                    "{}, {}",
                    plural(tabs, "tab", "tabs"),
                    plural(nodes, "node", "nodes")
                )
            },
            zh: |tabs, nodes| format!("{tabs} 个标签页，{nodes} 个节点"),
        }
        tab: With1 { en: |label| format!("Tab {label}"), zh: |label| format!("标签页 {label}") }
        this_tab { en: "this tab", zh: "本页" }
        alone {
            en: "Open this page in a second tab: it joins by itself.",
            zh: "在第二个标签页中打开本页面，它会自动加入。",
        }
        add { en: "Add a node", zh: "添加节点" }
        add_seat { en: "Take another seat", zh: "再占一个席位" }
        remove: With1 { en: |name| format!("Remove {name}"), zh: |name| format!("移除 {name}") }
        joined_tab: With1 {
            en: |label| format!("Tab {label} connected to the others"),
            zh: |label| format!("标签页 {label} 与其他节点相连"),
        }
        joined_node: With1 {
            en: |name| format!("{name} connected to the others"),
            zh: |name| format!("{name} 与其他节点相连"),
        }
        cut { en: "cut off", zh: "已断开" }
        cut_tab { en: "Cut off: its nodes neither send nor receive anything.", zh: "已断开：收不到也发不出任何消息。" }
        silent { en: "silent", zh: "无响应" }
        mining { en: "mining", zh: "挖矿中" }
        syncing: With2 {
            en: |have, want| format!("syncing {have} of {want}"),
            zh: |have, want| format!("同步中 {have} / {want}"),
        }
        loading: With2 {
            en: |have, all| format!("loading {have} of {all}"),
            zh: |have, all| format!("读取中 {have} / {all}"),
        }
        tip { en: "tip", zh: "链顶" }
        seat_hint {
            en: "A switch cuts a tab or a server off. Cut the leader off and see another take over.",
            zh: "开关可断开一个标签页或服务器。断开领导者，看谁来接替。",
        }
        switch_hint {
            en: "A switch cuts a tab or a node off. Mine on both sides, reconnect, and see one side win.",
            zh: "开关可断开一个标签页或节点。让两边各自挖矿，再重新接入，看哪一边获胜。",
        }
    }
}
