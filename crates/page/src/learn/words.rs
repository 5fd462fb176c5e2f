//! The words around an article.

use kit::lang::words;

words! {
    /// The words around an article.
    pub struct Learn {
        loading { en: "Fetching the page…", zh: "正在获取页面…" }
        failed {
            en: "The page could not be fetched. The copy on this server may be incomplete.",
            zh: "无法获取页面。此服务器上的文件可能不完整。",
        }
        again { en: "Try again", zh: "重试" }
        back { en: "To the chain", zh: "返回链页面" }
    }
}
