//! The words of the room about digests.

use kit::lang::{With1, With2, With3, words};

words! {
    /// Digests and tries.
    pub struct Hash {
        text { en: "Text", zh: "文本" }
        last_byte: With2 {
            en: |byte, letter| format!("Last byte {byte}, now “{letter}”: press a bit to flip it"),
            zh: |byte, letter| format!("最后一个字节 {byte}，现为 “{letter}”：按一个比特将其翻转"),
        }
        no_letter { en: "no letter", zh: "无对应字符" }
        no_text { en: "Type something to have bits to flip.", zh: "输入一些内容，才有比特可以翻转。" }
        bit: With2 {
            en: |place, value| format!("bit {place}, is {value}"),
            zh: |place, value| format!("第 {place} 位，当前为 {value}"),
        }
        of_256 { en: "of 256 bits", zh: "（共 256 个比特）" }
        by_one { en: "flipped by one flipped bit", zh: "因翻转一个比特而翻转" }
        by_typing { en: "differ from the text before", zh: "与之前的文本不同" }
        picture: With1 {
            en: |count| format!("{count} of 256 bits of the digest differ"),
            zh: |count| format!("摘要的 256 个比特中有 {count} 个不同"),
        }
        flipped { en: "flipped", zh: "翻转" }
        same { en: "same", zh: "不变" }
        usual { en: "usual: 112 to 144 in 19 of 20 texts", zh: "通常：20 个文本中有 19 个在 112 到 144 之间" }
        digest { en: "SHA-256", zh: "SHA-256" }
        tries { en: "Tries until so many zeros lead", zh: "直到出现这么多个前导零的尝试次数" }
        tries_lead {
            en: "The text and a number that counts up, hashed until the digest begins with zeros: this is what mining is.",
            zh: "把文本与一个递增的数字一起哈希，直到摘要以若干个零开头：这就是挖矿。",
        }
        zeros { en: "Zeros", zh: "零的个数" }
        runs { en: "Times", zh: "次数" }
        start { en: "Search", zh: "开始搜索" }
        stop { en: "Stop", zh: "停止" }
        done: With3 {
            en: |found, runs, tries| format!("{found} of {runs} found in {tries} tries"),
            zh: |found, runs, tries| format!("已找到 {found}/{runs}，共尝试 {tries} 次"),
        }
        mean: With2 {
            en: |mean, expected| format!("On average {mean} tries each; {expected} are expected."),
            zh: |mean, expected| format!("平均每次尝试 {mean} 次；预期为 {expected} 次。"),
        }
        not_yet { en: "not yet", zh: "尚未" }
        first { en: "First at try", zh: "首次出现于第几次尝试" }
        expected { en: "Expected", zh: "预期" }
        log_scale { en: "expected: 16 times more for each zero (log scale)", zh: "预期值：每多一个零为 16 倍（对数刻度）" }
        spread { en: "How many tries each success took, as a multiple of what is expected", zh: "每次成功所需的尝试次数，以预期值的倍数表示" }
        column: With2 {
            en: |range, count| format!("{range}: {count}"),
            zh: |range, count| format!("{range}：{count}"),
        }
        chance { en: "what chance alone gives", zh: "纯随机情况下的分布" }
        found { en: "found", zh: "已找到" }
        none_found {
            en: "Luck has no memory: after a thousand failures the next try is as likely as the first.",
            zh: "运气没有记忆：失败一千次之后，下一次尝试的成功机会与第一次相同。",
        }
    }
}
