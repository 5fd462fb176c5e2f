//! What happens in a run from outside: people, faults, hostile pages. A text of one step a line.

use std::fmt;
use std::str::FromStr;

/// Everything that a run needs to be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Names the streams of all chance that is not written down as steps.
    pub seed: u64,
    /// Whether the browser refuses locks.
    pub lockless: bool,
    /// When the script is over and everything calms down, in milliseconds.
    pub calm: u32,
    /// By time.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Milliseconds of virtual time.
    pub at: u32,
    /// What.
    pub verb: Verb,
    /// Whom it concerns, modulo how many there are.
    pub who: u32,
    /// How; what it means depends on the verb.
    pub how: u32,
}

/// What a verb belongs to: a seed leaves whole families out, so that rare meetings become common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// People with tabs.
    Tabs,
    /// People who mine.
    Mining,
    /// People who cut and join.
    Switches,
    /// People who reset and undo.
    Resets,
    /// The browser freezes and thaws.
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
    /// Hostile pages that say to be a tab.
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

            /// As it stands in a script.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What it belongs to.
            #[must_use]
            pub fn family(self) -> Family {
                match self { $(Self::$name => Family::$family),* }
            }

            /// How often it is drawn, against others.
            #[must_use]
            pub fn weight(self) -> u32 {
                match self { $(Self::$name => $weight),* }
            }
        }
    };
}

verbs! {
    /// Opens a tab. `how`: which room, how many nodes, how slow a start.
    Open "open" Tabs 8;
    /// Closes a tab.
    Close "close" Tabs 3;
    /// Reloads a tab.
    Reload "reload" Tabs 4;
    /// Duplicates a tab: the copy remembers the same identities.
    Duplicate "duplicate" Tabs 3;
    /// Opens another room in a tab. `how`: which.
    Move "move" Tabs 1;
    /// Adds a node.
    AddNode "add-node" Tabs 3;
    /// Removes a node. `how`: which.
    RemoveNode "remove-node" Tabs 2;
    /// Asks where things stand.
    Status "status" Tabs 2;
    /// Asks for the chain as text.
    Export "export" Tabs 1;
    /// Asks for blocks. `how`: from which height.
    Blocks "blocks" Tabs 2;
    /// Asks for one block. `how`: its height.
    Block "block" Tabs 1;
    /// The page is busy for `how` milliseconds and acknowledges nothing.
    Busy "busy" Tabs 1;
    /// Starts mining. `how`: 0 or a power setting.
    Mine "mine" Mining 8;
    /// Stops mining.
    Stop "stop" Mining 2;
    /// Sets the budget of all tabs. `how`: which.
    Power "power" Mining 3;
    /// Cuts this tab off.
    Cut "cut" Switches 3;
    /// Lets this tab join.
    Join "join" Switches 3;
    /// Cuts another tab off or lets it join. `how`: which, and which of the two.
    SwitchTab "switch-tab" Switches 2;
    /// Cuts any node off or lets it join. `how`: which, and which of the two.
    SwitchNode "switch-node" Switches 3;
    /// Resets the room.
    Reset "reset" Resets 5;
    /// Brings back what the last reset put away.
    Undo "undo" Resets 5;
    /// Freezes a tab, as the browser does. `how`: how soon after the page said so.
    Freeze "freeze" Freezes 5;
    /// Brings a frozen tab back.
    Thaw "thaw" Freezes 6;
    /// A tab is told to leave and is back before anybody looks. `how`: after how long.
    Blink "blink" Freezes 4;
    /// A frozen tab is discarded; it is reloaded when somebody looks at it.
    Discard "discard" Freezes 2;
    /// The engine's thread stands still for `how` milliseconds; nobody says so.
    Stall "stall" Freezes 2;
    /// The engine dies; the page starts another.
    Panic "panic" Deaths 4;
    /// Browser or operating system crash: all engines die, the last relaxed writes may be lost, the
    /// session comes back.
    Crash "crash" Deaths 1;
    /// A hostile page holds a lock for a while, once it gets it. `how`: which, how long.
    HoldLock "hold-lock" Locks 4;
    /// A hostile page steals a lock and holds it for a while. `how`: which, how long.
    StealLock "steal-lock" Locks 3;
    /// A hostile page keeps a lock for ever, once it gets it. `how`: which.
    KeepLock "keep-lock" Locks 1;
    /// Bytes without meaning on a channel. `how`: seeds them.
    Garbage "garbage" Talk 2;
    /// Something that was said is said again by somebody else. `how`: what.
    Replay "replay" Talk 4;
    /// All that a tab has commanded is said again, in order, after its first heartbeat. `how`: whose,
    /// how fast.
    Tape "tape" Talk 4;
    /// Something that was said is said again with a byte changed. `how`: what, which byte.
    Mutate "mutate" Talk 4;
    /// An envelope in a tab's or node's name with other content. `how`: seeds it.
    Forge "forge" Talk 3;
    /// A power announcement in a tab's or nobody's name. `how`: seeds it.
    ForgePower "forge-power" Talk 3;
    /// A great many messages at once. `how`: how many, how large.
    Flood "flood" Talk 1;
    /// Channels are slow for `how` milliseconds.
    SlowChannels "slow-channels" Talk 2;
    /// From now on every write is refused, or no longer. `how`: which database.
    Quota "quota" Databases 2;
    /// A database is taken from a tab. `how`: which.
    LoseDatabase "lose-database" Databases 2;
    /// Databases answer nothing for `how` milliseconds.
    Hang "hang" Databases 2;
    /// Each transaction takes longer for a while. `how`: of which database, how much, how long,
    /// whether only for this tab.
    SlowDatabase "slow-database" Slow 4;
    /// A page with a key of its own tells of a generation as tabs do. `how`: of which, and whether
    /// it holds the lock that bears its name.
    Pose "pose" Posers 4;
    /// A hostile connection keeps a database from being opened for `how` milliseconds.
    BlockOpen "block-open" Databases 2;
    /// A hostile page changes a value. `how`: which, how.
    Damage "damage" Databases 2;
    /// Opening is refused from now on, or no longer. `how`: which database.
    RefuseOpen "refuse-open" Databases 1;
    /// A newer version of Tabchain takes a database over.
    OtherVersion "other-version" Databases 1;
    /// The wall clock is set. `how`: by how much, which way.
    Clock "clock" Clocks 2;
    /// The machine sleeps. `how`: how long, whether the steady clock goes on.
    Sleep "sleep" Clocks 2;
    /// A mining worker dies.
    WorkerDies "worker-dies" Workers 3;
    /// Mining workers of a tab fall silent for `how` milliseconds.
    WorkersStall "workers-stall" Workers 2;
    /// A mining worker says its last word again.
    WorkerTwice "worker-twice" Workers 3;
    /// From now on a tab's new mining workers come from another build, or never, or no longer.
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
        let bad = |what: &str| format!("`{what}` is no number");
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
        let number = |word: &str| word.parse().map_err(|_| format!("`{word}` is no number"));
        let known = Verb::ALL.iter().find(|known| known.text() == verb);
        Ok(Self {
            at: number(at)?,
            verb: *known.ok_or_else(|| format!("nothing is called `{verb}`"))?,
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
