//! One node's file: a redb database with its blocks, and the rest as JSON. Each change is one transaction, so
//! after a crash the file has all of it or nothing.

use std::path::{Path, PathBuf};

use bcoin::{Node, Stored};
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

/// Blocks as compact JSON, by their place from 0 on.
const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
/// What waits, known nodes, the node's name, and the version of all this.
const PARTS: TableDefinition<&str, &[u8]> = TableDefinition::new("parts");

const PENDING: &str = "pending";
const NODES: &str = "nodes";
const NAME: &str = "name";
const VERSION: &str = "version";
/// What this program writes.
const CURRENT: &[u8] = b"1";

/// Chains are a few megabytes; more memory than this buys nothing.
const CACHE_BYTES: usize = 4 << 20;

/// A node's file.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    database: Database,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", path.display())]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: StoreErrorKind,
}

/// What can be wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum StoreErrorKind {
    /// Another process has it open.
    #[error("another tabchain has it open")]
    InUse,
    /// It is no file of ours, or was damaged.
    #[error("it holds something else than a chain ({0})")]
    Content(String),
    /// The disk or the system refuses.
    #[error(transparent)]
    Database(Box<redb::Error>),
}

impl<E: Into<redb::Error>> From<E> for StoreErrorKind {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Corrupted(what) => Self::Content(what),
            // redb says so of a file that does not begin as its files do.
            redb::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Self::Content(error.to_string())
            }
            error => Self::Database(Box::new(error)),
        }
    }
}

impl Store {
    /// Opens the file of the node at this port, or makes it; the folder too.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(folder: &Path, port: u16) -> Result<Self, StoreError> {
        let path = folder.join(format!("bcoin-{port}.redb"));
        let open = || {
            std::fs::create_dir_all(folder)?;
            let mut builder = Database::builder();
            builder.set_cache_size(CACHE_BYTES);
            builder.create(&path)
        };
        match open().map_err(|error: DatabaseError| error.into()) {
            Ok(database) => Ok(Self { path, database }),
            Err(kind) => Err(StoreError { path, kind }),
        }
    }

    /// The node's name and what was saved of it; `None` in a new file.
    ///
    /// # Errors
    /// When the file cannot be read or was written by another version.
    pub fn load(&self) -> Result<Option<(String, Stored)>, StoreError> {
        self.read().map_err(|kind| self.error(kind))
    }

    fn read(&self) -> Result<Option<(String, Stored)>, StoreErrorKind> {
        let reading = self.database.begin_read()?;
        let parts = match reading.open_table(PARTS) {
            Ok(parts) => parts,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let part = |name: &str| -> Result<Vec<u8>, StoreErrorKind> {
            let value = parts.get(name)?.map(|value| value.value().to_vec());
            value.ok_or_else(|| StoreErrorKind::Content(format!("it lacks `{name}`")))
        };
        let version = part(VERSION)?;
        if version != CURRENT {
            let version = String::from_utf8_lossy(&version);
            return Err(StoreErrorKind::Content(format!("version {version}")));
        }
        let blocks = reading.open_table(BLOCKS)?;
        let blocks = blocks
            .iter()?
            .map(|row| row.map(|(_, block)| block.value().to_vec()));
        let stored = Stored {
            blocks: blocks.collect::<Result<_, _>>()?,
            pending: part(PENDING)?,
            nodes: part(NODES)?,
        };
        let name = String::from_utf8_lossy(&part(NAME)?).into_owned();
        Ok(Some((name, stored)))
    }

    /// Writes what has changed of a node, and waits until the disk has it.
    ///
    /// # Errors
    /// When it was not written; then the file is as before.
    pub fn save(&self, node: &Node) -> Result<(), StoreError> {
        self.write(node).map_err(|kind| self.error(kind))
    }

    fn write(&self, node: &Node) -> Result<(), StoreErrorKind> {
        let changed = node.unsaved();
        let writing = self.database.begin_write()?;
        {
            let mut parts = writing.open_table(PARTS)?;
            parts.insert(VERSION, CURRENT)?;
            parts.insert(NAME, node.settings().name.as_bytes())?;
            if changed.pending {
                parts.insert(PENDING, node.pending_json().as_slice())?;
            }
            if changed.nodes {
                parts.insert(NODES, node.nodes_json().as_slice())?;
            }
            let mut blocks = writing.open_table(BLOCKS)?;
            if let Some(from) = changed.blocks_from {
                blocks.retain_in(from as u64.., |_, _| false)?;
                let new = node.chain().blocks().iter().enumerate().skip(from);
                for (at, block) in new {
                    blocks.insert(at as u64, block.json().as_slice())?;
                }
            }
        }
        writing.commit()?;
        Ok(())
    }

    /// The file is readable, but no node can be made of what is in it.
    pub(crate) fn no_node(&self, why: &bcoin::CandidateError) -> StoreError {
        self.error(StoreErrorKind::Content(why.to_string()))
    }

    fn error(&self, kind: StoreErrorKind) -> StoreError {
        StoreError {
            path: self.path.clone(),
            kind,
        }
    }
}
