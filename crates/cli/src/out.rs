//! Printing: text for people or one JSON object per line, and errors that say what to do.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Why a command could not do its work.
pub enum Failure {
    /// A file could not be read.
    Read(PathBuf, io::Error),
    /// A file could not be written.
    Write(PathBuf, io::Error),
    /// Nothing can be printed.
    Print(io::Error),
    /// The input is invalid.
    Input {
        /// What is wrong with it.
        error: String,
        /// What to do about it.
        help: &'static str,
    },
}

impl Failure {
    /// Bits that do not encode a target.
    pub fn no_target(error: &impl fmt::Display) -> Self {
        Self::Input {
            error: error.to_string(),
            help: "give bits that say a target above zero, such as 1d00ffff",
        }
    }

    /// Whether the reader of our output has gone away.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Print(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What the caller can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read(_, error) => match error.kind() {
                io::ErrorKind::NotFound => "check the path, or give - for standard input",
                io::ErrorKind::PermissionDenied => "make the file readable for this user",
                _ => "give a file of text, or - for standard input",
            },
            Self::Write(..) => "make its folder writable for this user",
            Self::Print(_) => "send the output to a place that takes it",
            Self::Input { help, .. } => help,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Write(path, error) => write!(f, "cannot write {}: {error}", path.display()),
            Self::Print(error) => write!(f, "cannot print: {error}"),
            Self::Input { error, .. } => f.write_str(error),
        }
    }
}

/// Standard output in one of two forms.
pub struct Out {
    json: bool,
    writer: io::BufWriter<io::Stdout>,
}

impl Out {
    /// Output as JSON or as text.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            writer: io::BufWriter::new(io::stdout()),
        }
    }

    /// Prints one line: `text`, or `value` as JSON.
    pub fn line(&mut self, text: impl fmt::Display, value: Value) -> Result<(), Failure> {
        let done = if self.json {
            writeln!(self.writer, "{value}")
        } else {
            writeln!(self.writer, "{text}")
        };
        done.map_err(Failure::Print)
    }

    /// Prints an error for programs that read JSON; people read it on standard error.
    pub fn error(&mut self, error: &str, help: &str) -> Result<(), Failure> {
        if self.json {
            let value = serde_json::json!({"error": error, "help": help});
            writeln!(self.writer, "{value}").map_err(Failure::Print)?;
        }
        self.finish()
    }

    /// Prints why a command could not do its work, like `error`.
    pub fn failure(&mut self, failure: &Failure) -> Result<(), Failure> {
        self.error(&failure.to_string(), failure.help())
    }

    /// Makes sure that everything is printed.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(Failure::Print)
    }
}

/// The bytes of a file, or of standard input for `-`.
pub fn open(path: &Path) -> Result<Box<dyn io::BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::BufReader::new(io::stdin())));
    }
    let file = std::fs::File::open(path).map_err(|error| Failure::Read(path.into(), error))?;
    Ok(Box::new(io::BufReader::new(file)))
}
