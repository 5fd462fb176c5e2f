//! Requests and responses, and which of them there are.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::json::{MAX_BODY_DEPTH, Style, Value, read, to_bytes};

/// The longest body of a request, in bytes.
pub const MAX_BODY: usize = 64 << 10;

/// The description of the interface in OpenAPI 3.1, as `/openapi.json` has it.
pub const OPENAPI: &str = include_str!("openapi.json");

/// What a node can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Search for a proof and make a block.
    MineBlock,
    /// Give all blocks.
    GetChain,
    /// Check the node's own chain.
    IsValid,
    /// Put a transaction into the next block.
    AddTransaction,
    /// Tell the node about others.
    ConnectNode,
    /// Take the longest chain of all connected nodes.
    ReplaceChain,
    /// Describe all of this; the original lacks it.
    Describe,
}

/// Where an operation is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// What it does.
    pub operation: Operation,
}

const fn route(method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route {
        method,
        path,
        operation,
    }
}

/// All routes.
pub const ROUTES: [Route; 7] = [
    route("GET", "/mine_block", Operation::MineBlock),
    route("GET", "/get_chain", Operation::GetChain),
    route("GET", "/is_valid", Operation::IsValid),
    route("POST", "/add_transaction", Operation::AddTransaction),
    route("POST", "/connect_node", Operation::ConnectNode),
    route("GET", "/replace_chain", Operation::ReplaceChain),
    route("GET", "/openapi.json", Operation::Describe),
];

/// What a client sends.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method of HTTP.
    pub method: &'a str,
    /// The path without a query.
    pub path: &'a str,
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What it receives.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// The header `Allow`, where it is due.
    pub allow: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

const JSON: &str = "application/json";
/// What Flask says of a text, though it is none of HTML.
const TEXT: &str = "text/html; charset=utf-8";

impl Response {
    /// A text.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            content_type: TEXT,
            allow: None,
            body: text.into().into_bytes(),
        }
    }

    /// A value.
    pub(crate) fn value(status: u16, value: &Value) -> Self {
        Self::json(status, to_bytes(value, Style::Compact))
    }

    /// The bytes of a value. Flask ends them with a line feed.
    pub(crate) fn json(status: u16, mut body: Vec<u8>) -> Self {
        body.push(b'\n');
        Self {
            status,
            content_type: JSON,
            allow: None,
            body,
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{} {}: {body}", self.status, self.content_type)
    }
}

impl Request<'_> {
    /// What is asked for, or the answer that it is not to be had.
    pub(crate) fn operation(&self) -> Result<Operation, Response> {
        let Some(route) = ROUTES.iter().find(|route| route.path == self.path) else {
            return Err(Response::text(404, "There is no such path."));
        };
        let allow = match route.method {
            "GET" => "GET, HEAD, OPTIONS",
            _ => "OPTIONS, POST",
        };
        let answer = |status, text: &str| Response {
            allow: Some(allow),
            ..Response::text(status, text)
        };
        // Flask answers HEAD as it answers GET; the server leaves the body out.
        let method = if self.method == "HEAD" {
            "GET"
        } else {
            self.method
        };
        match method {
            "OPTIONS" => Err(answer(200, "")),
            _ if method != route.method => Err(answer(405, "This path needs another method.")),
            _ if self.body.len() > MAX_BODY => Err(Response::text(413, "The body is too long.")),
            _ => Ok(route.operation),
        }
    }

    /// The value in the body, or the answer that there is none.
    pub(crate) fn value(&self) -> Result<Value, Response> {
        if !self.content_type.is_some_and(is_json) {
            let text = "The body must be JSON, with Content-Type: application/json.";
            return Err(Response::text(415, text));
        }
        read(self.body, MAX_BODY_DEPTH)
            .map_err(|error| Response::text(400, alloc::format!("The body is no JSON: {error}.")))
    }
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == JSON || kind.starts_with("application/") && kind.ends_with("+json")
}
