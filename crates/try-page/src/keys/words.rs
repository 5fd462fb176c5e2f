//! The words of the room about keys.

use kit::lang::{With1, With3, Word, word, words};

use super::model::{Part, Verdict};

words! {
    /// Keys and signatures.
    pub struct Keys {
        yours { en: "Your pair of keys", zh: "您的密钥对" }
        make { en: "Make a pair of keys", zh: "生成密钥对" }
        make_again { en: "Make another pair", zh: "再生成一对" }
        secret_here {
            en: "The secret key is in this room only, until you leave it. It is in no link and is not saved. It is for play: put no money on it.",
            zh: "私钥只保存在此房间中，离开即消失。它不在任何链接里，也不会被保存。它仅供练习：请勿存放资金。",
        }
        secret_gone {
            en: "There is no secret key here: you can verify, but to sign, make a pair.",
            zh: "这里没有私钥：您可以验证；若要签名，请生成一对密钥。",
        }
        no_entropy {
            en: "This browser gives no random numbers, so no key can be made here: a key that can be guessed is worse than none.",
            zh: "此浏览器不提供随机数，因此无法在这里生成密钥：可以被猜到的密钥比没有更糟。",
        }
        sign { en: "Sign the message", zh: "为消息签名" }
        message { en: "Message", zh: "消息" }
        verify { en: "What anybody can verify", zh: "任何人都能验证的内容" }
        flip { en: "Alter this bit", zh: "改动这个比特" }
        flip_back { en: "Put the bit back", zh: "恢复这个比特" }
        which: With1 { en: |what| format!("Bit of the {what}"), zh: |what| format!("{what}的比特") }
        place: With3 {
            en: |bit, all, byte| format!("{bit} of {all}, in byte {byte}"),
            zh: |bit, all, byte| format!("第 {bit} 位（共 {all} 位），位于字节 {byte}"),
        }
        none { en: "none yet", zh: "尚无" }
        how {
            en: "Schnorr signatures over secp256k1, as BIP340 has them: 32 bytes of key, 64 of signature.",
            zh: "secp256k1 上的 Schnorr 签名，遵循 BIP340：密钥 32 字节，签名 64 字节。",
        }
    }
}

/// The name of a part.
pub fn part(part: Part) -> Word {
    match part {
        Part::Message => word("message", "消息"),
        Part::Key => word("public key", "公钥"),
        Part::Signature => word("signature", "签名"),
    }
}

/// What a verdict means.
pub fn verdict(verdict: Verdict) -> (Word, Word) {
    match verdict {
        Verdict::Unsigned => (
            word("Not signed yet", "尚未签名"),
            word(
                "Make a pair of keys and sign; then alter a bit.",
                "先生成密钥对并签名，然后改动一个比特。",
            ),
        ),
        Verdict::Holds => (
            word("The signature holds", "签名有效"),
            word(
                "Whoever has this key’s secret agreed to exactly this message.",
                "持有此公钥对应私钥的人，同意的正是这条消息。",
            ),
        ),
        Verdict::Fails => (
            word("The signature does not hold", "签名无效"),
            word(
                "It is not this key’s signature of this message. One altered bit is enough.",
                "它不是此公钥对这条消息的签名。改动一个比特就足够了。",
            ),
        ),
        Verdict::NotAKey => (
            word("This is no public key", "这不是公钥"),
            word(
                "No point of the curve has this number as its x: half of all numbers are no key.",
                "曲线上没有以此数为 x 坐标的点：所有数中有一半不是密钥。",
            ),
        ),
    }
}
