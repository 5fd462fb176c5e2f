//! `tabchain bcoin`: nodes of B-Coin on real ports.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ::bcoin::Rules;
use bcoin_server::Options;
use serde_json::json;

use crate::out::{Failure, Out};

/// Where to listen, what to keep, how to check.
#[derive(clap::Args)]
pub struct Wanted {
    /// The ports, with a node at each; 0 is any free one.
    #[arg(
        long,
        value_name = "PORTS",
        value_delimiter = ',',
        default_values_t = [1001, 1002, 1003]
    )]
    ports: Vec<u16>,
    /// The address to listen at. Whoever can reach it can mine, pay and connect nodes.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    address: IpAddr,
    /// Keep chains in this folder, in one file for each port.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Take chains as the original's code does, without a look at them.
    #[arg(long)]
    original: bool,
}

/// Serves until ctrl-c.
pub fn serve(wanted: Wanted, out: &mut Out) -> Result<bool, Failure> {
    let options = Options {
        address: wanted.address,
        ports: wanted.ports,
        data: wanted.data,
        rules: if wanted.original {
            Rules::Original
        } else {
            Rules::Checked
        },
    };
    let mut printed = Ok(());
    let served = bcoin_server::serve(&options, |addresses| printed = tell(addresses, out));
    printed?;
    match served {
        Ok(()) => Ok(true),
        Err(error) => Err(Failure::Input {
            help: error.help(),
            error: error.to_string(),
        }),
    }
}

/// One line for each node, and at once: who reads them waits for it.
fn tell(addresses: &[SocketAddr], out: &mut Out) -> Result<(), Failure> {
    for address in addresses {
        let url = format!("http://{address}");
        out.line(format!("node at {url}"), json!({"node": url}))?;
    }
    if let Some(address) = addresses.first() {
        let text = format!(
            "try http://{address}/mine_block, or see http://{address}/openapi.json; ctrl-c ends"
        );
        let value = json!({"openapi": format!("http://{address}/openapi.json")});
        out.line(text, value)?;
    }
    out.finish()
}
