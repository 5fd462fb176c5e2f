//! Runs set-up steps that must not run twice at once, however many `cargo xtask` processes there
//! are.

use anyhow::{Context, Result};
use std::fs::{self, File, TryLockError};
use std::path::Path;

/// Does `work` unless `is_done` says that there is nothing to do. If several processes want it, one
/// works while the others wait and then check again.
///
/// # Errors
/// When `work` fails, or the lock file cannot be made.
pub fn once(
    lock: &Path,
    what: &str,
    is_done: impl Fn() -> bool,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if is_done() {
        return Ok(());
    }
    let _held = hold(lock, what)?;
    if is_done() {
        return Ok(());
    }
    work()
}

/// Waits for a lock; it is released when the value is dropped or the process ends.
///
/// # Errors
/// When the lock file cannot be made.
pub fn hold(lock: &Path, what: &str) -> Result<File> {
    if let Some(folder) = lock.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let mut options = File::options();
    let file = options.create(true).write(true).truncate(false).open(lock);
    let file = file.with_context(|| format!("cannot open the lock {}", lock.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => println!(
            "waiting for another `cargo xtask`, which {what} (it holds {})",
            lock.display()
        ),
        // Some network file systems have no locks: better to continue without one than not at all.
        Err(TryLockError::Error(error)) => {
            println!("continuing without a lock on {}: {error}", lock.display());
            return Ok(file);
        }
    }
    file.lock()
        .with_context(|| format!("cannot wait for {}", lock.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn of_many_at_once_one_works_and_all_find_it_done() {
        let folder = std::env::temp_dir().join(format!("xtask-once-{}", std::process::id()));
        let lock = folder.join("deep/lock");
        let (worked, done) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let is_done = || done.load(Ordering::SeqCst) > 0;
                    let work = || {
                        worked.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(100));
                        done.store(1, Ordering::SeqCst);
                        Ok(())
                    };
                    once(&lock, "tests", is_done, work).unwrap();
                    assert!(is_done());
                });
            }
        });
        assert_eq!(worked.load(Ordering::SeqCst), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
