//! The words around the event log.

use kit::lang::{With1, words};

words! {
    /// The event log.
    pub struct Log {
        title { en: "Events", zh: "事件" }
        empty { en: "Nothing yet.", zh: "暂无事件。" }
        filters { en: "Show", zh: "显示" }
        all_nodes { en: "all nodes", zh: "所有节点" }
        of_node { en: "Events of", zh: "事件来自" }
        none_match { en: "No events match these filters.", zh: "没有符合筛选条件的事件。" }
        /// Between the names of several nodes.
        between { en: ", ", zh: "、" }
        /// After the first names; takes how many more nodes there are.
        more: With1 {
            en: |count| format!(" and {count} more"),
            zh: |count| format!(" 和另外 {count} 个节点"),
        }
    }
}
