//! A fork runs on as its original does, and neither disturbs the other, in every case under
//! `tests/scenarios`.

#![cfg(not(target_arch = "wasm32"))] // reads files

use sim::Sim;

mod cases;

#[test]
fn a_fork_and_its_original_run_on_alike_and_independently() {
    for folder in cases::all() {
        let scenario = cases::load(&folder);
        let mut sim = Sim::new(&scenario).expect("within limits");
        let (_, end) = sim.progress();
        while sim.progress().0 < end / 2 && sim.advance() {}
        let [mut ahead, mut beside] = [sim.fork(), sim.fork()];
        let report = ahead.run();
        let golden = std::fs::read_to_string(folder.join("trace.txt")).expect("readable");
        let last = format!("fingerprint {}", report.fingerprint);
        assert_eq!(golden.lines().last(), Some(&*last), "{folder:?}");
        while sim.advance() {
            assert!(beside.advance(), "{folder:?}");
        }
        assert!(!beside.advance(), "{folder:?}");
        let both = [sim.report(), beside.report()];
        assert_eq!(both, [report.clone(), report], "{folder:?}: in turns");
    }
}
