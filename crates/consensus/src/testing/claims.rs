//! Forged steps, for claims to look at.

use alloc::{boxed::Box, string::String, vec::Vec};

use chain::{Encode, PeerId, Time};
use protocol::{Claim, Death, Glance, Input, Keep, Kin, Output, Remains, Seen, Values, Wish, pack};

use super::host::output;

/// What the machine at a seat did, and what it looked like then.
pub type Step = (u8, Vec<Output>, Option<Glance>);

/// The machine at a seat.
pub fn peer(seat: u8) -> PeerId {
    PeerId::from_bytes([seat + 1; 32])
}

pub fn put(name: &[u8], value: Vec<u8>) -> Output {
    save([Keep::Put(name.to_vec(), value.into())])
}

pub fn save(keeps: impl Into<Vec<Keep>>) -> Output {
    output(Wish::Save(keeps.into()))
}

pub fn say(to: u8, message: &impl Encode) -> Output {
    let (to, packet) = (peer(to), pack(message));
    output(Wish::Send { to, packet })
}

/// Shows a step to a claim.
///
/// # Errors
/// What breaks it.
pub fn show(
    claim: &mut dyn Claim,
    seat: u8,
    out: &[Output],
    glance: Option<Glance>,
) -> Result<(), String> {
    claim.after(&Seen {
        at: Time(0),
        seat: u32::from(seat),
        peer: peer(seat),
        input: &Input::Peers { up: Vec::new() },
        out,
        glance,
    })
}

/// Shows a claim a step of a machine that lies on purpose.
pub fn lie(claim: &mut dyn Claim, seat: u8, out: &[Output]) {
    claim.after_twisted(&Seen {
        at: Time(0),
        seat: u32::from(seat),
        peer: peer(seat),
        input: &Input::Peers { up: Vec::new() },
        out,
        glance: None,
    });
}

/// Shows steps that are all fine.
#[track_caller]
pub fn fine(claim: &mut dyn Claim, steps: &[Step]) {
    for (seat, out, glance) in steps {
        assert_eq!(show(claim, *seat, out, *glance), Ok(()));
    }
}

/// Shows steps of which all but the last are fine, and the last is not.
#[track_caller]
pub fn finds(mut claim: Box<dyn Claim>, steps: &[Step]) {
    let (last, before) = steps.split_last().expect("a violation");
    fine(&mut *claim, before);
    let mut copy = claim.fork(&mut Kin::default());
    let (seat, out, glance) = last;
    assert!(
        show(&mut *claim, *seat, out, *glance).is_err(),
        "{}",
        claim.name()
    );
    assert!(
        show(&mut *copy, *seat, out, *glance).is_err(),
        "a copy knows as much"
    );
}

/// A death in which the disk loses all but this.
///
/// # Errors
/// What breaks the claim.
pub fn die(claim: &mut dyn Claim, seat: u8, left: &[Output]) -> Result<(), String> {
    let (mut own, mut shared) = (Values::new(), Values::new());
    for output in left {
        if let Output::Save(batch) = output {
            let writes = batch.0.iter();
            writes.for_each(|write| write.apply(&mut own, &mut shared));
        }
    }
    let (own, shared) = (&own, &shared);
    claim.died(&Death {
        seat: u32::from(seat),
        peer: peer(seat),
        remains: Some(Remains { own, shared }),
    })
}
