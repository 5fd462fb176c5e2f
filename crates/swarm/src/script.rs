//! What happens to tabs from outside: people, faults, hostile pages. As text, one step a line.

use std::fmt;
use std::str::FromStr;

/// Everything it takes to repeat a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Names the streams of all chance that the steps do not fix.
    pub seed: u64,
    /// Whether the browser refuses locks.
    pub lockless: bool,
    /// When the script is over and everything calms down, in milliseconds.
    pub calm: u32,
    /// In order of time.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, in milliseconds of virtual time.
    pub at: u32,
    /// What.
    pub verb: Verb,
    /// Whom it concerns, modulo how many there are.
    pub who: u32,
    /// How; the meaning depends on the verb.
    pub how: u32,
}

/// A group of verbs: seeds leave out whole families, so that rare combinations become common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// People with tabs.
    Tabs,
    /// People who mine.
    Mining,
    /// People who cut off and join.
    Switches,
    /// People who reset and undo.
    Resets,
    /// The browser freezes and thaws tabs.
    Freezes,
    /// Something dies.
    Deaths,
    /// Hostile pages with locks.
    Locks,
    /// Hostile pages that talk.
    Talk,
    /// Databases that fail.
    Databases,
    /// Databases that are slow for a while, perhaps only for one tab.
    Slow,
    /// Hostile pages that pose as tabs.
    Posers,
    /// Clocks that jump.
    Clocks,
    /// Mining workers that misbehave.
    Workers,
}

macro_rules! verbs {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal $family:ident $weight:literal;)*) => {
        /// What can happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Verb {
            $($(#[doc = $doc])* $name),*
        }

        impl Verb {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As scripts spell it.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The family it belongs to.
            #[must_use]
            pub fn family(self) -> Family {
                match self { $(Self::$name => Family::$family),* }
            }

            /// How often it is drawn, relative to others.
            #[must_use]
            pub fn weight(self) -> u32 {
                match self { $(Self::$name => $weight),* }
            }
        }
    };
}

verbs! {
    /// Opens a tab. `how`: which room, how many nodes, how slowly it starts.
    Open "open" Tabs 8;
    /// Closes a tab.
    Close "close" Tabs 3;
    /// Reloads a tab.
    Reload "reload" Tabs 4;
    /// Duplicates a tab: the copy remembers the same identities.
    Duplicate "duplicate" Tabs 3;
    /// Opens a room in a tab. `how`: which.
    Move "move" Tabs 1;
    /// Adds a node.
    AddNode "add-node" Tabs 3;
    /// Removes a node. `how`: which.
    RemoveNode "remove-node" Tabs 2;
    /// Asks for the status.
    Status "status" Tabs 2;
    /// Asks for the chain as text.
    Export "export" Tabs 1;
    /// Asks for blocks. `how`: which heights.
    Blocks "blocks" Tabs 2;
    /// Asks for one block. `how`: its height.
    Block "block" Tabs 1;
    /// The page is busy for `how` milliseconds and acknowledges nothing.
    Busy "busy" Tabs 1;
    /// Starts mining. `how`: whether with a power setting, and which.
    Mine "mine" Mining 8;
    /// Stops mining.
    Stop "stop" Mining 2;
    /// Sets the budget of all tabs. `how`: to what.
    Power "power" Mining 3;
    /// Cuts this tab off.
    Cut "cut" Switches 3;
    /// Lets this tab join.
    Join "join" Switches 3;
    /// Cuts off any tab or lets it join. `how`: which tab, and which of the two.
    SwitchTab "switch-tab" Switches 2;
    /// Cuts off any node or lets it join. `how`: which node, and which of the two.
    SwitchNode "switch-node" Switches 3;
    /// Resets the room.
    Reset "reset" Resets 5;
    /// Undoes the last reset.
    Undo "undo" Resets 5;
    /// Freezes a tab, as browsers do. `how`: how soon after the page announced it.
    Freeze "freeze" Freezes 5;
    /// Thaws a frozen tab, or reloads a discarded one.
    Thaw "thaw" Freezes 6;
    /// A page says that it freezes and soon that it is back; its engine runs on. `how`: how soon.
    Blink "blink" Freezes 4;
    /// A frozen tab is discarded; it is reloaded when somebody returns to it.
    Discard "discard" Freezes 2;
    /// The engine's thread stalls for `how` milliseconds, without notice.
    Stall "stall" Freezes 2;
    /// The engine dies; the page starts another.
    Panic "panic" Deaths 4;
    /// The browser or the whole machine crashes: all engines die, then all tabs come back. `how`:
    /// whether the last relaxed writes may be lost.
    Crash "crash" Deaths 1;
    /// A hostile page asks for a lock and holds it for a while. `how`: which, how long.
    HoldLock "hold-lock" Locks 4;
    /// A hostile page steals a lock and holds it for a while. `how`: which, how long.
    StealLock "steal-lock" Locks 3;
    /// A hostile page asks for a lock and keeps it for ever. `how`: which.
    KeepLock "keep-lock" Locks 1;
    /// Meaningless bytes on a channel. `how`: how many.
    Garbage "garbage" Talk 2;
    /// Somebody else repeats something that was said. `how`: what.
    Replay "replay" Talk 4;
    /// All commands of a tab are repeated, in order, after its first heartbeat. `how`: how soon
    /// after it.
    Tape "tape" Talk 4;
    /// Something that was said is repeated with one bit flipped. `how`: what.
    Mutate "mutate" Talk 4;
    /// An envelope in a tab's or node's name with other content. `how`: what is forged.
    Forge "forge" Talk 3;
    /// A power announcement in the name of a tab or of nobody. `how`: what it says.
    ForgePower "forge-power" Talk 3;
    /// A great many messages at once. `how`: how many, how large.
    Flood "flood" Talk 1;
    /// Channels are slow for `how` milliseconds.
    SlowChannels "slow-channels" Talk 2;
    /// A database refuses every write from now on, or no longer. `how`: which.
    Quota "quota" Databases 2;
    /// The browser takes a database away from a tab. `how`: which.
    LoseDatabase "lose-database" Databases 2;
    /// No database answers for `how` milliseconds.
    Hang "hang" Databases 2;
    /// A database is slow for a while. `how`: which, how slow, how long, whether only for this tab.
    SlowDatabase "slow-database" Slow 4;
    /// A page with a key of its own announces a generation as tabs do. `how`: which, and whether it
    /// holds the lock that bears its name.
    Pose "pose" Posers 4;
    /// A hostile connection keeps a database from being opened. `how`: which, how long.
    BlockOpen "block-open" Databases 2;
    /// A hostile page changes a value in a database. `how`: which, and how.
    Damage "damage" Databases 2;
    /// A database refuses to be opened from now on, or no longer. `how`: which.
    RefuseOpen "refuse-open" Databases 1;
    /// A newer version of Tabchain takes over a database. `how`: which.
    OtherVersion "other-version" Databases 1;
    /// The wall clock is set. `how`: by how much, which way.
    Clock "clock" Clocks 2;
    /// The machine sleeps. `how`: how long, whether the steady clock goes on.
    Sleep "sleep" Clocks 2;
    /// A mining worker dies. `how`: which.
    WorkerDies "worker-dies" Workers 3;
    /// A tab's mining workers fall silent for `how` milliseconds.
    WorkersStall "workers-stall" Workers 2;
    /// A mining worker repeats its last message. `how`: which.
    WorkerTwice "worker-twice" Workers 3;
    /// From now on a tab's new mining workers are of another build, die, hang, or are well again.
    /// `how`: which of these.
    BadWorkers "bad-workers" Workers 1;
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let locks = if self.lockless { "refused" } else { "kept" };
        writeln!(f, "seed {} locks {locks} calm {}", self.seed, self.calm)?;
        for step in &self.steps {
            let (at, verb) = (step.at, step.verb.text());
            writeln!(f, "{at} {verb} {} {}", step.who, step.how)?;
        }
        Ok(())
    }
}

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let head: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
        let ["seed", seed, "locks", locks, "calm", calm] = head[..] else {
            return Err("a script starts with `seed N locks kept|refused calm MS`".into());
        };
        let bad = |what: &str| format!("bad number: `{what}`");
        let mut script = Self {
            seed: seed.parse().map_err(|_| bad(seed))?,
            lockless: locks == "refused",
            calm: calm.parse().map_err(|_| bad(calm))?,
            steps: Vec::new(),
        };
        for line in lines {
            script.steps.push(line.parse()?);
        }
        Ok(script)
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [at, verb, who, how] = words[..] else {
            return Err(format!("`{line}` is not `MS VERB WHO HOW`"));
        };
        let number = |word: &str| word.parse().map_err(|_| format!("bad number: `{word}`"));
        let known = Verb::ALL.iter().find(|known| known.text() == verb);
        Ok(Self {
            at: number(at)?,
            verb: *known.ok_or_else(|| format!("there is no verb `{verb}`"))?,
            who: number(who)?,
            how: number(how)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::draw;

    #[test]
    fn scripts_survive_the_round_trip() {
        for seed in 0..20 {
            let script = draw(seed);
            assert_eq!(script.to_string().parse(), Ok(script));
        }
        assert!("seed x locks kept calm 3".parse::<Script>().is_err());
        assert!("5 dance 0 0".parse::<Step>().is_err());
    }
}
